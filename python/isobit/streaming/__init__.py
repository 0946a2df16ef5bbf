"""Predictions of files larger than memory, from files into a file; a run that was killed resumes.

>>> from isobit.streaming import predict_file
>>> done = predict_file(model, "events.parquet", "predictions.root")  # doctest: +SKIP
"""

from isobit.streaming.predict import FilePrediction, predict_file

__all__ = ["FilePrediction", "predict_file"]
