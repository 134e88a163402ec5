"""A wrapper that loads a robot's base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import gymnasium as gym
import numpy as np

from sb3_memaug.disturbances.payload import NO_LOAD, Load, Payloads
from sb3_memaug.disturbances.ranges import Range
from sb3_memaug.robots import Robot
from sb3_memaug.symmetry.arguments import bool_of, list_of
from sb3_memaug.wrappers.disturbance import DisturbanceWrapper


class Payload(DisturbanceWrapper, gym.utils.RecordConstructorArgs):
    """
    For the length of an episode, with some probability, a mass lies on the robot's base, at a point that moves with it.

    Its weight is a force in the direction of gravity, which presses and turns the base; the mass of the base stays as
    it is, unless ``inertia`` is asked for. ``reset(options={"payload": {"mass": …, "x": …, "y": …}})`` decides it
    instead, also beyond the ranges, with a ``z`` if it shall have one of its own; with ``None`` there is none.
    ``info["payload"]`` holds mass, x, y and z, or None; the observation shows it only where the environment itself
    observes inertias, as Gymnasium's Humanoid does, and ``inertia`` is asked for. Without payload, and after
    :meth:`close`, the simulator is exactly as it was.

    :param env: with a robot that :func:`sb3_memaug.robots.find_robot` finds
    :param mass: in kg, or a range from which each episode draws it
    :param x: where it lies in front of the base's origin, in m along the base's own axes, likewise
    :param y: likewise, to the left
    :param z: likewise above, a number
    :param sections: in place of ``x`` and ``y``, parts of the base, ``{"x": (low, high), "y": (low, high)}``: each
        episode draws one of them, all alike whatever their size, and a point in it
    :param probability: that there is a payload in an episode
    :param inertia: whether it is a mass that has to be moved, too, instead of a weight alone; with MuJoCo only
    :raises ValueError: if a number lies outside its bounds, or it is not clear where payloads lie
    :raises NotImplementedError: if the robot's adapter cannot put a payload on it like that
    """

    def __init__(
        self,
        env: gym.Env,
        mass: Range,
        x: Range | None = None,
        y: Range | None = None,
        z: float = 0.0,
        sections: Sequence[Mapping[str, Range]] | None = None,
        probability: float = 1.0,
        inertia: bool = False,
    ) -> None:
        sections = None if sections is None else list_of(sections, "`sections`")
        gym.utils.RecordConstructorArgs.__init__(
            self, mass=mass, x=x, y=y, z=z, sections=sections, probability=probability, inertia=inertia
        )
        payloads = Payloads(mass, x, y, z, sections, probability)
        self._inertia = bool_of(inertia, "`inertia`")
        DisturbanceWrapper.__init__(self, env, payloads)
        self.mass = payloads.mass
        self.sections = payloads.sections

    def apply(self, robot: Robot) -> None:
        self._put(robot, self.drawn)

    def restore(self, robot: Robot) -> None:
        self._put(robot, NO_LOAD)

    def _put(self, robot: Robot, load: Load) -> None:
        mass, point = load["mass"], np.array((load["x"], load["y"], load["z"]))
        if self._inertia:
            robot.set_base_load(mass, point)
        else:
            robot.set_base_force(mass * robot.gravity(), point)
