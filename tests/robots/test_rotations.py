import math

import numpy as np
import pytest

from sb3_memaug.robots.robot import rotation_matrix, rotation_rows, to_body


@pytest.mark.parametrize("axis", range(3))
def test_a_turn_about_an_axis(axis):
    half = 0.3
    quaternion = np.array((math.cos(half), 0, 0, 0))
    quaternion[1 + axis] = math.sin(half)
    forward, left = (axis + 1) % 3, (axis + 2) % 3
    expected = np.eye(3)
    expected[[forward, left], [forward, left]] = math.cos(2 * half)
    expected[left, forward], expected[forward, left] = math.sin(2 * half), -math.sin(2 * half)
    np.testing.assert_allclose(rotation_matrix(quaternion), expected, atol=1e-15)


def test_the_rows_are_those_of_the_matrix_and_turn_vectors_back():
    rng = np.random.default_rng(0)
    for _ in range(20):
        quaternion = rng.normal(size=4)
        quaternion /= np.linalg.norm(quaternion)
        matrix, rows = rotation_matrix(quaternion), rotation_rows(quaternion.tolist())
        np.testing.assert_array_equal(matrix, rows)
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-15)
        assert np.linalg.det(matrix) == pytest.approx(1)
        vector = rng.normal(size=3)
        np.testing.assert_allclose(to_body(rows, matrix @ vector), vector, atol=1e-15)
