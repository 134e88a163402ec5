"""Evaluation on the tasks of training (ID) and on their mirror images (OOD)."""

from sb3_memaug.evaluation.generalization import Result, evaluate_generalization
from sb3_memaug.evaluation.result_files import read_csv, read_results, results_table, write_csv, write_results
from sb3_memaug.evaluation.split_evaluator import SplitEvaluator
from sb3_memaug.evaluation.table import mean_return, memory_table, split_table

__all__ = [
    "Result",
    "SplitEvaluator",
    "evaluate_generalization",
    "mean_return",
    "memory_table",
    "read_csv",
    "read_results",
    "results_table",
    "split_table",
    "write_csv",
    "write_results",
]
