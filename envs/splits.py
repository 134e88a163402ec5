"""Tasks of training (ID), their mirror images (OOD), and both (arXiv 2502.01521, Section A.2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

Tasks = TypeVar("Tasks")


def of_split(splits: Mapping[str, Tasks], split: str) -> Tasks:
    """
    :param splits: tasks by the names of the splits
    :param split: one of these names
    :return: its tasks
    :raises ValueError: if there is no such split
    """
    if split not in splits:
        raise ValueError(f"`split` must be one of {list(splits)}, got {split!r}")
    return splits[split]


def with_all(in_distribution: list[Any], out_of_distribution: list[Any]) -> dict[str, list[Any]]:
    """
    :param in_distribution: tasks of training
    :param out_of_distribution: its mirror images
    :return: both by the names of the splits, and ``"all"``
    """
    everything = in_distribution + out_of_distribution
    return {"id": in_distribution, "ood": out_of_distribution, "all": everything}


_LEG = ("HAA", "HFE", "KFE")
#: The left front leg's motors, and those of the other legs.
ANYMAL_D_JOINTS = with_all(
    [f"LF_{joint}" for joint in _LEG], [f"{leg}_{joint}" for leg in ("RF", "LH", "RH") for joint in _LEG]
)

#: m, in the frame of the base: how far payloads lie from its middle, and their height.
ANYMAL_D_PAYLOAD_X, ANYMAL_D_PAYLOAD_Y, ANYMAL_D_PAYLOAD_Z = 0.4, 0.08, 0.1325
#: kg
ANYMAL_D_PAYLOAD_MASS = (20.0, 30.0)
_FRONT, _HIND = (0.0, ANYMAL_D_PAYLOAD_X), (-ANYMAL_D_PAYLOAD_X, 0.0)
_LEFT, _RIGHT = (0.0, ANYMAL_D_PAYLOAD_Y), (-ANYMAL_D_PAYLOAD_Y, 0.0)
#: The left front section of the base, and the others.
ANYMAL_D_SECTIONS = with_all(
    [{"x": _FRONT, "y": _LEFT}], [{"x": _FRONT, "y": _RIGHT}, {"x": _HIND, "y": _LEFT}, {"x": _HIND, "y": _RIGHT}]
)

_HIP = ("pitch", "roll", "yaw")
G1_JOINTS = with_all([f"left_hip_{axis}_joint" for axis in _HIP], [f"right_hip_{axis}_joint" for axis in _HIP])
#: m, in the frame of the torso: the height of the shoulders.
G1_PAYLOAD_Z = 0.25
#: kg
G1_PAYLOAD_MASS = (4.0, 8.0)
#: The left shoulder, and the right one.
G1_SECTIONS = with_all(
    [{"x": (-0.07, 0.07), "y": (0.08, 0.11)}],
    [{"x": (-0.07, 0.07), "y": (-0.11, -0.08)}],
)
