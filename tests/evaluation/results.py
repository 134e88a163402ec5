"""Rows of a table of results."""

from sb3_memaug.evaluation import Result
from sb3_memaug.evaluation.episodes import succeeded


def result(policy="a", split="id", variation="motor_front_leftL_joint", value=1.0, **kwargs):
    fields = {"env": "E", "seed": 0, "mirror": "identity", "deterministic": True, "length": 5, "terminated": False}
    made = Result(policy=policy, split=split, variation=variation, episode_return=value, **{**fields, **kwargs})
    return made._replace(success=succeeded(made.distance, made.terminated))
