"""mlflow.models.evaluate: a classifier and a regressor with their metrics, plots, extra metrics, and thresholds."""

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.models import MetricThreshold, infer_signature, make_metric
from sklearn.datasets import load_diabetes, make_classification
from sklearn.linear_model import LinearRegression, LogisticRegression

mlflow.set_experiment("evaluate")
X, y = make_classification(n_samples=300, n_features=5, random_state=6)
classifier = LogisticRegression().fit(X[:200], y[:200])

with mlflow.start_run() as run:
    info = mlflow.sklearn.log_model(classifier, name="model", signature=infer_signature(X, classifier.predict(X)))
    result = mlflow.models.evaluate(
        info.model_uri,
        mlflow.data.from_numpy(X[200:], targets=y[200:], name="holdout"),
        model_type="classifier",
        evaluator_config={"log_model_explainability": False},
        extra_metrics=[
            make_metric(
                eval_fn=lambda predictions, targets, metrics: float((predictions == targets).sum()),
                greater_is_better=True,
                name="hits",
            )
        ],
    )
assert result.metrics["roc_auc"] > 0.7
found = mlflow.get_run(run.info.run_id)
assert found.data.metrics["hits"] == result.metrics["hits"] == round(result.metrics["accuracy_score"] * 100)
assert [entry.dataset.name for entry in found.inputs.dataset_inputs] == ["holdout"]
names = {file.path for file in mlflow.artifacts.list_artifacts(run_id=run.info.run_id)}
assert {"confusion_matrix.png", "roc_curve_plot.png"} <= names, names
evaluated = mlflow.get_logged_model(info.model_id)
assert {metric.key: metric.value for metric in evaluated.metrics}["roc_auc"] == result.metrics["roc_auc"]
assert {metric.dataset_name for metric in evaluated.metrics} == {"holdout"}

data = load_diabetes(as_frame=True).frame
with mlflow.start_run():
    data["prediction"] = LinearRegression().fit(data.drop(columns="target"), data["target"]).predict(data.drop(columns="target"))
    table = mlflow.models.evaluate(data=data, targets="target", predictions="prediction", model_type="regressor")
assert table.metrics["r2_score"] > 0.4
try:
    mlflow.validate_evaluation_results(
        validation_thresholds={"r2_score": MetricThreshold(threshold=0.99, greater_is_better=True)},
        candidate_result=table,
    )
    raise AssertionError("a weak model passed")
except MlflowException as error:
    assert "r2_score" in error.message
