"""Numbers and names in the elements of a URDF file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, tostring

import numpy as np

from sb3_memaug.files import InputError
from sb3_memaug.symmetry.rigid_motion import RigidMotion

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
        :param element: of which ``<origin>`` tells where it is, or None
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
