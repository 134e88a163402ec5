"""Which joint mirrors which, in colours and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from sb3_memaug.symmetry import Reflection, RobotGeometry

#: For pairs of joints, in turn; the first are those of Okabe and Ito.
COLOURS = (
    *("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#7B5EA7", "#A8B400"),
    *("#C2185B", "#8C5A2B", "#2E4A7D", "#F28E7F", "#4C9A2A", "#17A2A2", "#B39DDB", "#F0C419"),
)
#: For joints that mirror themselves.
OWN = "#7d8791"
#: For joints that have no mirror image.
LOCKED = "#20262c"
#: Inches of a row.
ROW = 0.23


def joint_pairs(geometry: RobotGeometry, reflection: Reflection) -> Iterator[tuple[str, str, int]]:
    """
    :param geometry: of a robot
    :param reflection: of it
    :return: each joint once, with its partner and their sign; those that mirror themselves come last, and those
        without mirror image are left out
    """
    names = [joint.name for joint in geometry.joints if joint.name in reflection.joints]
    pairs = [(name, *reflection.joints[name]) for name in names]
    yield from (pair for pair in pairs if names.index(pair[0]) < names.index(pair[1]))
    yield from (pair for pair in pairs if pair[0] == pair[1])


def joint_colours(geometry: RobotGeometry, reflection: Reflection) -> dict[str, str]:
    """
    :param geometry: of a robot
    :param reflection: of it
    :return: a colour for each joint, the same for partners
    """
    colours = {joint.name: LOCKED for joint in geometry.joints}
    for i, (name, partner, _) in enumerate(joint_pairs(geometry, reflection)):
        colours[name] = colours[partner] = OWN if name == partner else COLOURS[i % len(COLOURS)]
    return colours


def draw_legend(
    figure: Figure,
    geometry: RobotGeometry,
    reflection: Reflection,
    colours: Mapping[str, str],
    note: str,
    left: float,
    top: float,
) -> None:
    """
    :param figure: to draw on; the legend may stand beside it
    :param geometry: of the robot
    :param reflection: of it
    :param colours: of the joints
    :param note: below them
    :param left: where it begins, in inches
    :param top: likewise, from the figure's bottom
    """
    width, height = figure.get_size_inches()
    names = [joint.name for joint in geometry.joints]
    shortened = dict(zip(names, without_common_end(names), strict=True))

    def write(x: float, row: float, text: str, **style: Any) -> None:
        figure.text((left + x) / width, (top - ROW * row) / height, text, va="center", **style)

    write(0.0, 0.2, "sign  joint and its mirror image", fontsize=9, color=OWN)
    for row, (name, partner, sign) in enumerate(joint_pairs(geometry, reflection), start=1):
        y = top - ROW * (row + 0.3)
        swatch = FancyBboxPatch(
            (left / width, (y - 0.055) / height),
            0.16 / width,
            0.11 / height,
            boxstyle="square,pad=0",
            transform=figure.transFigure,
            facecolor=colours[name],
            edgecolor="none",
        )
        figure.add_artist(swatch)
        write(0.24, row + 0.3, "+" if sign > 0 else "\N{MINUS SIGN}", fontsize=11, fontweight="bold")
        pair = shortened[name] if name == partner else f"{shortened[name]} \N{LEFT RIGHT ARROW} {shortened[partner]}"
        write(0.42, row + 0.3, pair, fontsize=9.5)
    write(0.0, row + 1.7, note, fontsize=9, color=OWN)


def without_common_end(names: Sequence[str]) -> list[str]:
    """
    :param names: that may all end with the same word, such as ``joint``
    :return: the names without it
    """
    ends = {name.rpartition("_")[2] for name in names}
    return [name.rpartition("_")[0] or name for name in names] if len(ends) == 1 else list(names)
