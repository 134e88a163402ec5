from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sb3_memaug.symmetry import BaseAxes, Reflection, SignedPermutation, Term
from sb3_memaug.symmetry.reflection import products
from sb3_memaug.symmetry.terms import default_size

quick = settings(deadline=None, max_examples=50)

#: Hips roll, and so turn the other way in the mirror; the waist has no partner but itself.
JOINTS = {
    "left_hip": ("right_hip", -1),
    "right_hip": ("left_hip", -1),
    "left_knee": ("right_knee", 1),
    "right_knee": ("left_knee", 1),
    "waist": ("waist", -1),
}
FEET = {"left": "right", "right": "left"}
SAGITTAL = Reflection("sagittal", JOINTS, FEET)


@pytest.mark.parametrize(
    ("plane", "axes", "determinant"),
    [("sagittal", (1, -1, 1), -1), ("transverse", (-1, 1, 1), -1), ("half_turn", (-1, -1, 1), 1)],
)
def test_axes_and_determinant(plane, axes, determinant):
    assert Reflection(plane).axes == axes
    assert Reflection(plane).determinant == determinant


def test_joint_map_by_hand():
    names = ["waist", "left_hip", "right_hip", "left_knee", "right_knee"]
    assert SAGITTAL.joint_map(names) == SignedPermutation([0, 2, 1, 4, 3], [-1, -1, -1, 1, 1])
    assert SAGITTAL.joint_map(names).apply(np.array([1, 2, 3, 4, 5])).tolist() == [-1, -3, -2, 5, 4]


def test_some_of_the_joints_can_be_mapped():
    assert SAGITTAL.joint_map(["right_knee", "waist", "left_knee"]) == SignedPermutation([2, 1, 0], [1, -1, 1])
    assert SAGITTAL.joint_map([]).size == 0


def test_foot_map_by_hand():
    assert SAGITTAL.foot_map(["left", "right"]) == SignedPermutation([1, 0])


@quick
@given(st.permutations(list(JOINTS)))
def test_names_decide_not_their_order(names):
    angles = {name: 10.0 + i for i, name in enumerate(JOINTS)}
    mirrored = SAGITTAL.joint_map(names).apply(np.array([angles[name] for name in names]))
    assert dict(zip(names, mirrored.tolist(), strict=True)) == {
        "left_hip": -angles["right_hip"],
        "right_hip": -angles["left_hip"],
        "left_knee": angles["right_knee"],
        "right_knee": angles["left_knee"],
        "waist": -angles["waist"],
    }
    assert (SAGITTAL.joint_map(names) @ SAGITTAL.joint_map(names)).is_identity


def test_partners_can_be_lists_as_in_json():
    plain = Reflection("sagittal", {name: list(partner) for name, partner in JOINTS.items()}, FEET)
    assert plain.joint_map(list(JOINTS)) == SAGITTAL.joint_map(list(JOINTS))


def test_an_unknown_plane_is_refused():
    with pytest.raises(ValueError, match=r"`plane` must be one of \['sagittal', .*\], got 'frontal'"):
        Reflection("frontal")


@pytest.mark.parametrize(
    ("joints", "message"),
    [
        ({"left": ("right", 1)}, r"`joints` must pair each of \['left'\] with one of them, got \['right'\]"),
        ({"left": ("right", 1), "right": ("right", 1)}, "must pair each of"),
        ({"left": ("left", 2)}, "'left' with .*one sign"),
        ({"left": ("right", 1), "right": ("left", -1)}, "'left' with .*one sign"),
        ({"a": ("b", 1), "b": ("c", 1), "c": ("a", 1)}, "must name each other"),
    ],
    ids=["no partner", "shared partner", "sign of two", "signs that differ", "a cycle"],
)
def test_joints_that_are_no_pairs_are_refused(joints, message):
    with pytest.raises(ValueError, match=message):
        Reflection("sagittal", joints)


@pytest.mark.parametrize(
    ("feet", "message"),
    [
        ({"left": "right"}, "`feet` must pair each of"),
        ({"a": "b", "b": "c", "c": "a"}, "`feet` pairs .* must name each other"),
    ],
)
def test_feet_that_are_no_pairs_are_refused(feet, message):
    with pytest.raises(ValueError, match=message):
        Reflection("sagittal", feet=feet)


