"""Copies of wrappers over another environment, which share no state with the originals."""

from __future__ import annotations

import io
import pickle
import random
import threading
from collections.abc import Sequence
from enum import Enum
from types import FunctionType, ModuleType
from typing import Any

import cloudpickle
import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec
from stable_baselines3.common.vec_env import VecEnv

from sb3_memaug.vec_env.stand_in import Unknown

#: What an environment may hold in common with its wrappers without being its own: it is copied.
_PLAIN = (
    *(type(None), bool, int, float, complex, str, bytes, Enum, list, tuple, dict, set, frozenset),
    *(np.ndarray, np.generic, np.dtype, spaces.Space, FunctionType),
)
#: What is never copied, since a copy would write into the original's file or wait for its lock.
_HANDLES = (io.IOBase, type(threading.Lock()), type(threading.RLock()))
_SHARED = (type, ModuleType, EnvSpec)
_CHANCE = (np.random.Generator, np.random.RandomState, random.Random)


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

    def over(self, inner: Any, base: Any, chance: list[Any]) -> Any:
        """
        :param inner: in place of what the wrapper wraps
        :param base: in place of the innermost environment
        :param chance: to which the copy's random number generators are added
        :return: a copy
        """
        copy = object.__new__(self._type)
        # Some hand on every attribute that they do not have, and are asked for some before they are complete.
        copy.__dict__.update(env=inner, venv=inner)
        state = _Reader(self.content, copy, inner, base, self._shared, chance).load()
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
        self._held = {id(value) for value in held if not isinstance(value, (*_PLAIN, *_SHARED, *_CHANCE))}
        self._shared = shared

    def persistent_id(self, obj: Any) -> Any:
        if id(obj) in self._places:
            return self._places[id(obj)], None
        if isinstance(obj, _SHARED):
            self._shared.append(obj)
            return "shared", len(self._shared) - 1
        if isinstance(obj, _CHANCE):
            return "chance", next(kind.__name__ for kind in _CHANCE if isinstance(obj, kind))
        # What has to be taken leave of is no plain state either.
        if isinstance(obj, (gym.Env, VecEnv, *_HANDLES)) or id(obj) in self._held or hasattr(type(obj), "__del__"):
            return "unknown", None
        return None


class _Reader(pickle.Unpickler):
    def __init__(
        self, content: bytes, copy: Any, inner: Any, base: Any, shared: Sequence[Any], chance: list[Any]
    ) -> None:
        super().__init__(io.BytesIO(content))
        self._places = {"self": copy, "inner": inner, "base": base, "unknown": Unknown(base.feed.note)}
        self._shared, self._chance = shared, chance

    def persistent_load(self, pid: Any) -> Any:
        place, detail = pid
        if place == "shared":
            return self._shared[detail]
        if place == "chance":
            kinds = {"Generator": np.random.default_rng, "RandomState": np.random.RandomState, "Random": random.Random}
            self._chance.append(kinds[detail](0))
            return self._chance[-1]
        return self._places[place]


def reseed(chance: Sequence[Any], seed: int) -> None:
    """
    :param chance: random number generators of NumPy and of Python
    :param seed: of all of them
    """
    for generator in chance:
        if isinstance(generator, np.random.Generator):
            generator.bit_generator.state = np.random.default_rng(seed).bit_generator.state
        else:
            generator.seed(seed)
