"""The policies that experiments compare, by name."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from sb3_memaug.models import ALGORITHMS

#: Hyperparameters by their names, an algorithm's arguments and rl_zoo3's own.
Settings = dict[str, Any]


def read_yaml(path: Any) -> Any:
    """
    :param path: of a YAML file, on disk or in a package
    :return: what it holds
    :raises ValueError: if it is no YAML
    """
    import yaml

    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is no YAML: {error}") from error


def known_policies() -> dict[str, Settings]:
    """
    :return: the policies of ``zoo_configs/policies.yml``: ``algo``, and what differs from the algorithm's settings
    """
    return read_yaml(files("sb3_memaug.zoo_configs") / "policies.yml")


def check_policies(policies: Any) -> dict[str, Settings]:
    """
    :param policies: names of known ones; or, by name, what defines them as in ``zoo_configs/policies.yml``, or None for
        a known one
    :return: their definitions
    :raises ValueError: if one is not known, or its algorithm is not
    """
    known = known_policies()
    if not isinstance(policies, Mapping):
        policies = dict.fromkeys(policies)
    found = {}
    for name, settings in policies.items():
        if settings is None and name not in known:
            near = get_close_matches(name, known)
            hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(known)}"
            raise ValueError(f"there is no policy {name!r}; {hint} Others are defined as `{name}: {{algo: …}}`")
        settings = known[name] if settings is None else settings
        if settings.get("algo") not in ALGORITHMS:
            raise ValueError(
                f"the policy {name!r} must say `algo`, one of {', '.join(ALGORITHMS)}; got {settings.get('algo')!r}"
            )
        found[name] = dict(settings)
    return found


def zoo_settings(algo: str, env_id: str, conf_file: str | Path | None = None) -> Settings:
    """
    :param algo: name of an algorithm
    :param env_id: of an environment
    :param conf_file: in rl_zoo3's format; by default ``zoo_configs/ALGO.yml``
    :return: the algorithm's settings for the environment
    :raises ValueError: if there are none
    """
    path = files("sb3_memaug.zoo_configs") / f"{algo}.yml" if conf_file is None else Path(conf_file)
    if not path.is_file():
        raise ValueError(f"there is no file {path} with settings of {algo}")
    settings = read_yaml(path)
    found = settings.get(env_id, settings.get("default"))
    if found is None:
        raise ValueError(
            f"{path} has no settings for {env_id}: write some into a file of yours, and name it with "
            f"`conf_files: {{{algo}: my_settings.yml}}`"
        )
    return dict(found)
