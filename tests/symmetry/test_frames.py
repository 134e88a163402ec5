"""Robots whose base has other axes than x forward and z up."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sb3_memaug.symmetry import BaseAxes, Reflection, SignedPermutation, Term, derive_symmetry
from sb3_memaug.symmetry.derivation.geometry import seen_from
from sb3_memaug.symmetry.frames import RigidMotion
from sb3_memaug.symmetry.reflection import PLANES
from sb3_memaug.wrappers.mirror_file import reflection_from_plain, reflection_to_plain

from .small_robots import body, hinge, quadruped, robot, trunk

DIRECTIONS = [sign + axis for sign in ("", "-") for axis in "xyz"]
every_axes = st.tuples(st.sampled_from(DIRECTIONS), st.sampled_from(DIRECTIONS)).filter(lambda a: a[0][-1] != a[1][-1])
Y_UP = BaseAxes(up="y")


def biped(knee=(0, 2), shift=0.0, names=("left", "right")):
    """Knees bend one way only: front and back differ."""
    bodies = [trunk(centre=(0, shift, 0))]
    for name, y in zip(names, (shift + 0.1, shift - 0.1), strict=True):
        hip, shin = (0, y, 0), (0, y, -0.4)
        bodies.append(body(f"{name}_thigh", 0, hip, hinge(f"{name}_hip", hip, (1, 0, 0)), centre=(0, y, -0.2)))
        knee_joint = hinge(f"{name}_knee", shin, (0, 1, 0), limits=knee)
        bodies.append(body(f"{name}_shin", len(bodies) - 1, shin, knee_joint, centre=(0, y, -0.6)))
    return robot(*bodies)


def turned(geometry, axes):
    """The same robot, its base's frame turned so that these of its axes point forward and up."""
    return seen_from(geometry, axes.motion.inverse())


@settings(deadline=None, max_examples=30)
@given(every_axes)
def test_a_robot_has_its_mirrors_whatever_its_axes_are_called(names):
    axes = BaseAxes(*names, origin=(0.1, -0.2, 0.3))
    expected = derive_symmetry(quadruped()).reflections["left_right"]
    found = derive_symmetry(turned(quadruped(), axes), axes=axes).reflections["left_right"]
    assert found.joints == expected.joints
    assert found.base == axes
    normal = axes.left[-1]
    assert found.axes == tuple(-1 if axis == normal else 1 for axis in "xyz")


@settings(deadline=None, max_examples=50)
@given(every_axes, st.sampled_from(list(PLANES)), st.integers(0, 2**32 - 1))
def test_orientations_turn_as_the_base_and_the_world_are_mirrored(names, plane, seed):
    from sb3_memaug.robots.robot import rotation_matrix

    reflection = Reflection(plane, base={"forward": names[0], "up": names[1]})
    quaternion = np.random.default_rng(seed).normal(size=4)
    quaternion /= np.linalg.norm(quaternion)
    image = rotation_matrix(reflection.orientation.apply(quaternion))
    world, base = np.diag(PLANES[plane]), np.diag(reflection.axes)
    np.testing.assert_allclose(image, world @ rotation_matrix(quaternion) @ base, atol=1e-12)
    last = Term("q", "quaternion_xyzw", 4).transform(reflection).apply(np.roll(quaternion, -1))
    np.testing.assert_allclose(np.roll(last, 1), reflection.orientation.apply(quaternion))
    # Who stands upright and looks ahead does so in the mirror, with the same numbers.
    assert reflection.orientation @ reflection.orientation in (
        SignedPermutation([0, 1, 2, 3]), SignedPermutation([0, 1, 2, 3], [-1] * 4)
    )  # fmt: skip


def test_a_base_that_stands_upright_is_its_own_mirror_image():
    # Its y axis points up: a quarter turn about x.
    upright = np.array((1, 1, 0, 0)) / np.sqrt(2)
    np.testing.assert_allclose(Reflection("sagittal", base=Y_UP).orientation.apply(upright), upright)


