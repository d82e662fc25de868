"""The registry through MlflowClient: descriptions, tags, searches, stages, aliases, copies, renames, deletions."""

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sklearn.linear_model import LinearRegression

client = MlflowClient()
mlflow.set_experiment("registry")
with mlflow.start_run() as run:
    mlflow.log_metric("rmse", 0.1)
    info = mlflow.sklearn.log_model(LinearRegression().fit([[0], [1]], [0, 1]), name="model")

NAME = "prod.fraud.registry"
created = client.create_registered_model(NAME, tags={"tier": "1"}, description="first words")
assert (created.name, created.description, created.tags) == (NAME, "first words", {"tier": "1"})
try:
    client.create_registered_model(NAME)
    raise AssertionError("made twice")
except MlflowException as error:
    assert error.error_code == "RESOURCE_ALREADY_EXISTS" and NAME in error.message
client.update_registered_model(NAME, "better words")
client.set_registered_model_tag(NAME, "tier", "2")
client.set_registered_model_tag(NAME, "short lived", "x")
client.delete_registered_model_tag(NAME, "short lived")
model = client.get_registered_model(NAME)
assert (model.description, model.tags, model.latest_versions) == ("better words", {"tier": "2"}, [])

first = client.create_model_version(NAME, info.model_uri, run.info.run_id, tags={"by": "dana"}, description="one", model_id=info.model_id)
second = mlflow.register_model(f"runs:/{run.info.run_id}/model", NAME)
assert (first.version, first.status, first.current_stage, second.version) == ("1", "READY", "None", "2")
client.update_model_version(NAME, "1", "the first")
client.set_model_version_tag(NAME, "1", "checked", "yes")
client.set_model_version_tag(NAME, "1", "gone", "yes")
client.delete_model_version_tag(NAME, "1", "gone")
version = client.get_model_version(NAME, "1")
assert (version.description, version.tags, version.run_id) == ("the first", {"by": "dana", "checked": "yes"}, run.info.run_id)
assert client.get_model_version_download_uri(NAME, "1").endswith("/artifacts")

client.set_registered_model_alias(NAME, "challenger", "2")
client.set_registered_model_alias(NAME, "champion", "1")
client.transition_model_version_stage(NAME, "1", "production")
assert {found.version: found.current_stage for found in client.get_latest_versions(NAME)} == {"1": "Production", "2": "None"}
assert client.get_registered_model(NAME).aliases == {"challenger": "2", "champion": "1"}
assert client.get_model_version_by_alias(NAME, "challenger").version == "2"

assert [found.name for found in client.search_registered_models(f"name = '{NAME}'")] == [NAME]
assert [found.name for found in client.search_registered_models("name LIKE 'prod.fraud.regis%' AND tags.tier = '2'")] == [NAME]
by_number = mlflow.search_model_versions(filter_string=f"name = '{NAME}'", order_by=["version_number ASC"])
assert [found.version for found in by_number] == ["1", "2"]
of_run = client.search_model_versions(f"run_id = '{run.info.run_id}' AND tags.checked = 'yes'")
assert [(found.name, found.version) for found in of_run] == [(NAME, "1")]
page = client.search_model_versions(f"name = '{NAME}'", max_results=1)
assert len(page) == 1 and len(client.search_model_versions(f"name = '{NAME}'", max_results=1, page_token=page.token)) == 1

copied = client.copy_model_version(f"models:/{NAME}@champion", "prod.fraud.registry-copy")
assert (copied.name, copied.version, copied.run_id) == ("prod.fraud.registry-copy", "1", run.info.run_id)
again = mlflow.register_model(f"models:/{NAME}/2", "prod.fraud.registry-copy")
assert again.version == "2"
expected = mlflow.pyfunc.load_model(info.model_uri).predict([[3.0]])
for number in (1, 2):
    assert (mlflow.pyfunc.load_model(f"models:/prod.fraud.registry-copy/{number}").predict([[3.0]]) == expected).all()

client.rename_registered_model("prod.fraud.registry-copy", "prod.fraud.registry-renamed")
assert mlflow.pyfunc.load_model("models:/prod.fraud.registry-renamed/1").predict([[3.0]]) == expected
client.delete_model_version("prod.fraud.registry-renamed", "2")
third = mlflow.register_model(info.model_uri, "prod.fraud.registry-renamed")
assert third.version == "3"
client.delete_registered_model("prod.fraud.registry-renamed")
try:
    client.get_registered_model("prod.fraud.registry-renamed")
    raise AssertionError("still there")
except MlflowException as error:
    assert error.error_code == "RESOURCE_DOES_NOT_EXIST"

# A flat name, as classic programs use it.
with mlflow.start_run():
    flat = mlflow.sklearn.log_model(LinearRegression().fit([[0], [1]], [0, 1]), name="m", registered_model_name="flat")
assert flat.registered_model_version == "1"
client.set_registered_model_alias("flat", "champion", 1)
assert client.get_registered_model("flat").name == "flat"
assert client.get_model_version_by_alias("flat", "champion").name == "flat"
assert mlflow.pyfunc.load_model("models:/flat@champion").predict([[3.0]]) == expected
