"""Changes to a MuJoCo model that can be taken back bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np


class ModelEdit:
    """
    Values of a model that are other than they were, until :meth:`undo`.

    What somebody else changes meanwhile, as an environment that randomises its dynamics, stays as they want it.

    :param model: ``mujoco.MjModel``, which is changed in place
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        # By the arrays' names: arrays themselves would not follow a copy of the model.
        self._before: list[tuple[str, Any, np.ndarray, np.ndarray]] = []

    def set(self, name: str, index: Any, values: Any) -> None:
        """
        :param name: of an array of the model
        :param index: which part of it
        :param values: to put there
        """
        array = getattr(self._model, name)
        before = array[index].copy()
        array[index] = values
        self._before.append((name, index, before, array[index].copy()))

    def scale(self, name: str, index: Any, factor: float) -> None:
        """
        :param name: of an array of the model
        :param index: which part of it
        :param factor: on what is there
        """
        self.set(name, index, factor * getattr(self._model, name)[index])

    def keep(self, before: dict[str, np.ndarray]) -> None:
        """
        :param before: copies of arrays by their names, of which :meth:`undo` shall bring back those that have changed
        """
        for name, old in before.items():
            new = getattr(self._model, name)
            if not np.array_equal(old, new):
                self._before.append((name, ..., old, new.copy()))

    def undo(self) -> None:
        """Bring back what was there before the first change."""
        for name, index, old, new in reversed(self._before):
            array = getattr(self._model, name)
            array[index] = np.where(array[index] == new, old, array[index])
        self._before.clear()
