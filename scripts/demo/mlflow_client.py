"""The MLflow steps of the demo, with the unmodified MLflow client: train, alias, stage, predict.

MLFLOW_TRACKING_URI and MLFLOW_TRACKING_TOKEN say where and who. The last line of the output is JSON: {"result": …}, or
{"refused": message} when the service refused.
"""

import json
import sys
import warnings

import mlflow
import mlflow.sklearn
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

warnings.filterwarnings("ignore")
MODEL = "prod.fraud.scorer"


def data():
    x, y = make_classification(n_samples=800, n_features=6, n_informative=4, random_state=7)
    return train_test_split(x, y, random_state=7)


def train_one(name, classifier, x_train, x_test, y_train, y_test):
    with mlflow.start_run(run_name=name) as run:
        classifier.fit(x_train, y_train)
        auc = roc_auc_score(y_test, classifier.predict_proba(x_test)[:, 1])
        mlflow.log_params({**classifier.get_params(), "features": x_train.shape[1]})
        mlflow.log_metric("auc", auc)
        signature = infer_signature(x_train, classifier.predict(x_train))
        mlflow.sklearn.log_model(classifier, name="model", signature=signature)
    version = mlflow.register_model(f"runs:/{run.info.run_id}/model", MODEL)
    return {"version": int(version.version), "auc": auc}


def train():
    mlflow.set_experiment("fraud-demo")
    x_train, x_test, y_train, y_test = data()
    good = train_one("good", LogisticRegression(max_iter=500), x_train, x_test, y_train, y_test)
    weak = train_one("weak", DummyClassifier(strategy="prior"), x_train, x_test, y_train, y_test)
    return [good, weak]


def predict():
    loaded = mlflow.pyfunc.load_model(f"models:/{MODEL}@champion")
    _, x_test, _, _ = data()
    return f"predicted {loaded.predict(x_test[:5]).tolist()} with {MODEL}@champion"


STEPS = {
    "train": train,
    "alias": lambda alias, version: MlflowClient().set_registered_model_alias(MODEL, alias, version),
    "stage": lambda version, stage: MlflowClient().transition_model_version_stage(MODEL, version, stage),
    "predict": predict,
}

if __name__ == "__main__":
    try:
        answer = {"result": STEPS[sys.argv[1]](*sys.argv[2:])}
    except MlflowException as error:
        answer = {"refused": error.message}
    print(json.dumps(answer))
