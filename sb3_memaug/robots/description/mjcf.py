"""A robot in an MJCF file, whether or not the meshes and pictures that it names are there."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from sb3_memaug.files import InputError, read_text
from sb3_memaug.robots.description.text import GREATEST, RobotText, read_robot_text

#: What may need a file: lists of a ``mujoco.MjSpec``.
ASSETS = ("meshes", "textures", "hfields", "skins")
#: What a robot's geometry follows from: arrays of a ``mujoco.MjModel``.
NUMBERS = {
    "body": ("pos", "quat", "mass", "inertia", "ipos"),
    "geom": ("pos", "size"),
    "jnt": ("pos", "axis"),
    "site": ("pos",),
    "key": ("qpos",),
}
#: Of a text, which was made from a file or is not to be seen by lines.
_LINE = re.compile(r",? line \d+")
#: How MuJoCo names a file that is not there, and what else it stumbles over.
_MISSING, _STUMBLED = re.compile(r"Error opening file '(.*?)'"), re.compile(r"Element name '(.*?)'")


class _Lost(NamedTuple):
    """A file that cannot be used."""

    file: str
    why: str


class _Unweighed(NamedTuple):
    """A body whose geoms would have given its mass: which of them are lost, and whether anything else gives one."""

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
    :raises InputError: if MuJoCo cannot read the file, or nothing gives the mass of a body but a file that is missing
    :raises ImportError: if MuJoCo is not installed
    """
    try:
        import mujoco
    except ImportError as error:
        raise ImportError("reading an MJCF file needs MuJoCo: pip install 'sb3-memaug[mujoco]'") from error
    text = robot if isinstance(robot, RobotText) else read_robot_text(robot)
    if text.path is not None:
        # MuJoCo takes any bytes for UTF-8.
        read_text(text.path)
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
                said = _tidy(error) if text.path else _LINE.sub("", _tidy(error))
                raise InputError(text.source, f"MuJoCo cannot read the robot in it: {said}") from error
            lost |= found
    _check_masses(text.source, unweighed)
    _check_values(text.source, model)
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
    files = {(key[0], asset.name or PurePosixPath(asset.file).stem): lost[key].file for key, asset in assets.items()}
    unweighed = list(_find_unweighed(mujoco, spec, files))
    names = set()
    for geom in spec.geoms:
        if _file_of(geom, files) is not None:
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


def _file_of(geom: Any, files: Mapping[tuple[str, str], str]) -> str | None:
    """That a geom needs and that is lost."""
    return files.get(("meshes", geom.meshname)) or files.get(("hfields", geom.hfieldname))


def _make_plain(mujoco: Any, texture: Any) -> None:
    """Materials go on naming it."""
    texture.file = ""
    for side in range(len(texture.cubefiles)):
        texture.cubefiles[side] = ""
    texture.builtin, texture.gridsize = mujoco.mjtBuiltin.mjBUILTIN_FLAT, [1, 1]
    texture.rgb1 = texture.rgb2 = [0.8] * 3
    texture.width = texture.height = 4
    texture.nchannel = 3


def _find_unweighed(mujoco: Any, spec: Any, files: Mapping[tuple[str, str], str]) -> list[_Unweighed]:
    source = spec.compiler.inertiafromgeom
    if source == mujoco.mjtInertiaFromGeom.mjINERTIAFROMGEOM_FALSE:
        return []
    always = source == mujoco.mjtInertiaFromGeom.mjINERTIAFROMGEOM_TRUE
    low, high = spec.compiler.inertiagrouprange
    # Of each body, what is lost of its mass; of each body that moves, whether it or what is fixed to it has another.
    missing: list[tuple[int, str, list[str]]] = []
    has_other: dict[int, bool] = {}
    # Bodies are numbered when they are compiled, so each is known by its place in this list.
    waiting = [(body, 0) for body in spec.worldbody.bodies]
    for number, (body, carrier) in enumerate(waiting, 1):
        # What nothing moves hangs on the world, number 0, whose mass is no matter.
        carrier = number if body.joints else carrier
        waiting += [(below, carrier) for below in body.bodies]
        weighing = [
            geom
            for geom in body.geoms
            if low <= geom.group <= high and (geom.density if np.isnan(geom.mass) else geom.mass)
        ]
        if body.explicitinertial and not always:
            lost, others = [], True
        else:
            lost = [file for file in (_file_of(geom, files) for geom in weighing) if file is not None]
            others = len(lost) < len(weighing)
        has_other[carrier] = has_other.get(carrier, not carrier) or others
        if lost:
            missing.append((carrier, body.name or f"number {number}", lost))
    return [_Unweighed(name, tuple(dict.fromkeys(lost)), has_other[carrier]) for carrier, name, lost in missing]


def _check_masses(source: str, unweighed: list[_Unweighed]) -> None:
    for body in unweighed:
        if not body.has_other:
            raise InputError(
                source,
                f"its mass is only known from {_listed(body.files)}, which cannot be read: put the files there, or "
                "give the body an <inertial>",
                f"body {body.name!r}",
            )


def _check_values(source: str, model: Any) -> None:
    """MuJoCo takes names that are none, and numbers with which what follows from them overflows."""
    try:
        model.names.decode()
    except UnicodeDecodeError as error:
        raise InputError(source, f"expected names in UTF-8, also in the files that it includes: {error}") from error
    for kind, arrays in NUMBERS.items():
        for name in arrays:
            values = getattr(model, f"{kind}_{name}")
            if not (abs(values) <= GREATEST).all():
                i = int(np.argwhere(~(abs(values) <= GREATEST))[0, 0])
                what = "joint" if kind == "jnt" else kind
                raise InputError(
                    source,
                    f"expected numbers of up to {GREATEST:g} as its {name}, got {values[i]}",
                    f"{what} {getattr(model, what)(i).name or i!r}",
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
