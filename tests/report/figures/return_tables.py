"""Small tables of returns, and what the figures of them have in common."""

from __future__ import annotations

import pytest

pd = pytest.importorskip("pandas")
pytest.importorskip("plotly")

from sb3_memaug.report.run_tables import RUN, TABLES, RunTables  # noqa: E402

FAILURE = "MemAug/MinitaurVelocityJointFailure-MuJoCo-v0"
PAYLOAD = "MemAug/MinitaurVelocityPayload-MuJoCo-v0"


def run_tables(**tables):
    """Those that are given, and the others empty as they are read."""
    empty = dict.fromkeys(TABLES, pd.DataFrame(columns=RUN))
    return RunTables(**{**empty, **tables}, settings=[], videos=[])


def episodes(*rows, deterministic=True, memory="kept"):
    """Of (env, policy, training seed, split, variation, return) each."""
    columns = ["env", "policy", "training_seed", "split", "variation", "episode_return"]
    return pd.DataFrame(rows, columns=columns).assign(deterministic=deterministic, memory=memory, success=None)


def learning(*rows):
    """Of (env, policy, training seed, timesteps, ID return, OOD return) each."""
    return pd.DataFrame(
        [
            (env, policy, seed, steps, float(steps), split, value)
            for env, policy, seed, steps, *values in rows
            for split, value in zip(("id", "ood"), values, strict=True)
        ],
        columns=["env", "policy", "training_seed", "timesteps", "seconds", "split", "episode_return"],
    )


def legend_of(figure):
    """What stands in the legend; each trace must be of a policy and bear its name."""
    assert all(trace.legendgroup == trace.name for trace in figure.data)
    return [trace.name for trace in figure.data if trace.showlegend]


def titles_of(figure):
    return [annotation.text for annotation in figure.layout.annotations]
