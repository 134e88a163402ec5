"""Robot files, MJCF or URDF: found by path or given as text, decoded, parsed as XML; and the numbers in them."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, TreeBuilder, tostring
from xml.parsers import expat

import numpy as np

from sb3_memaug.files import InputError
from sb3_memaug.symmetry.frames import RigidMotion

#: Elements within elements: of MuJoCo's parser, and far more than any URDF has, which is flat.
DEPTHS = {"mujoco": 500, "robot": 100}
#: What may stand around a document.
_BLANK = "\ufeff \t\r\n\0"
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


class RobotText(NamedTuple):
    """
    :param source: what to call it in messages
    :param path: of the file; None of text
    :param text: what it holds
    :param root: the element around everything, ``<mujoco>`` or ``<robot>``, without comments and without a default
        namespace
    """

    source: str
    path: Path | None
    text: str
    root: Element


def read_robot_text(robot: str | os.PathLike[str]) -> RobotText:
    """
    :param robot: path of an MJCF or URDF file, in which ``~`` is the user's home, or the text of one
    :return: what it holds
    :raises InputError: if there is no such file, it cannot be read or decoded, is no XML, declares entities of its own,
        nests too deeply, or is neither MJCF nor URDF
    """
    if isinstance(robot, str) and robot.lstrip(_BLANK).startswith("<"):
        source, path, text = "the text", None, robot.strip(_BLANK)
    else:
        path = robot_path(robot)
        source, text = str(path), _decoded(path).strip(_BLANK)
        if not text:
            raise InputError(source, "expected <mujoco> or <robot> around everything, got an empty file")
    return RobotText(source, path, text, _parsed(source, text))


def robot_path(robot: str | os.PathLike[str]) -> Path:
    """
    :param robot: path of a file, in which ``~`` is the user's home
    :return: the path
    :raises InputError: if there is no such file, or it is a folder
    """
    path = expanded_path(robot)
    if path.is_dir():
        raise InputError(path, "expected an MJCF or URDF file, got a folder")
    if not path.is_file():
        raise InputError(path, f"expected an MJCF or URDF file, but there is no file {str(path)!r}")
    return path


def expanded_path(robot: str | os.PathLike[str]) -> Path:
    """
    :param robot: path of something, in which ``~`` is the user's home
    :return: the path of what may be there
    :raises TypeError: if it is neither a text nor a path
    :raises InputError: if nothing can have such a path
    """
    if not isinstance(robot, str | os.PathLike):
        raise TypeError(f"expected the path of an MJCF or URDF file, got {robot!r}")
    try:
        path = Path(robot).expanduser()
        path.stat()
    except FileNotFoundError:
        pass
    except (OSError, ValueError, RuntimeError) as error:
        shown = repr(os.fspath(robot))
        shown = shown if len(shown) < 200 else f"{shown[:200]}…"
        reason = getattr(error, "strerror", None) or error
        raise InputError(shown, f"expected the path of an MJCF or URDF file, which this is not: {reason}") from error
    return path


def parse_xml(source: Any, text: str, depth: int = DEPTHS["robot"]) -> Element:
    """
    Prefixes of names are left as they are written, declared or not, but for that of the outermost element, which is
    taken away wherever it stands, as are default namespaces.

    :param source: of the text, for messages
    :param text: an XML document
    :param depth: up to which elements may stand within elements, if it is neither MJCF nor URDF
    :return: its outermost element
    :raises InputError: if it is none, nests more deeply, or declares entities of its own
    """
    builder = TreeBuilder()
    # Without namespaces: files that were merged by hand often use prefixes that are not declared.
    parser = expat.ParserCreate()
    parser.buffer_text = True
    prefix, level, limit = "", 0, depth

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal prefix, level, limit
        if not level:
            before, colon, _ = tag.rpartition(":")
            prefix = before + colon
            limit = DEPTHS.get(tag.removeprefix(prefix), depth)
        level += 1
        if level > limit:
            raise InputError(
                source, f"expected elements within elements up to {limit} deep", f"line {parser.CurrentLineNumber}"
            )
        attributes.pop("xmlns", None)
        builder.start(tag.removeprefix(prefix), attributes)

    def end(tag: str) -> None:
        nonlocal level
        level -= 1
        builder.end(tag.removeprefix(prefix))

    def refuse_entity(name: str, *_: Any) -> None:
        raise InputError(
            source,
            f"declares the entity {name!r}, and entities can be made to expand without end: write out what it stands "
            "for",
            f"line {parser.CurrentLineNumber}",
        )

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.EntityDeclHandler = builder.data, refuse_entity
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise InputError(
            source, f"this is no URDF file or MJCF file, nor any XML: {error}", f"line {error.lineno}"
        ) from error
    except UnicodeEncodeError as error:
        raise InputError(source, f"expected text, got half of a character: {error}") from error
    return builder.close()


def _parsed(source: str, text: str) -> Element:
    root = parse_xml(source, text)
    if root.tag not in DEPTHS:
        raise InputError(
            source,
            f"expected <mujoco> or <robot> around everything, got <{root.tag}>: a robot must be a URDF file with "
            "<robot> outermost or an MJCF file with <mujoco>",
        )
    return root


def _decoded(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    marked = next((encoding for mark, encoding in _BYTE_ORDER_MARKS.items() if data.startswith(mark)), None)
    declared = _DECLARED.match(data)
    encoding = marked or (declared.group(1).decode() if declared else "utf-8")
    try:
        return data.decode(encoding)
    except LookupError as error:
        raise InputError(path, f"is declared to be in the encoding {encoding!r}, which is unknown", "line 1") from error
    except UnicodeDecodeError as error:
        raise InputError(
            path,
            f"expected text in {encoding}, got the byte 0x{error.object[error.start]:02x}: save it as UTF-8, or name "
            'its encoding in the first line, as in <?xml version="1.0" encoding="iso-8859-1"?>',
            f"byte {error.start}",
        ) from error
    except (UnicodeError, ValueError) as error:
        raise InputError(path, f"cannot be decoded as {encoding}: {error}") from error


#: Greatest number of anything that has a place or a mass: beyond it, simulators refuse or overflow.
GREATEST = 1e10
#: As C reads them; Python would take ``1_000`` as well.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.ASCII | re.IGNORECASE)


class Place:
    """
    Where in a file something stands, for messages.

    :param source: the file
    :param place: within it, such as ``"joint 'knee'"``
    """

    def __init__(self, source: str, place: str = "") -> None:
        self.source, self.place = source, place

    def error(self, problem: str) -> InputError:
        """
        :param problem: what was expected and what came
        :return: to be raised
        """
        return InputError(self.source, problem, self.place)

    def within(self, place: str) -> Place:
        """
        :param place: a part of the file
        :return: that part
        """
        return Place(self.source, place)

    def only(self, element: Element, tag: str) -> Element | None:
        """
        :param element: of the file
        :param tag: of what it may hold once; the same once more is taken away
        :return: the element within it, if there is one
        :raises InputError: if there are several that differ
        """
        found = element.findall(tag)
        for other in found[1:]:
            if tostring(other).strip() != tostring(found[0]).strip():
                raise self.error(f"expected one <{tag}>, got {len(found)}")
            element.remove(other)
        return found[0] if found else None

    def numbers(
        self,
        element: Element | None,
        attribute: str,
        default: Sequence[float] | None,
        count: int = 1,
        unlimited: bool = False,
    ) -> np.ndarray:
        """
        :param element: that has the attribute, or None
        :param attribute: numbers, separated by spaces
        :param default: where there is no such element or attribute; None where there must be one
        :param count: of numbers
        :param unlimited: whether they may be infinite or as good as that
        :return: as many numbers as there must be
        :raises InputError: if there are more or fewer, or something else
        """
        text = None if element is None else element.get(attribute)
        if text is None and default is not None:
            return np.array(default, dtype=float)
        words = (text or "").split()
        values = np.array([float(word) for word in words if _NUMBER.fullmatch(word)])
        if len(words) != count or len(values) != count:
            tag = "?" if element is None else element.tag
            if text is None:
                raise self.error(f"expected {_count(count)} in {attribute!r} of <{tag}>, which it has not")
            hint = "; a xacro file must be expanded first" if "$" in text else ""
            raise self.error(f"expected {_count(count)} in <{tag} {attribute}={text!r}>{hint}")
        if not unlimited and not (abs(values) <= GREATEST).all():
            tag = "?" if element is None else element.tag
            raise self.error(f"expected {_count(count)} of up to {GREATEST:g} in <{tag} {attribute}={text!r}>")
        return values

    def number(self, element: Element | None, attribute: str, default: float | None, unlimited: bool = False) -> float:
        """
        :param element: that has the attribute, or None
        :param attribute: a number
        :param default: where there is no such element or attribute; None where there must be one
        :param unlimited: whether it may be infinite or as good as that
        :return: the number
        :raises InputError: if it is none
        """
        return float(self.numbers(element, attribute, None if default is None else (default,), 1, unlimited)[0])

    def placement(self, element: Element | None) -> RigidMotion:
        """
        :param element: whose ``<origin>`` says where it is, or None
        :return: that place, as a motion from its own frame to the frame around it
        :raises InputError: if its numbers are none
        """
        origin = None if element is None else self.only(element, "origin")
        roll, pitch, yaw = self.numbers(origin, "rpy", (0, 0, 0), 3)
        return RigidMotion(_turn(2, yaw) @ _turn(1, pitch) @ _turn(0, roll), self.numbers(origin, "xyz", (0, 0, 0), 3))


def _count(numbers: int) -> str:
    return "a number" if numbers == 1 else f"{numbers} numbers"


def _turn(axis: int, angle: float) -> np.ndarray:
    """About x, y or z."""
    rotation = np.eye(3)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    rotation[[i, i, j, j], [i, j, i, j]] = np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)
    return rotation
