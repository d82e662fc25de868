"""Logs and registers a model a number of times, as its users do, and prints the milliseconds of each."""

import json
import os
import sys
import time
import warnings

warnings.filterwarnings("ignore")
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"

import mlflow

mlflow.set_experiment("log_model " + str(time.time()))


class Doubling(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input):
        return model_input * 2


times = []
for _ in range(int(sys.argv[1])):
    with mlflow.start_run():
        begin = time.perf_counter()
        # The requirements are told: to find them out would be the client's work alone.
        mlflow.pyfunc.log_model(
            name="model",
            python_model=Doubling(),
            pip_requirements=["mlflow"],
            registered_model_name="bench.registry.logged",
        )
        times.append((time.perf_counter() - begin) * 1000)
print(json.dumps(times))
