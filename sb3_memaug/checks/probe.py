"""
An environment with its robot and its mirrors, to be set to states and stepped; the actions that it is stepped with; and
the layout of its observations, actions and states, with a name for each number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from sb3_memaug.robots import Robot, RobotState, find_robot
from sb3_memaug.robots.robot import reflect_state
from sb3_memaug.symmetry import Mirror, Reflection, SignedPermutation, SymmetryGroup, Term
from sb3_memaug.symmetry.terms import quantities
from sb3_memaug.wrappers.disturbance import DisturbanceWrapper

#: Mirrors what an environment that is not ours draws by itself at reset, such as its command, by the element's name.
CommandMirror = Callable[[gym.Env, str], None]
#: Largest action, whatever the bounds.
MAX_ACTION = 1e3


class Segment(NamedTuple):
    """
    Consecutive numbers with one meaning.

    :param label: their name
    :param size: how many
    :param names: of what they belong to, as joints or bodies, the same number of numbers for each; may be empty
    """

    label: str
    size: int
    names: tuple[str, ...] = ()


class Quantity(NamedTuple):
    """
    What is observed, wherever its entries are in the row.

    :param label: its name
    :param term: all of it as one term
    :param entries: of the row
    """

    label: str
    term: Term
    entries: list[int]


class Layout:
    """
    How all that an environment observes becomes one row, and the state of its robot another. Images are left out.

    :param env: with the attributes ``observation_terms`` and ``action_terms``
    :param joint_names: of its robot
    """

    def __init__(self, env: gym.Env, joint_names: Sequence[str]) -> None:
        terms: Sequence[Term] | Mapping[str, Sequence[Term]] = env.get_wrapper_attr("observation_terms")
        actions: Sequence[Term] = env.get_wrapper_attr("action_terms")
        by_key = terms if isinstance(terms, Mapping) else {"": terms}
        self._keys = [key for key, group in by_key.items() if group[0].kind != "image"]
        #: What is observed: its label, as one term, and its entries in the row.
        self.quantities = _quantities({key: by_key[key] for key in self._keys})
        joints = tuple(joint_names)
        #: All numbers, by the part that they belong to.
        self.segments: dict[str, list[Segment]] = {
            "observation": [
                Segment(f"{key}/{term.name}" if key else term.name, term.size, term.names)
                for key in self._keys
                for term in by_key[key]
            ],
            "reward": [Segment("reward", 1)],
            "state": [
                Segment(field, size, names)
                for field, size, names in zip(
                    RobotState._fields,
                    (3, 4, 3, 3, len(joints), len(joints)),
                    ((), (), (), (), joints, joints),
                    strict=True,
                )
            ],
            "action": [Segment(term.name, term.size, term.names) for term in actions],
        }

    def observation_row(self, observation: Any) -> np.ndarray:
        """
        :param observation: of the environment
        :return: its numbers in float64, (size,)
        """
        parts = [observation[key] if key else observation for key in self._keys]
        return np.concatenate([np.zeros(0), *(np.asarray(part, dtype=np.float64).ravel() for part in parts)])

    def observation_map(self, mirror: Mirror) -> SignedPermutation:
        """
        :param mirror: an element of the environment's group
        :return: how it acts on rows of observations
        """
        by_key = mirror.by_key()
        transforms = [by_key[key] for key in self._keys]
        return SignedPermutation.concatenate(t for t in transforms if isinstance(t, SignedPermutation))

    @staticmethod
    def state_row(state: RobotState) -> np.ndarray:
        """
        :param state: of the robot
        :return: its numbers, (size,)
        """
        return np.concatenate(state)

    @staticmethod
    def state(row: np.ndarray) -> RobotState:
        """
        :param row: as :meth:`state_row` makes it
        :return: the state again
        """
        n_joints = (len(row) - 13) // 2
        return RobotState(*np.split(row, np.cumsum([3, 4, 3, 3, n_joints])))

    def terms_of(self, part: str) -> np.ndarray:
        """
        :param part: ``"observation"``, ``"reward"``, ``"state"`` or ``"action"``
        :return: for each of its numbers, the index of the segment that it belongs to, (size,)
        """
        sizes = [segment.size for segment in self.segments[part]]
        return np.repeat(np.arange(len(sizes)), sizes)

    def name(self, part: str, i: int) -> str:
        """
        :param part: ``"observation"``, ``"reward"``, ``"state"`` or ``"action"``
        :param i: index of one of its numbers
        :return: its segment, its index there, and what it belongs to: ``joint_velocities[7] LF_KFE``
        """
        for label, size, names in self.segments[part]:
            if i < size:
                owner = f" {names[i * len(names) // size]}" if names else ""
                return label if part == "reward" else f"{label}[{i}]{owner}"
            i -= size
        raise IndexError(i)

    def ranges(self, part: str, chosen: np.ndarray) -> list[str]:
        """
        :param part: ``"observation"``, ``"reward"``, ``"state"`` or ``"action"``
        :param chosen: which of its numbers to name, (size,)
        :return: segment by segment: ``contact_forces[0-5, 12-17]``
        """
        names = []
        for k, segment in enumerate(self.segments[part]):
            mine = np.flatnonzero(chosen[self.terms_of(part) == k])
            runs = np.split(mine, np.flatnonzero(np.diff(mine) > 1) + 1)
            inside = ", ".join(f"{run[0]}-{run[-1]}" if run.size > 1 else f"{run[0]}" for run in runs if run.size)
            names += [f"{segment.label}[{inside}]"] if inside else []
        return names

    def mistake(self, part: str, i: int, declared: tuple[int, int], found: tuple[int, int]) -> str:
        """
        :param part: ``"observation"`` or ``"action"``
        :param i: index of one of its numbers
        :param declared: index and sign of the number that it mirrors, as the group says
        :param found: index and sign of the number that it does mirror
        :return: what is wrong: ``joint_velocities[7] LF_KFE: sign``
        """
        if found[0] == declared[0]:
            return f"{self.name(part, i)}: sign"
        sign = "-" if found[1] < 0 else ""
        return f"{self.name(part, i)}: mirrors {sign}{self.name(part, found[0])}, not {self.name(part, declared[0])}"


def _quantities(terms: Mapping[str, Sequence[Term]]) -> list[Quantity]:
    found, start = [], 0
    for key, group in terms.items():
        for term, entries in quantities(group):
            label = f"{key}/{term.name}" if key else term.name
            found.append(Quantity(label, term, [start + i for i in entries]))
        start += sum(term.size for term in group)
    return found


def draw_actions(space: spaces.Box, rng: np.random.Generator, count: int) -> np.ndarray:
    """
    Policies begin with actions of about 1, which is nothing for a motor whose torques are bounded by 100 N·m, and may
    end at the bounds. So the size of the actions is drawn, too.

    :param space: of the actions
    :param rng: of all random numbers
    :param count: how many
    :return: actions within the bounds, (count, …)
    """
    bounds = np.maximum(np.abs(space.low), np.abs(space.high)).astype(np.float64)
    size = _between(bounds, rng.random())
    return _within(space, neutral_action(space) + size * rng.uniform(-1, 1, (count, *space.shape)))


def single_action(space: spaces.Box, rest: np.ndarray, entry: int, sign: int) -> np.ndarray:
    """
    :param space: of the actions
    :param rest: action from which one entry moves
    :param entry: which one, counted in the flattened action
    :param sign: of its move
    :return: an action within the bounds
    """
    rooms = space.high.astype(np.float64) - rest, rest - space.low.astype(np.float64)
    # The same to both sides, unless one of them has none.
    room = np.where(np.minimum(*rooms) > 0, np.minimum(*rooms), np.maximum(*rooms))
    move = np.zeros(space.shape)
    move.flat[entry] = 0.5 * sign * _between(room, 0.5).flat[entry]
    return _within(space, rest + move)


def neutral_action(space: spaces.Box) -> np.ndarray:
    """
    :param space: of the actions
    :return: the action within the bounds that is nearest to zero
    """
    return _within(space, np.zeros(space.shape))


def _between(bounds: np.ndarray, exponent: float) -> np.ndarray:
    """Sizes between that of a policy's first actions, with an exponent of 0, and the bounds, with one of 1."""
    bounds = np.where(np.isfinite(bounds), bounds, 1.0).clip(max=MAX_ACTION)
    return np.minimum(bounds, 1.0) * np.maximum(bounds, 1.0) ** exponent


