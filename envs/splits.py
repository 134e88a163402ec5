"""Tasks of training (ID), their mirror images (OOD), and both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

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
