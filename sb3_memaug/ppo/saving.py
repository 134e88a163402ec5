"""
Loading a saved algorithm.

It is constructed anew, with the arguments that are given and, for all others, those that it was saved with. So each
argument means here what it means in the constructor, and is checked by it.
"""

from __future__ import annotations

import io
from collections import deque
from difflib import get_close_matches
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, TypeVar

import torch as th
from stable_baselines3.common.base_class import maybe_make_env
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.save_util import load_from_zip_file, recursive_setattr
from stable_baselines3.common.type_aliases import GymEnv
from stable_baselines3.common.utils import check_for_correct_spaces, get_system_info
from stable_baselines3.common.vec_env import unwrap_vec_normalize

Algorithm = TypeVar("Algorithm", bound=OnPolicyAlgorithm)

#: Attributes that hold an argument under another name.
_ATTRIBUTES = {"policy": "policy_class", "stats_window_size": "_stats_window_size"}
#: What an argument that is given replaces beside its own value: it was worked out from the old one.
_REPLACED = {"learning_rate": "adaptive_rate", "desired_kl": "adaptive_rate", "symmetry": "symmetry_group"}
#: About which the environments decide, too: they are checked together, where one of them is given.
_SIZES = {"n_steps", "batch_size", "normalize_advantage", "n_minibatches", "sequence_length"}


def load_algorithm(
    cls: type[Algorithm],
    path: str | Path | io.BufferedIOBase,
    env: GymEnv | str | None,
    device: th.device | str,
    custom_objects: dict[str, Any] | None,
    print_system_info: bool,
    force_reset: bool,
    given: dict[str, Any],
) -> Algorithm:
    """
    :param cls: of the algorithm
    :param path: of the file, or an open one
    :param env: to train on; None to use the model without
    :param device: of the loaded model
    :param custom_objects: in place of what the file holds under these names
    :param print_system_info: of this machine, and of the one that saved the file
    :param force_reset: whether the next training begins with new episodes
    :param given: arguments of the constructor, in place of those that were saved
    :return: the algorithm, trained as far as it was when it was saved
    :raises TypeError: if the constructor has not such an argument
    :raises ValueError: if an argument is out of range, does not fit the others, or cannot be changed any more
    """
    if print_system_info:
        get_system_info()
    saved, parameters, variables = load_from_zip_file(
        path, device=device, custom_objects=custom_objects, print_system_info=print_system_info
    )
    if saved is None or not {"policy_class", "policy_kwargs", "observation_space", "action_space"} <= set(saved):
        raise ValueError(f"{path} holds no saved algorithm: expected a file that `model.save` has written")
    saved["policy_kwargs"].pop("device", None)
    arguments = _arguments_of(cls) - {"self", "env", "device"}
    given = _changeable(cls, given, arguments, saved)
    attributes = {name: _ATTRIBUTES.get(name, name) for name in arguments}
    settings = {name: saved[attribute] for name, attribute in attributes.items() if attribute in saved} | given
    if env is not None:
        verbose = settings.get("verbose", 0)
        env = cls._wrap_env(maybe_make_env(env, verbose), verbose)
        check_for_correct_spaces(env, saved["observation_space"], saved["action_space"])
        saved["n_envs"] = env.num_envs
        if force_reset:
            saved["_last_obs"] = None
    else:
        env = saved.pop("env", None)
    # Sizes that were saved need not fit other environments until something is learned from them.
    resized = bool(_SIZES & set(given))
    model = cls(**settings, env=env if resized else None, device=device, _init_setup_model=False)  # type: ignore[arg-type]
    replaced = {_REPLACED[name] for name in given if name in _REPLACED} | {attributes[name] for name in settings}
    model.__dict__.update({name: value for name, value in saved.items() if name not in replaced})
    model.env = env  # type: ignore[assignment]
    model._vec_normalize_env = unwrap_vec_normalize(env)  # type: ignore[arg-type]
    model._setup_model()
    if resized:
        model._check_sizes()  # type: ignore[attr-defined]
    _restore(model, parameters, variables)
    if "learning_rate" in given:
        for group in model.policy.optimizer.param_groups:
            group["lr"] = model.lr_schedule(1.0)
    if model.ep_info_buffer is not None and "stats_window_size" in given:
        for name in ("ep_info_buffer", "ep_success_buffer"):
            setattr(model, name, deque(getattr(model, name), maxlen=model._stats_window_size))
    if model.use_sde:
        model.policy.reset_noise()
    return model


def _arguments_of(cls: type) -> set[str]:
    """Of its constructor, and of those that it hands all others on to."""
    names: set[str] = set()
    for kind in cls.__mro__:
        if "__init__" in vars(kind):
            parameters = signature(kind.__init__).parameters.values()  # type: ignore[misc]
            names |= {p.name for p in parameters if p.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)}
            if all(p.kind is not Parameter.VAR_KEYWORD for p in parameters):
                break
    return names


def _changeable(
    cls: type[OnPolicyAlgorithm], given: dict[str, Any], arguments: set[str], saved: dict[str, Any]
) -> dict[str, Any]:
    """What is given, without what only says again how the networks are made, which cannot be changed any more."""
    given = dict(given)
    for name in given:
        if name not in arguments:
            near = get_close_matches(name, arguments)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise TypeError(f"{cls.__name__} has no argument {name!r} that `load` could give it{hint}")
    if not given.pop("_init_setup_model", True):
        raise ValueError("`_init_setup_model` must be True where a model is loaded: its networks are what was saved")
    if given.get("symmetry", False) is None and saved.get("symmetry") is None:
        del given["symmetry"]  # without an environment to ask, the group is still that of the one before
    policy = given.pop("policy", None)
    fixed = {
        "policy": (cls.policy_aliases.get(policy, policy) if isinstance(policy, str) else policy, "policy_class"),
        "use_sde": (given.pop("use_sde", None), "use_sde"),
        "policy_kwargs": (given.pop("policy_kwargs", saved["policy_kwargs"]) or {}, "policy_kwargs"),
    }
    for name, (value, attribute) in fixed.items():
        if value is not None and value != saved[attribute]:
            raise ValueError(
                f"`{name}` decides how the networks are made, and cannot be changed when they are loaded: it was saved "
                f"as {saved[attribute]!r}, got {value!r}. Leave it out, or train a new model"
            )
    return given


def _restore(model: OnPolicyAlgorithm, parameters: dict[str, Any], variables: dict[str, Any] | None) -> None:
    optimizer = parameters.get("policy.optimizer", {"param_groups": []})
    for old, new in zip(optimizer["param_groups"], model.policy.optimizer.param_groups, strict=False):
        # How it computes is a matter of the device that it has come to, not of the one that it was saved on.
        old.update({name: new[name] for name in ("fused", "foreach") if name in new})
    model.set_parameters(parameters, exact_match=True, device=model.device)
    for name, value in (variables or {}).items():
        if value is not None:
            recursive_setattr(model, f"{name}.data", value.data)
