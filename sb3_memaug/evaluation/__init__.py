"""Evaluation on the tasks of training (ID) and on their mirror images (OOD)."""

from sb3_memaug.evaluation.generalization import Result, evaluate_generalization
from sb3_memaug.evaluation.table import mean_return, read_csv, split_table, write_csv

__all__ = ["Result", "evaluate_generalization", "mean_return", "read_csv", "split_table", "write_csv"]
