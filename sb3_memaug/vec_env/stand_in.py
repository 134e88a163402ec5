"""Copies of wrappers, and environments under them that give prescribed observations, to try the wrappers on."""

from __future__ import annotations

import io
import pickle
import random
import threading
from collections.abc import Callable, Sequence
from copy import deepcopy
from enum import Enum
from operator import itemgetter
from types import FunctionType, ModuleType
from typing import Any

import cloudpickle
import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec
from stable_baselines3.common.vec_env import VecEnv

from sb3_memaug.vec_env.tensor_vec_env import map_observations

#: Steps after which a wrapper is taken to wait for something that does not happen.
MAX_STEPS = 2000


class Unknown:
    """
    In place of everything that only the real environment has. Any use of it is noted; numbers made of it are NaN.

    :param note: called at each use
    """

    def __init__(self, note: Callable[[], None]) -> None:
        object.__setattr__(self, "_note", note)

    def __getattr__(self, name: str) -> Unknown:
        if name.startswith("__"):
            raise AttributeError(name)
        self._note()
        return self

    def __setattr__(self, name: str, value: Any) -> None:
        self._note()

    def __setitem__(self, key: Any, value: Any) -> None:
        self._note()

    def __call__(self, *args: Any, **kwargs: Any) -> Unknown:
        self._note()
        return self

    def __iter__(self) -> Any:
        self._note()
        return iter(())

    def __len__(self) -> int:
        self._note()
        return 0

    def __bool__(self) -> bool:
        self._note()
        return False

    def __float__(self) -> float:
        self._note()
        return float("nan")

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        self._note()
        return np.array(np.nan)

    def _same(self, *_: Any) -> Unknown:
        self._note()
        return self

    def _no(self, *_: Any) -> bool:
        self._note()
        return False

    __getitem__ = __neg__ = __abs__ = __enter__ = _same
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __matmul__ = __rmatmul__ = _same
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = _same
    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __exit__ = _no


class _Infos(dict):
    """An ``info`` whose every entry is unknown."""

    def __init__(self, note: Callable[[], None]) -> None:
        super().__init__()
        self._note = note

    def __missing__(self, key: Any) -> Unknown:
        self._note()
        return Unknown(self._note)


class Feed:
    """
    The observations that a stand-in gives, and the actions that it gets.

    :param length: number of steps after which an episode ends
    """

    def __init__(self, length: int) -> None:
        self._length = length
        #: Whether a wrapper used something that only the real environment has.
        self.asked = False
        #: Whether a wrapper read numbers of the real environment.
        self.read = False
        self.begin(lambda step: None)

    def begin(self, observations: Callable[[int], Any]) -> None:
        """
        :param observations: of each step from now on
        """
        self._observations = observations
        self._given = 0
        self.actions: list[Any] = []

    def note(self) -> None:
        """Something was used that only the real environment has."""
        self.asked = True

    def next(self) -> Any:
        """
        :return: the next observation
        :raises RuntimeError: if there were far too many
        """
        if self._given >= MAX_STEPS:
            raise RuntimeError(f"it goes on for more than {MAX_STEPS} steps")
        self._given += 1
        return self._observations(self._given - 1)

    @property
    def done(self) -> bool:
        """Whether the observation that was given last is the last of an episode."""
        return self._given == self._length + 1


class StandIn(gym.Env):
    """
    In place of an environment under Gymnasium's wrappers.

    Wrappers may read numbers, texts and arrays of the environment, in copies. Everything else of it is
    :class:`Unknown`, since it might be changed.

    :param env: to stand in for
    :param feed: gives the observations
    """

    def __init__(self, env: gym.Env, feed: Feed) -> None:
        self.observation_space, self.action_space = deepcopy(env.observation_space), deepcopy(env.action_space)
        self.spec, self.metadata, self.render_mode = env.spec, dict(env.metadata), env.render_mode
        self.feed = feed
        self._env = env

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        return self.feed.next(), _Infos(self.feed.note)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.feed.actions.append(np.array(action))
        observation, done = self.feed.next(), self.feed.done
        return observation, 0.5, done, done, _Infos(self.feed.note)

    def render(self) -> Any:
        self.feed.note()
        return Unknown(self.feed.note)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("feed", "_env"):
            raise AttributeError(name)
        env = self._env
        while isinstance(env, gym.Wrapper) and name not in vars(env):
            env = env.env
        value = vars(env).get(name, vars(type(env)).get(name))
        if isinstance(value, (bool, int, float, str, np.generic, np.ndarray)):
            self.feed.read = True
            return deepcopy(value)
        self.feed.note()
        return Unknown(self.feed.note)


