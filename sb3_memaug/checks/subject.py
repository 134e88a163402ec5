"""The environment under examination."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from sb3_memaug.checks.actions import neutral_action
from sb3_memaug.checks.layout import Layout
from sb3_memaug.disturbances.disturbance import DisturbanceWrapper
from sb3_memaug.robots import Robot, RobotState, find_robot
from sb3_memaug.robots.robot import reflect_state
from sb3_memaug.symmetry import Reflection, SignedPermutation, SymmetryGroup

#: Mirrors what an environment that we do not know draws by itself at reset, as its command, by the element's name.
CommandMirror = Callable[[gym.Env, str], None]


class Subject:
    """
    An environment, its robot and its mirrors.

    :param env: with mirrors (:class:`~sb3_memaug.MirrorSpec`) and a robot that
        :func:`~sb3_memaug.robots.find_robot` finds
    :param mirror_command: for environments without the reset option ``mirror``
    :raises ValueError: if the environment has no mirrors, no robot, or no actions in a box
    :raises NotImplementedError: if the robot's adapter cannot put it into a state
    """

    def __init__(self, env: gym.Env, mirror_command: CommandMirror | None = None) -> None:
        if not isinstance(env, gym.Env):
            raise ValueError(f"expected one Gymnasium environment, and not several in a vector, got {env!r}")
        for attribute in ("symmetry_group", "reflections", "observation_terms", "action_terms"):
            if not env.has_wrapper_attr(attribute):
                raise ValueError(f"{env} has no attribute `{attribute}`: wrap it in MirrorSpec first")
        if not isinstance(env.action_space, spaces.Box):
            raise ValueError(f"expected actions that move motors, in a Box, got the action space {env.action_space}")
        self.env = env
        self.group: SymmetryGroup = env.get_wrapper_attr("symmetry_group")
        unknown = set(self.group.generators) - set(env.get_wrapper_attr("reflections"))
        if unknown:
            raise ValueError(f"{env} has the mirrors {sorted(unknown)}, but no reflections of its robot of that name")
        #: By their names; joints that one does not know stay as they are.
        self.reflections: dict[str, Reflection] = {
            name: _completed(reflection, self.robot.joint_names)
            for name, reflection in env.get_wrapper_attr("reflections").items()
        }
        self.layout = Layout(env, self.robot.joint_names)
        self.action_space: spaces.Box = env.action_space
        #: The action that is nearest to zero.
        self.neutral = neutral_action(self.action_space)
        self._mirror_command = mirror_command
        self._options = {layer.disturbance.option: None for layer in _layers(env)}
        self._knows_mirrors = self._try_option()
        self._floats = self._try_base()

    @property
    def robot(self) -> Robot:
        """As the environment simulates it at present: it may make its robot anew at each reset."""
        return find_robot(self.env)

    def _try_option(self) -> bool:
        own = getattr(self.env.unwrapped, "reflections", None)
        if not isinstance(own, Mapping) or not set(self.group.generators) <= set(own):
            return False
        try:
            self.env.reset(seed=0, options={**self._options, "mirror": "identity"})
        except (TypeError, ValueError):
            return False
        return True

    def _try_base(self) -> bool:
        self.reset(0, "identity")
        state = self.robot.get_state()
        self.robot.set_state(state._replace(base_position=0.1 + state.base_position))
        return not np.array_equal(self.robot.get_state().base_position, state.base_position)

    @property
    def mirrors_command(self) -> bool:
        """Whether there is a way to mirror what the environment draws at reset."""
        return self._knows_mirrors or self._mirror_command is not None

    def reset(self, seed: int, element: str) -> None:
        """
        :param seed: of the environment
        :param element: of the group, by its name, whose mirror image of the command is wanted
        """
        options: dict[str, Any] = dict(self._options)
        if self._knows_mirrors:
            options["mirror"] = element
        self.env.reset(seed=seed, options=options or None)
        if self._mirror_command is not None and element != "identity":
            self._mirror_command(self.env, element)

    def reflections_of(self, element: str) -> list[Reflection]:
        """
        :param element: of the group, by its name
        :return: the reflections whose product it is, the one that acts first before the others
        """
        return [self.reflections[factor] for factor in reversed(element.split("*"))]

    def reflect_state(self, state: RobotState, element: str) -> RobotState:
        """
        :param state: of the robot
        :param element: of the group, by its name
        :return: the mirror image; a base that does not float is its own
        """
        base = state[:4]
        for reflection in self.reflections_of(element):
            default = np.array([reflection.pose.get(name, 0.0) for name in self.robot.joint_names])
            state = reflect_state(state, reflection, self.robot, default)
        return state if self._floats else RobotState(*base, *state[4:])

    def reflect_states(self, rows: np.ndarray, element: str) -> np.ndarray:
        """
        :param rows: states as by :meth:`~sb3_memaug.checks.layout.Layout.state_row`, (n, size)
        :param element: of the group, by its name
        :return: their mirror images, (n, size)
        """
        layout = self.layout
        return np.array([layout.state_row(self.reflect_state(layout.state(row), element)) for row in rows])

    def reflect_actions(self, actions: np.ndarray, element: str) -> np.ndarray:
        """
        :param actions: (n, …)
        :param element: of the group, by its name
        :return: their mirror images, (n, …)
        """
        return self.group[element].apply_action(actions.reshape(len(actions), -1)).reshape(actions.shape)

    def rest(self, element: str) -> np.ndarray:
        """
        :param element: of the group, by its name
        :return: an action near zero that it leaves as it is
        """
        action = self.neutral[None]
        return ((action + self.reflect_actions(action, element)) / 2).astype(action.dtype)[0]

    def action_map(self, element: str) -> SignedPermutation:
        """
        :param element: of the group, by its name
        :return: how it acts on actions
        """
        action = self.group[element].action
        assert isinstance(action, SignedPermutation)
        return action


def _completed(reflection: Reflection, joints: Sequence[str]) -> Reflection:
    alone = {joint: (joint, 1) for joint in joints if joint not in reflection.joints}
    return replace(reflection, joints={**alone, **reflection.joints})


def _layers(env: gym.Env) -> list[DisturbanceWrapper]:
    """The wrappers that would let chance decide what befalls the robot."""
    found = []
    while isinstance(env, gym.Wrapper):
        if isinstance(env, DisturbanceWrapper):
            found.append(env)
        env = env.env
    return found
