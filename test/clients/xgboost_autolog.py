"""XGBoost with autolog: a metric for each boosting round, feature importance, the model registered as it is logged."""

import mlflow
import xgboost
from mlflow import MlflowClient
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

mlflow.set_experiment("xgboost-autolog")
mlflow.xgboost.autolog(registered_model_name="prod.fraud.booster", model_format="json")

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=2)
train, test = xgboost.DMatrix(X_train, y_train), xgboost.DMatrix(X_test, y_test)

with mlflow.start_run() as run:
    booster = xgboost.train(
        {"max_depth": 3, "objective": "binary:logistic", "eval_metric": ["logloss", "auc"]},
        train,
        num_boost_round=15,
        evals=[(train, "train"), (test, "test")],
        early_stopping_rounds=5,
        verbose_eval=False,
    )

found = mlflow.get_run(run.info.run_id)
assert found.data.params["max_depth"] == "3"
history = MlflowClient().get_metric_history(run.info.run_id, "test-logloss")
assert len(history) >= 15, history
assert "stopped_iteration" in found.data.metrics
names = {file.path for file in mlflow.artifacts.list_artifacts(run_id=run.info.run_id)}
assert {"feature_importance_weight.json", "feature_importance_weight.png"} <= names, names

loaded = mlflow.xgboost.load_model("models:/prod.fraud.booster/1")
assert (loaded.predict(test) == booster.predict(test)).all()
scores = mlflow.pyfunc.load_model("models:/prod.fraud.booster/latest").predict(X_test)
assert scores.shape == (len(X_test),)
