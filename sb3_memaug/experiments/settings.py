"""What an experiment is made of: names that become folders, hyperparameters as files hold them, known policies."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator

from sb3_memaug.files import InputError, located, path_of, read_yaml
from sb3_memaug.files.fields import Text
from sb3_memaug.models import ALGORITHMS
from sb3_memaug.symmetry.arguments import list_of, shown, text_of
from sb3_memaug.zoo.python_values import python_settings

#: Bytes of a name: those of an environment, a policy and a variation together name a video.
LONGEST = 80
#: ``module:namespace/Name-v0``, of which module, namespace and version may be missing, as Gymnasium has it.
_ENV_ID = re.compile(r"(?:[\w.]+:)?(?:[\w:-]+/)?[\w:.-]+")
_PREFIX = "MemAug/"


def folder_name(name: str) -> str:
    """
    :param name: of a policy
    :return: the same
    :raises ValueError: if no folder can have that name on every system, or it is one that reports leave out
    """
    if not name or name != name.strip() or name.startswith("."):
        raise ValueError(
            f"expected a name that is not empty and neither begins nor ends with a space, nor begins with a dot, "
            f"got {name[:LONGEST]!r}: a folder is named after it"
        )
    strange = [c for c in name if c in '/\\:*?"<>|' or unicodedata.category(c).startswith("C")]
    if strange:
        raise ValueError(f"expected a name without {strange[0]!r}, got {name[:LONGEST]!r}: a folder is named after it")
    if len(name.encode()) > LONGEST:
        raise ValueError(f"expected a name of at most {LONGEST} bytes, got {len(name.encode())}: {name[:LONGEST]!r}…")
    return name


def env_id(name: str) -> str:
    """
    :param name: id of an environment
    :return: the same
    :raises ValueError: if Gymnasium takes no such id, or no folder can be named after it
    """
    if not _ENV_ID.fullmatch(name):
        raise ValueError(f"expected the id of an environment, such as 'MemAug/Name-v0', got {name[:LONGEST]!r}")
    folder_name(slug(name))
    return name


def slug(env_id: str) -> str:
    """
    :param env_id: such as ``"MemAug/MinitaurVelocity-v0"``
    :return: the same as the name of a folder, ``"MinitaurVelocity-v0"``
    """
    return re.sub(r"[^\w.-]+", "_", env_id.removeprefix(_PREFIX))


def env_folders(env_ids: Sequence[str]) -> dict[str, str]:
    """
    :param env_ids: of an experiment
    :return: the folder of each, in that of the experiment: its :func:`slug`; where several have the same, or some that
        differ in upper and lower case alone, all but one end in a number of their own, ``MemAug/…`` last of all
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for env in sorted(env_ids, key=lambda env: not env.startswith(_PREFIX)):
        name = slug(env)
        if name.lower() in taken:
            name += f"_{hashlib.sha256(env.encode()).hexdigest()[:8]}"
        taken.add(name.lower())
        found[env] = name
    return found


#: Of the fields of dataclasses.
EnvId = Annotated[Text, AfterValidator(env_id)]
FolderName = Annotated[Text, AfterValidator(folder_name)]


def check_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """
    :param settings: by their names
    :return: the same
    :raises InputError: if a text that stands for a value of Python is none that can be read without running it, or
        something else is of a kind that no algorithm takes
    """
    python_settings(settings, "settings")
    if not isinstance(settings.get("env_kwargs", {}), dict):
        raise InputError("settings", f"expected a mapping, got {settings['env_kwargs']!r}"[:300], "env_kwargs")
    for name in settings.get("env_kwargs", {}):
        if not isinstance(name, str):
            raise InputError("settings", f"expected names of arguments, got {name!r}"[:300], "env_kwargs")
    if "n_timesteps" in settings:
        steps_of(settings)
    return settings


def steps_of(settings: dict[str, Any]) -> int:
    """
    :param settings: by their names
    :return: ``n_timesteps``, which YAML may have as ``1e6``, a text
    :raises InputError: if it is missing, or no positive number
    """
    given = settings.get("n_timesteps")
    if isinstance(given, int | float | str) and not isinstance(given, bool):
        try:
            steps = float(given)
        except (ValueError, OverflowError):
            steps = math.nan
        if 1 <= steps < 2**63:
            return int(steps)
    raise InputError("settings", f"expected a positive number of steps, got {given!r}"[:300], "n_timesteps")


