"""LightGBM with autolog, through its own train and through its scikit-learn class."""

import lightgbm
import mlflow
from mlflow import MlflowClient
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

mlflow.set_experiment("lightgbm-autolog")
mlflow.lightgbm.autolog()

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=4)
train = lightgbm.Dataset(X_train, y_train)
test = lightgbm.Dataset(X_test, y_test, reference=train)

booster = lightgbm.train(
    {"objective": "binary", "metric": ["binary_logloss", "auc"], "num_leaves": 7, "verbosity": -1},
    train,
    num_boost_round=12,
    valid_sets=[train, test],
    valid_names=["train", "test"],
)
run = mlflow.last_active_run()
assert run.info.status == "FINISHED"
assert run.data.params["num_leaves"] == "7"
assert len(MlflowClient().get_metric_history(run.info.run_id, "test-auc")) == 12
model = mlflow.search_logged_models(filter_string=f"source_run_id = '{run.info.run_id}'", output_format="list")[0]
loaded = mlflow.lightgbm.load_model(model.model_uri)
assert (loaded.predict(X_test) == booster.predict(X_test)).all()

with mlflow.start_run() as run:
    classifier = lightgbm.LGBMClassifier(n_estimators=8, verbosity=-1).fit(X_train, y_train, eval_set=[(X_test, y_test)])
assert len(MlflowClient().get_metric_history(run.info.run_id, "valid_0-binary_logloss")) == 8
version = mlflow.register_model(f"runs:/{run.info.run_id}/model", "prod.fraud.light")
loaded = mlflow.pyfunc.load_model(f"models:/{version.name}/{version.version}")
assert (loaded.predict(X_test) == classifier.predict(X_test)).all()
