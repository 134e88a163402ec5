"""A robot in an MJCF file, whether or not the meshes and pictures that it names are there."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from sb3_memaug.files import InputError
from sb3_memaug.robots.robot_text import RobotText, read_robot_text

#: What may need a file: lists of a ``mujoco.MjSpec``.
ASSETS = ("meshes", "textures", "hfields", "skins")
#: How MuJoCo names a file that is not there, and what else it stumbles over.
_MISSING, _STUMBLED = re.compile(r"Error opening file '(.*?)'"), re.compile(r"Element name '(.*?)'")


class _Lost(NamedTuple):
    """A file that cannot be used."""

    file: str
    why: str


class _Unweighed(NamedTuple):
    """A body whose geoms would have told its mass: which of them are lost, and whether anything else tells one."""

    name: str
    files: tuple[str, ...]
    has_other: bool


def read_mjcf(
    robot: str | os.PathLike[str] | RobotText, prepare: Callable[[Any], None] | None = None
) -> tuple[Any, Any]:
    """
    Meshes, height fields, skins and pictures whose files are missing or of no use are left out, with the shapes that
    they are, which is warned of.

    :param robot: path of the file, or its text
    :param prepare: changes the description before it is compiled
    :return: ``mujoco.MjSpec``, and the ``mujoco.MjModel`` that it compiles to
    :raises InputError: if MuJoCo cannot read the file, or nothing tells the mass of a body but a file that is missing
    :raises ImportError: if MuJoCo is not installed
    """
    try:
        import mujoco
    except ImportError as error:
        raise ImportError("reading an MJCF file needs MuJoCo: pip install 'sb3-memaug[mujoco]'") from error
    text = robot if isinstance(robot, RobotText) else read_robot_text(robot)
    problems = (ValueError, mujoco.FatalError, mujoco.UnexpectedError)
    lost: dict[tuple[str, int], _Lost] = {}
    unweighed: list[_Unweighed] = []
    while True:
        try:
            # Anew each time: a description that could not be compiled is not what it was.
            spec = _parsed(mujoco.MjSpec, text)
            unweighed = _leave_out(mujoco, spec, lost)
            if prepare is not None:
                prepare(spec)
            model = spec.compile()
            break
        except problems as error:
            found = _culprit(_files(mujoco, text, problems), str(error), lost)
            if found is None:
                _check_masses(text.source, unweighed)
                raise InputError(text.source, f"MuJoCo cannot read it: {_tidy(error)}") from error
            lost |= found
    _check_masses(text.source, unweighed)
    if lost:
        _tell(text.source, lost, unweighed)
    return spec, model


def _parsed(spec: Any, text: RobotText) -> Any:
    return spec.from_string(text.text) if text.path is None else spec.from_file(str(text.path))


def _files(mujoco: Any, text: RobotText, problems: tuple[type[Exception], ...]) -> list[tuple[str, int, str, str]]:
    """List, index, name and file of everything that comes from files."""
    try:
        spec = _parsed(mujoco.MjSpec, text)
    except problems:
        return []
    found = []
    for kind in ASSETS:
        for i, asset in enumerate(getattr(spec, kind)):
            for file in (asset.file, *(asset.cubefiles if kind == "textures" else ())):
                if file:
                    found.append((kind, i, asset.name or PurePosixPath(file).stem, file))
    return found


def _culprit(
    files: list[tuple[str, int, str, str]], message: str, lost: Mapping[tuple[str, int], _Lost]
) -> dict[tuple[str, int], _Lost] | None:
    """What has to be left out that MuJoCo can read the rest; None where that is no matter of files."""
    files = [entry for entry in files if entry[:2] not in lost]
    missing, stumbled = _MISSING.search(message), _STUMBLED.search(message)
    if missing:
        path = missing.group(1).replace("\\", "/")
        for fits in (lambda f: path == f or path.endswith(f"/{f}"), lambda f: PurePosixPath(f).name == _name(path)):
            found = {(kind, i): _Lost(f, "is missing") for kind, i, _, f in files if fits(f.replace("\\", "/"))}
            if found:
                return found
    elif stumbled:
        why = _tidy(message)
        return {(k, i): _Lost(f, f"is of no use ({why})") for k, i, name, f in files if name == stumbled[1]} or None
    return None


def _name(path: str) -> str:
    return PurePosixPath(path).name


def _leave_out(mujoco: Any, spec: Any, lost: Mapping[tuple[str, int], _Lost]) -> list[_Unweighed]:
    """What is lost, and the geoms made of it: these stay as points that nothing touches, for others may name them."""
    assets = {key: getattr(spec, key[0])[key[1]] for key in lost}
    gone: dict[tuple[str, str], str] = {}
    for (kind, i), asset in assets.items():
        gone[kind, asset.name or PurePosixPath(asset.file).stem] = lost[kind, i].file
    shapes = {}
    for g, geom in enumerate(spec.geoms):
        file = gone.get(("meshes", geom.meshname)) or gone.get(("hfields", geom.hfieldname))
        if file is not None:
            shapes[g] = file
    unweighed = list(_find_unweighed(mujoco, spec, shapes))
    names = set()
    for g in shapes:
        geom = spec.geoms[g]
        names.add(geom.name)
        geom.type, geom.size, geom.fromto = mujoco.mjtGeom.mjGEOM_SPHERE, [1e-3, 0, 0], [np.nan] * 6
        geom.meshname = geom.hfieldname = ""
        geom.mass = geom.density = geom.contype = geom.conaffinity = 0
        geom.rgba = [*geom.rgba[:3], 0]
    for pair in list(spec.pairs):
        if {pair.geomname1, pair.geomname2} & names:
            spec.delete(pair)
    for (kind, _), asset in assets.items():
        if kind == "textures":
            _make_plain(mujoco, asset)
        else:
            spec.delete(asset)
    return unweighed


def _make_plain(mujoco: Any, texture: Any) -> None:
    """Materials go on naming it."""
    texture.file = ""
    for side in range(len(texture.cubefiles)):
        texture.cubefiles[side] = ""
    texture.builtin, texture.gridsize = mujoco.mjtBuiltin.mjBUILTIN_FLAT, [1, 1]
    texture.rgb1 = texture.rgb2 = [0.8] * 3
    texture.width = texture.height = 4
    texture.nchannel = 3


def _find_unweighed(mujoco: Any, spec: Any, lost: Mapping[int, str]) -> Iterator[_Unweighed]:
    """Of bodies that move, and of those fixed to the world."""
    source = spec.compiler.inertiafromgeom
    if source == mujoco.mjtInertiaFromGeom.mjINERTIAFROMGEOM_FALSE:
        return
    always = source == mujoco.mjtInertiaFromGeom.mjINERTIAFROMGEOM_TRUE
    low, high = spec.compiler.inertiagrouprange
    weighs: dict[int, bool] = {}
    missing: dict[int, list[str]] = {}
    for g, geom in enumerate(spec.geoms):
        body = geom.parent.id
        if low <= geom.group <= high and (geom.density if np.isnan(geom.mass) else geom.mass):
            if g in lost:
                missing.setdefault(body, []).append(lost[g])
            else:
                weighs[body] = True
    bodies = {body.id: body for body in spec.bodies}
    carrier: dict[int, int] = {}
    for i, body in bodies.items():
        # Parents come first. What nothing moves hangs on the world.
        parent = body.parent.id if i else 0
        carrier[i] = i if len(body.joints) else carrier.get(parent, 0)
        if body.explicitinertial and not always:
            weighs[i] = True
            missing.pop(i, None)
    for i, files in missing.items():
        together = [j for j in bodies if carrier[j] == carrier[i]]
        has_other = not carrier[i] or any(weighs.get(j, False) for j in together)
        yield _Unweighed(bodies[i].name or f"number {i}", tuple(dict.fromkeys(files)), has_other)


def _check_masses(source: str, unweighed: list[_Unweighed]) -> None:
    for body in unweighed:
        if not body.has_other:
            raise InputError(
                source,
                f"its mass is only known from {_listed(body.files)}, which cannot be read: put the files there, or give "
                "the body an <inertial>",
                f"body {body.name!r}",
            )


def _tell(source: str, lost: Mapping[tuple[str, int], _Lost], unweighed: list[_Unweighed]) -> None:
    account = {entry.file: f"{entry.file!r} {entry.why}" for entry in lost.values()}
    message = f"{source}: read without what these files show and touch with: {', '.join(account.values())}"
    if unweighed:
        message += f"; their mass is missing in the bodies {_listed(body.name for body in unweighed)}"
    warnings.warn(message, stacklevel=4)


def _listed(names: Any) -> str:
    return ", ".join(map(repr, names))


def _tidy(error: Any) -> str:
    return " ".join(str(error).split())
