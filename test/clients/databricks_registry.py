"""The model registry of a Databricks workspace, with the databricks-sdk: transition requests, comments and webhooks."""

import os
import time

import mlflow
import numpy as np
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, DatabricksError, NotFound, PermissionDenied
from databricks.sdk.service.ml import (
    ActivityType,
    HttpUrlSpec,
    JobSpec,
    RegistryWebhookEvent,
    RegistryWebhookStatus,
)
from sklearn.linear_model import LogisticRegression

host = os.environ["IMPRIMATUR_URL"]
name = "governed.credit.transitions"


def registry(variable):
    return WorkspaceClient(host=host, token=os.environ[variable]).model_registry


def refused(error, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except error as refusal:
        return str(refusal)
    raise AssertionError(f"{call.__name__}{args} was not refused")


# A data scientist trains and registers as always; the registry is asked through the SDK from here on.
mlflow.set_experiment("databricks-registry")
features = np.array([[0.0], [1.0], [2.0], [3.0]])
for _ in range(2):
    with mlflow.start_run():
        model = LogisticRegression().fit(features, [0, 0, 1, 1])
        mlflow.sklearn.log_model(model, name="model", registered_model_name=name)

scientist = registry("DATA_SCIENTIST_TOKEN")
lead = registry("ML_LEAD_TOKEN")
reader = registry("READER_TOKEN")
stranger = registry("STRANGER_TOKEN")

workspace_model = scientist.get_model(name).registered_model_databricks
assert workspace_model.name == name and workspace_model.permission_level is not None
assert name in [each.name for each in scientist.list_models()]
assert [each.version for each in scientist.search_model_versions(filter=f"name='{name}'")] == ["2", "1"]
assert scientist.get_model_version(name, "1").model_version.current_stage == "None"

# Production is protected: a direct move is refused, and the refusal says where to ask for it.
message = refused(
    PermissionDenied, scientist.transition_stage, name, "1", "Production", archive_existing_versions=True
)
assert f"{host}/approvals/new?model=" in message, message

# The scientist asks, and sees it in the list.
asked = scientist.create_transition_request(name, "1", "Production", comment="It beats the baseline.")
assert asked.request.to_stage == "Production" and asked.request.comment == "It beats the baseline."
assert asked.request.user_id == "dana"
[listed] = list(lead.list_transition_requests(name, "1"))
assert listed.activity_type is ActivityType.REQUESTED_TRANSITION
assert (listed.from_stage, listed.to_stage, listed.user_id) == ("None", "Production", "dana")
assert f"{host}/approvals/" in listed.system_comment, listed.system_comment
message = refused(BadRequest, scientist.create_transition_request, name, "1", "Production")
assert "is open already" in message, message
message = refused(PermissionDenied, scientist.transition_stage, name, "1", "Production", False)
assert listed.system_comment.rsplit("; ", 1)[-1] in message, message

# People talk about it.
said = lead.create_comment(name, "1", "Which data was it trained on?").comment
assert said.user_id == "lea" and said.comment == "Which data was it trained on?"
refused(DatabricksError, lead.update_comment, said.id, "Never mind.")
refused(DatabricksError, lead.delete_comment, said.id)

# Nobody approves his own work, readers decide nothing, and who may see nothing learns nothing.
refused(PermissionDenied, scientist.approve_transition_request, name, "1", "Production", True)
refused(PermissionDenied, reader.approve_transition_request, name, "1", "Production", True)
refused(NotFound, stranger.approve_transition_request, name, "1", "Production", True)
refused(NotFound, lambda: list(stranger.list_transition_requests(name, "1")))


def evidence_of(version):
    """What the reviewer judges, once the gates have run."""
    for _ in range(100):
        [request] = list(lead.list_transition_requests(name, version))
        if "AWAITING_APPROVAL" in request.system_comment:
            return next(part for part in request.system_comment.split("; ") if part.startswith("evidence: "))
        time.sleep(0.2)
    raise AssertionError(request.system_comment)


# The lead approves what was seen: on other evidence it is a conflict.
evidence = evidence_of("1")
message = refused(
    DatabricksError,
    lead.approve_transition_request,
    name,
    "1",
    "Production",
    True,
    comment="Good. evidence: sha256:" + "0" * 64,
)
assert "is not the evidence" in message, message
approved = lead.approve_transition_request(name, "1", "Production", True, comment=f"Good. {evidence}").activity
assert approved.activity_type is ActivityType.APPROVED_REQUEST and approved.user_id == "lea"
assert scientist.get_model_version(name, "1").model_version.current_stage == "Production"
assert list(lead.list_transition_requests(name, "1")) == []

# The second version is turned down, and the third attempt is withdrawn by who asked.
scientist.create_transition_request(name, "2", "Production", comment="Newer.")
evidence_of("2")
[waiting] = lead.list_transition_requests(name, "2")
assert waiting.comment == "Newer.", waiting
rejected = lead.reject_transition_request(name, "2", "Production", comment="Not better.").activity
assert rejected.activity_type is ActivityType.REJECTED_REQUEST and rejected.comment == "Not better."
scientist.create_transition_request(name, "2", "Production", comment="Once more.")
cancelled = scientist.delete_transition_request(name, "2", "Production", "dana", comment="Too early.").activity
assert cancelled.activity_type is ActivityType.CANCELLED_REQUEST
assert list(scientist.list_transition_requests(name, "2")) == []
assert scientist.get_model_version(name, "1").model_version.current_stage == "Production"

# What no policy protects needs no request.
message = refused(BadRequest, scientist.create_transition_request, name, "2", "Staging")
assert "needs no request" in message, message
moved = scientist.transition_stage(name, "2", "Staging", False, comment="for a look").model_version_databricks
assert moved.current_stage == "Staging"

# Webhooks: on the model for who manages it, with the events that the registry knows.
hook = scientist.create_webhook(
    events=[RegistryWebhookEvent.TRANSITION_REQUEST_CREATED, RegistryWebhookEvent.MODEL_VERSION_TRANSITIONED_STAGE],
    model_name=name,
    description="release board",
    http_url_spec=HttpUrlSpec(url="https://board.invalid/hooks"),
).webhook
assert hook.model_name == name and hook.status is RegistryWebhookStatus.ACTIVE
assert hook.http_url_spec.url == "https://board.invalid/hooks"
assert [each.id for each in scientist.list_webhooks(model_name=name)] == [hook.id]
assert hook.id in [
    each.id for each in scientist.list_webhooks(events=[RegistryWebhookEvent.TRANSITION_REQUEST_CREATED])
]
assert list(scientist.list_webhooks(model_name=name, events=[RegistryWebhookEvent.COMMENT_CREATED])) == []
tested = scientist.test_registry_webhook(hook.id)
assert tested.status_code is None and tested.body, tested  # nobody answers there
disabled = scientist.update_webhook(hook.id, status=RegistryWebhookStatus.DISABLED).webhook
assert disabled.status is RegistryWebhookStatus.DISABLED and disabled.description == "release board"
refused(PermissionDenied, reader.update_webhook, hook.id, status=RegistryWebhookStatus.ACTIVE)
refused(NotFound, stranger.delete_webhook, hook.id)
job = JobSpec(job_id="1", access_token="token")
message = refused(
    BadRequest, scientist.create_webhook, [RegistryWebhookEvent.MODEL_VERSION_CREATED], model_name=name, job_spec=job
)
assert "job" in message, message
scientist.delete_webhook(hook.id)
assert list(scientist.list_webhooks(model_name=name)) == []

# What is MLflow's own works through the SDK too.
scientist.set_model_tag(name, "team", "credit")
scientist.set_model_version_tag(name, "2", "checked", "yes")
scientist.update_model(name, description="Who pays back.")
scientist.update_model_version(name, "2", description="The second try.")
assert scientist.get_model_version(name, "2").model_version.description == "The second try."
latest = scientist.get_latest_versions(name, stages=["Production"])
assert [each.version for each in latest] == ["1"], latest
assert [each.name for each in scientist.search_models(filter=f"name = '{name}'")] == [name]
assert scientist.get_model_version_download_uri(name, "1").artifact_uri
made = scientist.create_model("governed.credit.made_by_the_sdk", description="empty").registered_model
assert made.name == "governed.credit.made_by_the_sdk"
copied = scientist.create_model_version(made.name, f"models:/{name}/2").model_version
assert copied.version == "1"
scientist.delete_model_tag(name, "team")
scientist.delete_model_version_tag(name, "2", "checked")
scientist.delete_model_version(made.name, "1")
renamed = scientist.rename_model(made.name, new_name="governed.credit.renamed_by_the_sdk").registered_model
scientist.delete_model(renamed.name)
refused(NotFound, scientist.get_model, renamed.name)
for call in (scientist.get_permissions, scientist.get_permission_levels):
    assert "does not offer" in refused(DatabricksError, call, workspace_model.id)
print("the SDK's registry: transition requests, comments, webhooks, models and versions")