def _algorithm(name: str) -> str:
    if name not in ALGORITHMS:
        raise ValueError(f"expected one of {', '.join(ALGORITHMS)}, got {name[:100]!r}")
    return name


#: Of the fields of dataclasses.
Settings = Annotated[dict[Text, Any], AfterValidator(check_settings)]
Algorithm = Annotated[Text, AfterValidator(_algorithm)]


def known_policies() -> dict[str, dict[str, Any]]:
    """
    :return: the policies of ``zoo_configs/policies.yml``: ``algo``, and what differs from the algorithm's settings
    """
    return read_yaml(files("sb3_memaug.zoo_configs") / "policies.yml")


def check_policies(policies: Any) -> dict[str, dict[str, Any]]:
    """
    :param policies: names of known ones; or, by name, what defines them as in ``zoo_configs/policies.yml``, or None for
        a known one
    :return: their definitions
    :raises InputError: if one is not known, its algorithm is not, no folder can be named after it, its settings are
        none, or two differ in upper and lower case alone
    """
    known = known_policies()
    if not isinstance(policies, Mapping):
        names = [text_of(name, "each name of a policy") for name in list_of(policies, "`policies`")]
        if len(set(names)) < len(names):
            raise InputError("policies", f"expected each name once, got {shown(names)}")
        policies = dict.fromkeys(names)
    if not policies:
        raise InputError("policies", "expected at least one, got none")
    found: dict[str, dict[str, Any]] = {}
    for name, settings in policies.items():
        with located("policies", str(name)[:80]):
            folder_name(text_of(name, "the name of a policy"))
            if name.lower() in (other.lower() for other in found):
                raise ValueError("expected names that differ in more than upper and lower case: some disks know none")
            found[name] = _definition(name, settings, known)
    return found


def _definition(name: str, settings: Any, known: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    if settings is None and name not in known:
        near = get_close_matches(name, known)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(known)}"
        raise ValueError(f"there is no policy {name!r}; {hint} Others are defined as `{name}: {{algo: …}}`")
    settings = known[name] if settings is None else settings
    if not isinstance(settings, Mapping):
        raise ValueError(f"expected settings by their names, {{algo: …}}, got {shown(settings)}")
    algo = settings.get("algo")
    if not isinstance(algo, str) or algo not in ALGORITHMS:
        problem = f"the policy {name!r} must say `algo`, one of {', '.join(ALGORITHMS)}; got {shown(algo)}"
        raise InputError("settings", problem, "algo")
    for key in settings:
        text_of(key, "each name of a setting")
    return check_settings(dict(settings))


def zoo_settings(algo: str, env_id: str, conf_file: str | Path | None = None) -> dict[str, Any]:
    """
    :param algo: name of an algorithm
    :param env_id: of an environment
    :param conf_file: in rl_zoo3's format; by default ``zoo_configs/ALGO.yml``
    :return: the algorithm's settings for the environment
    :raises InputError: if there are none, or something in them cannot be
    """
    path = files("sb3_memaug.zoo_configs") / f"{algo}.yml" if conf_file is None else path_of(conf_file)
    try:
        settings = read_yaml(path)
    except FileNotFoundError as error:
        raise InputError(path, f"there is no file with settings of {algo}") from error
    if not isinstance(settings, dict):
        raise InputError(path, f"expected settings by ids of environments, got {shown(settings)}")
    known = env_id if env_id in settings else "default"
    if settings.get(known) is None:
        raise InputError(
            path,
            f"{path.name} has no settings for {env_id}: write some into a file of yours, and name it with "
            f"`conf_files: {{{algo}: my_settings.yml}}`",
        )
    with located(path, known):
        found = settings[known]
        if not isinstance(found, dict):
            raise ValueError(f"expected settings by their names, got {shown(found)}")
        for key in found:
            text_of(key, "each name of a setting")
        return check_settings(dict(found))
