"""System metrics, sampled while a run goes on."""

import time

import mlflow
from mlflow import MlflowClient

mlflow.set_experiment("system-metrics")
mlflow.set_system_metrics_sampling_interval(0.2)
mlflow.set_system_metrics_samples_before_logging(2)

with mlflow.start_run(log_system_metrics=True) as run:
    time.sleep(2.5)

metrics = mlflow.get_run(run.info.run_id).data.metrics
assert metrics["system/cpu_utilization_percentage"] >= 0, metrics
assert metrics["system/system_memory_usage_megabytes"] > 0, metrics
history = MlflowClient().get_metric_history(run.info.run_id, "system/system_memory_usage_megabytes")
assert [point.step for point in history] == list(range(len(history))) and len(history) > 1
