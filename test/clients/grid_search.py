"""A grid in nested runs, the best found by search_runs, registered, given an alias and a stage, and loaded by each."""

from itertools import product

import mlflow
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

NAME = "prod.fraud.grid"
client = MlflowClient()
experiment = mlflow.set_experiment("grid-search")
X, y = make_classification(n_samples=400, random_state=5)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=5)

with mlflow.start_run(run_name="grid") as parent:
    for c, solver in product([0.01, 0.1, 1.0], ["lbfgs", "liblinear"]):
        with mlflow.start_run(run_name=f"{solver} {c}", nested=True):
            model = LogisticRegression(C=c, solver=solver).fit(X_train, y_train)
            mlflow.log_params({"C": c, "solver": solver})
            mlflow.log_metric("auc", roc_auc_score(y_test, model.predict_proba(X_test)[:, 1]))
            mlflow.sklearn.log_model(model, name="model", signature=infer_signature(X_train, model.predict(X_train)))

of_parent = f"tags.mlflow.parentRunId = '{parent.info.run_id}'"
children = mlflow.search_runs([experiment.experiment_id], filter_string=of_parent, order_by=["metrics.auc DESC"])
assert len(children) == 6
assert children["metrics.auc"].is_monotonic_decreasing
assert set(children["tags.mlflow.runName"]) >= {"lbfgs 0.01", "liblinear 1.0"}
weak = mlflow.search_runs(
    [experiment.experiment_id],
    filter_string=f"{of_parent} AND params.solver = 'lbfgs' AND metrics.auc > 0.5 AND attributes.status = 'FINISHED'",
    order_by=["params.C", "start_time DESC"],
    max_results=2,
)
assert list(weak["params.C"]) == ["0.01", "0.1"]
like = mlflow.search_runs(search_all_experiments=True, filter_string="run_name LIKE 'liblinear%' AND params.C = '0.1'")
assert len(like) == 1
first_page = client.search_runs([experiment.experiment_id], of_parent, max_results=4)
second_page = client.search_runs([experiment.experiment_id], of_parent, max_results=4, page_token=first_page.token)
assert len(first_page) == 4 and len(second_page) == 2 and not second_page.token
assert mlflow.get_parent_run(children["run_id"][0]).info.run_id == parent.info.run_id

best, second = children["run_id"][0], children["run_id"][1]
version = mlflow.register_model(f"runs:/{best}/model", NAME, tags={"auc": str(children["metrics.auc"][0])})
assert (version.version, version.run_id, version.tags["auc"]) == ("1", best, str(children["metrics.auc"][0]))
assert mlflow.register_model(f"runs:/{second}/model", NAME).version == "2"

client.set_registered_model_alias(NAME, "champion", "1")
client.transition_model_version_stage(NAME, "1", "Staging")
client.transition_model_version_stage(NAME, "2", "Staging", archive_existing_versions=True)
client.transition_model_version_stage(NAME, "1", "Production")
by_alias = client.get_model_version_by_alias(NAME, "champion")
assert (by_alias.version, by_alias.aliases, by_alias.current_stage) == ("1", ["champion"], "Production")
assert [found.version for found in client.get_latest_versions(NAME, ["Production"])] == ["1"]
assert client.get_registered_model(NAME).aliases == {"champion": "1"}

expected = mlflow.sklearn.load_model(f"runs:/{best}/model").predict(X_test)
for uri in (f"models:/{NAME}@champion", f"models:/{NAME}/1", f"models:/{NAME}/Production"):
    assert (mlflow.pyfunc.load_model(uri).predict(X_test) == expected).all(), uri
    assert mlflow.models.get_model_info(uri).run_id == best
assert mlflow.pyfunc.load_model(f"models:/{NAME}/latest").metadata.run_id == second
client.delete_registered_model_alias(NAME, "champion")
assert client.get_registered_model(NAME).aliases == {}