def test_an_unknown_part_is_refused():
    with pytest.raises(ValueError, match=r"joint 'elbow' has no partner in this reflection; known are \['left_hip'"):
        SAGITTAL.joint_map(["waist", "elbow"])
    with pytest.raises(ValueError, match="foot 'third' has no partner"):
        SAGITTAL.foot_map(["third"])


def test_a_part_without_its_partner_is_refused():
    with pytest.raises(ValueError, match="joint 'left_hip' is listed without its mirror partner 'right_hip'"):
        SAGITTAL.joint_map(["waist", "left_hip"])
    with pytest.raises(ValueError, match="foot 'left' is listed without its mirror partner 'right'"):
        SAGITTAL.foot_map(["left"])


def test_a_part_that_is_listed_twice_mirrors_its_partner_in_the_same_order():
    angles_and_velocities = SAGITTAL.joint_map(["left_knee", "left_knee", "right_knee", "waist", "right_knee", "waist"])
    assert angles_and_velocities.permutation == (2, 4, 0, 3, 1, 5)
    assert angles_and_velocities.signs == (1, 1, 1, -1, 1, -1)


def test_a_part_listed_more_often_than_its_partner_is_refused():
    with pytest.raises(ValueError, match="'left_hip' is listed 2 times, its mirror partner 'right_hip' 1 times"):
        SAGITTAL.joint_map(["left_hip", "left_hip", "right_hip"])


#: Two muscles of a waist that pull against each other, and a chest with two shoulders.
UPPER = Reflection(
    "sagittal",
    JOINTS,
    FEET,
    bodies={"chest": "chest", "left_arm": "right_arm", "right_arm": "left_arm"},
    actuators={"clockwise": ("counterclockwise", 1), "counterclockwise": ("clockwise", 1), "lift": ("lift", -1)},
    pose={"left_hip": 0.5, "right_hip": 0.25, "left_knee": 1.0, "right_knee": 1.5, "waist": 0.125},
)


def test_actuators_have_partners_of_their_own():
    assert UPPER.actuator_map(["lift", "clockwise", "counterclockwise"]) == SignedPermutation([0, 2, 1], [-1, 1, 1])
    with pytest.raises(ValueError, match="actuator 'left_hip' has no partner"):
        UPPER.actuator_map(["left_hip"])


def test_actuators_are_named_like_their_joints_where_nothing_else_is_said():
    assert SAGITTAL.actuator_map(["left_hip", "waist", "right_hip"]) == SAGITTAL.joint_map(
        ["left_hip", "waist", "right_hip"]
    )


def test_bodies_change_places_without_signs():
    assert UPPER.body_map(["right_arm", "chest", "left_arm"]) == SignedPermutation([2, 1, 0])
    with pytest.raises(ValueError, match="body 'head' has no partner"):
        UPPER.body_map(["head"])
    with pytest.raises(ValueError, match="body 'left_arm' is listed without its mirror partner 'right_arm'"):
        UPPER.body_map(["left_arm"])


def test_absolute_positions_have_offsets_that_leave_the_pose_as_it_is():
    names = ["waist", "left_hip", "right_hip", "left_knee", "right_knee"]
    positions = UPPER.joint_position_map(names)
    assert positions == SignedPermutation([0, 2, 1, 4, 3], [-1, -1, -1, 1, 1], [0.25, 0.75, 0.75, -0.5, 0.5])
    pose = np.array([UPPER.pose[name] for name in names])
    assert positions.apply(pose).tolist() == pose.tolist()
    assert (positions @ positions).is_identity
    # Deviations from the pose and velocities have none.
    assert UPPER.joint_map(names) == SAGITTAL.joint_map(names)
    assert SAGITTAL.joint_position_map(names) == SAGITTAL.joint_map(names)


