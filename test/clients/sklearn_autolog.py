"""scikit-learn with nothing but autolog: params, metrics, the model with its signature, the dataset, a grid search."""

import mlflow
import pandas as pd
import sklearn.metrics
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, train_test_split

mlflow.set_experiment("sklearn-autolog")
mlflow.sklearn.autolog(max_tuning_runs=4)

X, y = load_iris(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=3)

with mlflow.start_run(run_name="forest") as run:
    forest = RandomForestClassifier(n_estimators=10, random_state=3).fit(X_train, y_train)
    accuracy = sklearn.metrics.accuracy_score(y_test, forest.predict(X_test))

forest_run = mlflow.get_run(run.info.run_id)
assert forest_run.data.params["n_estimators"] == "10"
assert forest_run.data.metrics["training_score"] > 0.9
assert forest_run.data.metrics["accuracy_score_X_test"] == accuracy
assert forest_run.data.tags["estimator_name"] == "RandomForestClassifier"
inputs = forest_run.inputs.dataset_inputs
assert {tag.value for entry in inputs for tag in entry.tags} == {"train", "eval"}, inputs
assert len(forest_run.outputs.model_outputs) == 1
names = {file.path for file in mlflow.artifacts.list_artifacts(run_id=run.info.run_id)}
assert {"training_confusion_matrix.png", "estimator.html"} <= names, names

model = mlflow.last_logged_model()
assert model.source_run_id == run.info.run_id
loaded = mlflow.sklearn.load_model(f"models:/{model.model_id}")
assert (loaded.predict(X_test) == forest.predict(X_test)).all()

# Without a run of one's own, fit makes one; a search makes a child for each of the best candidates.
search = GridSearchCV(RandomForestClassifier(random_state=3), {"n_estimators": [2, 5], "max_depth": [1, 2, 3]}, cv=2)
search.fit(X_train, y_train)
parent = mlflow.last_active_run()
assert parent.data.params["best_max_depth"] == str(search.best_params_["max_depth"])
children = mlflow.search_runs(
    experiment_names=["sklearn-autolog"], filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'"
)
assert len(children) == 4, children
assert isinstance(children, pd.DataFrame) and children["metrics.mean_test_score"].notna().all()
version = mlflow.register_model(f"runs:/{parent.info.run_id}/best_estimator", "prod.fraud.forest")
assert version.version == "1" and version.status == "READY"
