"""Training in functions that are traced: what a server does not keep of traces must not stop the training."""

import mlflow
from sklearn.linear_model import LinearRegression

mlflow.set_experiment("traced-training")


@mlflow.trace
def load():
    return [[0], [1]], [0, 1]


@mlflow.trace(name="training")
def train():
    X, y = load()
    with mlflow.start_span("fit") as span:
        span.set_inputs({"rows": len(X)})
        return LinearRegression().fit(X, y)


with mlflow.start_run() as run:
    model = train()
    mlflow.log_metric("slope", model.coef_[0])
    info = mlflow.sklearn.log_model(model, name="model", input_example=[[2]])
mlflow.flush_trace_async_logging()

found = mlflow.get_run(run.info.run_id)
assert found.info.status == "FINISHED" and round(found.data.metrics["slope"], 6) == 1
assert round(mlflow.pyfunc.load_model(info.model_uri).predict([[5]])[0], 6) == 5
