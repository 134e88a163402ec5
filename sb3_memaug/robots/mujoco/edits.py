"""Changes to a MuJoCo model that can be taken back bit for bit, and a mass on the base of its robot."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from sb3_memaug.robots.robot import rotation_matrix


class ModelEdit:
    """
    Values of a model that are other than they were, until :meth:`undo`.

    What somebody else changes meanwhile, as an environment that randomizes its dynamics, stays as they want it.

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


#: What the names of arrays start with that have nothing to do with masses, and may be large.
_ASSETS = ("mesh_", "hfield_", "skin_", "tex_", "oct_")


class MuJoCoLoad:
    """
    A point mass that is fixed to a body of the model.

    :param model: ``mujoco.MjModel``, which is changed in place
    :param body: index of the body
    """

    def __init__(self, model: Any, body: int) -> None:
        self._model, self._body = model, body
        self._edit = ModelEdit(model)
        #: What is set.
        self.mass, self.point = 0.0, np.zeros(3)

    def set(self, mass: float, point: np.ndarray) -> None:
        """
        :param mass: in kg; 0 restores the model bit for bit
        :param point: where it is, in m in the frame of the body, (3,)
        :raises ValueError: if MuJoCo has simplified the body for good
        """
        model, body = self._model, self._body
        if model.body_simple[body]:
            raise ValueError(
                f"MuJoCo has compiled the body {model.body(body).name!r} as a simple one, whose centre of mass stays "
                "where it is: it has no limbs. Take the load as a force, inertia=False"
            )
        self._edit.undo()
        self.mass, self.point = float(mass), point.copy()
        if mass:
            self._add(mass, point)

    def _add(self, mass: float, point: np.ndarray) -> None:
        model, body = self._model, self._body
        before = _arrays(model)
        own, centre = float(model.body_mass[body]), model.body_ipos[body].copy()
        total = own + mass
        new_centre = (own * centre + mass * point) / total
        axes = rotation_matrix(model.body_iquat[body])
        inertia = axes * model.body_inertia[body] @ axes.T
        for part, where in ((own, centre), (mass, point)):
            arm = where - new_centre
            inertia += part * (arm @ arm * np.eye(3) - np.outer(arm, arm))
        moments, new_axes = np.linalg.eigh(inertia)
        new_axes[:, 2] *= np.linalg.det(new_axes)
        model.body_mass[body], model.body_ipos[body], model.body_inertia[body] = total, new_centre, moments
        mujoco.mju_mat2Quat(model.body_iquat[body], new_axes.ravel())
        self._follow(new_axes.T @ axes, new_axes.T @ (centre - new_centre))
        self._set_constants(before)
        self._edit.keep(before)

    def _follow(self, turn: np.ndarray, shift: np.ndarray) -> None:
        """What MuJoCo keeps in the frame of the inertia, or takes for granted of it. MuJoCo 4 does it by itself."""
        model, body = self._model, self._body
        model.body_sameframe[body] = 0
        for what in ("geom", "site"):
            getattr(model, f"{what}_sameframe")[getattr(model, f"{what}_bodyid") == body] = 0
        first = model.body_bvhadr[body]
        boxes = model.bvh_aabb[first : first + model.body_bvhnum[body]]
        boxes[:, :3] = boxes[:, :3] @ turn.T + shift
        boxes[:, 3:] = boxes[:, 3:] @ np.abs(turn).T

    def _set_constants(self, before: dict[str, np.ndarray]) -> None:
        model = self._model
        stat = {name: np.copy(getattr(model.stat, name)) for name in dir(model.stat) if not name.startswith("_")}
        # It moves the data that it is given to the model's reference pose.
        mujoco.mj_setConst(model, mujoco.MjData(model))
        # What a muscle's force and the solver's tolerance follow from is a matter of the robot, not of its load.
        for name, value in before.items():
            if name.startswith("actuator_"):
                getattr(model, name)[...] = value
        for name, value in stat.items():
            setattr(model.stat, name, value)


def _arrays(model: Any) -> dict[str, np.ndarray]:
    """Copies of all that a change of masses may change."""
    names = (name for name in dir(model) if not name.startswith(("_", *_ASSETS)))
    arrays = ((name, getattr(model, name)) for name in names)
    return {name: array.copy() for name, array in arrays if isinstance(array, np.ndarray)}
