"""Trying whether wrappers commute with mirrors, on random numbers and on copies of the wrappers."""

from __future__ import annotations

import io
import random
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from copy import deepcopy
from functools import partial
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import torch as th
from gymnasium import spaces
from stable_baselines3.common.vec_env import VecEnv

from sb3_memaug.symmetry import Mirror, Transform
from sb3_memaug.vec_env.stand_in import Feed, StandIn, VecStandIn, WrapperCopy, reseed

#: Steps of an episode that is tried, and how large its observations are where they have no bounds.
STEPS = 8
_SCALES = (1.0, 0.1, 10.0, 100.0)
#: Earlier episodes, from which a wrapper may have taken statistics.
EARLIER = 2
#: Episodes from which the law of a wrapper with a random generator is estimated, and how many standard errors make a
#: difference: none in a thousand numbers by generators.
DRAWS, ERRORS = 48, 7.0
#: Rounding errors, in units of the last place of the largest number.
ULPS = 64
_SEED = 20250203
#: A larger bound is taken for none.
UNBOUNDED = 1e6

#: Where ``step`` and ``reset`` leave observations and actions as they are. Normalizers of a ``VecEnv`` are checked for
#: themselves, and Gymnasium's core has other wrappers too.
_TRANSPARENT = {
    *("gymnasium.wrappers.common", "gymnasium.wrappers.rendering", "gymnasium.wrappers.stateful_reward"),
    *("gymnasium.core.Wrapper", "gymnasium.core.RewardWrapper", "stable_baselines3.common.monitor"),
    "rl_zoo3.gym_patches",  # whose time limit takes the place of Gymnasium's
    *(f"stable_baselines3.common.vec_env.{name}" for name in ("vec_monitor", "vec_check_nan", "vec_video_recorder")),
    *("stable_baselines3.common.vec_env.vec_normalize", "stable_baselines3.common.vec_env.base_vec_env"),
    "sb3_memaug.vec_env.normalize",
}


def may_alter(wrapper: Any) -> bool:
    """
    :param wrapper: of an environment, or of a ``VecEnv``
    :return: whether it may alter observations or actions: its way of stepping or resetting is its own, and it has no
        attribute ``commutes_with_mirrors`` that is true
    """
    if getattr(type(wrapper), "commutes_with_mirrors", False):
        return False
    for method in ("reset", "step_async", "step_wait") if isinstance(wrapper, VecEnv) else ("reset", "step"):
        definer = next(each for each in type(wrapper).__mro__ if method in vars(each))
        names = {definer.__module__, f"{definer.__module__}.{definer.__name__}"}
        if method in vars(wrapper) or not names & _TRANSPARENT:
            return True
    return False


class Difference(NamedTuple):
    """
    Where wrappers do not commute with a mirror.

    :param what: ``"observation"`` or ``"action"``
    :param mirror: its name
    :param key: of a dict observation, or ``""``
    :param entry: index into the flattened array
    :param of_mirrored: what the wrappers make of the mirrored number
    :param mirrored: the mirror image of what they make of the number
    :param moment: of wrappers that draw random numbers, which moment the two numbers are
    :param learned: whether it comes of what the wrappers saw in earlier episodes
    """

    what: str
    mirror: str
    key: str
    entry: int
    of_mirrored: float
    mirrored: float
    moment: str = ""
    learned: bool = False


class Undecidable(Exception):
    """Wrappers cannot be tried, and why."""


class _Episode(NamedTuple):
    observations: list[Any]
    actions: list[Any]
    given: list[Any]
    asked: bool
    read: bool


