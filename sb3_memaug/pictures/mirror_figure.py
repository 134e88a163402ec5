"""A robot and its mirror image side by side, with a legend of who mirrors whom."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sb3_memaug.pictures.framing import frame
from sb3_memaug.pictures.ground import Ground
from sb3_memaug.pictures.mirror_legend import draw_legend, joint_colours
from sb3_memaug.pictures.mirrored_pose import MirroredPose
from sb3_memaug.pictures.robot_scene import robot_scene

#: Inches of each of the two pictures, at most; and dots per inch.
WIDTH, HEIGHT, DPI = 5.6, 6.0, 160
#: Direction of the mirror's line on the ground; none for the half turn.
LINES = {"sagittal": (1.0, 0.0), "transverse": (0.0, 1.0), "half_turn": (0.0, 0.0)}


def draw_mirror(mirrored: MirroredPose, title: str, path: str | Path) -> Path:
    """
    Draw a robot in a pose and in the mirror image of that pose, partners in one colour.

    The second picture is taken by the mirrored camera: where the reflection is right, it is the first one flipped (or,
    for the half turn, the first one again).

    :param mirrored: the robot in both poses
    :param title: of the figure
    :param path: of the picture to write
    :return: the path
    """
    geometry, reflection = mirrored.geometry, mirrored.reflection
    colours = joint_colours(geometry, reflection)
    scenes = [robot_scene(robot, colours) for robot in (mirrored.original, mirrored.image)]
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
    note = f"Centres of mass lie within {1000 * mirrored.error:.2f} mm\nof their mirror images."
    draw_legend(figure, geometry, reflection, colours, note, left=2 * width + 0.25, top=height)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DPI, bbox_inches="tight", pad_inches=0.25)
    return path
