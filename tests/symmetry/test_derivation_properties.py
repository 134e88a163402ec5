"""Mirrors of robots that nobody named: found where they were built in, and not where they were broken."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sb3_memaug.symmetry import RobotGeometry, derive_symmetry
from sb3_memaug.symmetry.kinematics import posed

from .built_robots import build

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
