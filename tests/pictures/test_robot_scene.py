import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sb3_memaug.pictures.robot_scene import rod, solid

HALF_SIZES = np.array((0.1, 0.2, 0.4))


def volume(surface):
    a, b, c = np.moveaxis(surface.corners, 1, 0)
    return (np.cross(a, b) * c).sum() / 6


def turned(angle):
    c, s = np.cos(angle), np.sin(angle)
    return np.array(((c, -s, 0), (s, c, 0), (0, 0, 1))) @ np.array(((1, 0, 0), (0, c, -s), (0, s, c)))


@pytest.mark.parametrize(
    ("kind", "half_sizes", "expected"),
    [
        ("sphere", (0.3, 0.3, 0.3), 4 / 3 * np.pi * 0.3**3),
        ("ellipsoid", HALF_SIZES, 4 / 3 * np.pi * 0.1 * 0.2 * 0.4),
        ("box", HALF_SIZES, 8 * 0.1 * 0.2 * 0.4),
        ("cylinder", (0.1, 0.1, 0.4), np.pi * 0.1**2 * 0.8),
        ("cylinder", (0.4, 0.4, 0.1), np.pi * 0.4**2 * 0.2),
        ("capsule", (0.1, 0.1, 0.4), np.pi * 0.1**2 * 0.6 + 4 / 3 * np.pi * 0.1**3),
    ],
)
def test_solids_fill_their_volume_and_their_bounds(kind, half_sizes, expected):
    surface = solid(kind, np.array((1.0, 2.0, 3.0)), np.diag(np.square(half_sizes)))
    assert volume(surface) == pytest.approx(expected, rel=0.06)
    np.testing.assert_allclose(surface.corners.max(axis=(0, 1)) - (1, 2, 3), half_sizes, rtol=0.02)
    np.testing.assert_allclose((1, 2, 3) - surface.corners.min(axis=(0, 1)), half_sizes, rtol=0.02)


@given(kind=st.sampled_from(["sphere", "box", "cylinder", "capsule", "mesh", "unheard of"]), angle=st.floats(0, 6))
def test_a_turned_solid_is_as_large_and_its_normals_point_outwards(kind, angle):
    rotation = turned(angle)
    surface = solid(kind, np.zeros(3), rotation @ np.diag(HALF_SIZES**2) @ rotation.T)
    straight = solid(kind, np.zeros(3), np.diag(HALF_SIZES**2))
    assert volume(surface) == pytest.approx(volume(straight), rel=1e-6)
    assert ((surface.corners * surface.normals).sum(axis=2) > 0).all()
    np.testing.assert_allclose(np.linalg.norm(surface.normals, axis=2), 1)


def test_normals_of_a_sphere_are_its_radii():
    surface = solid("sphere", np.array((1.0, 0.0, 0.0)), 0.04 * np.eye(3))
    np.testing.assert_allclose(surface.normals, (surface.corners - (1, 0, 0)) / 0.2, atol=1e-9)


def test_a_rod_reaches_from_end_to_end():
    start, end = np.array((0.0, 1.0, 0.0)), np.array((1.0, 1.0, 1.0))
    corners = rod(start, end, 0.1).corners.reshape(-1, 3)
    along = (corners - start) @ (end - start) / 2
    across = np.linalg.norm(corners - start - along[:, None] * (end - start), axis=1)
    assert (along.min(), along.max()) == pytest.approx((0, 1), abs=1e-6)
    assert across.max() == pytest.approx(0.1, rel=0.02)


def test_what_has_no_size_has_a_surface_all_the_same():
    assert np.isfinite(np.concatenate(solid("box", np.zeros(3), np.zeros((3, 3))))).all()