class VecStandIn(VecEnv):
    """
    In place of a ``VecEnv`` under its wrappers.

    :param venv: to stand in for; only its spaces and its number of environments are used
    :param feed: gives the observations
    """

    def __init__(self, venv: VecEnv, feed: Feed) -> None:
        self.feed = feed
        super().__init__(venv.num_envs, deepcopy(venv.observation_space), deepcopy(venv.action_space))

    def reset(self) -> Any:
        return self.feed.next()

    def step_async(self, actions: np.ndarray) -> None:
        self.feed.actions.append(np.array(actions))

    def step_wait(self) -> Any:
        n = self.num_envs
        infos: list[dict] = [_Infos(self.feed.note) for _ in range(n)]
        observations, done = self.feed.next(), self.feed.done
        if done:
            for i, info in enumerate(infos):
                info["terminal_observation"] = map_observations(itemgetter(i), observations)
        return observations, np.full(n, 0.5, np.float32), np.full(n, done), infos

    def close(self) -> None:
        pass

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        if attr_name == "render_mode":
            return [None] * self.num_envs
        return self.env_method(attr_name)

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        self.feed.note()

    def env_method(self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any) -> list[Any]:
        self.feed.note()
        return [Unknown(self.feed.note)] * self.num_envs

    def env_is_wrapped(self, wrapper_class: type[gym.Wrapper], indices: Any = None) -> list[bool]:
        return [False] * self.num_envs

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "feed":
            raise AttributeError(name)
        self.feed.note()
        return Unknown(self.feed.note)


#: What an environment may share with its wrappers without owning it: it is copied.
_PLAIN = (
    *(type(None), bool, int, float, complex, str, bytes, Enum, list, tuple, dict, set, frozenset),
    *(np.ndarray, np.generic, np.dtype, spaces.Space, FunctionType),
)
#: What is never copied, since a copy would write into the original's file or wait for its lock.
_HANDLES = (io.IOBase, type(threading.Lock()), type(threading.RLock()))
_SHARED = (type, ModuleType, EnvSpec)
_GENERATORS = (np.random.Generator, np.random.RandomState, random.Random)


class WrapperCopy:
    """
    A wrapper to be copied as often as wanted. Functions that it holds are copied with the variables that they enclose.

    :param wrappers: a wrapper and all that it wraps, the outermost first
    :raises Exception: of any kind, if something that it holds cannot be copied
    """

    def __init__(self, wrappers: Sequence[Any]) -> None:
        wrapper, *inside = wrappers
        self._type = type(wrapper)
        if hasattr(self._type, "__del__"):
            raise ValueError("it ends something when it is deleted")
        self._shared: list[Any] = []
        file = io.BytesIO()
        state = {name: value for name, value in vars(wrapper).items() if name != "class_attributes"}
        self._class_attributes = vars(wrapper).get("class_attributes")
        _Writer(file, wrapper, inside, self._shared).dump(state)
        #: Equal for wrappers of equal state.
        self.content = file.getvalue()

    def over(self, inner: Any, base: Any, generators: list[Any]) -> Any:
        """
        :param inner: in place of what the wrapper wraps
        :param base: in place of the innermost environment
        :param generators: to which the copy's random number generators are added
        :return: a copy
        """
        copy = object.__new__(self._type)
        # Some pass on every attribute that they do not have, and are asked for some before they are complete.
        copy.__dict__.update(env=inner, venv=inner)
        state = _Reader(self.content, copy, inner, base, self._shared, generators).load()
        if self._class_attributes is not None:
            state["class_attributes"] = self._class_attributes
        copy.__dict__.clear()
        copy.__dict__.update(state)
        return copy

    @property
    def key(self) -> tuple[Any, ...]:
        """Hashable, equal for wrappers of equal class and state."""
        return self._type, self.content, tuple(id(each) for each in self._shared if not isinstance(each, EnvSpec))


class _Writer(cloudpickle.Pickler):
    def __init__(self, file: io.BytesIO, wrapper: Any, inside: Sequence[Any], shared: list[Any]) -> None:
        super().__init__(file)
        self._places = {id(env): "inner" for env in inside} | {id(wrapper): "self", id(inside[-1]): "base"}
        # A copy of a simulator or of a connection to it would be costly at best.
        held = [value for env in inside for value in vars(env).values()]
        self._held = {id(value) for value in held if not isinstance(value, (*_PLAIN, *_SHARED, *_GENERATORS))}
        self._shared = shared

    def persistent_id(self, obj: Any) -> Any:
        if id(obj) in self._places:
            return self._places[id(obj)], None
        if isinstance(obj, _SHARED):
            self._shared.append(obj)
            return "shared", len(self._shared) - 1
        if isinstance(obj, _GENERATORS):
            return "generators", next(kind.__name__ for kind in _GENERATORS if isinstance(obj, kind))
        # What has to be closed is no plain state either.
        if isinstance(obj, (gym.Env, VecEnv, *_HANDLES)) or id(obj) in self._held or hasattr(type(obj), "__del__"):
            return "unknown", None
        return None


class _Reader(pickle.Unpickler):
    def __init__(
        self, content: bytes, copy: Any, inner: Any, base: Any, shared: Sequence[Any], generators: list[Any]
    ) -> None:
        super().__init__(io.BytesIO(content))
        self._places = {"self": copy, "inner": inner, "base": base, "unknown": Unknown(base.feed.note)}
        self._shared, self._chance = shared, generators

    def persistent_load(self, pid: Any) -> Any:
        place, detail = pid
        if place == "shared":
            return self._shared[detail]
        if place == "generators":
            kinds = {"Generator": np.random.default_rng, "RandomState": np.random.RandomState, "Random": random.Random}
            self._chance.append(kinds[detail](0))
            return self._chance[-1]
        return self._places[place]


def reseed(generators: Sequence[Any], seed: int) -> None:
    """
    :param generators: random number generators of NumPy and of Python
    :param seed: of all of them
    """
    for generator in generators:
        if isinstance(generator, np.random.Generator):
            generator.bit_generator.state = np.random.default_rng(seed).bit_generator.state
        else:
            generator.seed(seed)
