"""A pytest plugin that runs MLflow's own tests against a service that is already there.

MLflow's integration tests start a server of theirs, each with an empty store. Here they get the service's address
instead, and its store is emptied. Tests of MLflow's SQL stores get its REST stores. Tests that look into the folder of
a run's artifacts are shown where the service keeps them. Only the tests that are asked for run (a file of ids), and what
came of each is written down, as JSON.
"""

import contextlib
import json
import os
from pathlib import Path

import mlflow.tracing.fluent
import pytest
import requests

SERVICE = os.environ["IMPRIMATUR_URL"].rstrip("/")
TOKEN = os.environ["MLFLOW_TRACKING_TOKEN"]
ARTIFACTS = os.environ["MLFLOW_TESTS_ARTIFACTS"]
RESET = os.environ["MLFLOW_TESTS_RESET"]
REQUIRED = Path(os.environ["MLFLOW_TESTS_REQUIRED"])
REPORT = Path(os.environ["MLFLOW_TESTS_REPORT"])

# The tests of a development version ask this of the client when they end, before any plugin's hook could stand in for
# it; the release before it has no such queue of traces.
if not hasattr(mlflow.tracing.fluent, "_flush_pending_async_trace_writes"):
    mlflow.tracing.fluent._flush_pending_async_trace_writes = lambda terminate=False: None


def empty_store(*_args, **_kwargs):
    """Stands for initialize_backend_stores: the service's store is as new. Its artifacts stay where it keeps them."""
    requests.post(RESET, timeout=60).raise_for_status()


class RunningServer:
    """Stands for the thread that would have run MLflow's server."""

    def __init__(self, *_args, **_kwargs):
        self.url = SERVICE

    def __enter__(self):
        return SERVICE

    def __exit__(self, *_raised):
        return None


@contextlib.contextmanager
def running_server(backend_uri=None, root_artifact_uri=None, extra_env=None, app=None, server_type=None):
    """Stands for _init_server, which runs MLflow's server as a process."""
    import mlflow

    if extra_env or app:
        pytest.skip("needs a server with settings of its own")
    mlflow.set_tracking_uri(None)
    empty_store()
    yield SERVICE


def folder_of(local_file_uri_to_path):
    """Stands for local_file_uri_to_path in the tests, which take artifact URIs for local ones."""

    def path_of(uri):
        scheme = "mlflow-artifacts:/"
        return os.path.join(ARTIFACTS, uri[len(scheme) :]) if uri.startswith(scheme) else local_file_uri_to_path(uri)

    return path_of


def pytest_configure(config):
    import mlflow.server.handlers
    import mlflow.utils.file_utils as files

    # MLflow's own modules have the function already: it is replaced for the tests alone.
    files.local_file_uri_to_path = folder_of(files.local_file_uri_to_path)
    mlflow.server.handlers.initialize_backend_stores = empty_store
    # The tests import these names into their modules: they are replaced before any is collected.
    import tests.tracking.integration_test_utils as servers

    servers.ServerThread = RunningServer
    servers._init_server = running_server


def rest_store_for(module):
    """The client's store that does over REST what the store under test does on SQL; None for other modules."""
    name = module.__name__
    if "store.model_registry" in name:
        from mlflow.store.model_registry.rest_store import RestStore
    elif "store.tracking" in name:
        from mlflow.store.tracking.rest_store import RestStore
    else:
        return None

    class Store(RestStore):
        if hasattr(RestStore, "create_run"):

            def create_run(self, experiment_id, user_id, start_time, tags, run_name):
                # MLflow's client always sends a list; the tests of the SQL store also say None.
                return super().create_run(experiment_id, user_id, start_time, tags or [], run_name)

    return Store


def fixture_of_service(name, request):
    """What a fixture of MLflow's tests gives here; None for those that are as they were."""
    import mlflow
    from mlflow.tracking._tracking_service.utils import _use_tracking_uri

    if name == "tracking_uri_mock":
        empty_store()
        tracking = _use_tracking_uri(SERVICE)
        tracking.__enter__()
        request.addfinalizer(lambda: tracking.__exit__(None, None, None))
        return SERVICE
    if name == "artifacts_server":
        from tests.tracking.test_mlflow_artifacts import ArtifactsServer

        empty_store()
        # Files belong to an experiment: what the tests send to the proxy itself goes to the default one.
        proxy = f"{SERVICE}/api/2.0/mlflow-artifacts/artifacts/0"
        return ArtifactsServer(SERVICE, proxy, ARTIFACTS, SERVICE, None)
    if name == "mlflow_server" and request.module.__name__.endswith("webhooks.test_e2e"):
        empty_store()
        return SERVICE
    if name == "store" and (store := rest_store_for(request.module)):
        from mlflow.utils.rest_utils import MlflowHostCreds

        empty_store()
        before = mlflow.get_tracking_uri()
        mlflow.set_tracking_uri(SERVICE)
        request.addfinalizer(lambda: mlflow.set_tracking_uri(before))
        return store(lambda: MlflowHostCreds(SERVICE, token=TOKEN))
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef, request):
    value = fixture_of_service(fixturedef.argname, request)
    if value is not None:
        fixturedef.cached_result = (value, fixturedef.cache_key(request), None)
    return value


def pytest_collection_modifyitems(config, items):
    required = set(REQUIRED.read_text().splitlines())
    wanted = [item for item in items if item.nodeid in required]
    for missing in required - {item.nodeid for item in items}:
        outcomes[missing] = {"outcome": "missing", "message": "this release of MLflow has no such test"}
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in required])
    items[:] = wanted


outcomes = {}


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        worst = outcomes.get(report.nodeid, {}).get("outcome")
        if worst in (None, "passed"):
            outcomes[report.nodeid] = {"outcome": report.outcome, "message": report.longreprtext[-4000:]}


def pytest_sessionfinish():
    REPORT.write_text(json.dumps(outcomes))
