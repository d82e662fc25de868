"""Training with logging by hand: params, metrics over epochs, tags, figures, texts, a signature, an input example."""

import math

import matplotlib.pyplot as plt
import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1)

mlflow.set_experiment("sklearn-manual")
mlflow.set_experiment_tag("team", "fraud")

with mlflow.start_run(run_name="sgd", description="a linear model", tags={"owner": "dana"}) as run:
    mlflow.log_params({"alpha": 0.001, "loss": "log_loss"})
    scaler = StandardScaler().fit(X_train)
    model = SGDClassifier(alpha=0.001, loss="log_loss", random_state=1)
    for epoch in range(20):
        model.partial_fit(scaler.transform(X_train), y_train, classes=[0, 1])
        probability = model.predict_proba(scaler.transform(X_test))[:, 1]
        mlflow.log_metrics({"auc": roc_auc_score(y_test, probability), "loss": log_loss(y_test, probability)}, step=epoch)
    mlflow.log_metric("diverged", math.nan)
    mlflow.log_metric("bound", math.inf)

    figure, axes = plt.subplots()
    axes.hist(probability)
    mlflow.log_figure(figure, "plots/probabilities.png")
    mlflow.log_text("trained on the breast cancer data\n", "notes/readme.txt")
    mlflow.log_dict({"classes": [0, 1]}, "config.json")
    mlflow.log_table({"row": [1, 2], "score": [0.1, 0.9]}, "scores.json")
    mlflow.log_image(np.zeros((8, 8, 3), dtype=np.uint8), "plots/black.png")
    with open("report.csv", "w", encoding="utf-8") as file:
        pd.DataFrame({"probability": probability}).to_csv(file)
    mlflow.log_artifact("report.csv", "reports")

    pipeline = make_pipeline(scaler, model)
    info = mlflow.sklearn.log_model(
        pipeline,
        name="model",
        signature=infer_signature(X_train, pipeline.predict(X_train)),
        input_example=X_train.head(3),
        registered_model_name="prod.fraud.sgd",
    )

found = mlflow.get_run(run.info.run_id)
assert found.info.status == "FINISHED"
assert found.info.run_name == "sgd"
assert found.data.params == {"alpha": "0.001", "loss": "log_loss"}
assert found.data.tags["owner"] == "dana"
assert math.isnan(found.data.metrics["diverged"])
history = MlflowClient().get_metric_history(run.info.run_id, "auc")
assert [point.step for point in history] == list(range(20))
assert found.data.metrics["auc"] == history[-1].value

paths = {file.path for file in mlflow.artifacts.list_artifacts(run_id=run.info.run_id)}
assert {"plots", "notes", "reports", "config.json", "scores.json"} <= paths, paths
assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/notes/readme.txt").startswith("trained")
assert mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/config.json") == {"classes": [0, 1]}
assert mlflow.artifacts.load_image(f"{run.info.artifact_uri}/plots/black.png").size == (8, 8)
table = mlflow.load_table("scores.json", run_ids=[run.info.run_id])
assert list(table["score"]) == [0.1, 0.9]
local = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="reports/report.csv")
assert len(pd.read_csv(local)) == len(X_test)

loaded = mlflow.pyfunc.load_model(info.model_uri)
assert (loaded.predict(X_test) == pipeline.predict(X_test)).all()
assert loaded.metadata.get_input_schema().input_names() == list(X.columns)
assert loaded.input_example is not None and list(loaded.input_example.columns) == list(X.columns)
registered = mlflow.sklearn.load_model("models:/prod.fraud.sgd/1")
assert (registered.predict(X_test) == pipeline.predict(X_test)).all()
