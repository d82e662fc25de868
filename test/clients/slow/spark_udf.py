"""Batch scoring on Spark by alias, with workers that load the model themselves."""

import mlflow
from mlflow import MlflowClient
from mlflow.models import infer_signature
from pyspark.sql import SparkSession
from pyspark.sql.functions import struct
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mlflow.set_experiment("spark-udf")
X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X.columns = [name.replace(" ", "_") for name in X.columns]
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
with mlflow.start_run():
    info = mlflow.sklearn.log_model(
        model, name="model", signature=infer_signature(X, model.predict(X)), registered_model_name="prod.fraud.scorer"
    )
MlflowClient().set_registered_model_alias("prod.fraud.scorer", "champion", info.registered_model_version)

spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
try:
    score = mlflow.pyfunc.spark_udf(spark, "models:/prod.fraud.scorer@champion", result_type="long", env_manager="local")
    frame = spark.createDataFrame(X).repartition(4)
    scored = frame.withColumn("prediction", score(struct(*X.columns))).toPandas()
finally:
    spark.stop()
assert len(scored) == len(X)
assert (scored["prediction"] == model.predict(scored[list(X.columns)])).all()
