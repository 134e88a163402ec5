"""Robots with something on one side only, or with joints that are held fast."""

import numpy as np
import pytest

from sb3_memaug.symmetry import Actuator, Closure, derive_symmetry
from sb3_memaug.symmetry.derivation.locking import lock_joints, matching_joints

from ..small_robots import HIPS, LEFT_RIGHT, ball, body, hinge, legs_of, limb, quadruped, robot, trunk

ARM = limb("arm", 13, (0.2, 0, 0.1), (0.2, 0.1, 0.3), (0.3, 0.15, 0.5), axis=(0.3, 0.5, 0.7), mass=0.05)


def test_what_hangs_on_the_middle_without_a_mirror_image_is_taken_as_locked():
    motors = [Actuator(f"{leg}_motor", f"{leg}_0") for leg in HIPS] + [Actuator("arm_motor", "arm_0")]
    derived = derive_symmetry(quadruped(extra=ARM, actuators=motors)).candidates["left_right"]
    assert derived.holds
    assert derived.locked == ("arm_0", "arm_1", "arm_2")
    assert legs_of(derived.reflection) == LEFT_RIGHT
    assert derived.reflection.actuators.keys() == {f"{leg}_motor" for leg in HIPS}
    assert "holds, 8 of 8 joints change places, but for joints without mirror image: arm_0, arm_1, arm_2" in str(
        derived
    )


def test_what_is_locked_still_weighs():
    heavy = [body(b.name, b.parent, b.position, *b.joints, mass=5.0) for b in ARM]
    derived = derive_symmetry(quadruped(extra=heavy)).candidates["left_right"]
    assert not derived.holds
    assert {str(r).split(":")[0] for r in derived.breaks} == {"trunk"}


def test_a_dog_on_three_legs_leans_on_the_one_that_has_no_partner():
    bodies = []
    for name, (x, y) in list(HIPS.items())[:3]:
        bodies += limb(name, len(bodies) + 1, (x, y, 0), (x, y, -0.2), axis=(1, 0, 0))
    derived = derive_symmetry(robot(trunk(), *bodies)).candidates["left_right"]
    assert not derived.holds
    assert derived.locked == ("RL_0", "RL_1")
    assert "trunk: centre of mass 133.3 mm off the plane" in [str(residual) for residual in derived.breaks]


def test_a_limb_that_lacks_its_end_is_not_taken_as_locked():
    arms = limb("left", 1, (0, 0.2, 0), (0, 0.3, 0), (0, 0.4, 0)) + limb("right", 4, (0, -0.2, 0), (0, -0.3, 0))
    legs = limb("l_leg", 6, (0, 0.1, -1), (0, 0.1, -2)) + limb("r_leg", 8, (0, -0.1, -1), (0, -0.1, -2))
    derived = derive_symmetry(robot(trunk(), *arms, *legs, *limb("neck", 10, (0, 0, 1), (0, 0, 2)))).candidates[
        "left_right"
    ]
    assert not derived.holds
    assert [str(residual) for residual in derived.breaks] == ["left_2: it has no mirror image"]


def test_joints_can_be_locked_by_patterns():
    derived = derive_symmetry(quadruped(extra=ARM), locked=["arm_.", "RL_1", "RR_1"])
    assert derived.reflections["left_right"].joints.keys() == {"FL_0", "FL_1", "FR_0", "FR_1", "RL_0", "RR_0"}
    assert derived.candidates["left_right"].locked == ()
    with pytest.raises(ValueError, match=r"`locked` holds 'wing', which is no joint of robot; it has \['FL_0'"):
        derive_symmetry(quadruped(), locked=["wing"])


def test_what_a_locked_joint_moved_is_part_of_what_it_hung_on():
    arm = [
        body("upper", 0, (0, 0, 1), hinge("shoulder", (0, 0, 1)), mass=2, shapes=[ball((0, 0, 1))]),
        body("lower", 1, (0, 0, 2), hinge("elbow", (0, 0, 2)), mass=2, shapes=[ball((0, 0, 2))]),
        body("hand", 2, (0, 0, 3), hinge("wrist", (0, 0, 3)), mass=1),
    ]
    motors = [Actuator("bend", "elbow"), Actuator("turn", "wrist")]
    closures = [Closure((2, 0), np.zeros(3)), Closure((3, 0), np.zeros(3))]
    rest = lock_joints(robot(trunk(), *arm, actuators=motors, closures=closures), {"elbow"})
    assert [(link.name, link.parent) for link in rest.links] == [("trunk", -1), ("upper", 0), ("hand", 1)]
    assert rest.links[1].mass == 4
    np.testing.assert_allclose(rest.links[1].centre, (0, 0, 1.5))
    # Reduced mass 2 · 2 / 4 at a distance of 1 m, about the two axes across.
    np.testing.assert_allclose(rest.links[1].inertia, np.diag((0.02 + 1, 0.04 + 1, 0.06)))
    assert len(rest.links[1].shapes) == 2
    assert list(rest.links[1].frames) == ["upper", "lower"]
    assert rest.actuators == (motors[1],)
    assert [closure.links for closure in rest.closures] == [(1, 0), (2, 0)]


def test_nothing_locked_changes_nothing():
    geometry = quadruped()
    assert [link.name for link in lock_joints(geometry, set()).links] == [link.name for link in geometry.links]
    assert matching_joints(geometry, []) == set()


def test_names_go_before_patterns_that_match_whole_names():
    geometry = robot(trunk(), *(body(n, 0, (0, 0, 0), hinge(n, (0, 0, 0))) for n in ("arm", "arm_1", "arm_2", "a[0]")))
    assert matching_joints(geometry, ["arm"]) == {"arm"}
    assert matching_joints(geometry, ["arm_.", "a[0]"]) == {"arm_1", "arm_2", "a[0]"}
    with pytest.raises(ValueError, match="`locked` holds 'ar', which is no joint of robot"):
        matching_joints(geometry, ["arm", "ar"])
