"""The models of MLflow 3: checkpoints with metrics of their own, external models, searches across runs, and traces beside."""

import mlflow
from mlflow import MlflowClient
from mlflow.entities import LoggedModelStatus
from mlflow.exceptions import MlflowException
from sklearn.linear_model import SGDRegressor

client = MlflowClient()
experiment = mlflow.set_experiment("logged-models")
in_experiment = [experiment.experiment_id]
holdout = mlflow.data.from_numpy(__import__("numpy").arange(6).reshape(3, 2), name="holdout")

with mlflow.start_run() as run:
    for step in range(3):
        regressor = SGDRegressor(max_iter=step + 1, tol=None).fit([[0], [1], [2]], [0, 1, 2])
        info = mlflow.sklearn.log_model(regressor, name=f"checkpoint-{step}", step=step, params={"max_iter": step + 1})
        mlflow.log_metric("rmse", 1 / (step + 1), step=step, model_id=info.model_id, dataset=holdout)
        mlflow.log_metric("rmse_anywhere", step, step=step, model_id=info.model_id)

models = mlflow.search_logged_models(in_experiment, output_format="list")
assert sorted(model.name for model in models) == ["checkpoint-0", "checkpoint-1", "checkpoint-2"]
best = mlflow.search_logged_models(
    in_experiment,
    filter_string="metrics.rmse < 0.9 AND params.max_iter != '1'",
    datasets=[{"dataset_name": "holdout", "dataset_digest": holdout.digest}],
    order_by=[{"field_name": "metrics.rmse", "ascending": True, "dataset_name": "holdout"}],
    output_format="list",
)
assert [model.name for model in best] == ["checkpoint-2", "checkpoint-1"]
frame = mlflow.search_logged_models(in_experiment, filter_string="name LIKE 'checkpoint%'", order_by=[{"field_name": "creation_time"}])
assert list(frame["name"]) == ["checkpoint-0", "checkpoint-1", "checkpoint-2"][:: 1 if frame["name"][0] == "checkpoint-0" else -1]
outputs = mlflow.get_run(run.info.run_id).outputs.model_outputs
assert {output.step for output in outputs} == {0, 1, 2}

model_id = best[0].model_id
mlflow.set_logged_model_tags(model_id, {"reviewed": "yes", "gone": "soon"})
mlflow.delete_logged_model_tag(model_id, "gone")
mlflow.log_model_params({"added": "later"}, model_id)
model = mlflow.get_logged_model(model_id)
assert model.tags["reviewed"] == "yes" and "gone" not in model.tags
assert model.params["added"] == "later" and model.status == LoggedModelStatus.READY
version = mlflow.register_model(model.model_uri, "prod.fraud.checkpoint")
assert mlflow.get_logged_model(model_id).tags["mlflow.modelVersions"].count("prod.fraud.checkpoint") >= 1
assert version.run_id == run.info.run_id
assert mlflow.sklearn.load_model("models:/prod.fraud.checkpoint/1").max_iter == 3

external = mlflow.create_external_model(name="remote", model_type="agent", params={"endpoint": "scores"})
with mlflow.start_run():
    mlflow.log_metric("quality", 0.5, model_id=external.model_id)
pending = mlflow.initialize_logged_model(name="slow", tags={"size": "big"})
assert client.get_logged_model(pending.model_id).status == LoggedModelStatus.PENDING
mlflow.finalize_logged_model(pending.model_id, LoggedModelStatus.FAILED)
assert client.get_logged_model(pending.model_id).status == LoggedModelStatus.FAILED
client.delete_logged_model(external.model_id)
try:
    client.get_logged_model(external.model_id)
    raise AssertionError("still there")
except MlflowException as error:
    assert error.error_code == "RESOURCE_DOES_NOT_EXIST"

mlflow.set_active_model(name="application")
with mlflow.start_run():
    active = mlflow.get_active_model_id()
assert mlflow.get_logged_model(active).name == "application"
