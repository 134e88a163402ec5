"""Robot files with something wrong in them: what people and programs do to XML, at random."""

from __future__ import annotations

import copy
import linecache
import random
import traceback
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

#: What to write in the place of a value.
VALUES = (
    "", " ", "\n", "nan", "inf", "-inf", "1e308", "-1e308", "1e-308", "1e400", "1e12", "0", "-0", "0 0 0", "-1", "1",
    "1.5", "1 2", "1 2 3 4 5 6 7", "99999999999999999999", "abc", "é", "\uff11", "1_000", "0x10", "1,5", "${x}", "true",
    "world", "base", "floating", "planar", "ball", "free", "mesh", "fixed", "revolute", "../x", "~", "file:///nowhere",
)  # fmt: skip
#: What may be written in a file by bytes.
JUNK = (b"\x00", b"\xff", b"\xef\xbb\xbf", b"<", b">", b"&", b'"', b"<!--", b"]]>", b"\xc3", b"<!DOCTYPE a>")


def mutant(text: str, chance: random.Random) -> bytes:
    """
    :param text: of a robot's file
    :param chance: which decides what is done to it
    :return: of the file, which may be no XML any more
    """
    if chance.random() < 0.1:
        return _bytes(text.encode(), chance)
    root = ElementTree.fromstring(text)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        _change(root, chance)
    return ElementTree.tostring(root)


def _bytes(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    change = chance.randrange(4)
    if change == 0:
        return data[:at]
    if change == 1:
        return data[:at] + chance.choice(JUNK) + data[at + 1 :]
    if change == 2:
        return data[:at] + data[at + chance.randrange(1, 200) :]
    return data.decode().encode(chance.choice(("utf-8-sig", "utf-16", "utf-32")))


def _change(root: Element, chance: random.Random) -> None:
    parents = [element for element in root.iter() if len(element)]
    parent = chance.choice(parents or [root])
    element = chance.choice(list(parent) or [parent])
    others = list(root.iter())
    change = chance.randrange(14)
    if change == 0 and element is not parent:
        parent.remove(element)
    elif change == 1 and element is not parent:
        parent.insert(chance.randrange(len(parent) + 1), copy.deepcopy(element))
    elif change == 2:
        element.tag = chance.choice([other.tag for other in others] + ["nonsense", "ns:link"])
    elif change == 3 and element is not parent:
        other = chance.choice(others)
        other.append(copy.deepcopy(element))
    elif change == 4 and element.attrib:
        del element.attrib[chance.choice(list(element.attrib))]
    elif change == 5 and element.attrib:
        value = element.attrib.pop(chance.choice(list(element.attrib)))
        element.set(chance.choice(["nonsense", "name", "type", "xyz", "pos", "class"]), value)
    elif change == 6 and element.attrib:
        # That of another one of its kind: names become twice the same, parents others.
        key = chance.choice(list(element.attrib))
        element.set(key, chance.choice([other.attrib[key] for other in others if key in other.attrib]))
    elif change in (7, 8) and element.attrib:
        _change_number(element, chance)
    elif change == 9 and element.attrib:
        key = chance.choice(list(element.attrib))
        words = element.attrib[key].split() or [""]
        words[chance.randrange(len(words))] = chance.choice(VALUES)
        element.set(key, " ".join(words))
    elif element.attrib:
        element.set(chance.choice(list(element.attrib)), chance.choice(VALUES))


def _change_number(element: Element, chance: random.Random) -> None:
    """To another one, with which the file may still be read."""
    keys = [key for key, value in element.attrib.items() if any(c.isdigit() for c in value)]
    if not keys:
        return
    key = chance.choice(keys)
    words = element.attrib[key].split() or ["0"]
    many = range(len(words)) if chance.random() < 0.3 else [chance.randrange(len(words))]
    for i in many:
        words[i] = chance.choice(("0", "1", "-1", "1e-12", "1e-6", "1e9", "-1e9", "1e5", "0.3", "-0.3", "3.2", "100"))
    element.set(key, " ".join(words))


def bare_error(call: Callable[[], Any], ours: tuple[str, ...]) -> str | None:
    """
    :param call: what is tried
    :param ours: parts of the paths of files whose errors are told well
    :return: the account of an error that nobody has written for a user: not a ValueError, or not raised by us
    """
    try:
        call()
    except ValueError as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        line = linecache.getline(frame.filename, frame.lineno or 0).strip()
        if (
            line.startswith("raise")
            and any(part in frame.filename for part in ours)
            and "Lin" not in type(error).__name__
        ):
            return None
        return "".join(traceback.format_exception(error))
    except Exception as error:
        return "".join(traceback.format_exception(error))
    return None