@quick
@given(st.lists(st.integers(-8, 8), min_size=5, max_size=5), st.lists(st.integers(-8, 8), min_size=5, max_size=5))
def test_positions_are_mirrored_as_deviations_from_the_pose(quarters, pose):
    names = list(JOINTS)
    deviations, pose = np.array(quarters) / 4, np.array(pose) / 4
    reflection = Reflection("sagittal", JOINTS, pose=dict(zip(names, pose.tolist(), strict=True)))
    mirrored = reflection.joint_position_map(names).apply(pose + deviations)
    np.testing.assert_array_equal(mirrored, pose + reflection.joint_map(names).apply(deviations))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bodies": {"a": "b"}}, r"`bodies` must pair each of \['a'\] with one of them, got \['b'\]"),
        ({"actuators": {"a": ("b", 1), "b": ("a", -1)}}, "`actuators` pairs 'a' with .*one sign"),
    ],
)
def test_bodies_and_actuators_that_are_no_pairs_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Reflection("sagittal", **arguments)


#: A quadruped whose hips roll and whose knees pitch; the tail yaws.
LEGS = ("front_left", "front_right", "back_left", "back_right")
JOINTS_OF_LEGS = [*(f"{leg}_{part}" for leg in LEGS for part in ("hip", "knee")), "tail"]


def swapped(words, opposites):
    return "_".join(opposites.get(word, word) for word in words.split("_"))


def quadruped(plane, hip, knee, tail, opposites, pose=None):
    signs = {"hip": hip, "knee": knee, "tail": tail}
    return Reflection(
        plane,
        {name: (swapped(name, opposites), signs[name.split("_")[-1]]) for name in JOINTS_OF_LEGS},
        {leg: swapped(leg, opposites) for leg in LEGS},
        {f"{leg}_foot": swapped(f"{leg}_foot", opposites) for leg in LEGS},
        pose=pose or {},
    )


LEFT_RIGHT = quadruped("sagittal", -1, 1, -1, {"left": "right", "right": "left"})
FRONT_BACK = quadruped("transverse", 1, -1, -1, {"front": "back", "back": "front"})
HALF_TURN = quadruped("half_turn", -1, -1, 1, {"left": "right", "right": "left", "front": "back", "back": "front"})
ALL = {"left_right": LEFT_RIGHT, "front_back": FRONT_BACK, "half_turn": HALF_TURN, "identity": LEFT_RIGHT.identity}
KINDS = ("vector", "axial_vector", "quaternion_wxyz", "quaternion_xyzw", "rotation_matrix", "pseudoscalar", "roll")
TERMS = [
    *(Term(kind, kind, default_size(kind)) for kind in KINDS),
    *(Term(kind, kind, 9, JOINTS_OF_LEGS) for kind in ("joints", "joint_positions", "action", "actuators")),
    Term("feet", "feet", 4, LEGS),
    Term("feet_vectors", "feet_vectors", 12, LEGS),
    Term("wrenches", "spatial_vectors", 24, [f"{leg}_foot" for leg in LEGS]),
    Term("scan", "grid", 6, shape=(2, 3)),
]
every_reflection = st.sampled_from(list(ALL.values()))
every_base = st.sampled_from([BaseAxes(), BaseAxes(up="y"), BaseAxes("-y", "x", (0.1, 0.0, 0.2))])


@quick
@given(every_reflection, every_reflection, every_base, st.integers(0, 2**32 - 1))
def test_a_product_acts_as_one_reflection_after_the_other_on_every_kind_of_term(first, second, base, seed):
    first, second = replace(first, base=base), replace(second, base=base)
    for term in TERMS:
        x = np.random.default_rng(seed).normal(size=term.size)
        both = term.transform(second).apply(term.transform(first).apply(x))
        once = term.transform(second @ first).apply(x)
        if term.kind.startswith("quaternion") and once @ both < 0:  # a quaternion and its negative are one orientation
            once = -once
        np.testing.assert_array_equal(once, both)


def test_the_half_turn_is_the_product_of_the_two_planes():
    assert LEFT_RIGHT @ FRONT_BACK == FRONT_BACK @ LEFT_RIGHT == HALF_TURN
    assert HALF_TURN @ FRONT_BACK == LEFT_RIGHT
    assert (LEFT_RIGHT @ FRONT_BACK).joints["front_left_hip"] == ("back_right_hip", -1)


