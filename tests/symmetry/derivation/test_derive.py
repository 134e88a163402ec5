"""Mirrors of small robots by hand, and of random ones that were built symmetric."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sb3_memaug.symmetry import Actuator, RobotGeometry, SignedPermutation, Tolerances, derive_symmetry
from sb3_memaug.symmetry.derivation.geometry import posed

from ..small_robots import (
    BEND,
    FRONT_BACK,
    HIPS,
    LEFT_RIGHT,
    body,
    hinge,
    legs_of,
    limb,
    quadruped,
    robot,
    slide,
    trunk,
    two_legs,
)
from .built_robots import build


def test_legs_like_brackets_have_one_mirror():
    derived = derive_symmetry(quadruped())
    assert list(derived.reflections) == ["left_right"]
    assert derived.reflections["left_right"].joints == {
        f"{leg}_{i}": (f"{partner}_{i}", 1) for leg, partner in LEFT_RIGHT.items() for i in (0, 1)
    }
    assert derived.candidates["front_back"].reflection is None


def test_legs_that_face_each_other_have_two():
    derived = derive_symmetry(quadruped((BEND, BEND, -BEND, -BEND)))
    assert list(derived.reflections) == ["left_right", "front_back"]
    assert derived.candidates["half_turn"].holds
    assert derived.reflections["front_back"].joints == {
        f"{leg}_{i}": (f"{partner}_{i}", -1) for leg, partner in FRONT_BACK.items() for i in (0, 1)
    }
    assert derived.reflections["front_back"].feet == {
        f"{a}_{x}": f"{b}_{x}" for a, b in FRONT_BACK.items() for x in ("1", "foot")
    }


#: Turns the hind legs from < to >.
CROSSED = {f"{leg}_{i}": angle for leg in ("RL", "RR") for i, angle in enumerate((2 * BEND, -4 * BEND))}


@pytest.mark.parametrize("how", ["as a mapping", "by its name", "by itself"])
def test_a_pose_in_which_the_robot_is_symmetric(how):
    geometry = quadruped(poses={"lying": {"FL_0": 1.0}, "crossed": CROSSED})
    wide = Tolerances(limits=10.0)
    pose = {"as a mapping": CROSSED, "by its name": "crossed", "by itself": None}[how]
    derived = derive_symmetry(geometry, pose, wide)
    assert list(derived.reflections) == ["left_right", "front_back"]
    front_back = derived.reflections["front_back"]
    assert front_back.pose == CROSSED
    assert legs_of(front_back) == FRONT_BACK
    # A front leg's angle is the negative of how far the hind leg is from the pose.
    names = ["FL_0", "RL_0", "FR_1", "RR_1"]
    thigh, shank = 2 * BEND, -4 * BEND
    positions = front_back.joint_position_map(names)
    assert positions == SignedPermutation([1, 0, 3, 2], [-1] * 4, [thigh, thigh, shank, shank])
    np.testing.assert_allclose(positions.apply(np.array((0.0, thigh, 0.0, shank))), (0, thigh, 0, shank), atol=1e-15)
    assert derived.reflections["left_right"].joint_position_map(["FL_0", "FR_0"]) == SignedPermutation([1, 0])


def test_stops_are_compared_in_the_pose():
    geometry = quadruped()
    found = derive_symmetry(geometry, CROSSED).candidates["front_back"]
    # Front thighs go from -1 to 1, and the hind ones, which stand at 1, no farther.
    assert "FL_0 and RL_0: limits [-1, 1] mirror to [0, 2], but are [-1, 1]" in [str(r) for r in found.breaks]


def test_a_plane_beside_the_origin_of_the_base_is_found():
    near, far = (derive_symmetry(quadruped((BEND, BEND, -BEND, -BEND), shift)) for shift in (0.01, 0.1))
    assert list(near.reflections) == ["left_right", "front_back"]
    (plane,) = (r for r in near.candidates["front_back"].near_misses if r.quantity == "plane")
    assert str(plane) == "trunk: origin 10.0 mm off the plane of the joints"
    assert list(far.reflections) == ["left_right"]
    assert [str(r) for r in far.candidates["front_back"].breaks] == [
        "trunk: origin 100.0 mm off the plane of the joints"
    ]
    assert far.candidates["front_back"].reflection.joints.keys() == near.reflections["front_back"].joints.keys()


def test_the_plane_does_not_depend_on_which_point_of_an_axis_is_told():
    sides = (("l", 0.21), ("r", -0.19))
    wheels = [
        body(f"{n}_wheel", 0, (0.1, y, 0), hinge(f"{n}_axle", (0.1, 0.5 + 2 * y, 0), (0, 1, 0))) for n, y in sides
    ]
    legs = [body(f"{n}_leg", 0, (0, y, 0), hinge(f"{n}_hip", (0.7 * y, y, 0))) for n, y in sides]
    left_right = derive_symmetry(robot(trunk(centre=(0, 0.01, 0)), *wheels, *legs)).reflections["left_right"]
    assert left_right.joints == {
        "l_axle": ("r_axle", 1), "r_axle": ("l_axle", 1), "l_hip": ("r_hip", -1), "r_hip": ("l_hip", -1)
    }  # fmt: skip


def test_legs_in_one_place_are_told_apart_by_their_names():
    legs = []
    for side in ("", "_left"):
        legs += limb(f"leg{side}", len(legs) + 1, (0, 0, 0), (0, 0, -0.4), (0.05, 0, -0.8))
    geometry = robot(trunk(), *legs)
    assert derive_symmetry(geometry).reflections["left_right"].joints == {
        f"leg{a}_{i}": (f"leg{b}_{i}", 1) for a, b in (("", "_left"), ("_left", "")) for i in range(3)
    }
    nameless = limb("leg", 1, (0, 0, 0), (0, 0, -0.4)) + limb("arm", 3, (0, 0, 0), (0, 0, -0.4))
    joints = derive_symmetry(robot(trunk(), *nameless)).reflections["left_right"].joints
    assert joints == {name: (name, 1) for name in ("leg_0", "leg_1", "arm_0", "arm_1")}


def test_two_chains_in_one_plane_change_places_where_they_must():
    # A leg of two bars beside each other, on motors about opposite axes; on the other side the outer bar is the other.
    bars = []
    for name, x, y, way in (("a", 0.1, 0.2, 1), ("b", -0.1, 0.21, -1), ("c", 0.1, -0.2, -1), ("d", -0.1, -0.21, 1)):
        joint = hinge(f"{name}_motor", (0, y, 0), (0, way, 0))
        bars.append(body(name, 0, (x, y, -0.1), joint))
    left_right = derive_symmetry(robot(trunk(), *bars)).reflections["left_right"].joints
    assert left_right == {
        "a_motor": ("c_motor", -1), "c_motor": ("a_motor", -1), "b_motor": ("d_motor", -1), "d_motor": ("b_motor", -1)
    }  # fmt: skip


def test_arms_on_a_waist_are_partners():
    waist = body("chest", 0, (0, 0, 0.3), hinge("waist", (0, 0, 0.2), (0, 0, 1)))
    neck = body("head", 1, (0, 0, 0.6), hinge("nod", (0, 0, 0.5), (0, 1, 0)))
    arms = [body(f"{n}_arm", 1, (0, y, 0.4), hinge(f"{n}_shoulder", (0, y, 0.4))) for n, y in (("l", 0.2), ("r", -0.2))]
    assert derive_symmetry(robot(trunk(), waist, neck, *arms)).reflections["left_right"].joints == {
        "waist": ("waist", -1), "nod": ("nod", 1), "l_shoulder": ("r_shoulder", -1), "r_shoulder": ("l_shoulder", -1)
    }  # fmt: skip


def test_a_robot_with_a_half_turn_only():
    inertia = np.array(((3, 1, 0), (1, 2, 0), (0, 0, 3))) / 100
    arms = [
        body(name, 0, (x, x, 0), hinge(f"{name}_shoulder", (x, x, 0), axis), inertia=inertia)
        for name, x, axis in (("a", 0.3, (0.6, 0, 0.8)), ("b", -0.3, (-0.6, 0, 0.8)))
    ]
    derived = derive_symmetry(robot(trunk(), *arms))
    assert {name: r.joints for name, r in derived.reflections.items()} == {
        "half_turn": {"a_shoulder": ("b_shoulder", 1), "b_shoulder": ("a_shoulder", 1)}
    }


def test_a_robot_on_rails_is_seen_from_the_world():
    """A pendulum on a cart: front and back change places; left and right do nothing."""
    cart = body("cart", 0, (0, 0, 0), slide("rail", (0, 0, 0)))
    pole = body("pole", 1, (0, 0, 0.3), hinge("swing", (0, 0, 0), (0, 1, 0)))
    derived = derive_symmetry(robot(trunk(), cart, pole, floating=False))
    assert {name: r.joints for name, r in derived.reflections.items()} == {
        "front_back": {"rail": ("rail", -1), "swing": ("swing", -1)}
    }
    assert str(derived.candidates["left_right"]) == "left-right: changes nothing that the robot does"
    # A floating one moves even if it has no joints at all.
    assert list(derive_symmetry(robot(trunk())).reflections) == ["left_right", "front_back"]


def test_feet_are_the_ends_of_all_chains_or_what_is_said():
    geometry = quadruped((BEND, BEND, -BEND, -BEND))
    assert derive_symmetry(geometry).reflections["left_right"].feet.keys() == {
        f"{leg}_{x}" for leg in HIPS for x in ("1", "foot")
    }
    feet = [f"{leg}_foot" for leg in HIPS]
    derived = derive_symmetry(geometry, feet=feet)
    assert derived.reflections["left_right"].feet == {f"{a}_foot": f"{b}_foot" for a, b in LEFT_RIGHT.items()}
    # Where only the front feet count, there are no partners for them at the back.
    some = derive_symmetry(geometry, feet=feet[:2])
    assert some.reflections["left_right"].feet == {"FL_foot": "FR_foot", "FR_foot": "FL_foot"}
    assert some.reflections["front_back"].feet == {}


def test_massless_links_and_free_joints_are_no_obstacle():
    bodies = [trunk()]
    for side, y in (("left", 0.2), ("right", -0.2)):
        place, spin = (0, y, 0), hinge(f"{side}_spin", (0, y, 0), (0, 1, 0), (-np.inf, np.inf))
        bodies.append(
            body(f"{side}_fork", 0, place, hinge(f"{side}_steer", place, (0, 0, 1)), mass=0, inertia=np.zeros((3, 3)))
        )
        bodies.append(body(f"{side}_wheel", len(bodies) - 1, place, spin))
    assert derive_symmetry(robot(*bodies)).reflections["left_right"].joints == {
        "left_steer": ("right_steer", -1), "right_steer": ("left_steer", -1),
        "left_spin": ("right_spin", 1), "right_spin": ("left_spin", 1),
    }  # fmt: skip


def test_unequal_motors_break_a_mirror_that_equal_ones_have():
    motors = [Actuator("l", "left_hip", 10.0), Actuator("r", "right_hip", -10.0)]
    assert derive_symmetry(two_legs(actuators=motors)).reflections["left_right"].actuators == {
        "l": ("r", 1),
        "r": ("l", 1),
    }
    weak = derive_symmetry(two_legs(actuators=[motors[0], Actuator("r", "right_hip", -9.0)]))
    assert "  broken by: l and r: gears 10 and -9" in str(weak).splitlines()
    assert "left_right" not in weak.reflections
    motors[1] = Actuator("r", "right_hip", -9.0)
    assert "left_right" in derive_symmetry(two_legs(actuators=motors), tolerances=Tolerances(actuators=0.2)).reflections


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pose": "sitting"}, r"robot knows no pose 'sitting'; it knows \['standing'\]"),
        ({"pose": {"knee": 1.0}}, "robot 'robot' has no joint 'knee'"),
        ({"feet": ["left_leg", "tail"]}, r"`feet` names 'tail', which is no body of robot; it has \['left_leg', "),
    ],
)
def test_what_the_robot_does_not_have_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        derive_symmetry(two_legs(poses={"standing": {}}), **arguments)


def test_the_account_tells_all_three_stories():
    account = str(derive_symmetry(two_legs(left={"mass": 1.05}, right={"limits": (-1, 2)})))
    assert account.splitlines()[:4] == [
        "robot",
        "left-right: there is a mirror image, but it cannot move alike",
        "  broken by: left_hip and right_hip: limits [-1, 1] mirror to [-1, 1], but are [-1, 2]",
        "  near miss: left_leg and right_leg: masses 1.05 and 1 kg",
    ]


quick = settings(deadline=None, max_examples=8)
seeds = st.integers(0, 2**32 - 1)
MIRRORS = [("left_right",), ("front_back",), ("half_turn",), ("left_right", "front_back")]
every_mirror = pytest.mark.parametrize("mirrors", MIRRORS, ids="*".join)


def found(reflection):
    return {"joints": reflection.joints, "bodies": reflection.bodies, "actuators": reflection.actuators}


def all_found(derived):
    return {name: found(reflection) for name, reflection in derived.reflections.items()}


@every_mirror
@quick
@given(seed=seeds)
def test_the_reflections_that_built_a_robot_are_found(mirrors, seed):
    built = build(seed, *mirrors)
    assert all_found(derive_symmetry(built.geometry())) == built.partners


@every_mirror
@quick
@given(seed=seeds, order=seeds)
def test_neither_order_nor_names_change_anything(mirrors, seed, order):
    rng = np.random.default_rng(order)
    built = build(seed, *mirrors)
    shuffled = built.shuffled(rng)
    assert all_found(derive_symmetry(shuffled.geometry())) == built.partners

    sides = [f"{side}_{what}" for side in ("left", "right", "front", "back") for what in range(20)]
    new = dict(zip((body.name for body in built.bodies), rng.permutation(sides).tolist(), strict=False))
    bodies = [replace(body, name=new[body.name]) for body in shuffled.bodies]
    renamed = derive_symmetry(RobotGeometry.from_bodies("renamed", bodies, shuffled.motors))
    for mirror, partners in built.partners.items():
        assert renamed.reflections[mirror].joints == partners["joints"]
        assert renamed.reflections[mirror].bodies == {new[a]: new[b] for a, b in partners["bodies"].items()}


@every_mirror
@quick
@given(seed=seeds)
def test_mirrored_angles_are_those_of_the_mirrored_robot(mirrors, seed):
    """Move all joints, mirror the angles, and look where everything comes to lie."""
    rng = np.random.default_rng(seed)
    geometry = build(seed, *mirrors).geometry()
    names = [joint.name for joint in geometry.joints]
    for reflection in derive_symmetry(geometry).reflections.values():
        angles = np.array([joint.angle for joint in geometry.joints]) + rng.uniform(-1, 1, len(names))
        mirrored = reflection.joint_position_map(names).apply(angles)
        robots = [posed(geometry, dict(zip(names, q.tolist(), strict=True))) for q in (angles, mirrored)]
        for what in ("frames", "centres"):
            places, mirrored_places = (
                dict(kv for link in r.links for kv in getattr(link, what).items()) for r in robots
            )
            for name, partner in reflection.bodies.items():
                np.testing.assert_allclose(reflection.axes * places[name], mirrored_places[partner], atol=1e-9)


@quick
@given(seed=seeds)
def test_both_mirrors_commute_and_undo_themselves(seed):
    geometry = build(seed, "left_right", "front_back").geometry()
    names = [joint.name for joint in geometry.joints]
    motors = [motor.name for motor in geometry.actuators]
    reflections = derive_symmetry(geometry).reflections
    for a, b in (
        [r.joint_map(names) for r in reflections.values()],
        [r.actuator_map(motors) for r in reflections.values()],
    ):
        assert a @ b == b @ a
        assert (a @ a).is_identity and (b @ b).is_identity


@quick
@given(seed=seeds)
def test_small_differences_change_nothing(seed):
    rng = np.random.default_rng(seed)
    built = build(seed, "left_right")
    for b in list(built.bodies):
        built = built.changed(
            b.name, mass=b.mass * rng.uniform(0.99, 1.01), centre=b.centre + rng.uniform(-1, 1, 3) / 500
        )
        for joint in b.joints:
            built = built.changed(
                b.name, axis=joint.axis + rng.normal(size=3) / 2000, limits=np.add(joint.limits, 0.02)
            )
    derived = derive_symmetry(built.geometry()).candidates["left_right"]
    assert derived.holds and found(derived.reflection) == built.partners["left_right"]
    assert derived.near_misses


def across(axis):
    """Of length 1, at a right angle to an axis."""
    normal = np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))])
    return normal / np.linalg.norm(normal)


PLANTED = {
    "limits": lambda part, joint: {"limits": np.add(joint.limits, 0.3)},
    "mass": lambda part, joint: {"mass": 1.3 * part.mass},
    "centre of mass": lambda part, joint: {"centre": part.centre + 0.06},
    "inertia": lambda part, joint: {"inertia": 3 * part.inertia},
    "surface": lambda part, joint: {"shapes": [replace(part.shapes[0], position=part.shapes[0].position + 0.02)]},
    "joint axis": lambda part, joint: {"joints": [replace(joint, position=joint.position + 0.01 * across(joint.axis))]},
    "joint direction": lambda part, joint: {"axis": np.cos(0.02) * joint.axis + np.sin(0.02) * across(joint.axis)},
    "gear": lambda part, joint: {},
}


@pytest.mark.parametrize("quantity", PLANTED)
@quick
@given(seed=seeds)
def test_a_planted_asymmetry_is_found_and_named(quantity, seed):
    built = build(seed, "left_right")
    partners = built.partners["left_right"]["bodies"]
    driven = {motor.joint for motor in built.motors}
    ends = {part.parent for part in built.bodies} ^ set(range(-1, len(built.bodies)))
    hinges = [built.bodies[i] for i in ends if built.bodies[i].joints and built.bodies[i].joints[0].kind == "hinge"]
    limbs = [part for part in hinges if partners[part.name] != part.name]
    limbs = [part for part in limbs if quantity != "gear" or part.joints[0].name in driven]
    assume(limbs)
    part, (joint,) = limbs[0], limbs[0].joints
    changes = PLANTED[quantity](part, joint)
    built = built.changed(part.name, **changes)
    built.motors = [replace(m, gear=1.5 * m.gear) if m.joint == joint.name and not changes else m for m in built.motors]
    derived = derive_symmetry(built.geometry()).candidates["left_right"]
    assert not derived.holds
    # What a turned axis is turned about is not told, so that it may be seen as moved as well.
    others = {"joint direction": {"joint axis"}}.get(quantity, set())
    assert quantity in {residual.quantity for residual in derived.breaks} <= {quantity, *others}
    names = {name.split("_")[1] for r in derived.breaks for name in (r.part, r.partner)}
    assert names == {name.split("_")[1] for name in (part.name, partners[part.name])}, str(derived)
