"""What a robot is described in, MJCF or URDF: found by its path or given as text, decoded, and parsed as XML."""

from __future__ import annotations

import codecs
import os
import re
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from sb3_memaug.files import InputError

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
    # Without namespaces: files that were merged by hand often use prefixes that nobody declares.
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
