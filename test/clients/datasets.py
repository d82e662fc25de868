"""Datasets as inputs of runs and of metrics, with digest, schema, profile and source, and runs found by them."""

import json

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient

experiment = mlflow.set_experiment("datasets")
frame = pd.DataFrame({"amount": [1.0, 2.5, 9.0], "country": ["DE", "FR", "DE"], "fraud": [0, 0, 1]})
frame.to_csv("october.csv", index=False)

train = mlflow.data.from_pandas(frame, source="october.csv", name="october", targets="fraud")
holdout = mlflow.data.from_numpy(np.arange(12).reshape(4, 3), targets=np.array([0, 1, 0, 1]), name="holdout")
remote = mlflow.data.from_pandas(frame, source="s3://bucket/warehouse/transactions.csv", name="warehouse")

with mlflow.start_run() as run:
    mlflow.log_input(train, context="training", tags={"quality": "gold"})
    mlflow.log_input(train, context="training")
    mlflow.log_inputs([holdout, remote], contexts=["validation", None], tags_list=[None, {"owner": "data"}])
    mlflow.log_metric("auc", 0.9, dataset=holdout)

found = mlflow.get_run(run.info.run_id)
inputs = {entry.dataset.name: entry for entry in found.inputs.dataset_inputs}
assert set(inputs) == {"october", "holdout", "warehouse"}, inputs
assert inputs["october"].dataset.digest == train.digest
assert {tag.key: tag.value for tag in inputs["october"].tags}["mlflow.data.context"] == "training"
assert json.loads(inputs["october"].dataset.profile) == {"num_rows": 3, "num_elements": 9}
assert [column["name"] for column in json.loads(inputs["october"].dataset.schema)["mlflow_colspec"]] == list(frame)
source = mlflow.data.get_source(inputs["october"])
assert pd.read_csv(source.load()).equals(frame)
assert mlflow.data.get_source(inputs["warehouse"].dataset).uri == "s3://bucket/warehouse/transactions.csv"
assert [point.value for point in MlflowClient().get_metric_history(run.info.run_id, "auc")] == [0.9]

with mlflow.start_run():
    mlflow.log_input(holdout, context="training")


def count(filter_string):
    return len(mlflow.search_runs([experiment.experiment_id], filter_string=filter_string))


assert count("dataset.name = 'holdout'") == 2
assert count("dataset.name = 'holdout' AND dataset.context = 'validation'") == 1
assert count("datasets.name ILIKE 'OCT%'") == 1
assert count(f"dataset.digest IN ('{train.digest}', 'x')") == 1
