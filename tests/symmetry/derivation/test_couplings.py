"""Joints that depend on one another, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from sb3_memaug.symmetry import Actuator, Closure, Coupling, Tolerances, derive_symmetry
from sb3_memaug.symmetry.derivation.geometry import posed
from sb3_memaug.symmetry.derivation.locking import lock_joints

from ..small_robots import body, hinge, quadruped, robot, trunk


def hands(*couplings, **more):
    """Two fingers of two links on each side, that spread in opposite ways."""
    bodies = [trunk()]
    for side, y in (("left", 0.2), ("right", -0.2)):
        for finger, x in (("a", 0.1), ("b", -0.1)):
            for k, z in enumerate((0.0, -0.1)):
                place = (x, y, z)
                parent = len(bodies) - 1 if k else 0
                bodies.append(
                    body(f"{side}_{finger}{k}", parent, place, hinge(f"{side}_{finger}{k}", place, (1, 0, 0)))
                )
    return robot(*bodies, couplings=couplings, **more)


def mimic(follower, leader, *coefficients):
    return Coupling("mimic", (follower, leader), coefficients, f"{follower}_mimics")


def found(*couplings, tolerances=None, **more):
    return derive_symmetry(hands(*couplings, **more), tolerances=tolerances).candidates["left_right"]


#: Everything turns the other way in the mirror: a constant and a square change their sign.
LEFT = mimic("left_a1", "left_a0", 0.1, 0.5, 0.2)


def test_a_coupling_mirrors_with_the_signs_of_its_joints():
    assert found(LEFT, mimic("right_a1", "right_a0", -0.1, 0.5, -0.2)).holds
    broken = found(LEFT, mimic("right_a1", "right_a0", -0.1, 1.0, -0.2))
    assert not broken.holds
    assert [str(residual) for residual in broken.breaks] == [
        "left_a1 and right_a1: coupled as left_a1 = 0.1 + 0.5 · left_a0 + 0.2 · left_a0², which mirrors to right_a1 = "
        "-0.1 + 0.5 · right_a0 + -0.2 · right_a0², but there is right_a1 = -0.1 + 1 · right_a0 + -0.2 · right_a0²"
    ]
    assert broken.breaks[0].error == pytest.approx(0.5)


def test_a_small_difference_is_a_near_miss():
    nearly = found(mimic("left_a1", "left_a0", 0, 1.0), mimic("right_a1", "right_a0", 0, 1.02))
    assert nearly.holds
    assert nearly.near_misses[0].error == pytest.approx(0.02 / 1.02)
    wide = Tolerances(couplings=0.6)
    assert found(mimic("left_a1", "left_a0", 0, 1.0), mimic("right_a1", "right_a0", 0, 0.5), tolerances=wide).holds


def test_a_coupling_whose_mirror_image_is_missing_breaks_the_mirror():
    (broken,) = found(LEFT).breaks
    assert str(broken).endswith("· right_a0², but is missing")


def test_a_line_may_be_told_from_either_end_and_a_curve_may_not():
    assert found(mimic("left_a1", "left_a0", 0.1, 0.5), mimic("right_a0", "right_a1", 0.2, 2.0)).holds
    assert not found(mimic("left_a1", "left_a0", 0.1, 0.5), mimic("right_a0", "right_a1", -0.2, 2.0)).holds
    assert not found(LEFT, mimic("right_a0", "right_a1", 0.1, 0.5, 0.2)).holds


def test_couplings_are_the_same_where_together_they_come_to_the_same():
    left = mimic("left_a1", "left_a0", 0, 2.0), mimic("left_b0", "left_a0", 0, -1.0)
    chained = mimic("right_a1", "right_a0", 0, 2.0), mimic("right_b0", "right_a1", 0, -0.5)
    assert found(*left, *chained).holds
    other = mimic("right_a1", "right_a0", 0, 2.0), mimic("right_b0", "right_a1", 0, 0.5)
    assert not found(*left, *other).holds


def test_a_coupling_across_the_middle_is_its_own_mirror_image():
    assert found(mimic("left_a0", "right_a0", 0, 1.0)).holds
    assert found(mimic("left_a0", "right_a0", 0, -1.0)).holds
    assert not found(mimic("left_a0", "right_a0", 0, 2.0)).holds
    # Both turn the other way and change places: their difference stays, their sum does not.
    assert found(mimic("left_a0", "right_a0", 0.3, 1.0)).holds
    assert not found(mimic("left_a0", "right_a0", 0.3, -1.0)).holds


def test_joints_that_are_held_are_held_alike():
    def held(side, angle):
        return Coupling("equality", (f"{side}_a0",), (angle,))

    assert found(held("left", 0.3), held("right", -0.3)).holds
    assert not found(held("left", 0.3), held("right", 0.3)).holds


def test_couplings_are_measured_from_the_pose():
    geometry = hands(LEFT)
    there = posed(geometry, {"left_a0": 0.4, "left_a1": -0.2}).couplings[0].coefficients
    for step in (-0.3, 0.0, 0.7):
        follower = 0.1 + 0.5 * (0.4 + step) + 0.2 * (0.4 + step) ** 2
        assert np.polyval(there[::-1], step) == pytest.approx(follower + 0.2)
    # Where the pose bends the fingers, the mirror images bend.
    right = mimic("right_a1", "right_a0", -0.1, 0.5, -0.2)
    bent = {"left_a0": 0.4, "left_a1": -0.2, "right_a0": -0.4, "right_a1": 0.2}
    wide = Tolerances(limits=2.0)
    assert derive_symmetry(hands(LEFT, right), bent, wide).candidates["left_right"].holds


def test_what_is_left_of_couplings_of_locked_joints():
    line, curve = mimic("left_a1", "left_a0", 0.1, 0.5), mimic("left_b1", "left_b0", 0.1, 0.5, 0.2)
    leaders = lock_joints(hands(line, curve), {"left_a0", "left_b0"})
    assert [(c.joints, c.coefficients) for c in leaders.couplings] == [(("left_a1",), (0.1,)), (("left_b1",), (0.1,))]
    followers = lock_joints(hands(line, curve), {"left_a1", "left_b1"})
    assert [(c.joints, c.coefficients) for c in followers.couplings] == [(("left_a0",), (-0.2,))]
    assert followers.not_compared == ("where the locked joint left_b1 holds left_b0, to which it is coupled",)
    assert "not compared: where the locked joint" in str(derive_symmetry(hands(curve), locked=["left_b1"]))
    assert lock_joints(hands(line), {"left_a0", "left_a1"}).couplings == ()


def cord(side, coefficients=(1.0, -1.0), **more):
    pull = Actuator(f"{side}_pull", f"{side}_cord", control_per_angle=1.0)
    return Coupling(
        "tendon", (f"{side}_a0", f"{side}_b0"), coefficients, f"{side}_cord", **{"actuators": (pull,), **more}
    )


def test_a_tendon_whose_mirror_image_gets_shorter():
    """Hinges turn the other way in the mirror: a cord that gets longer on the left gets shorter on the right."""
    holds = found(cord("left", limits=(-1, 2), length=0.5), cord("right", limits=(-2, 1), length=-0.5))
    assert holds.holds
    assert holds.reflection.actuators == {"left_pull": ("right_pull", -1), "right_pull": ("left_pull", -1)}
    assert holds.reflection.neutral == {"left_pull": 0.5, "right_pull": -0.5}
    assert found(cord("left", limits=(-1, 2)), cord("right", (-1.0, 1.0), limits=(-1, 2))).reflection.actuators == {
        "left_pull": ("right_pull", 1), "right_pull": ("left_pull", 1)
    }  # fmt: skip
    assert not found(cord("left", limits=(-1, 2)), cord("right", limits=(-1, 2))).holds
    assert not found(cord("left"), cord("right", (1.0, 1.0))).holds
    alone = [str(residual) for residual in found(cord("left")).breaks]
    assert "left_cord: its coupling of left_a0, left_b0 has no mirror image" in alone


def test_tendons_may_be_coupled_too():
    def ratio(slope):
        return Coupling("equality", ("left_cord", "right_cord"), (0.0, slope))

    assert found(cord("left"), cord("right"), ratio(1.0)).holds
    assert not found(cord("left"), cord("right"), ratio(0.5)).holds


def test_a_tendon_goes_with_the_pose_and_with_what_is_locked():
    geometry = hands(cord("left", (2.0, -1.0), limits=(-1, 2), rest=(0.1, 0.2)))
    (there,) = posed(geometry, {"left_a0": 0.3}).couplings
    assert (there.length, there.limits, there.rest) == (
        pytest.approx(0.6), pytest.approx((-1.6, 1.4)), pytest.approx((-0.5, -0.4))
    )  # fmt: skip
    (left,) = lock_joints(geometry, {"left_b0"}).couplings
    assert (left.joints, left.coefficients) == (("left_a0",), (2.0,))
    assert lock_joints(geometry, {"left_a0", "left_b0"}).all_actuators == ()


def test_welds_and_hinged_points_are_not_the_same():
    ends = (("left_a1", "left_b1"), ("right_a1", "right_b1"))
    index = {link.name: i for i, link in enumerate(hands().links)}

    def closed(*kinds, gap=0.0):
        closures = []
        for (a, b), kind, y in zip(ends, kinds, (0.2, -0.2), strict=True):
            end = np.array((0, y + (gap if y > 0 else 0), -0.2))
            closures.append(Closure((index[a], index[b]), np.array((0, y, -0.2)), kind, end if gap else None))
        return found(closures=closures)

    assert closed("weld", "weld").holds
    assert "closed by a weld, where its mirror image is by a connect" in str(closed("weld", "connect"))
    assert not closed("weld", "weld", gap=0.01).holds


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("belt", ("a", "b"), (1.0,)), "`kind` must be one of"),
        (("mimic", ("a", "b"), (0.0,) * 6), "up to 5 coefficients"),
        (("mimic", ("a", "a"), (0.0, 1.0)), "a follower, a leader"),
        (("tendon", ("a", "b"), (1.0,)), "a coefficient for each joint of a tendon"),
    ],
)
def test_couplings_that_are_none_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Coupling(*arguments)


def test_a_coupling_of_what_is_no_joint_is_refused():
    with pytest.raises(ValueError, match="names 'tail', which is no joint of it"):
        hands(mimic("tail", "left_a0", 0, 1))


def test_a_joint_that_cannot_be_read_can_be_locked():
    geometry = quadruped()
    links = list(geometry.links)
    links[1] = replace(links[1], joint=replace(links[1].joint, kind="planar"))
    unread = replace(geometry, links=tuple(links))
    name = links[1].joint.name
    with pytest.raises(ValueError, match=f"got the planar joint '{name}' of robot: .* locked=\\['{name}'\\]"):
        derive_symmetry(unread)
    locked = derive_symmetry(unread, locked=[name, name.replace("FL", "FR")]).reflections["left_right"]
    assert locked.joints.keys() == {j.name for j in geometry.joints} - {name, name.replace("FL", "FR")}
