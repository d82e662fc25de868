"""Prints what a server of MLflow answers to searches: which filters and orders it takes, and what they find.

    python3 scripts/mlflow-tests/record_searches.py http://127.0.0.1:5000 > apps/api/src/mlflow/searches.json

The server must be empty. What its own ids would order is not asked. The recording is replayed against this service by apps/api/src/mlflow/searches.e2e-spec.ts.
"""

import json
import os
import sys

import requests

SERVER = sys.argv[1].rstrip("/")
TOKEN = os.environ.get("MLFLOW_TRACKING_TOKEN")
HEADERS = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}

RUN_FILTERS = """
metrics.m > 1
metric.m >= 1 and metrics.m <= 2
metrics.m = 1.0
metrics.m != 1
metrics."m" < 2
metrics.`m` < 2
metrics.m LIKE 1
metrics.m = '1'
metrics.m IN (1)
metrics.m IS NULL
params.p = 'x'
param.p != "x"
parameters.p LIKE '%x%'
parameter.p ILIKE 'X'
params.p = 1
params.p > 'a'
params.p IN ('x')
params.p IS NULL
params.p IS NOT NULL
tags.t = 'a'
tag.t IS NULL
tags.t IS NOT NULL
tags.t NOT LIKE 'a'
tags.`t` = 'a'
tags."a b" = 'c'
tags.t = a
tags.t = `a`
tags.t = "a"
tags.t == 'a'
tags.t = 'a' AND params.p = 'x'
tags.t = 'a' and params.p = 'x'
tags.t = 'a' OR params.p = 'x'
(tags.t = 'a')
tags.t = 'a' AND
AND tags.t = 'a'
tags.t = 'a',
tags.t
tags.t =
status = 'FINISHED'
attributes.status = 'RUNNING'
attr.status != 'RUNNING'
attribute.status LIKE 'RUN%'
run.status = 'RUNNING'
run_id IN ('none')
run_id IN ('none',)
run_id NOT IN ('none')
run_id IN ()
run_id IN 'none'
run_id = 'none'
run_name = 'one'
run_name LIKE 'o%'
run_name IN ('one')
`run name` = 'one'
`Run name` = 'one'
name = 'one'
user_id = 'u'
artifact_uri LIKE '%artifacts'
start_time > 0
start_time >= 10 AND start_time < 20
created > 10
Created > 10
end_time = 0
start_time = 'a'
start_time > '1'
attributes.nothing = 'x'
experiment_id = '1'
lifecycle_stage = 'active'
foo.bar = 'x'
dataset.name = 'd'
datasets.name LIKE 'd%'
dataset.digest = '1'
dataset.context = 'train'
dataset.context IN ('train')
dataset.name IN ('d', 'e')
dataset.name NOT IN ('d')
dataset.foo = 'x'
dataset.name > 'a'
SELECT 1
''
1 = 1
metrics.m > 1; DROP TABLE runs
status IN ('RUNNING')
tags.t ILIKE 'A'
tags.t in ('a')
metrics.m > -1
metrics.m > 1e0
metrics.m > .5
metrics.m > NaN
params.p LIKE 'x'
params.p LIKE '_'
""".strip().split("\n")

RUN_ORDERS = """
start_time
start_time DESC
attributes.start_time ASC
metrics.m
metrics.m DESC
metric.m asc
metrics.`m`
metrics."m" DESC
params.p
params.p DESC
tags.t
tag.t DESC
run_name
status DESC
end_time
Created
name
attributes.nothing
foo.bar
start_time DESCENDING
start_time DESC foo
metrics.m DESC, params.p
dataset.name
""".strip().split("\n")

EXPERIMENT_FILTERS = """
name = 'searched'
name LIKE 'sear%'
name ILIKE 'SEAR%'
name != 'searched' AND name != 'Default'
name IN ('searched')
attribute.name = 'searched'
attributes.name = 'searched'
attr.name = 'searched'
creation_time > 0
creation_time > '0'
last_update_time >= 0 AND name = 'searched'
tags.k = 'v'
tags.`k` = 'v'
tag.k LIKE 'v%'
tags.k IS NULL AND name = 'searched'
tags.k IS NOT NULL
tags.k > 'v'
tags.k = 1
experiment_id = '1'
lifecycle_stage = 'active'
metrics.m > 1
name = searched
name = 'searched' OR name = 'x'
name > 'a'
(name = 'searched')
name
""".strip().split("\n")

