"""What a user of MLflow reads when this service refuses: each message says what is missing, and hides what he may not see."""

import os

import mlflow
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sklearn.linear_model import LinearRegression

DANA, READER, STRANGER = (os.environ[name] for name in ("DATA_SCIENTIST_TOKEN", "READER_TOKEN", "STRANGER_TOKEN"))


def act_as(token):
    if token is None:
        os.environ.pop("MLFLOW_TRACKING_TOKEN", None)
    else:
        os.environ["MLFLOW_TRACKING_TOKEN"] = token


def refused(act, code, *words):
    try:
        act()
    except MlflowException as error:
        print(f"{error.error_code}: {error.message}")
        assert error.error_code == code, f"{error.error_code} instead of {code}: {error.message}"
        missing = [word for word in words if word not in error.message]
        assert not missing, f"{missing} not in: {error.message}"
        return error.message
    raise AssertionError("not refused")


NAME = "prod.fraud.refused"
mlflow.set_experiment("refused")
with mlflow.start_run() as run:
    info = mlflow.sklearn.log_model(
        LinearRegression().fit([[0], [1]], [0, 1]), name="model", registered_model_name=NAME
    )
client = MlflowClient()

# Who is nobody, is told how to be somebody.
act_as(None)
refused(lambda: mlflow.search_experiments(), "UNAUTHENTICATED", "MLFLOW_TRACKING_TOKEN")
act_as("imp_wrong")
refused(lambda: mlflow.search_experiments(), "UNAUTHENTICATED", "token is not valid", "MLFLOW_TRACKING_TOKEN")
os.environ.update(MLFLOW_TRACKING_USERNAME="dana", MLFLOW_TRACKING_PASSWORD="wrong")
refused(lambda: mlflow.search_experiments(), "UNAUTHENTICATED", "token")
os.environ.update(MLFLOW_TRACKING_PASSWORD=DANA)
assert mlflow.search_experiments(filter_string="name = 'refused'")
for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
    del os.environ[name]

# A reader loads, and does nothing else; he does not see the run of somebody else.
act_as(READER)
assert mlflow.pyfunc.load_model(f"models:/{NAME}/1").predict([[2.0]])[0] > 1.9
refused(lambda: client.create_registered_model("prod.fraud.refused-new"), "PERMISSION_DENIED", "CREATE_MODEL", "prod.fraud")
refused(lambda: client.create_model_version(NAME, "s3://bucket/model"), "PERMISSION_DENIED", "CREATE_MODEL_VERSION", NAME)
refused(lambda: client.set_registered_model_alias(NAME, "challenger", 1), "PERMISSION_DENIED", "SET_ALIAS", NAME)
refused(lambda: client.transition_model_version_stage(NAME, 1, "Staging"), "PERMISSION_DENIED", "SET_ALIAS", NAME)
refused(lambda: client.set_model_version_tag(NAME, 1, "k", "v"), "PERMISSION_DENIED", "APPLY_TAG", NAME)
refused(lambda: client.update_registered_model(NAME, "words"), "PERMISSION_DENIED", "MANAGE", NAME)
refused(lambda: client.delete_model_version(NAME, 1), "PERMISSION_DENIED", "MANAGE", NAME)
refused(lambda: client.rename_registered_model(NAME, "prod.fraud.renamed"), "PERMISSION_DENIED", NAME)
refused(lambda: client.get_run(run.info.run_id), "RESOURCE_DOES_NOT_EXIST", run.info.run_id)
refused(lambda: mlflow.register_model(f"runs:/{run.info.run_id}/model", NAME), "RESOURCE_DOES_NOT_EXIST", run.info.run_id)

# With READ on the experiment he sees the run, and cannot write to it.
grant = """mutation { grantCreate(input: {
  principal: "rita", privilege: READ, securable: { kind: EXPERIMENT, fullName: "refused" } }) { errors { message } } }"""
answer = requests.post(
    f"{os.environ['IMPRIMATUR_URL']}/graphql", json={"query": grant}, headers={"Authorization": f"Bearer {DANA}"}
).json()
assert answer["data"]["grantCreate"]["errors"] == [], answer
assert client.get_run(run.info.run_id).info.status == "FINISHED"
refused(lambda: client.log_metric(run.info.run_id, "m", 1), "PERMISSION_DENIED", "EDIT", "refused")
refused(lambda: client.delete_experiment(run.info.experiment_id), "PERMISSION_DENIED", "MANAGE", "refused")
try:
    client.log_text(run.info.run_id, "x", "note.txt")
    raise AssertionError("a reader wrote a file")
except requests.HTTPError as error:
    assert "you lack EDIT" in str(error), error

# To a stranger the hidden and the absent are one, in the same words.
act_as(STRANGER)
hidden = refused(lambda: client.get_registered_model(NAME), "RESOURCE_DOES_NOT_EXIST", NAME)
absent = refused(lambda: client.get_registered_model("prod.fraud.absent"), "RESOURCE_DOES_NOT_EXIST")
assert hidden.replace("refused", "absent") == absent, (hidden, absent)
hidden = refused(lambda: client.create_registered_model("prod.fraud.mine"), "RESOURCE_DOES_NOT_EXIST", "prod.fraud")
absent = refused(lambda: client.create_registered_model("prod.absent.mine"), "RESOURCE_DOES_NOT_EXIST", "prod.absent")
assert hidden.replace("fraud", "absent") == absent, (hidden, absent)
refused(lambda: mlflow.pyfunc.load_model(f"models:/{NAME}@champion"), "RESOURCE_DOES_NOT_EXIST", NAME)
refused(lambda: client.log_metric(run.info.run_id, "m", 1), "RESOURCE_DOES_NOT_EXIST", run.info.run_id)
refused(lambda: mlflow.artifacts.list_artifacts(run_id=run.info.run_id), "RESOURCE_DOES_NOT_EXIST", run.info.run_id)
assert client.search_registered_models() == []

# Names, and targets that a policy protects.
act_as(DANA)
refused(lambda: client.create_registered_model("one.dot"), "INVALID_PARAMETER_VALUE", "catalog.schema.model")
GOVERNED = "governed.credit.refused"
version = mlflow.register_model(info.model_uri, GOVERNED).version
refused(
    lambda: client.set_registered_model_alias(GOVERNED, "champion", version),
    "PERMISSION_DENIED",
    "champion",
    "production",
    "promotionRequestCreate",
)
refused(
    lambda: client.transition_model_version_stage(GOVERNED, version, "Production"),
    "PERMISSION_DENIED",
    "Production",
    "promotionRequestCreate",
)
client.transition_model_version_stage(GOVERNED, version, "Staging")
# The files of a version stay as they are.
try:
    mlflow.models.set_signature(info.model_uri, mlflow.models.infer_signature([[1.0]]))
    raise AssertionError("a registered version was changed")
except requests.HTTPError as error:
    assert "registered version" in str(error) and "Log to another run" in str(error), error
