"""Names that become folders and files: of environments, policies and runs."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator

from sb3_memaug.files.fields import Text

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
