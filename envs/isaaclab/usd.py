"""Robots from files of the user: USD as it is, URDF converted once and kept."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from os import PathLike
from pathlib import Path

from .urdf import FEET, prepare_urdf
from .urdf_to_usd import urdf_to_usd

USD_ENDINGS = (".usd", ".usda", ".usdc", ".usdz")
#: Rises when the conversion changes, so that older conversions are made anew.
CONVERSION = 1


def cache_folder() -> Path:
    """Where conversions are kept: ``sb3-memaug/isaaclab`` in ``$XDG_CACHE_HOME``, which is ``~/.cache`` if unset."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sb3-memaug" / "isaaclab"


def find_usd(robot: str | PathLike[str], joints: str = ".*", keep: str = FEET) -> Path:
    """
    :param robot: path of a USD or URDF file
    :param joints: regular expression of the joints that move, for a URDF; others become fixed
    :param keep: regular expression of the links that stay bodies though joints hold them fast, for a URDF
    :return: path of the USD file
    :raises FileNotFoundError: if there is no such file
    :raises ValueError: if it is neither a USD nor a URDF file, or cannot be converted
    :raises ImportError: if Isaac Lab's converter is not installed
    """
    path = Path(robot).expanduser().resolve()
    if not path.is_file():
        raise FileNotFoundError(f"`robot` names the file {str(path)!r}, which does not exist")
    if path.suffix.lower() in USD_ENDINGS:
        return path
    if path.suffix.lower() != ".urdf":
        raise ValueError(f"`robot` must be a file that ends in .urdf, {', '.join(USD_ENDINGS)}, got {str(path)!r}")
    text, kept = prepare_urdf(path, joints, keep)
    key = hashlib.sha256(f"{CONVERSION}\n{text}".encode()).hexdigest()[:16]
    folder = cache_folder() / f"{path.stem}-{key}"
    if not folder.is_dir():
        _convert(text, kept, path.stem, folder)
    return folder / (folder / "asset").read_text(encoding="utf-8")


def joint_names(usd: Path) -> list[str]:
    """
    :param usd: path of a USD file
    :return: names of the joints that move
    """
    from pxr import Usd, UsdPhysics

    stage = Usd.Stage.Open(str(usd))
    prims = Usd.PrimRange(stage.GetPseudoRoot(), Usd.TraverseInstanceProxies())
    return [p.GetName() for p in prims if p.IsA(UsdPhysics.RevoluteJoint) or p.IsA(UsdPhysics.PrismaticJoint)]


def _convert(text: str, kept: list[str], name: str, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent)).resolve()
    try:
        given = part / "given" / f"{name}.urdf"
        given.parent.mkdir()
        given.write_text(text, encoding="utf-8")
        usd = urdf_to_usd(given, part, kept)
        (part / "asset").write_text(usd.relative_to(part).as_posix(), encoding="utf-8")
        try:
            os.replace(part, folder)
        except OSError:
            # Another process was faster.
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
