import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sb3_memaug.pictures.camera import Camera

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
