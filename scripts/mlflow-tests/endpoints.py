"""Prints every REST endpoint of the installed MLflow client as JSON: what its protobuf services declare.

    python3 scripts/mlflow-tests/endpoints.py > apps/api/src/mlflow/endpoints.json
"""

import importlib
import json
import pkgutil

import mlflow.protos
from mlflow.protos import databricks_pb2

# Services of Databricks, which a server of MLflow does not have.
FOREIGN = ("databricks_", "unity_catalog_")


def endpoints_of(module):
    for service in getattr(module, "DESCRIPTOR").services_by_name.values():
        for call in service.methods:
            for endpoint in call.GetOptions().Extensions[databricks_pb2.rpc].endpoints:
                # As MLflow's server does: the generation alone, and one path that has lost its first slash.
                path = f"/api/{endpoint.since.major}.0/{endpoint.path.lstrip('/')}"
                yield {
                    "service": service.name,
                    "call": call.name,
                    "method": endpoint.method,
                    "path": path,
                }


def main():
    names = [name for _, name, _ in pkgutil.iter_modules(mlflow.protos.__path__) if name.endswith("_pb2")]
    modules = [importlib.import_module(f"mlflow.protos.{name}") for name in names if not name.startswith(FOREIGN)]
    found = [endpoint for module in modules for endpoint in endpoints_of(module)]
    found.sort(key=lambda endpoint: (endpoint["path"], endpoint["method"]))
    # A line for each, so that a difference between two releases reads well.
    lines = ",\n".join(f"    {json.dumps(endpoint)}" for endpoint in found)
    print(f'{{\n  "mlflow": {json.dumps(mlflow.__version__)},\n  "endpoints": [\n{lines}\n  ]\n}}')


if __name__ == "__main__":
    main()
