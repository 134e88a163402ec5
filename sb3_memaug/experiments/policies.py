"""The policies that experiments compare, by name."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from sb3_memaug.experiments.names import folder_name
from sb3_memaug.experiments.settings import check_settings
from sb3_memaug.files import InputError, located, path_of, read_yaml
from sb3_memaug.models import ALGORITHMS
from sb3_memaug.symmetry.arguments import list_of, shown, text_of


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
