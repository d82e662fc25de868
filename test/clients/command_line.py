"""The mlflow command: experiments, runs, artifacts, a project, and predictions of a registered model."""

import csv
import json
from pathlib import Path

import mlflow
from click.testing import CliRunner
from mlflow import MlflowClient
from mlflow.cli import cli
from sklearn.linear_model import LinearRegression


def run(*args):
    # In this process: a dozen commands would import MLflow a dozen times.
    done = CliRunner().invoke(cli, args)
    assert done.exit_code == 0, f"mlflow {' '.join(args)}\n{done.output}\n{done.exception!r}"
    return done.stdout


run("experiments", "create", "-n", "command-line")
experiment = mlflow.set_experiment("command-line")
assert "command-line" in run("experiments", "search", "-v", "active_only")

Path("project").mkdir()
Path("project/MLproject").write_text(
    "name: p\nentry_points:\n  main:\n    parameters:\n      alpha: {type: float, default: 0.1}\n"
    "    command: 'python train.py {alpha}'\n",
    encoding="utf-8",
)
Path("project/train.py").write_text(
    "import sys\nimport mlflow\nmlflow.log_metric('loss', float(sys.argv[1]) * 2)\n", encoding="utf-8"
)
run("run", "project", "--env-manager", "local", "--run-name", "of project", "-P", "alpha=0.5")
(of_project,) = MlflowClient().search_runs([experiment.experiment_id])
assert (of_project.data.params, of_project.data.metrics) == ({"alpha": "0.5"}, {"loss": 1.0})
assert of_project.info.status == "FINISHED" and of_project.data.tags["mlflow.source.type"] == "PROJECT"

with mlflow.start_run() as active:
    mlflow.sklearn.log_model(
        LinearRegression().fit([[0], [1]], [0, 1]), name="model", registered_model_name="prod.fraud.command-line"
    )
run_id = active.info.run_id
assert run_id in run("runs", "list", "--experiment-id", experiment.experiment_id)
assert json.loads(run("runs", "describe", "--run-id", run_id))["info"]["run_id"] == run_id
run("experiments", "csv", "--experiment-id", experiment.experiment_id, "--filename", "runs.csv")
with open("runs.csv", encoding="utf-8") as file:
    assert run_id in {row["run_id"] for row in csv.DictReader(file)}

Path("note.txt").write_text("hello", encoding="utf-8")
run("artifacts", "log-artifact", "--local-file", "note.txt", "--run-id", run_id, "--artifact-path", "notes")
listed = json.loads(run("artifacts", "list", "--run-id", run_id, "--artifact-path", "notes"))
assert [(file["path"], file["file_size"]) for file in listed] == [("notes/note.txt", 5)], listed
run("artifacts", "download", "--run-id", run_id, "--artifact-path", "notes", "--dst-path", "down")
assert Path("down/notes/note.txt").read_text(encoding="utf-8") == "hello"
run("artifacts", "download", "--artifact-uri", "models:/prod.fraud.command-line/1", "--dst-path", "model")
assert Path("model/MLmodel").exists()

Path("input.json").write_text(json.dumps({"inputs": [[4.0]]}), encoding="utf-8")
model_uri = "models:/prod.fraud.command-line/1"
run("models", "predict", "-m", model_uri, "-i", "input.json", "-o", "output.json", "--env-manager", "local")
assert abs(json.loads(Path("output.json").read_text(encoding="utf-8"))["predictions"][0] - 4) < 1e-6

run("runs", "delete", "--run-id", run_id)
run("runs", "restore", "--run-id", run_id)
run("experiments", "rename", "--experiment-id", experiment.experiment_id, "--new-name", "command-line, renamed")
run("experiments", "delete", "--experiment-id", experiment.experiment_id)
run("experiments", "restore", "--experiment-id", experiment.experiment_id)