@pytest.mark.parametrize("reflection", [LEFT_RIGHT, FRONT_BACK, HALF_TURN])
def test_a_reflection_with_itself_is_the_identity(reflection):
    identity = reflection @ reflection
    assert identity == reflection.identity
    assert identity.is_identity
    assert not reflection.is_identity
    assert identity @ reflection == reflection @ identity == reflection
    assert identity.joint_map(JOINTS_OF_LEGS).is_identity
    assert identity.orientation.is_identity


def test_actuators_that_are_named_like_joints_compose_with_others_by_name():
    own = replace(FRONT_BACK, actuators=dict(FRONT_BACK.joints))
    assert (LEFT_RIGHT @ own).actuators == HALF_TURN.joints
    assert (LEFT_RIGHT @ FRONT_BACK).actuators == {}


def test_a_product_is_about_the_parts_that_both_know():
    fewer = replace(LEFT_RIGHT, joints={k: v for k, v in LEFT_RIGHT.joints.items() if not k.startswith("front")})
    assert list((fewer @ LEFT_RIGHT).joints) == list(fewer.joints)
    # The back legs' partners under the other reflection are missing.
    assert (fewer @ FRONT_BACK).joints == {"tail": ("tail", 1)}


POSE = {name: 0.5 if name.endswith("knee") else 0.0 for name in JOINTS_OF_LEGS if name.startswith("front")}
POSE |= {name.replace("front", "back"): -angle for name, angle in POSE.items()}


def test_a_product_keeps_the_pose():
    left_right, front_back = replace(LEFT_RIGHT, pose=POSE), replace(FRONT_BACK, pose=POSE)
    product = left_right @ front_back
    assert product.pose == {name: angle for name, angle in POSE.items() if angle}
    pose = np.array([POSE.get(name, 0.0) for name in JOINTS_OF_LEGS])
    assert product.joint_position_map(JOINTS_OF_LEGS).apply(pose).tolist() == pose.tolist()
    # Also where only one of them is given it, and the other leaves it as it is.
    assert (left_right @ FRONT_BACK).pose == product.pose


def test_reflections_about_different_poses_have_no_product():
    bent = replace(FRONT_BACK, pose={"front_left_knee": 0.5, "back_left_knee": -0.5})
    with pytest.raises(ValueError, match=r"the `pose` of two reflections .* 'tail' is at 0\.1 .* and at 0 in"):
        replace(LEFT_RIGHT, pose={"tail": 0.1}) @ bent


def test_reflections_of_different_bases_have_no_product():
    with pytest.raises(ValueError, match="cannot compose reflections of different bases"):
        LEFT_RIGHT @ replace(FRONT_BACK, base=BaseAxes(up="y"))


def test_a_reflection_is_composed_with_reflections_only():
    with pytest.raises(ValueError, match="a reflection is composed with another of the same robot, got 'sagittal'"):
        LEFT_RIGHT @ "sagittal"


def test_reflections_whose_order_matters_have_no_product():
    a = Reflection("sagittal", feet={"a": "b", "b": "a", "c": "c"})
    b = Reflection("sagittal", feet={"a": "a", "b": "c", "c": "b"})
    with pytest.raises(ValueError, match=r"the order in which two reflections act matters for 'a' of `feet`"):
        a @ b
    with pytest.raises(ValueError, match=r"order .* matters for 'a' of `joints`"):
        Reflection("sagittal", {"a": ("b", 1), "b": ("a", 1)}) @ Reflection("sagittal", {"a": ("a", 1), "b": ("b", -1)})


def test_products_have_the_names_of_group_elements():
    found = products({"left_right": LEFT_RIGHT, "front_back": FRONT_BACK})
    assert found == {
        "identity": LEFT_RIGHT.identity,
        "left_right": LEFT_RIGHT,
        "front_back": FRONT_BACK,
        "left_right*front_back": HALF_TURN,
        "front_back*left_right": HALF_TURN,
    }
    assert products({}) == {}
