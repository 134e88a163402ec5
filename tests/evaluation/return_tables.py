"""Small tables of episodes and of learning."""

from __future__ import annotations

import pytest

pd = pytest.importorskip("pandas")


def episodes(*rows):
    """Of (env, policy, training seed, split, variation, return) each, and of what else they are given."""
    columns = ["env", "policy", "training_seed", "split", "variation", "episode_return"]
    rest = {"deterministic": True, "memory": "kept", "success": None}
    return pd.DataFrame([{**rest, **dict(zip(columns, row, strict=False)), **(row[6:] or [{}])[0]} for row in rows])


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
