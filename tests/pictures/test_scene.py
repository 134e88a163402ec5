import numpy as np
import pytest

from sb3_memaug.pictures.camera import Camera
from sb3_memaug.pictures.ground import Ground
from sb3_memaug.pictures.scene import Scene
from sb3_memaug.pictures.solids import solid

FRONT = Camera(np.zeros(3), azimuth=0.0, elevation=0.2, distance=20.0)
BOUNDS = (-1.0, 1.0, -1.0, 1.0)


def ball(*centre, size=0.04):
    return solid("sphere", np.array(centre), size * np.eye(3))


def picture(scene, camera=FRONT, mirrored=False, line=(1.0, 0.0)):
    ground = Ground(scene.corners, np.array((0.0, 0.0, -0.6)), 1.0, np.array(line), forward=True)
    return scene.picture(camera, ground, BOUNDS, 0.02, mirrored)


def reddish(colours):
    return colours[..., 0] > 2 * colours[..., 2]


def test_a_picture_has_the_size_that_was_asked_for():
    scene = Scene()
    scene.add(ball(0.0, 0.0, 0.0), "red", part=0)
    seen = picture(scene)
    assert seen.shape == (100, 100, 3)
    assert seen.min() >= 0
    assert seen.max() <= 1
    rows, columns = np.nonzero(reddish(seen))
    assert (rows.mean(), columns.mean()) == pytest.approx((49.5, 49.5), abs=0.3)
    assert 19 <= np.ptp(rows) <= 21


def test_what_is_near_hides_what_is_far_in_either_order():
    for order in (1, -1):
        scene = Scene()
        for colour, x in (("red", 1.0), ("blue", -1.0))[::order]:
            scene.add(ball(x, 0.0, 0.2 * x), colour, part=0)
        assert reddish(picture(scene)[50, 50])


def test_what_shines_is_seen_through_what_hides_it():
    seen = {}
    for shining in (True, False):
        scene = Scene()
        scene.add(ball(0.0, 0.0, 0.0, size=0.1), "blue", part=0)
        scene.add(ball(0.0, 0.0, 0.0), "red", part=1, shining=shining)
        seen[shining] = picture(scene)
    red = seen[True][..., 0] - seen[False][..., 0] > 0.1
    assert red[50, 50]
    assert not red[50, 38]


def test_a_lift_decides_which_of_two_surfaces_in_one_place_is_seen():
    for red, blue in ((0.01, 0.0), (0.0, 0.01)):
        scene = Scene()
        scene.add(ball(0.0, 0.0, 0.0), "red", part=0, lift=red)
        scene.add(ball(0.0, 0.0, 0.0), "blue", part=0, lift=blue)
        assert reddish(picture(scene)[45:55, 45:55]).all() == (red > blue)


def test_the_mirrored_camera_takes_the_flipped_picture_of_the_mirrored_scene():
    scene, mirrored = Scene(), Scene()
    for x, y, z, colour in ((0.2, 0.3, 0.1, "red"), (-0.4, -0.2, -0.3, "green"), (0.3, -0.5, 0.2, "blue")):
        scene.add(ball(x, y, z), colour, part=0)
        mirrored.add(ball(x, -y, z), colour, part=0)
    camera = FRONT._replace(azimuth=0.6)
    expected = picture(scene, camera)
    flipped = picture(mirrored, camera._replace(azimuth=-0.6), mirrored=True)[:, ::-1]
    assert np.abs(expected - flipped).mean() < 4e-3
    assert np.abs(expected - flipped[:, ::-1]).mean() > 0.02


def test_a_shadow_lies_below_what_casts_it():
    scene, nothing = Scene(), Scene()
    scene.add(ball(0.3, 0.4, -0.3), "red", part=0)
    nothing.add(ball(0.3, 0.4, 50.0), "red", part=0)
    darker = (picture(nothing) - picture(scene)).mean(axis=2) > 0.05
    (column, row), _ = FRONT.project(np.array((0.3, 0.4, -0.6)))
    assert darker[round((1 - row) * 50), round((1 + column) * 50)]
    assert not darker[round((1 - row) * 50), round((1 - column) * 50)]