EXPERIMENT_ORDERS = """
name
name DESC
experiment_id
experiment_id DESC
creation_time
creation_time ASC
last_update_time DESC
last_updated_time
lifecycle_stage
tags.k
foo
name DESC foo
name, creation_time
""".strip().split("\n")

MODEL_FILTERS = """
name = 'searched-model'
name LIKE 'searched%'
name ILIKE 'SEARCHED%'
name != 'searched-model'
name IN ('searched-model')
name > 'a'
tags.k = 'v'
tag.k != 'v'
tags.`k` = 'v'
tags."k" = 'v'
tags.k LIKE 'v%'
tags.k IS NULL
tags.k = 'v' AND name = 'searched-model'
attribute.name = 'searched-model'
run_id = 'x'
name = searched
name = 1
description = 'x'
creation_timestamp > 0
name = 'a' OR name = 'b'
tags.k > 'v'
name = 'a' AND
name
""".strip().split("\n")

MODEL_ORDERS = """
name
name DESC
timestamp
timestamp DESC
last_updated_timestamp
creation_timestamp
description
name DESC foo
tags.k
attribute.name
`name`
""".strip().split("\n")

VERSION_FILTERS = """
name = 'searched-model'
name LIKE 'searched%'
name IN ('searched-model')
run_id = 'r1'
run_id IN ('r1', 'r2')
run_id IN ('r1')
run_id IN ()
run_id IN ('r1',)
run_id NOT IN ('r1')
run_id IN ('r1', )
run_id LIKE 'r%'
run_id != 'r1'
run_id IN (1, 2)
run_id IN ('r1' 'r2')
source_path = 's3://b/1'
source_path LIKE 's3:%'
source_path IN ('s3://b/1')
version_number = 1
version_number > 1
version_number >= 1 AND name = 'searched-model'
version_number = '1'
version_number LIKE 1
version_number IN (1)
tags.k = 'v'
tags.k != 'v'
tags.k IS NULL
stage = 'None'
current_stage = 'None'
status = 'READY'
version = '1'
name = 'searched-model' AND run_id = 'r1'
name = 'searched-model' OR run_id = 'r1'
name
metrics.m > 1
attribute.name = 'searched-model'
""".strip().split("\n")

VERSION_ORDERS = """
name
name DESC
version_number
version_number DESC
creation_timestamp
last_updated_timestamp ASC
version
run_id
source_path
name DESC foo
tags.k
""".strip().split("\n")

LOGGED_FILTERS = """
name = 'logged'
attributes.name = 'logged'
name LIKE 'log%'
name IN ('logged')
name NOT IN ('logged')
name IN ('logged',)
name > 'a'
model_id = 'x'
model_type = 'agent'
status = 'PENDING'
status = 'LOGGED_MODEL_PENDING'
source_run_id = 'x'
creation_timestamp > 0
creation_timestamp = '1'
creation_timestamp_ms > 0
creation_time > 0
last_updated_timestamp > 0
last_updated_timestamp_ms > 0
artifact_location LIKE '%'
params.p = 'x'
params.p != 'y'
params.p LIKE 'x'
params.p IN ('x')
params.p = 1
params.p IS NULL
tags.t = 'a'
tags.t ILIKE 'A'
tags.t IS NULL
tags.t IS NOT NULL
metrics.m > 0
metrics.m = 'a'
metrics.m LIKE 1
metrics.m IN (1)
dataset.name = 'd'
foo.bar = 'x'
nothing = 'x'
name = 'logged' AND params.p = 'x'
name = 'logged' OR params.p = 'x'
name
name = logged
experiment_id = '1'
lifecycle_stage = 'active'
""".strip().split("\n")

LOGGED_ORDERS = """
name
model_type
status
source_run_id
creation_timestamp
creation_time
creation_timestamp_ms
last_updated_timestamp
last_updated_timestamp_ms
attributes.name
metrics.m
metrics.`m`
params.p
tags.t
foo.bar
nothing
experiment_id
name DESC
""".strip().split("\n")


