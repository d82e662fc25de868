"""Runs and experiments from creation to deletion and back, resumed, failed, renamed, and written from many threads."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException

client = MlflowClient()
experiment_id = client.create_experiment("lifecycle", tags={"team": "fraud"})
os.environ["MLFLOW_EXPERIMENT_NAME"] = "lifecycle"

try:
    with mlflow.start_run() as failing:
        raise ValueError("no data")
except ValueError:
    pass
assert mlflow.get_run(failing.info.run_id).info.status == "FAILED"
assert mlflow.get_run(failing.info.run_id).info.experiment_id == experiment_id

with mlflow.start_run(run_id=failing.info.run_id):
    mlflow.log_param("attempt", 2)
    mlflow.log_param("attempt", 2)
    try:
        mlflow.log_param("attempt", 3)
        raise AssertionError("a param changed its value")
    except MlflowException as error:
        assert error.error_code == "INVALID_PARAMETER_VALUE" and "attempt" in error.message
    mlflow.set_tag("mlflow.note.content", "# second attempt")
    mlflow.set_tags({"a": 1, "b": 2})
    mlflow.delete_tag("b")
resumed = mlflow.get_run(failing.info.run_id)
assert (resumed.info.status, resumed.data.tags["a"]) == ("FINISHED", "1")
assert "b" not in resumed.data.tags

# More than one request takes: the client splits params, the server takes a thousand metrics at once.
now = int(time.time() * 1000)
many = client.create_run(experiment_id, run_name="many", tags={"kind": "bulk"})
mlflow.log_params({f"p{number}": number for number in range(250)}, run_id=many.info.run_id)
client.log_batch(
    many.info.run_id,
    metrics=[Metric("loss", 1 / (step + 1), now + step, step) for step in range(800)],
    params=[Param("last", "one")],
    tags=[RunTag("done", "yes")],
)
mlflow.log_metrics({"later": 1.5}, run_id=many.info.run_id, synchronous=False).wait()


def log(number):
    client.log_metric(many.info.run_id, f"thread-{number % 4}", number, step=number)
    with mlflow.start_run(experiment_id=experiment_id, run_name=f"thread {number}"):
        mlflow.log_metric("number", number)


with ThreadPoolExecutor(8) as pool:
    list(pool.map(log, range(24)))
client.set_terminated(many.info.run_id, "KILLED")
bulk = client.get_run(many.info.run_id)
assert len(bulk.data.params) == 251 and bulk.info.status == "KILLED"
assert len(client.get_metric_history(many.info.run_id, "loss")) == 800
assert bulk.data.metrics["thread-3"] == 23 and bulk.data.metrics["later"] == 1.5
threads = mlflow.search_runs([experiment_id], filter_string="run_name LIKE 'thread %' AND metrics.number >= 12")
assert len(threads) == 12

client.update_run(many.info.run_id, status="FINISHED", name="many points")
assert client.get_run(many.info.run_id).info.run_name == "many points"
client.delete_run(many.info.run_id)
of_bulk = "tags.kind = 'bulk'"
assert client.search_runs([experiment_id], of_bulk) == []
deleted = client.search_runs([experiment_id], of_bulk, run_view_type=ViewType.DELETED_ONLY)
assert [run.info.lifecycle_stage for run in deleted] == ["deleted"]
client.restore_run(many.info.run_id)
assert client.get_run(many.info.run_id).info.lifecycle_stage == "active"

client.rename_experiment(experiment_id, "lifecycle, renamed")
client.delete_experiment(experiment_id)
assert "lifecycle, renamed" not in {found.name for found in mlflow.search_experiments()}
try:
    mlflow.set_experiment("lifecycle, renamed")
    raise AssertionError("a deleted experiment was set")
except MlflowException as error:
    assert "deleted" in error.message, error
gone = mlflow.search_experiments(view_type=ViewType.DELETED_ONLY, filter_string="name LIKE 'lifecycle%'")
assert [found.experiment_id for found in gone] == [experiment_id]
client.restore_experiment(experiment_id)
found = mlflow.get_experiment_by_name("lifecycle, renamed")
assert found.experiment_id == experiment_id and found.tags == {"team": "fraud"}
assert mlflow.get_experiment_by_name("no such experiment") is None
