"""Small tables of walks and latents, and what the figures of them have in common."""

from __future__ import annotations

import pytest

pd = pytest.importorskip("pandas")
pytest.importorskip("plotly")

from sb3_memaug.evaluation.tables import with_variation_columns  # noqa: E402
from sb3_memaug.report.run_tables import RUN, TABLES, RunTables  # noqa: E402

ENV = "MemAug/MinitaurPositionJointFailure-MuJoCo-v0"
LEFT, RIGHT = "motor_front_leftL_joint", "motor_front_rightR_joint"
BACK = "motor_back_leftL_joint"


def run_tables(**tables):
    """Those that are given, as they are read, and the others empty."""
    empty = dict.fromkeys(TABLES, pd.DataFrame(columns=RUN))
    given = {name: with_variation_columns(table) for name, table in tables.items()}
    return RunTables(**{**empty, **given}, settings=[], videos=[])


def walk(contacts, policy="memory-aug", split="id", variation=LEFT, training_seed=0, seed=1000, env=ENV, **columns):
    """Rows of an episode along x, a step each 0.5 s and 0.1 m; feet stand 1 m, 2 m, … to the left of the base."""
    n = len(next(iter(contacts.values())))
    where = {"env": env, "policy": policy, "training_seed": training_seed, "split": split, "variation": variation}
    x = [0.1 * i for i in range(n)]
    rows = {**where, "seed": seed, "mirror": "identity", "time": [0.5 * (i + 1) for i in range(n)]}
    rows |= {"x": x, "y": 0.0, "heading": 0.0}
    for i, (foot, touching) in enumerate(contacts.items(), start=1):
        rows |= {f"contact_{foot}": [bool(touch) for touch in touching], f"x_{foot}": x, f"y_{foot}": float(i)}
    return pd.DataFrame({**rows, **columns})


def legend_of(figure):
    """Of each group that stands in the legend, the names of the traces that stand for it."""
    entries = {}
    for trace in figure.data:
        if trace.showlegend:
            entries.setdefault(trace.legendgroup, []).append(trace.name)
    return entries
