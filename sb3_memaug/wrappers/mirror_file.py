"""Terms and reflections as plain mappings, as YAML and JSON hold them, and JSON files of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import gymnasium as gym

from sb3_memaug.files import InputError, located, read_json, write_json
from sb3_memaug.robots import find_robot
from sb3_memaug.robots.mujoco.terms import actuator_names, body_names
from sb3_memaug.symmetry import Reflection, Term
from sb3_memaug.symmetry.arguments import list_of, mapping_of, shown, texts_of
from sb3_memaug.symmetry.terms import MAX_SIZE, default_size

#: What a file may hold; all of it are arguments of :class:`~sb3_memaug.wrappers.MirrorSpec`.
KEYS = ("reflections", "observation", "action")

#: What a term may say in place of a list of names: that they are the robot's own, in the order of its simulator.
ROBOT_NAMES = ("motors", "joints", "feet", "actuators", "bodies")

#: Which of them the names of a term may be, by its kind; those of joints or motors for the others.
_NAMES = {
    "actuators": ("actuators",),
    **dict.fromkeys(("feet", "feet_vectors"), ("feet",)),
    **dict.fromkeys(("bodies", "spatial_vectors", "inertias"), ("bodies",)),
}

#: The terms of an observation, by key for dict observations.
Terms = Sequence[Term] | Mapping[str, Sequence[Term]]

_Made = TypeVar("_Made")


def read_mirror_file(path: str | Path) -> dict[str, Any]:
    """
    :param path: of a JSON file that :func:`write_mirror_file` wrote, or one written by hand like it
    :return: what it holds of :data:`KEYS`
    :raises FileNotFoundError: if there is no such file
    :raises InputError: if the file is no JSON, or holds anything else
    """
    content = read_json(path)
    if not isinstance(content, dict) or set(content) - set(KEYS):
        found = sorted(content) if isinstance(content, dict) else type(content).__name__
        raise InputError(path, f"{Path(path).name} must hold an object with {list(KEYS)}, got {str(found)[:200]}")
    for key, kind in (("reflections", dict), ("observation", list | dict), ("action", list)):
        if key in content and not isinstance(content[key], kind):
            expected = {"reflections": "an object", "action": "a list"}.get(key, "a list, or an object of lists")
            raise InputError(path, f"expected {expected}, got {str(content[key])[:200]}", key)
    return content


def write_mirror_file(
    path: str | Path,
    reflections: Mapping[str, Reflection],
    env: gym.Env | None = None,
    observation: Terms | None = None,
    action: Terms | None = None,
) -> Path:
    """
    Joints are named, and terms of all joints or motors say so, so that the file survives another order of joints.

    :param path: of the file to write; it appears complete or not at all
    :param reflections: of the robot, by the names of their mirrors
    :param env: with the terms' robot
    :param observation: terms of its observation
    :param action: terms of its action
    :return: the path
    """
    content: dict[str, Any] = {"reflections": {name: reflection_to_plain(r) for name, r in reflections.items()}}
    if env is not None and observation is not None and action is not None:
        content |= {"observation": terms_to_plain(observation, env), "action": terms_to_plain(action, env)}
    return write_json(path, content, indent=2)


def terms_from_plain(terms: Sequence[Any] | Mapping[str, Sequence[Any]], env: gym.Env) -> Terms:
    """
    :param terms: terms, or mappings of their arguments, whose ``names`` may be one of :data:`ROBOT_NAMES` and whose
        ``size`` may be left out; ``repeat: 2`` lists each name twice in a row, for two values of each side by side; by
        key for dict observations
    :param env: whose robot is asked for its names
    :return: the terms
    :raises ValueError: if a term is wrong, or asks for other names
    """
    if isinstance(terms, Mapping):
        return {
            key: _terms(list_of(group, f"the terms of {key!r}"), env, f"{key}.")
            for key, group in mapping_of(terms, "terms by key").items()
        }
    return _terms(list_of(terms, "terms"), env)


def terms_to_plain(terms: Terms, env: gym.Env) -> Any:
    """
    :param terms: of an observation or an action
    :param env: with their robot
    :return: what :func:`terms_from_plain` makes them of again, in another simulator's order of joints too
    """
    if isinstance(terms, Mapping):
        return {key: [_plain(term, env) for term in group] for key, group in terms.items()}
    return [_plain(term, env) for term in terms]


def reflection_from_plain(value: Any) -> Reflection:
    """
    :param value: a reflection, or a mapping of its arguments
    :return: the reflection
    :raises ValueError: if it is wrong
    """
    return value if isinstance(value, Reflection) else from_plain(Reflection, value)


def from_plain(kind: type[_Made], arguments: Any) -> _Made:
    """
    :param kind: a dataclass
    :param arguments: a mapping of its arguments
    :return: one of that kind
    :raises ValueError: if they are not its arguments
    """
    try:
        return kind(**arguments)
    except TypeError as error:
        known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
        raise ValueError(f"expected a mapping with some of {known}, got {shown(arguments)}: {error}") from error


def reflection_to_plain(reflection: Reflection) -> dict[str, Any]:
    """
    :param reflection: of a robot
    :return: its arguments, without those that are empty
    """
    arguments = {
        "plane": reflection.plane,
        "joints": {name: list(pair) for name, pair in reflection.joints.items()},
        "actuators": {name: list(pair) for name, pair in reflection.actuators.items()},
        "feet": dict(reflection.feet),
        "bodies": dict(reflection.bodies),
        "pose": dict(reflection.pose),
        "neutral": dict(reflection.neutral),
        "base": reflection.base.plain,
    }
    return {key: value for key, value in arguments.items() if value}


def _terms(terms: Sequence[Any], env: gym.Env, place: str = "") -> list[Term]:
    made = []
    for i, term in enumerate(terms):
        with located("terms", f"{place}{i}"):
            made.append(_term(term, env))
    return made


def _term(term: Any, env: gym.Env) -> Term:
    if isinstance(term, Term):
        return term
    if not isinstance(term, Mapping):
        raise ValueError(f"a term must be a mapping with `name`, `kind` …, got {shown(term)}")
    names = term.get("names", ())
    if isinstance(names, str):
        if names not in ROBOT_NAMES:
            raise ValueError(
                f"term {shown(term.get('name'))}: `names` must be a list or one of {list(ROBOT_NAMES)}, got {names!r}"
            )
        names = _robot_names(names, env)
    term = dict(mapping_of(term, "a term"))
    what = f"term {shown(term.get('name'))}"
    repeat = term.pop("repeat", 1)
    if not isinstance(repeat, int) or not 1 <= repeat <= MAX_SIZE:
        raise ValueError(f"{what}: `repeat` must be a positive whole number, got {shown(repeat)}")
    names = [name for name in texts_of(names, f"{what}: `names`") for _ in range(repeat)]
    size = default_size(term.get("kind", ""), names, term.get("shape", ()))
    return from_plain(Term, {"size": size, **term, "names": names})


def _plain(term: Term, env: gym.Env) -> dict[str, Any]:
    plain: dict[str, Any] = {"name": term.name, "kind": term.kind, "size": term.size}
    if term.shape:
        plain["shape"] = list(term.shape)
    if term.names:
        same = [what for what in _NAMES.get(term.kind, ("motors", "joints")) if _are_all(what, term.names, env)]
        plain["names"] = same[0] if same else list(term.names)
        del plain["size"]
    return plain


def _are_all(what: str, names: tuple[str, ...], env: gym.Env) -> bool:
    try:
        return _robot_names(what, env) == names
    except ValueError:  # no known robot: its names have no other order
        return False


def _robot_names(what: str, env: gym.Env) -> tuple[str, ...]:
    if what in ("actuators", "bodies"):
        model = getattr(env.unwrapped, "model", None)
        if type(model).__name__ != "MjModel":
            raise ValueError(f"`names: {what}` are those of a MuJoCo model, which {env} does not have: list them")
        return actuator_names(model) if what == "actuators" else body_names(model)
    robot = find_robot(env)
    return {"motors": robot.motor_names, "joints": robot.joint_names, "feet": robot.foot_names}[what]
