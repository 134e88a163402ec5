"""Changes to a MuJoCo model that can be taken back bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np


class ModelEdit:
    """
    Values of a model that are other than they were, until :meth:`undo`.

    :param model: ``mujoco.MjModel``, which is changed in place
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        # By the arrays' names: arrays themselves would not follow a copy of the model.
        self._before: list[tuple[str, Any, np.ndarray]] = []

    def set(self, name: str, index: Any, values: Any) -> None:
        """
        :param name: of an array of the model
        :param index: which part of it
        :param values: to put there
        """
        array = getattr(self._model, name)
        self._before.append((name, index, array[index].copy()))
        array[index] = values

    def keep(self, before: dict[str, np.ndarray]) -> None:
        """
        :param before: copies of arrays by their names, of which :meth:`undo` shall bring back those that have changed
        """
        changed = ((name, old) for name, old in before.items() if not np.array_equal(old, getattr(self._model, name)))
        self._before += [(name, ..., old) for name, old in changed]

    def undo(self) -> None:
        """Bring back what was there before the first change."""
        for name, index, values in reversed(self._before):
            getattr(self._model, name)[index] = values
        self._before.clear()
