import numpy as np
import pytest

from sb3_memaug.pictures.raster import rasterise

#: The lower left half of a picture of 8 by 8, seen from its front: y runs down.
HALF = np.array(((0.0, 0.0), (0.0, 8.0), (8.0, 8.0)))


def test_a_triangle_covers_the_points_inside_it():
    raster = rasterise(HALF[None], np.ones((1, 3)), 8, 8)
    np.testing.assert_array_equal(raster.nearest >= 0, np.tril(np.ones((8, 8), dtype=bool)))
    np.testing.assert_array_equal(np.isfinite(raster.depth), raster.nearest >= 0)


def test_the_nearest_is_seen_in_either_order():
    for near, far in ((0, 1), (1, 0)):
        depth = np.empty((2, 3))
        depth[near], depth[far] = 1.0, 2.0
        raster = rasterise(np.stack((HALF, HALF)), depth, 8, 8)
        assert set(raster.nearest[raster.nearest >= 0].tolist()) == {near}


def test_two_that_cross_are_cut_where_they_cross():
    square = np.array(((0.0, -8.0), (0.0, 16.0), (24.0, 4.0)))
    raster = rasterise(np.stack((square, square)), np.array(((1.0, 1, 1), (0, 0, 3))), 12, 8)
    # The second rises from 0 to 3 along 24 pixels.
    np.testing.assert_array_equal(raster.nearest[4], [1] * 8 + [0] * 4)


@pytest.mark.parametrize(
    "corners", [HALF[::-1], np.array(((1.0, 1.0), (2.0, 2.0), (3.0, 3.0))), HALF + 100], ids=["back", "edge", "outside"]
)
def test_what_cannot_be_seen_is_not(corners):
    assert (rasterise(corners[None], np.ones((1, 3)), 8, 8).nearest == -1).all()


def test_nothing_at_all_is_a_picture_too():
    assert (rasterise(np.empty((0, 3, 2)), np.empty((0, 3)), 8, 8).nearest == -1).all()


def test_values_between_the_corners_are_blended():
    raster = rasterise(HALF[None], np.ones((1, 3)), 8, 8)
    seen = raster.nearest >= 0
    y, x = np.nonzero(seen)
    values = 3 * HALF[:, 0] - 2 * HALF[:, 1] + 5
    np.testing.assert_allclose(raster.blend(seen, values[None]), 3 * (x + 0.5) - 2 * (y + 0.5) + 5)
