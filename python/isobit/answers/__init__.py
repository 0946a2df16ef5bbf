"""Answers from elsewhere (test bench, test stand, data-quality dump) against the network's own, bit by bit."""

from isobit.answers.comparing import compare_answers
from isobit.answers.report import AnswerReport, Explained, FirstDifference, OutputDifference
from isobit.answers.wrapped import check_wrapper

__all__ = ["AnswerReport", "Explained", "FirstDifference", "OutputDifference", "check_wrapper", "compare_answers"]
