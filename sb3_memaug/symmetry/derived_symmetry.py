"""What was found when a robot was looked at for its mirrors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sb3_memaug.symmetry.base_axes import BaseAxes
from sb3_memaug.symmetry.geometry import RobotGeometry
from sb3_memaug.symmetry.reflection import Reflection
from sb3_memaug.symmetry.residual import Residual

#: Fraction of its tolerance from which on a difference is told, and how many are told at most.
NOTICEABLE, SHOWN = 0.05, 8


@dataclass(frozen=True)
class DerivedReflection:
    """
    What was found for one plane.

    :param name: of the mirror
    :param reflection: which part becomes which; None where the parts do not correspond
    :param residuals: of every comparison, the worst first
    :param moves: whether anything changes place or sign, or the base floats
    :param locked: joints that have no mirror image, without which the rest was looked at
    :param notes: what was not tried, in words
    :param offset: of the plane from where the robot was looked at, in m, forward, to the left and up
    """

    name: str
    reflection: Reflection | None
    residuals: tuple[Residual, ...]
    moves: bool
    locked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def breaks(self) -> tuple[Residual, ...]:
        """What goes beyond its tolerance, the worst first."""
        return tuple(residual for residual in self.residuals if residual.breaks)

    @property
    def near_misses(self) -> tuple[Residual, ...]:
        """What differs but is no reason why the robot would not have this mirror, the worst first."""
        return tuple(r for r in self.residuals if not r.breaks and r.ratio > NOTICEABLE)

    @property
    def holds(self) -> bool:
        """Whether the robot has this mirror."""
        return self.reflection is not None and self.moves and not self.breaks

    def __str__(self) -> str:
        title = self.name.replace("_", "-")
        if self.reflection is None:
            title += ": the robot has no such mirror image"
        elif not self.moves:
            title += ": changes nothing that the robot does"
        elif self.holds:
            swapped = sum(name != partner for name, (partner, _) in self.reflection.joints.items())
            title += f": holds, {swapped} of {len(self.reflection.joints)} joints change places"
        else:
            title += ": there is a mirror image, but it cannot move alike"
        if self.locked:
            title += f", but for joints without mirror image: {', '.join(self.locked)}"
        account = [title]
        for word, residuals in (("broken by", self.breaks), ("near miss", self.near_misses)):
            account += [f"  {word}: {residual}" for residual in residuals[:SHOWN]]
            if len(residuals) > SHOWN:
                account.append(f"  {word}: and {len(residuals) - SHOWN} smaller differences")
        account += [f"  note: {note}" for note in self.notes]
        return "\n".join(account)


@dataclass(frozen=True)
class DerivedSymmetry:
    """
    What :func:`derive_symmetry` found.

    :param geometry: of the robot, in the pose in which it was looked at, with x forward and z up
    :param candidates: what was found for each plane, by the names of the mirrors
    :param axes: of the base's frame that point forward and up
    :param advice: planes that fit better, and what to pass for them, in words
    """

    geometry: RobotGeometry
    candidates: Mapping[str, DerivedReflection]
    axes: BaseAxes = field(default_factory=BaseAxes)
    advice: tuple[str, ...] = ()

    @property
    def reflections(self) -> dict[str, Reflection]:
        """
        Those that hold, by name: generators of the robot's group. The half turn is only among them where it is not the
        product of the others.
        """
        found = {name: c.reflection for name, c in self.candidates.items() if c.holds and c.reflection is not None}
        both = {"left_right", "front_back"} <= found.keys()
        # In a plane the half turn is the reflection again.
        planar = not self.geometry.floating and found.keys() & {"left_right", "front_back"}
        if both or planar:
            found.pop("half_turn", None)
        return found

    def __str__(self) -> str:
        account = [self.geometry.name, *map(str, self.candidates.values()), *self.advice]
        for what, told in (
            ("not compared", self.geometry.not_compared),
            ("left aside, as no part of the robot", self.geometry.left_aside),
        ):
            if told:
                more = f" and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
                account.append(f"{what}: {'; '.join(told[:SHOWN])}{more}")
        return "\n".join(account)
