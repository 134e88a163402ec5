"""Whether an environment's mirrors hold in its simulator."""

from sb3_memaug.checks.check_symmetry import check_symmetry
from sb3_memaug.checks.report import ElementReport, SymmetryReport

__all__ = ["ElementReport", "SymmetryReport", "check_symmetry"]
