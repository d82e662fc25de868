"""A model of one's own: a class with files beside it, parameters at prediction, a chain of models, models from code."""

import json
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.models import infer_signature
from mlflow.pyfunc import PythonModel
from mlflow.types.schema import ColSpec, Schema

mlflow.set_experiment("pyfunc-custom")


class Lookup(PythonModel):
    def load_context(self, context):
        self.table = json.loads(Path(context.artifacts["table"]).read_text(encoding="utf-8"))
        self.words = sorted(path.name for path in Path(context.artifacts["words"]).iterdir())
        self.offset = context.model_config["offset"]

    def predict(self, context, model_input, params=None):
        factor = (params or {}).get("factor", 1.0)
        return [self.table[key] * factor + self.offset for key in model_input["key"]]


Path("table.json").write_text(json.dumps({"a": 1.0, "b": 2.0}), encoding="utf-8")
for folder in ("words", "words/deep er"):
    Path(folder).mkdir()
    Path(folder, "näme with 100% + & ü.txt").write_text("x", encoding="utf-8")
Path("helper.py").write_text("ANSWER = 42\n", encoding="utf-8")

example = pd.DataFrame({"key": ["a", "b"]})
signature = infer_signature(example, [1.0, 2.0], params={"factor": 1.0})
with mlflow.start_run() as run:
    info = mlflow.pyfunc.log_model(
        name="lookup",
        python_model=Lookup(),
        artifacts={"table": "table.json", "words": "words"},
        code_paths=["helper.py"],
        model_config={"offset": 0.5},
        signature=signature,
        input_example=(example, {"factor": 1.0}),
        pip_requirements=["mlflow"],
        metadata={"purpose": "look up"},
        registered_model_name="prod.fraud.lookup",
    )

assert info.registered_model_version == "1"
loaded = mlflow.pyfunc.load_model("models:/prod.fraud.lookup/1", model_config={"offset": 10})
assert list(loaded.predict(example, params={"factor": 3.0})) == [13.0, 16.0]
assert loaded.unwrap_python_model().words == ["deep er", "näme with 100% + & ü.txt"]
assert loaded.metadata.metadata == {"purpose": "look up"}
assert mlflow.pyfunc.get_model_dependencies("models:/prod.fraud.lookup/1").endswith("requirements.txt")
files = {path.name for path in Path(mlflow.artifacts.download_artifacts("models:/prod.fraud.lookup/1")).rglob("*")}
assert {"MLmodel", "helper.py", "table.json", "input_example.json", "näme with 100% + & ü.txt"} <= files, files

# The files of a run, next to those of its models.
with mlflow.start_run(run_id=run.info.run_id):
    mlflow.log_artifacts("words", "in put/100%")
listed = mlflow.artifacts.list_artifacts(run_id=run.info.run_id, artifact_path="in put/100%")
assert [file.path for file in listed] == ["in put/100%/deep er", "in put/100%/näme with 100% + & ü.txt"], listed
copy = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="in put/100%", dst_path="copy")
assert Path(copy, "deep er", "näme with 100% + & ü.txt").read_text(encoding="utf-8") == "x"


# A function is a model, too; a script is one without pickle.
def double(model_input: list[str]) -> list[str]:
    return [value * 2 for value in model_input]


Path("script.py").write_text(
    "import mlflow\n"
    "from mlflow.pyfunc import PythonModel\n"
    "class Shout(PythonModel):\n"
    "    def predict(self, context, model_input: list[str]) -> list[str]:\n"
    "        return [value.upper() for value in model_input]\n"
    "mlflow.models.set_model(Shout())\n",
    encoding="utf-8",
)
with mlflow.start_run():
    function = mlflow.pyfunc.log_model(name="double", python_model=double, input_example=["a"])
    script = mlflow.pyfunc.log_model(name="shout", python_model="script.py")
assert mlflow.pyfunc.load_model(function.model_uri).predict(["ab"]) == ["abab"]
assert mlflow.pyfunc.load_model(script.model_uri).predict(["ab"]) == ["AB"]

# A signature that comes later, as long as no version has sealed the files.
schema = Schema([ColSpec("string")])
mlflow.models.set_signature(script.model_uri, mlflow.models.ModelSignature(inputs=schema, outputs=schema))
assert mlflow.models.get_model_info(script.model_uri).signature.inputs == schema
