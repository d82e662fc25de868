"""The three steps of a holdout evaluation in a Python environment, each a process of its own:

    pyfunc.py split     the dataset into features.parquet for the model, and labels, which the model never sees
    pyfunc.py predict   loads the model and asks it for every row, and for single rows against the clock
    pyfunc.py measure   compares answers and labels with scikit-learn; the model is not there to meddle

Each reads job.json in the working directory and writes one JSON document to file descriptor 3. What is printed is log.
Needs mlflow, pandas, pyarrow and scikit-learn. Driven by libs/gates/src/holdout/pyfunc-scoring.ts.
"""

import json
import math
import os
import sys
import time

WARM_UP_CALLS = 5
LATENCY_CALLS = 200
BATCH_ROWS = 1000


class Unable(Exception):
    """No answer of the model can be had, or judged, and that is not for the model to answer for."""


class Raised(Exception):
    """The model was asked, and could not answer."""


def split(job):
    import pandas

    path, label = "dataset", job["label"]
    try:
        frame = pandas.read_csv(path) if job["format"] == "CSV" else pandas.read_parquet(path)
    except Exception as error:
        raise Unable(f"the dataset cannot be read as {job['format']}: {error}") from error
    missing = [name for name in [label, *(job["features"] or [])] if name not in frame.columns]
    if missing:
        raise Unable(f"the dataset has no column {', '.join(missing)}")
    if len(frame) > job["maxRows"]:
        raise Unable(f"the dataset has {len(frame)} rows, more than maxRows: {job['maxRows']}")
    if len(frame) == 0:
        raise Unable("the dataset has no rows")
    if frame[label].isna().any():
        raise Unable(f"rows of the dataset have no value in the label column {label}")
    features = frame[job["features"]] if job["features"] else frame.drop(columns=[label])
    features.to_parquet("features.parquet", index=False)
    if job["task"] == "REGRESSION":
        labels = [float(value) for value in numbers(frame[label], f"the label column {label}")]
    else:
        labels = [class_name(value) for value in frame[label]]
    return {"labels": labels}


