"""Evaluation on the tasks of training (ID) and on their mirror images (OOD)."""

from sb3_memaug.evaluation.generalization import Result, SplitEvaluator, evaluate_generalization
from sb3_memaug.evaluation.tables import (
    mean_return,
    memory_table,
    read_csv,
    read_results,
    results_table,
    split_table,
    write_csv,
    write_results,
)

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
