"""."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from sb3_memaug.pictures import MirroredPose, draw_mirror, mirror_figure
from sb3_memaug.pictures.mirror_figure import (
    COLORS,
    LOCKED,
    OWN,
    frame,
    joint_colors,
    joint_pairs,
    without_common_end,
)
from sb3_memaug.pictures.robot_scene import robot_scene
from sb3_memaug.symmetry import Reflection

from .robots import LEFT_RIGHT, two_arms


@pytest.fixture(autouse=True)
def _coarse(monkeypatch):
    monkeypatch.setattr(mirror_figure, "DPI", 60)


COLORED = {"left": "red", "right": "red", "nod": "blue"}


def test_the_figure_shows_the_robot_its_image_and_their_colors(tmp_path):
    imageio = pytest.importorskip("imageio.v3")
    path = draw_mirror(MirroredPose(two_arms(), LEFT_RIGHT, {"left": 0.9}), "Two arms", tmp_path / "new" / "arms.png")
    assert path == tmp_path / "new" / "arms.png"
    pixels = imageio.imread(path)[..., :3] / 255.0
    height, width, _ = pixels.shape
    assert width > 1.5 * height > 200
    # The legend's swatch is plain; the robot's rods and arms on both sides are shaded.
    plain = np.abs(pixels - to_rgb(COLORS[0])).max(axis=2) < 0.01
    assert plain[:, int(0.7 * width) :].sum() > 20
    blue = (pixels[..., 2] - pixels[..., 0] > 0.25).nonzero()[1]
    assert (blue < 0.35 * width).sum() > 80
    assert ((blue > 0.45 * width) & (blue < 0.8 * width)).sum() > 80


@pytest.mark.parametrize("suffix", ["pdf", "svg"])
def test_it_draws_for_documents_too(suffix, tmp_path):
    path = draw_mirror(MirroredPose(two_arms(), LEFT_RIGHT, {}), "Two arms", tmp_path / f"arms.{suffix}")
    assert path.stat().st_size > 10_000


@pytest.mark.parametrize("offset", [0.0, 0.3])
@pytest.mark.parametrize(
    ("plane", "flip"), [("sagittal", (-1, 1)), ("transverse", (-1, 1)), ("half_turn", (1, 1))], ids=lambda v: str(v)
)
def test_the_second_view_is_the_first_one_flipped(plane, flip, offset):
    # Seen as a point alone, the trunk has all mirrors.
    reflection = Reflection(plane, {"left": ("right", -1), "right": ("left", -1), "nod": ("nod", 1)})
    mirrored = MirroredPose(two_arms(offset), reflection, {"left": 0.4})
    framing = frame(mirrored, np.array(((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0))))
    points = np.random.default_rng(0).normal(size=(5, 3))
    seen, depth = framing.cameras[0].project(points)
    images, image_depth = framing.cameras[1].project(mirrored.shift + mirrored.axes * points)
    np.testing.assert_allclose(images, seen * flip, atol=1e-9)
    np.testing.assert_allclose(image_depth, depth)


def test_links_without_a_surface_get_one_of_their_inertia():
    scene = robot_scene(two_arms(), COLORED)
    corners = scene.corners.reshape(-1, 3)
    # The arms' solids lie around their centers of mass, 0.5 m to each side.
    assert corners[:, 1].max() > 0.55
    assert corners[:, 1].min() < -0.55


ARMS = Reflection("sagittal", {"left": ("right", -1), "right": ("left", -1)})


def test_each_joint_is_listed_once_and_its_own_mirror_image_last():
    assert list(joint_pairs(two_arms(), LEFT_RIGHT)) == [("left", "right", -1), ("nod", "nod", 1)]
    assert list(joint_pairs(two_arms(), ARMS)) == [("left", "right", -1)]


def test_partners_have_one_color():
    colors = joint_colors(two_arms(), LEFT_RIGHT)
    assert colors["left"] == colors["right"] not in (OWN, LOCKED)
    assert colors["nod"] == OWN
    assert joint_colors(two_arms(), ARMS)["nod"] == LOCKED


def test_a_last_word_that_all_share_is_left_out():
    assert without_common_end(["left_hip_joint", "right_hip_joint"]) == ["left_hip", "right_hip"]
    assert without_common_end(["left_hip", "left_knee"]) == ["left_hip", "left_knee"]
    assert without_common_end(["joint"]) == ["joint"]