def test_terms_act_in_the_frame_of_the_base():
    reflection = Reflection("sagittal", base=Y_UP)
    numbers = np.arange(1.0, 7.0)
    assert Term("v", "vector", 3).transform(reflection).apply(numbers[:3]).tolist() == [1, 2, -3]
    assert Term("w", "axial_vector", 3).transform(reflection).apply(numbers[:3]).tolist() == [-1, -2, 3]
    assert Term("command", "xy", 2).transform(reflection).apply(numbers[:2]).tolist() == [1, -2]
    assert Term("scan", "grid", 6, shape=(2, 3)).transform(reflection).apply(numbers).tolist() == [3, 2, 1, 6, 5, 4]
    # x to the left and z up: what is sideways comes first.
    sideways = Reflection("sagittal", base=BaseAxes(forward="-y"))
    assert Term("v", "vector", 3).transform(sideways).apply(numbers[:3]).tolist() == [-1, 2, 3]
    assert Term("command", "xy", 2).transform(sideways).apply(numbers[:2]).tolist() == [-1, 2]
    assert Term("scan", "grid", 6, shape=(2, 3)).transform(sideways).apply(numbers).tolist() == [4, 5, 6, 1, 2, 3]
    assert (sideways.forward, sideways.lateral, sideways.world_axes) == (1, -1, (1, -1, 1))


def test_a_file_keeps_the_axes_and_old_files_have_none():
    reflection = Reflection("sagittal", {"hip": ("hip", -1)}, base=BaseAxes("-x", "y", (0, 0.1, 0)))
    plain = json.loads(json.dumps(reflection_to_plain(reflection)))
    assert plain["base"] == {"forward": "-x", "up": "y", "origin": [0, 0.1, 0]}
    read = reflection_from_plain(plain)
    assert (read.base, read.axes) == (reflection.base, (1, 1, -1))
    assert "base" not in reflection_to_plain(Reflection("sagittal"))


@pytest.mark.parametrize(
    ("geometry", "advice", "axes"),
    [
        (turned(biped(), Y_UP), "z = 0 m of the base's frame. Where z points sideways", {"up": "y"}),
        (turned(biped(), BaseAxes("y", "x")), "z = 0 m of the base's frame", {"forward": "y", "up": "x"}),
        # Left and right are where the names say.
        (turned(biped(), BaseAxes("-x", "y")), "z = 0 m of the base's frame", {"forward": "-x", "up": "y"}),
        (turned(biped(), BaseAxes("-y", "z")), "x = 0 m of the base's frame", {"forward": "-y"}),
        (turned(biped((-1, 1)), BaseAxes("y", "z")), "x = 0 m of the base's frame", {"forward": "y"}),
        (biped(shift=0.3), "y = 0.3 m of the base's frame", {"origin": [0.0, 0.3, 0.0]}),
        (
            turned(biped(shift=0.3), Y_UP),
            "z = -0.3 m of the base's frame",
            {"up": "y", "origin": [0.0, 0.0, -0.3]},
        ),
    ],
)
def test_another_plane_that_fits_is_told_with_what_to_pass_for_it(geometry, advice, axes):
    derived = derive_symmetry(geometry)
    (told,) = derived.advice
    assert told.startswith(f"another plane fits: {advice}")
    assert f"pass axes={axes}" in told
    assert told in str(derived)
    found = derive_symmetry(geometry, axes=axes)
    assert found.reflections["left_right"].joints["left_hip"] == ("right_hip", -1)
    assert found.advice == ()


def test_where_the_mirror_is_there_no_other_is_told():
    assert derive_symmetry(biped()).advice == ()
    # Front and back are called so.
    assert derive_symmetry(quadruped((0.5, 0.5, -0.5, -0.5))).advice == ()
    # A leg that is heavier is no question of the plane.
    assert derive_symmetry(biped(names=("one", "other"))).advice == ()


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"up": "w"}, "`up` must be one of the base frame's axes"),
        ({"forward": "x", "up": "-x"}, "`forward` and `up` must lie across each other, got 'x' and '-x'"),
        ({"left": "y"}, r"`axes` must be a mapping with some of \['forward', 'up', 'origin'\]"),
        ("y up", "`axes` must be a mapping"),
        ({"up": ["y"]}, "`up` must be one of"),
        ({"origin": (0, 0)}, "`origin` must be a point in m"),
        ({"origin": (0, np.nan, 0)}, "`origin` must be a point in m"),
        ({"origin": "here"}, "`origin` must be a point in m"),
    ],
)
def test_axes_that_are_none_are_refused(axes, message):
    with pytest.raises(ValueError, match=message):
        derive_symmetry(biped(), axes=axes)


def test_a_robot_seen_from_elsewhere_is_the_same():
    geometry = quadruped()
    motion = RigidMotion(BaseAxes("z", "-x").rotation, np.array((1.0, 2.0, 3.0)))
    back = seen_from(seen_from(geometry, motion), motion.inverse())
    for a, b in zip(geometry.links, back.links, strict=True):
        np.testing.assert_allclose(a.centre, b.centre, atol=1e-12)
        np.testing.assert_allclose(a.inertia, b.inertia, atol=1e-12)
    assert seen_from(geometry, RigidMotion.identity()) is geometry