def predict(_job):
    import mlflow
    import pandas

    features = pandas.read_parquet("features.parquet")
    try:
        model = mlflow.pyfunc.load_model("model")
    except Exception as error:
        raise Unable(f"the model could not be loaded in the environment of GATE_PYTHON: {described(error)}") from error
    features = as_in_signature(features, model)

    def ask(rows):
        try:
            return plain(model.predict(rows))
        except (ImportError, MemoryError) as error:
            raise Unable(f"the model could not work in the environment of GATE_PYTHON: {described(error)}") from error
        except Exception as error:
            raise Raised(f"the model raised {described(error)}") from error

    answers, began = [], time.perf_counter()
    for start in range(0, len(features), BATCH_ROWS):
        batch = features.iloc[start : start + BATCH_ROWS]
        answer = ask(batch)
        if len(answer) != len(batch):
            raise Raised(f"the model answered with {len(answer)} values for {len(batch)} rows")
        answers.extend(answer)
    seconds = time.perf_counter() - began

    calls = min(len(features), LATENCY_CALLS)
    singles = [features.iloc[[index * len(features) // calls]] for index in range(calls)]
    for row in singles[:WARM_UP_CALLS]:
        ask(row)
    milliseconds = []
    for row in singles:
        began = time.perf_counter()
        ask(row)
        milliseconds.append((time.perf_counter() - began) * 1000)
    versions = {"python": sys.version.split()[0], "mlflow": mlflow.__version__, "pandas": pandas.__version__}
    return {"answers": answers, "milliseconds": milliseconds, "seconds": seconds, "versions": versions}


def as_in_signature(features, model):
    """Columns of numbers and times as the signature has them, where that changes no value: CSV files know no types."""
    schema = model.metadata.get_input_schema()
    if schema is None or not schema.has_input_names() or schema.is_tensor_spec():
        return features
    features = features.copy()
    for name, column in schema.input_dict().items():
        if name not in features.columns or not hasattr(column.type, "to_pandas"):
            continue
        wanted, present = column.type.to_pandas(), features[name]
        if present.dtype == wanted:
            continue
        numeric = present.dtype.kind in "iuf" and getattr(wanted, "kind", "") in "iuf"
        if not numeric and getattr(wanted, "kind", "") != "M":
            continue
        try:
            cast = present.astype(wanted)
        except (TypeError, ValueError):
            continue
        # A float32 is what a model of floats is given everywhere; whole numbers must stay what they are.
        if not numeric or wanted.kind == "f" or (cast == present).all():
            features[name] = cast
    return features


def plain(answer):
    """What a model answers, as lists: one value for each row, or one list."""
    import numpy
    import pandas

    if isinstance(answer, pandas.DataFrame):
        answer = answer.iloc[:, 0] if answer.shape[1] == 1 else answer.to_numpy()
    if isinstance(answer, dict):
        raise ValueError("predict returned a dict, and not one answer for each row")
    array = numpy.asarray(answer)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim not in (1, 2):
        raise ValueError(f"predict returned {array.ndim} dimensions, and not one answer for each row")
    return [[wire(value) for value in row] if array.ndim == 2 else wire(row) for row in array.tolist()]


def wire(value):
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def measure(job):
    import sklearn

    with open("answers.json", encoding="utf-8") as file:
        document = json.load(file)
    work = classification if job["task"] == "CLASSIFICATION" else regression
    metrics, unavailable = work(document["labels"], document["answers"])
    metrics = {name: finite(value) for name, value in metrics.items()}
    return {"metrics": metrics, "unavailable": unavailable, "versions": {"scikit-learn": sklearn.__version__}}


def regression(labels, answers):
    from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

    if any(isinstance(answer, list) for answer in answers):
        raise Unable("the model answers with several values for each row, a regression is judged on one")
    predicted = numbers(answers, "what the model answers")
    if not all(math.isfinite(value) for value in predicted):
        return {name: math.nan for name in ("rmse", "mae", "r2")}, {}
    metrics = {"rmse": root_mean_squared_error(labels, predicted), "mae": mean_absolute_error(labels, predicted)}
    if len(labels) < 2:
        return metrics, {"r2": "it needs two rows or more"}
    return {**metrics, "r2": r2_score(labels, predicted)}, {}


def classification(labels, answers):
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    known = in_order(set(labels))
    predicted, scores, columns = understood(answers, known)
    classes = in_order({*known, *predicted, *(columns or [])})
    index = {name: position for position, name in enumerate(classes)}
    truth, guess = [index[name] for name in labels], [index[name] for name in predicted]
    average = "binary" if len(classes) == 2 else "macro"
    precision, recall, f1, _ = precision_recall_fscore_support(truth, guess, average=average, pos_label=1, zero_division=0)
    metrics = {"accuracy": accuracy_score(truth, guess), "precision": precision, "recall": recall, "f1": f1}
    if scores is None:
        reason = "it needs a probability for each class, and the model answers with none"
        return metrics, {"roc_auc": reason, "log_loss": reason}
    more, unavailable = of_probabilities(labels, scores, columns, known)
    return {**metrics, **more}, unavailable


def of_probabilities(labels, scores, columns, known):
    from sklearn.metrics import log_loss, roc_auc_score

    strange = [name for name in known if name not in columns]
    if strange:
        reason = f"the model has no probability for the label {strange[0]}"
        return {}, {"roc_auc": reason, "log_loss": reason}
    position = {name: index for index, name in enumerate(columns)}
    truth, every = [position[name] for name in labels], list(range(len(columns)))
    metrics = {"log_loss": log_loss(truth, scores, labels=every)}
    if len(known) < len(columns) or len(known) < 2:
        return metrics, {"roc_auc": "it needs rows of every class in the dataset"}
    if len(columns) == 2:
        return {**metrics, "roc_auc": roc_auc_score(truth, [row[1] for row in scores])}, {}
    return {**metrics, "roc_auc": roc_auc_score(truth, scores, multi_class="ovr", labels=every)}, {}


def understood(answers, known):
    """@returns the class of each row, and, where the model says them, probabilities with the classes that they are of"""
    if not any(isinstance(answer, list) for answer in answers):
        names = [class_name(answer) for answer in answers]
        real = all(isinstance(answer, (int, float)) and not isinstance(answer, bool) for answer in answers)
        if set(names) <= set(known) or not real or all(float(answer).is_integer() for answer in answers):
            return names, None, None
        if len(known) == 2 and all(0 <= answer <= 1 for answer in answers):
            return [known[int(answer > 0.5)] for answer in answers], [[1 - answer, answer] for answer in answers], known
        raise Unable("the model answers with numbers that are neither labels of the dataset nor probabilities of two classes")
    scores = [numbers(answer, "what the model answers") for answer in answers]
    width = len(scores[0])
    columns = columns_of(known, width)
    best = [columns[row.index(max(row))] for row in scores]
    sound = all(
        all(-1e-6 <= value <= 1 + 1e-6 for value in row) and math.isclose(sum(row), 1, abs_tol=1e-3) for row in scores
    )
    return (best, scores, columns) if sound else (best, None, None)


def columns_of(known, width):
    """Which class each column of scores is of: as scikit-learn orders them."""
    numbered = [str(index) for index in range(width)]
    if set(known) <= set(numbered):
        return numbered
    if len(known) == width:
        return known
    raise Unable(f"the model answers with {width} scores for each row, the dataset has {len(known)} labels")


def class_name(value):
    """1, 1.0 and numpy's 1 are one class."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def in_order(names):
    """Numbers by their value, other names by their letters."""
    try:
        return sorted(names, key=float)
    except ValueError:
        return sorted(names)


def numbers(values, what):
    try:
        return [float(value) for value in values]
    except (TypeError, ValueError) as error:
        raise Unable(f"{what} is not made of numbers: {error}") from error


def finite(value):
    value = float(value)
    return value if math.isfinite(value) else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]


def described(error):
    return f"{type(error).__name__}: {error}"[:1000]


def main():
    with open("job.json", encoding="utf-8") as file:
        job = json.load(file)
    try:
        document = {"status": "DONE", **{"split": split, "predict": predict, "measure": measure}[sys.argv[1]](job)}
    except Unable as error:
        document = {"status": "UNABLE", "message": str(error)}
    except Raised as error:
        document = {"status": "RAISED", "message": str(error)}
    with os.fdopen(3, "w", encoding="utf-8") as result:
        json.dump(document, result)


if __name__ == "__main__":
    main()