class Trial:
    """
    Some wrappers over a stand-in for the environment that they wrap.

    :param chain: wrappers and the innermost environment, the outermost first
    :param start: index of the outermost wrapper to try
    :param end: index of the first that is stood in for
    :param known: of ``"observation"`` and ``"action"``, what the mirrors act on where it goes in; the rest is the same
        in a mirrored episode
    :raises Undecidable: if a wrapper cannot be copied
    """

    def __init__(
        self, chain: Sequence[Any], start: int, end: int, known: Collection[str] = ("observation", "action")
    ) -> None:
        self._known = known
        self._source, self._top = chain[end], chain[start]
        self._batch = self._source.num_envs if isinstance(self._source, VecEnv) else 1
        self._samples: dict[tuple[int, ...], Any] = {}
        self._copies: list[WrapperCopy] = []
        for k in reversed(range(start, end)):
            if may_alter(chain[k]):
                try:
                    self._copies.append(WrapperCopy(chain[k:]))
                except Exception as error:  # of whatever it holds
                    raise Undecidable(f"{type(chain[k]).__name__} cannot be copied: {error}") from error

    @property
    def key(self) -> tuple[Any, ...]:
        """Hashable, equal for wrappers that are alike."""
        return tuple(copy.key for copy in self._copies)

    def difference(
        self, mirrors: Mapping[str, tuple[Mirror, Mirror]], observation: bool = True, action: bool = True
    ) -> Difference | None:
        """
        :param mirrors: by name, how each acts below the wrappers and above them
        :param observation: whether to look at observations
        :param action: whether to look at actions
        :return: where the wrappers do not commute, None if they do
        :raises Undecidable: if they do not work without the real environment
        """
        compared = {what for what, asked in (("observation", observation), ("action", action)) if asked}
        original = self._run(None)
        if original.asked and not self._leaves_unchanged(original, compared):
            raise Undecidable("it asks the environment for more than observations")
        found = self._compare(original, mirrors, compared, earlier=True)
        if found is None:
            return None
        if original.read:
            # They may be the mirrored ones in a mirrored episode.
            raise Undecidable("it depends on other numbers of the environment than the observation")
        if "observation" not in self._known and not _equal(original.actions, self._run(None, shown=1).actions):
            raise Undecidable("its actions depend on observations that the mirrors do not act on")
        if self._draws(original):
            return self._compare_means(mirrors, compared)
        fresh = self._run(None, earlier=False)
        return found._replace(learned=self._compare(fresh, mirrors, compared, earlier=False) is None)

    def learns(self) -> bool:
        """
        :return: whether what becomes of an episode depends on those before
        :raises Undecidable: if the wrappers do not work without the real environment
        """
        fresh, later = self._run(None, earlier=False), self._run(None)
        if not _equal(fresh.observations, self._run(None, earlier=False).observations):
            return False
        return not _equal(fresh.observations, later.observations)

    def _compare(
        self, original: _Episode, mirrors: Mapping[str, tuple[Mirror, Mirror]], compared: set[str], earlier: bool
    ) -> Difference | None:
        for name, (inner, outer) in mirrors.items():
            image = self._run((inner, outer), earlier=earlier)
            for what, pairs in self._pairs(original, image, inner, outer).items():
                for expected, came in pairs if what in compared else ():
                    for key, (one, other) in _by_key(expected, came).items():
                        entry = _first_difference(one, other)
                        if entry is not None:
                            numbers = float(other.ravel()[entry]), float(one.ravel()[entry])
                            return Difference(what, name, key, entry % (one.size // self._batch), *numbers)
        return None

    def _pairs(self, original: _Episode, image: _Episode, inner: Mirror, outer: Mirror) -> dict[str, Iterator[Any]]:
        if len(image.actions) != len(original.actions):
            raise Undecidable("it takes another number of steps for a mirrored episode")
        low = self._source.action_space
        return {
            "observation": zip(map(outer.apply_observation, original.observations), image.observations, strict=True),
            "action": zip((_act(inner.action, a, low) for a in original.actions), image.actions, strict=True),
        }

    def _draws(self, original: _Episode) -> bool:
        """Whether other random numbers make another episode of the same observations and actions."""
        other = self._run(None, draw=1)
        return not (_equal(original.observations, other.observations) and _equal(original.actions, other.actions))

    def _compare_means(self, mirrors: Mapping[str, tuple[Mirror, Mirror]], compared: set[str]) -> Difference | None:
        """First and second moments, over independent draws."""
        originals = [self._run(None, draw=1 + k) for k in range(DRAWS)]
        for name, both in mirrors.items():
            inner, outer = both
            images = [self._run(both, draw=1 + DRAWS + k) for k in range(DRAWS)]
            pairs = [self._pairs(*pair, inner, outer) for pair in zip(originals, images, strict=True)]
            for what in compared:
                drawn = [[_by_key(*step) for step in each[what]] for each in pairs]
                for key in drawn[0][0]:
                    sides = (np.array([[step[key][side] for step in episode] for episode in drawn]) for side in (0, 1))
                    found = _other_moments(*sides)
                    if found is not None:
                        moment, entry, of_mirrored, mirrored = found
                        size = drawn[0][0][key][0].size // self._batch
                        return Difference(what, name, key, entry % size, of_mirrored, mirrored, moment)
        return None

    def _leaves_unchanged(self, episode: _Episode, compared: set[str]) -> bool:
        fed = [self._observation(0, k) for k in range(len(episode.observations))]
        return ("observation" not in compared or _equal(fed, episode.observations)) and (
            "action" not in compared or _equal(episode.given, episode.actions)
        )

    def _observation(self, episode: int, step: int) -> Any:
        return self._random(self._source, self._source.observation_space, (0, episode, step))

    def _action(self, episode: int, step: int) -> Any:
        return self._random(self._top, self._top.action_space, (1, episode, step))

    def _random(self, env: Any, space: spaces.Space, number: tuple[int, ...]) -> Any:
        if number not in self._samples:
            rng = np.random.default_rng((_SEED, *number))
            scale = _SCALES[number[-1] % len(_SCALES)]
            samples = [random_sample(space, rng, scale) for _ in range(self._batch)]
            self._samples[number] = _stack(samples) if isinstance(env, VecEnv) else samples[0]
        return _copied(self._samples[number])

    def _run(
        self, mirror: tuple[Mirror, Mirror] | None, earlier: bool = True, draw: int = 0, shown: int = 0
    ) -> _Episode:
        """An episode after earlier ones, with observations and actions mirrored; or with other observations."""
        source, feed = self._source, Feed(STEPS)
        generators: list[Any] = []
        stand_in = (VecStandIn if isinstance(source, VecEnv) else StandIn)(source, feed)
        try:
            with _isolated():
                stack: Any = stand_in
                for copy in self._copies:
                    stack = copy.over(stack, stand_in, generators)
                _seed_all(generators, stand_in, draw)
                for episode in range(1, 1 + EARLIER * earlier):
                    feed.begin(partial(self._observation, episode))
                    _play(stack, [self._action(episode, k) for k in range(STEPS)])
                _seed_all(generators, stand_in, draw)
                actions = [self._action(0, k) for k in range(STEPS)]
                feed.begin(partial(self._observation, 100 * shown))
                if mirror is not None and "observation" in self._known:
                    feed.begin(lambda k: mirror[0].apply_observation(self._observation(0, k)))
                if mirror is not None and "action" in self._known:
                    outer = mirror[1]
                    actions = [_act(outer.action, action, self._top.action_space) for action in actions]
                observations = _play(stack, actions)
        except Exception as error:  # of whoever wrote the wrapper
            raise Undecidable(f"it does not work without its environment: {type(error).__name__}: {error}") from error
        return _Episode(observations, feed.actions, actions, feed.asked, feed.read)


def _play(stack: Any, actions: Sequence[Any]) -> list[Any]:
    if isinstance(stack, VecEnv):
        observations = [_copied(stack.reset())]
        return observations + [_copied(stack.step(action)[0]) for action in actions]
    observations = [_copied(stack.reset()[0])]
    return observations + [_copied(stack.step(action)[0]) for action in actions]


@contextmanager
def _isolated() -> Iterator[None]:
    """What a wrapper prints, warns of or draws from global generators has no effect outside."""
    numpy_state, python_state = np.random.get_state(), random.getstate()
    try:
        with (
            th.random.fork_rng(devices=[]),
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
            redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(numpy_state)
        random.setstate(python_state)


def _seed_all(generators: Sequence[Any], stand_in: StandIn | VecStandIn, draw: int) -> None:
    seed = _SEED + draw
    reseed(generators, seed)
    np.random.seed(seed)
    random.seed(seed)
    th.default_generator.manual_seed(seed)  # and no device is asked for
    if isinstance(stand_in, gym.Env):
        stand_in.np_random = np.random.default_rng(seed)
    stand_in.observation_space.seed(seed)
    stand_in.action_space.seed(seed)


def _act(transform: Transform, action: Any, space: spaces.Space) -> Any:
    """Arrays of actions are taken as flattened."""
    action = np.asarray(action)
    if not isinstance(space, spaces.Box):
        return transform.apply(action)
    batch = action.shape[: action.ndim - len(space.shape)]
    return transform.apply(action.reshape(*batch, -1)).reshape(action.shape)


def _arrays(value: Any) -> dict[str, np.ndarray]:
    return {k: np.asarray(v) for k, v in value.items()} if isinstance(value, Mapping) else {"": np.asarray(value)}


def _copied(value: Any) -> Any:
    arrays = {key: np.array(array) for key, array in _arrays(value).items()}
    return arrays if isinstance(value, Mapping) else arrays[""]


def _stack(samples: Sequence[Any]) -> Any:
    if isinstance(samples[0], Mapping):
        return {key: np.stack([sample[key] for sample in samples]) for key in samples[0]}
    return np.stack(samples)


def _equal(first: Sequence[Any], second: Sequence[Any]) -> bool:
    if len(first) != len(second):
        return False
    for a, b in zip(map(_arrays, first), map(_arrays, second), strict=True):
        if a.keys() != b.keys() or any(_first_difference(a[key], b[key]) is not None for key in a):
            return False
    return True


def _by_key(expected: Any, came: Any) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    one, other = _arrays(expected), _arrays(came)
    shapes, others = ({key: array.shape for key, array in arrays.items()} for arrays in (one, other))
    if shapes != others or any(array.dtype == object for array in other.values()):
        raise Undecidable(f"it gives arrays of shape {[*others.values()]} where {[*shapes.values()]} were expected")
    return {key: (one[key], other[key]) for key in one}


def _first_difference(expected: np.ndarray, came: np.ndarray) -> int | None:
    """Index of the entry that differs most, None where nothing differs by more than rounding."""
    if expected.shape != came.shape or expected.dtype == object or came.dtype == object:
        return 0  # whatever it is, it is not the same
    a, b = expected.astype(np.float64), came.astype(np.float64)
    with np.errstate(all="ignore"):
        distance = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))
    distance = np.where(np.isnan(distance), np.inf, distance)
    finite = np.concatenate([x[np.isfinite(x)] for x in (a, b)])
    tolerance = ULPS * np.abs(finite).max(initial=0.0) * _precision(expected, came)
    if expected.dtype == np.uint8:
        tolerance = 1.0  # a filter of images may round a half up on one side and down on the other
    return int(np.argmax(distance)) if np.any(distance > tolerance) else None


def _precision(*arrays: np.ndarray) -> float:
    kinds = [x.dtype for x in arrays if np.issubdtype(x.dtype, np.floating)]
    # What is of double precision may have been of single precision on the way.
    return max([float(np.finfo(kind).eps) for kind in kinds] + [float(np.finfo(np.float32).eps)]) if kinds else 0.0


def _other_moments(expected: np.ndarray, came: np.ndarray) -> tuple[str, int, float, float] | None:
    """
    Which moment differs, the entry where it differs most, and both numbers; of arrays (draws, steps, …). Deviations are
    taken over all steps together, for which fewer draws are enough.
    """
    sides = [x.reshape(*x.shape[:2], -1).astype(np.float64) for x in (came, expected)]
    squares = [((x - x.mean(axis=0)) ** 2).mean(axis=1, keepdims=True) for x in sides]
    rounding = ULPS * _precision(expected, came) * max(np.abs(x).max(initial=0.0) for x in sides)
    tried = (("mean", sides, rounding, np.asarray), ("standard deviation", squares, rounding**2, np.sqrt))
    for moment, (one, other), slack, number in tried:
        means = [x.mean(axis=0) for x in (one, other)]
        error = np.sqrt((one.var(axis=0) + other.var(axis=0)) / (len(one) - 1))
        excess = np.abs(means[0] - means[1]) - slack - ERRORS * error
        if np.any(excess > 0):
            worst = np.unravel_index(np.argmax(excess), excess.shape)
            came_out, wanted = (float(number(mean[worst])) for mean in means)
            return moment, int(worst[-1]), came_out, wanted
    return None


def random_sample(space: spaces.Space, rng: np.random.Generator, scale: float = 1.0) -> Any:
    """
    :param space: of any kind
    :param rng: random numbers
    :param scale: of what has no bounds
    :return: an element of the space; not distributed symmetrically where it has no bounds
    """
    if isinstance(space, spaces.Dict):
        return {key: random_sample(part, rng, scale) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(random_sample(part, rng, scale) for part in space.spaces)
    if isinstance(space, spaces.Box):
        return _in_box(space, rng, scale)
    copy = deepcopy(space)
    copy.seed(int(rng.integers(2**31)))
    return copy.sample()


def _in_box(box: spaces.Box, rng: np.random.Generator, scale: float) -> np.ndarray:
    low, high = box.low.astype(np.float64), box.high.astype(np.float64)
    if np.issubdtype(box.dtype, np.integer):
        low, high = np.maximum(low, -UNBOUNDED), np.minimum(high, UNBOUNDED)
        return rng.integers(low.astype(np.int64), high.astype(np.int64), endpoint=True).astype(box.dtype)
    below, above = low > -UNBOUNDED, high < UNBOUNDED
    anywhere = scale * (rng.normal(size=box.shape) + 0.5)
    within = np.where(below, low, 0.0) + rng.random(box.shape) * np.where(below & above, high - low, 0.0)
    sample = np.where(below & above, within, anywhere)
    sample = np.where(below & ~above, np.where(below, low, 0.0) + abs(anywhere), sample)
    sample = np.where(above & ~below, np.where(above, high, 0.0) - abs(anywhere), sample)
    return sample.astype(box.dtype)