def _within(space: spaces.Box, action: np.ndarray) -> np.ndarray:
    return np.clip(action.astype(space.dtype), space.low, space.high)


class Probe:
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
        #: By their names; joints that a reflection does not name stay as they are.
        self.reflections: dict[str, Reflection] = {
            name: _completed(reflection, self.robot.joint_names)
            for name, reflection in env.get_wrapper_attr("reflections").items()
        }
        #: The same for every element of the group.
        self._elements = SymmetryGroup(self.group.generators, self.reflections).reflections or {}
        self.layout = Layout(env, self.robot.joint_names)
        self.action_space: spaces.Box = env.action_space
        #: The action that is nearest to zero.
        self.neutral = neutral_action(self.action_space)
        self._mirror_command = mirror_command
        self._options = {layer.disturbance.option: None for layer in _layers(env)}
        self._has_mirror_option = self._try_option()
        self._floats = self._try_base()

    @property
    def robot(self) -> Robot:
        """The one that the environment simulates now: it may make a new one at each reset."""
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
        return self._has_mirror_option or self._mirror_command is not None

    def reset(self, seed: int, element: str) -> None:
        """
        :param seed: of the environment
        :param element: of the group, by its name, whose mirror image of the command is wanted
        """
        options: dict[str, Any] = dict(self._options)
        if self._has_mirror_option:
            options["mirror"] = element
        self.env.reset(seed=seed, options=options or None)
        if self._mirror_command is not None and element != "identity":
            self._mirror_command(self.env, element)

    def reflection_of(self, element: str) -> Reflection:
        """
        :param element: of the group, by its name
        :return: how it acts on the robot
        """
        return self._elements[element]

    def reflect_state(self, state: RobotState, element: str) -> RobotState:
        """
        :param state: of the robot
        :param element: of the group, by its name
        :return: the mirror image; a base that does not float is its own
        """
        base, reflection = state[:4], self.reflection_of(element)
        default = np.array([reflection.pose.get(name, 0.0) for name in self.robot.joint_names])
        state = reflect_state(state, reflection, self.robot, default)
        return state if self._floats else RobotState(*base, *state[4:])

    def reflect_states(self, rows: np.ndarray, element: str) -> np.ndarray:
        """
        :param rows: states as by :meth:`~sb3_memaug.checks.probe.Layout.state_row`, (n, size)
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
    """The wrappers that would draw disturbances at random."""
    found = []
    while isinstance(env, gym.Wrapper):
        if isinstance(env, DisturbanceWrapper):
            found.append(env)
        env = env.env
    return found
