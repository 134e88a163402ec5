"""Rows of a table of results."""

from sb3_memaug.evaluation import Result
from sb3_memaug.evaluation.episodes import succeeded


def place_of(variation):
    return " ".join(leg for leg in ("front", "back", "left", "right") if leg in variation)


def result(policy="a", split="id", variation="motor_front_leftL_joint", value=1.0, **kwargs):
    fields = {"env": "E", "seed": 0, "mirror": "identity", "deterministic": True, "length": 5, "terminated": False}
    kind = "none" if split == "none" else "payload" if variation.startswith("payload") else "joint_failure"
    fields |= {"kind": kind, "joints": variation if kind == "joint_failure" else "", "place": place_of(variation)}
    made = Result(policy=policy, split=split, variation=variation, episode_return=value, **{**fields, **kwargs})
    return made._replace(success=succeeded(made.distance, made.terminated))
