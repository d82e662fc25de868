"""Events of OpenLineage by its own client, plain and compressed, and the lineage that leads from a version to them."""

import json
import os
import urllib.request
from datetime import datetime, timedelta, timezone

import mlflow
import pandas as pd
from mlflow import MlflowClient
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import DatasetEvent, InputDataset, Job, JobEvent, OutputDataset, Run, RunEvent, RunState, StaticDataset
from openlineage.client.facet_v2 import (
    column_lineage_dataset,
    error_message_run,
    input_statistics_input_dataset,
    job_type_job,
    nominal_time_run,
    output_statistics_output_dataset,
    parent_run,
    schema_dataset,
    sql_job,
)
from openlineage.client.transport.http import ApiKeyTokenProvider, HttpCompression, HttpConfig, HttpTransport
from openlineage.client.uuid import generate_new_uuid

URL = os.environ["IMPRIMATUR_URL"]
PRODUCER = "https://example.com/nightly"
NAMESPACE = "openlineage client"


def client(token: str, compression: HttpCompression | None = None) -> OpenLineageClient:
    auth = ApiKeyTokenProvider({"apiKey": token})
    return OpenLineageClient(transport=HttpTransport(HttpConfig(url=URL, auth=auth, compression=compression, retry={"total": 0})))


def graphql(query: str, **variables: object) -> dict:
    headers = {"authorization": f"Bearer {os.environ['DATA_SCIENTIST_TOKEN']}", "content-type": "application/json"}
    body = json.dumps({"query": query, "variables": variables}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{URL}/graphql", body, headers)) as response:
        answer = json.load(response)
    assert "errors" not in answer, answer
    return answer["data"]


producer = client(os.environ["DATA_SCIENTIST_TOKEN"])
compressing = client(os.environ["DATA_SCIENTIST_TOKEN"], HttpCompression.GZIP)

columns = schema_dataset.SchemaDatasetFacet(fields=[schema_dataset.SchemaDatasetFacetFields("amount", "double")])
raw = InputDataset(
    "s3://lake",
    "client/raw",
    facets={"schema": columns},
    inputFacets={"inputStatistics": input_statistics_input_dataset.InputStatisticsInputDatasetFacet(rowCount=2)},
)
lineage = column_lineage_dataset.ColumnLineageDatasetFacet(
    fields={
        "amount": column_lineage_dataset.Fields(
            inputFields=[column_lineage_dataset.InputField("s3://lake", "client/raw", "amount")],
            transformationDescription="",
            transformationType="",
        )
    }
)
features = OutputDataset(
    "s3://lake",
    "client/features",
    facets={"schema": columns, "columnLineage": lineage},
    outputFacets={"outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=2)},
)
now = datetime.now(timezone.utc)
dag, task = str(generate_new_uuid()), str(generate_new_uuid())
job = Job(
    NAMESPACE,
    "nightly.features",
    facets={
        "jobType": job_type_job.JobTypeJobFacet("BATCH", "AIRFLOW", "TASK"),
        "sql": sql_job.SQLJobFacet("insert into features select amount from raw"),
    },
)
run = Run(
    task,
    facets={
        "parent": parent_run.ParentRunFacet(run=parent_run.Run(dag), job=parent_run.Job(NAMESPACE, "nightly")),
        "nominalTime": nominal_time_run.NominalTimeRunFacet(now.isoformat()),
    },
)
def event(sent_run: Run, state: RunState, at: datetime, **data: list) -> RunEvent:
    return RunEvent(eventTime=at.isoformat(), run=sent_run, job=job, producer=PRODUCER, eventType=state, **data)


ended = now + timedelta(seconds=1)
producer.emit(event(run, RunState.START, now, inputs=[raw]))
for sender in (compressing, producer):
    sender.emit(event(run, RunState.COMPLETE, ended, inputs=[raw], outputs=[features]))
failed = Run(str(generate_new_uuid()), facets={"errorMessage": error_message_run.ErrorMessageRunFacet("it broke", "SQL")})
producer.emit(event(failed, RunState.FAIL, now - timedelta(days=1)))
compressing.emit(JobEvent(eventTime=ended.isoformat(), producer=PRODUCER, job=Job(NAMESPACE, "a view"), inputs=[raw]))
described = StaticDataset("s3://lake", "client/raw", facets={"schema": columns})
producer.emit(DatasetEvent(eventTime=ended.isoformat(), producer=PRODUCER, dataset=described))

known = graphql(
    """query($namespace: String!) { job(namespace: $namespace, name: "nightly.features") {
      latestRun { runId state parentRunId parentJob } runs(first: 5) { nodes { state } }
      inputs(first: 5) { nodes { location schema } } outputs(first: 5) { nodes { location } } } }""",
    namespace=NAMESPACE,
)["job"]
assert known["latestRun"] == {"runId": task, "state": "COMPLETE", "parentRunId": dag, "parentJob": f"{NAMESPACE}/nightly"}, known
assert [each["state"] for each in known["runs"]["nodes"]] == ["COMPLETE", "FAIL"], known
assert [each["location"] for each in known["inputs"]["nodes"]] == ["s3://lake/client/raw"], known
assert "amount" in known["inputs"]["nodes"][0]["schema"], known
assert [each["location"] for each in known["outputs"]["nodes"]] == ["s3://lake/client/features"], known

# MLflow trains on what the job has written, and knows nothing of it.
mlflow.set_experiment("trained on features")
with mlflow.start_run() as training:
    frame = pd.DataFrame({"amount": [1.0, 2.0]})
    mlflow.log_input(mlflow.data.from_pandas(frame, source="s3://lake/client/features", name="features"), context="training")
NAME = "prod.fraud.openlineage"
registry = MlflowClient()
registry.create_registered_model(NAME)
version = registry.create_model_version(NAME, "s3://lake/client/model", training.info.run_id)
graph = graphql(
    """query($model: String!, $number: Int!) { modelVersion(fullName: $model, number: $number) {
      lineage(direction: UPSTREAM, maxDepth: 6) { nodes { kind displayName } edges { kind } } } }""",
    model=NAME,
    number=int(version.version),
)["modelVersion"]["lineage"]
ways = [(node["kind"], node["displayName"]) for node in graph["nodes"]]
assert ("JOB", "nightly.features") in ways and ("DATASET", "client/raw") in ways, ways
assert {"SAME_DATA", "DATASET_OUTPUT", "DATASET_INPUT", "REGISTERED"} <= {edge["kind"] for edge in graph["edges"]}, graph

# Nobody else may send events there.
try:
    client(os.environ["STRANGER_TOKEN"]).emit(event(run, RunState.ABORT, ended))
    raise AssertionError("a stranger has sent an event")
except Exception as error:
    assert "409" in str(error), error
