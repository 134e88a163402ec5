"""The figure of a robot beside its mirror image, with a legend of the joints that mirror each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch

from sb3_memaug.pictures.poses import MirroredPose
from sb3_memaug.pictures.render import Camera, Ground
from sb3_memaug.pictures.robot_scene import robot_scene
from sb3_memaug.symmetry import Reflection, RobotGeometry

#: Inches of each of the two pictures, at most; and dots per inch.
WIDTH, HEIGHT, DPI = 5.6, 6.0, 160
#: Direction of the mirror's line on the ground; none for the half turn.
LINES = {"sagittal": (1.0, 0.0), "transverse": (0.0, 1.0), "half_turn": (0.0, 0.0)}
#: Of the first camera, in rad: the robot looks to the right, towards its mirror image.
AZIMUTH, ELEVATION = -0.66, 0.28
#: Colors for pairs of joints, in turn; the first are those of Okabe and Ito.
COLORS = (
    *("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#7B5EA7", "#A8B400"),
    *("#C2185B", "#8C5A2B", "#2E4A7D", "#F28E7F", "#4C9A2A", "#17A2A2", "#B39DDB", "#F0C419"),
)
#: Color of joints that mirror themselves.
OWN = "#7d8791"
#: Color of joints that have no mirror image.
LOCKED = "#20262c"
#: Inches of a row of the legend.
ROW = 0.23


def draw_mirror(mirrored: MirroredPose, title: str, path: str | Path) -> Path:
    """
    Draw a robot in a pose and in the mirror image of that pose, partners in one color.

    The second picture is taken by the mirrored camera: where the reflection is right, it is the first one flipped (or,
    for the half turn, the first one again).

    :param mirrored: the robot in both poses
    :param title: of the figure
    :param path: of the picture to write
    :return: the path
    """
    geometry, reflection = mirrored.geometry, mirrored.reflection
    colors = joint_colors(geometry, reflection)
    scenes = [robot_scene(robot, colors) for robot in (mirrored.original, mirrored.image)]
    framing = frame(mirrored, np.concatenate([scene.corners.reshape(-1, 3) for scene in scenes]))
    left, right, bottom, top = framing.bounds
    scale = min(WIDTH / (right - left), HEIGHT / (top - bottom))
    width, height = scale * (right - left), scale * (top - bottom)

    figure = Figure(figsize=(2 * width, height), facecolor="white")
    FigureCanvasAgg(figure)
    for i, (scene, camera) in enumerate(zip(scenes, framing.cameras, strict=True)):
        line = np.array(LINES[reflection.plane])
        ground = Ground(scene.corners, framing.floor, framing.radius, line, geometry.floating)
        flipped = i == 1 and reflection.determinant < 0
        picture = scene.picture(camera, ground, framing.bounds, 1 / (scale * DPI), flipped)
        axes = figure.add_axes((i / 2, 0, 0.5, 1))
        axes.imshow(picture, extent=framing.bounds, aspect="auto")
        axes.axis("off")
    between = Line2D((0.5, 0.5), (0.03, 0.97), transform=figure.transFigure, color="#59626c", lw=1, dashes=(4, 4))
    figure.add_artist(between)
    figure.text(0.0, 1.04, title, fontsize=15, fontweight="bold", color="#20262c", va="bottom")
    note = f"Centers of mass lie within {1000 * mirrored.error:.2f} mm\nof their mirror images."
    draw_legend(figure, geometry, reflection, colors, note, left=2 * width + 0.25, top=height)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DPI, bbox_inches="tight", pad_inches=0.25)
    return path


class Framing(NamedTuple):
    """
    Where the cameras for a robot and for its mirror image are, and how much of them a picture shows.

    :param floor: center of the ground in m, (3,)
    :param radius: of the ground in m
    :param cameras: for the robot and for its mirror image
    :param bounds: of both pictures, in m beside the cameras' target: left, right, bottom, top
    """

    floor: np.ndarray
    radius: float
    cameras: tuple[Camera, Camera]
    bounds: tuple[float, float, float, float]


def frame(mirrored: MirroredPose, corners: np.ndarray) -> Framing:
    """
    :param mirrored: the robot and its image
    :param corners: of all that is to be seen of both, in m, (corners, 3)
    :return: views of the two that are flipped copies of one another, where the mirror is right
    """
    low, high = corners.min(axis=0), corners.max(axis=0)
    # The mirror must leave it where it is.
    middle = np.where(mirrored.axes < 0, mirrored.shift / 2, (low + high) / 2)
    floor = np.array((*middle[:2], low[2]))
    radius = 1.4 * float(np.linalg.norm((corners - middle)[:, :2], axis=1).max())
    distance = 3.5 * float(np.linalg.norm(high - low))
    x, y = np.cos(AZIMUTH), np.sin(AZIMUTH)
    first = Camera(middle, AZIMUTH, ELEVATION, distance)
    second = first._replace(azimuth=float(np.arctan2(mirrored.axes[1] * y, mirrored.axes[0] * x)))
    turn = np.linspace(0, 2 * np.pi, 73)
    rim = floor + radius * np.stack((np.cos(turn), np.sin(turn), np.zeros_like(turn)), axis=1)
    shown = np.concatenate((corners, rim))
    seen = np.concatenate([camera.project(shown)[0] for camera in (first, second)])
    side, bottom, top = float(np.abs(seen[:, 0]).max()), float(seen[:, 1].min()), float(seen[:, 1].max())
    return Framing(floor, radius, (first, second), (-side, side, bottom, top + 0.05 * side))


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


def joint_colors(geometry: RobotGeometry, reflection: Reflection) -> dict[str, str]:
    """
    :param geometry: of a robot
    :param reflection: of it
    :return: a color for each joint, the same for partners
    """
    colors = {joint.name: LOCKED for joint in geometry.joints}
    for i, (name, partner, _) in enumerate(joint_pairs(geometry, reflection)):
        colors[name] = colors[partner] = OWN if name == partner else COLORS[i % len(COLORS)]
    return colors


def draw_legend(
    figure: Figure,
    geometry: RobotGeometry,
    reflection: Reflection,
    colors: Mapping[str, str],
    note: str,
    left: float,
    top: float,
) -> None:
    """
    :param figure: to draw on; the legend may stand beside it
    :param geometry: of the robot
    :param reflection: of it
    :param colors: of the joints
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
            facecolor=colors[name],
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
