import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sb3_memaug.pictures.render import Camera, Ground, Scene, rasterize
from sb3_memaug.pictures.robot_scene import solid

TARGET = np.array((1.0, 2.0, 0.5))


def test_from_the_front_left_is_right_and_up_is_up():
    camera = Camera(TARGET, azimuth=0.0, elevation=0.0, distance=10.0)
    seen, depth = camera.project(TARGET + np.array(((0, 0, 0), (0, 1, 0), (0, 0, 1), (5, 0, 0), (5, 1, 0))))
    np.testing.assert_allclose(seen, ((0, 0), (1, 0), (0, 1), (0, 0), (2, 0)), atol=1e-12)
    np.testing.assert_allclose(depth, (10, 10, 10, 5, 5))


@given(azimuth=st.floats(-3, 3), x=st.floats(-2, 2), y=st.floats(-2, 2))
def test_points_on_the_ground_are_found_again(azimuth, x, y):
    camera = Camera(TARGET, azimuth, elevation=0.3, distance=20.0)
    seen, _ = camera.project(np.array((x, y, -0.5)))
    assert camera.on_ground(seen, -0.5) == pytest.approx((x, y), abs=1e-9)


def test_above_the_horizon_there_is_no_ground():
    camera = Camera(TARGET, azimuth=0.0, elevation=0.1, distance=10.0)
    assert np.isnan(camera.on_ground(np.array((0.0, 2.0)), 0.0)).all()


#: The lower left half of a picture of 8 by 8, seen from its front: y runs down.
HALF = np.array(((0.0, 0.0), (0.0, 8.0), (8.0, 8.0)))


def test_a_triangle_covers_the_points_inside_it():
    raster = rasterize(HALF[None], np.ones((1, 3)), 8, 8)
    np.testing.assert_array_equal(raster.nearest >= 0, np.tril(np.ones((8, 8), dtype=bool)))
    np.testing.assert_array_equal(np.isfinite(raster.depth), raster.nearest >= 0)


def test_the_nearest_is_seen_in_either_order():
    for near, far in ((0, 1), (1, 0)):
        depth = np.empty((2, 3))
        depth[near], depth[far] = 1.0, 2.0
        raster = rasterize(np.stack((HALF, HALF)), depth, 8, 8)
        assert set(raster.nearest[raster.nearest >= 0].tolist()) == {near}


def test_two_that_cross_are_cut_where_they_cross():
    square = np.array(((0.0, -8.0), (0.0, 16.0), (24.0, 4.0)))
    raster = rasterize(np.stack((square, square)), np.array(((1.0, 1, 1), (0, 0, 3))), 12, 8)
    # The second rises from 0 to 3 along 24 pixels.
    np.testing.assert_array_equal(raster.nearest[4], [1] * 8 + [0] * 4)


@pytest.mark.parametrize(
    "corners", [HALF[::-1], np.array(((1.0, 1.0), (2.0, 2.0), (3.0, 3.0))), HALF + 100], ids=["back", "edge", "outside"]
)
def test_what_cannot_be_seen_is_not(corners):
    assert (rasterize(corners[None], np.ones((1, 3)), 8, 8).nearest == -1).all()


def test_nothing_at_all_is_a_picture_too():
    assert (rasterize(np.empty((0, 3, 2)), np.empty((0, 3)), 8, 8).nearest == -1).all()


def test_values_between_the_corners_are_blended():
    raster = rasterize(HALF[None], np.ones((1, 3)), 8, 8)
    seen = raster.nearest >= 0
    y, x = np.nonzero(seen)
    values = 3 * HALF[:, 0] - 2 * HALF[:, 1] + 5
    np.testing.assert_allclose(raster.blend(seen, values[None]), 3 * (x + 0.5) - 2 * (y + 0.5) + 5)


FRONT = Camera(np.zeros(3), azimuth=0.0, elevation=0.2, distance=20.0)
BOUNDS = (-1.0, 1.0, -1.0, 1.0)


def ball(*center, size=0.04):
    return solid("sphere", np.array(center), size * np.eye(3))


def picture(scene, camera=FRONT, mirrored=False, line=(1.0, 0.0)):
    ground = Ground(scene.corners, np.array((0.0, 0.0, -0.6)), 1.0, np.array(line), forward=True)
    return scene.picture(camera, ground, BOUNDS, 0.02, mirrored)


def reddish(colors):
    return colors[..., 0] > 2 * colors[..., 2]


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
        for color, x in (("red", 1.0), ("blue", -1.0))[::order]:
            scene.add(ball(x, 0.0, 0.2 * x), color, part=0)
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
    for x, y, z, color in ((0.2, 0.3, 0.1, "red"), (-0.4, -0.2, -0.3, "green"), (0.3, -0.5, 0.2, "blue")):
        scene.add(ball(x, y, z), color, part=0)
        mirrored.add(ball(x, -y, z), color, part=0)
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
