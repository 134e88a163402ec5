"""Small tables of returns, and what the figures of them have in common."""

from __future__ import annotations

from ...evaluation.return_tables import episodes as mean_actions
from ...evaluation.return_tables import learning
from .behavior_tables import pd, run_tables

__all__ = ["FAILURE", "PAYLOAD", "episodes", "learning", "legend_of", "pd", "run_tables", "titles_of"]

FAILURE = "MemAug/MinitaurVelocityJointFailure-MuJoCo-v0"
PAYLOAD = "MemAug/MinitaurVelocityPayload-MuJoCo-v0"


def episodes(*rows, **same):
    """Of (env, policy, training seed, split, variation, return) each, and what is the same of all."""
    return mean_actions(*rows).assign(**same)


def legend_of(figure):
    """What stands in the legend; each trace must be of a policy and bear its name."""
    assert all(trace.legendgroup == trace.name for trace in figure.data)
    return [trace.name for trace in figure.data if trace.showlegend]


def titles_of(figure):
    return [annotation.text for annotation in figure.layout.annotations]