def call(method, path, given):
    where = {"json": given} if method == "POST" else {"params": given}
    return requests.request(method, f"{SERVER}/api/2.0/mlflow/{path}", headers=HEADERS, timeout=60, **where)


def make(path, **body):
    answer = call("POST", path, body)
    answer.raise_for_status()
    return answer.json()


def make_world():
    """The things that are searched: what apps/api/src/mlflow/searches.e2e-spec.ts makes as well."""
    experiment = make("experiments/create", name="searched", tags=[{"key": "k", "value": "v"}])["experiment_id"]
    runs = [("one", 10, 1, "x", "a"), ("two", 20, 2, "y", "b"), ("three", 30, None, None, None)]
    for name, start, metric, param, tag in runs:
        run = make("runs/create", experiment_id=experiment, run_name=name, start_time=start, user_id="u")
        run_id = run["run"]["info"]["run_id"]
        if metric is None:
            make("runs/update", run_id=run_id, status="FINISHED", end_time=40)
            continue
        metrics = [{"key": "m", "value": metric, "timestamp": 1, "step": 0}]
        params = [{"key": "p", "value": param}]
        tags = [{"key": "t", "value": tag}, {"key": "a b", "value": "c"}]
        make("runs/log-batch", run_id=run_id, metrics=metrics, params=params, tags=tags)
        dataset = {"name": "d", "digest": str(metric), "source_type": "s", "source": "{}"}
        context = {"key": "mlflow.data.context", "value": "train"}
        make("runs/log-inputs", run_id=run_id, datasets=[{"dataset": dataset, "tags": [context]}])
    make("registered-models/create", name="searched-model", tags=[{"key": "k", "value": "v"}])
    make("registered-models/create", name="other-model")
    for number in (1, 2):
        tags = [{"key": "k", "value": "v"}] if number == 1 else []
        source = f"s3://b/{number}"
        make("model-versions/create", name="searched-model", source=source, run_id=f"r{number}", tags=tags)
    for name, param, tag in (("logged", "x", "a"), ("other", "y", "b")):
        params, tags = [{"key": "p", "value": param}], [{"key": "t", "value": tag}]
        make("logged-models", experiment_id=experiment, name=name, model_type="agent", params=params, tags=tags)
    return experiment


def names_of(answer):
    """What was found, by names that are the same on every server."""
    body = answer.json()
    return {
        "runs": lambda run: run["info"]["run_name"],
        "experiments": lambda experiment: experiment["name"],
        "registered_models": lambda model: model["name"],
        "model_versions": lambda version: f"{version['name']}/{version['version']}",
        "models": lambda model: model["info"]["name"],
    }, body


def ask(method, path, given):
    answer = call(method, path, given)
    if answer.status_code != 200:
        return {"status": answer.status_code}
    spellings, body = names_of(answer)
    found = [spell(item) for field, spell in spellings.items() for item in body.get(field, [])]
    return {"status": 200, "found": found}


def main():
    experiment = make_world()
    searches = [
        ("runs/search", "POST", RUN_FILTERS, RUN_ORDERS),
        ("experiments/search", "POST", EXPERIMENT_FILTERS, EXPERIMENT_ORDERS),
        ("registered-models/search", "GET", MODEL_FILTERS, MODEL_ORDERS),
        ("model-versions/search", "GET", VERSION_FILTERS, VERSION_ORDERS),
        ("logged-models/search", "POST", LOGGED_FILTERS, LOGGED_ORDERS),
    ]
    lines = []
    for path, method, filters, orders in searches:
        within = {"experiment_ids": [experiment]} if path in ("runs/search", "logged-models/search") else {}
        limit = {"max_results": 100}
        for text in filters:
            given = {**within, **limit, "filter": text}
            lines.append({"search": path, "filter": text, **ask(method, path, given)})
        for text in orders:
            order = [{"field_name": text, "ascending": True}] if path == "logged-models/search" else [text]
            given = {**within, **limit, "order_by": order}
            lines.append({"search": path, "order_by": text, **ask(method, path, given)})
    print("[\n" + ",\n".join(f"  {json.dumps(line)}" for line in lines) + "\n]")


if __name__ == "__main__":
    main()
