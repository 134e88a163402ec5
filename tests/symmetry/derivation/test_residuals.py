"""What tells a robot from its mirror image, one difference at a time, actuators among them."""

import numpy as np
import pytest

from sb3_memaug.symmetry import Actuator, Closure, Residual, Tolerances
from sb3_memaug.symmetry.derivation.differences import SpaceReflection
from sb3_memaug.symmetry.derivation.matching import match_links
from sb3_memaug.symmetry.derivation.residuals import (
    actuator_partners,
    actuator_residuals,
    dynamic_residuals,
    kinematic_residuals,
    plane_residual,
)

from ..small_robots import ball, body, hinge, robot, slide, trunk, two_legs

SAGITTAL = SpaceReflection("sagittal", np.zeros(3))


def residuals(geometry, space=SAGITTAL, **tolerances):
    allowed = Tolerances(**tolerances)
    partners = match_links(geometry, space, allowed)
    kinematic = list(kinematic_residuals(geometry, partners, space, allowed))
    if any(residual.breaks for residual in kinematic):
        return kinematic
    return kinematic + list(dynamic_residuals(geometry, partners, space, allowed))


def only(geometry, **tolerances):
    """The one residual that is not zero."""
    (found,) = [residual for residual in residuals(geometry, **tolerances) if residual.error > 1e-12]
    return found


def test_mirror_images_differ_in_nothing():
    shapes = {"shapes": [ball((0, 0.2, -0.1))]}, {"shapes": [ball((0, -0.2, -0.1))]}
    for geometry in (robot(trunk()), two_legs(*shapes)):
        assert all(residual.error == 0 and not residual.breaks for residual in residuals(geometry))
    quantities = {residual.quantity for residual in residuals(two_legs(*shapes))}
    assert quantities == {"joint axis", "joint direction", "mass", "centre of mass", "inertia", "surface", "limits"}


@pytest.mark.parametrize(
    ("change", "quantity", "error", "account"),
    [
        ({"axis": (np.cos(0.2), 0, np.sin(0.2))}, "joint direction", 0.2, "axis turned by 0.2 rad"),
        ({"mass": 0.8}, "mass", 0.2, "masses 0.8 and 1 kg"),
        ({"centre": (0, 0.2, -0.03)}, "centre of mass", 0.03, "centre of mass 30.0 mm from its mirror image"),
        ({"inertia": np.diag((0.01, 0.02, 0.015))}, "inertia", 0.5, "inertia differs from its mirror image by 50.0%"),
        ({"limits": (-1, 1.25)}, "limits", 0.25, "limits [-1, 1.25] mirror to [-1.25, 1], but are [-1, 1]"),
        ({"limits": (-np.inf, np.inf)}, "limits", np.inf, "limits [-inf, inf]"),
        ({"properties": {"damping": 2.0}}, "damping", 1.0, "damping 2 and 0"),
    ],
)
def test_a_difference_is_measured_and_told(change, quantity, error, account):
    found = only(two_legs(left=change))
    assert (found.quantity, found.error) == (quantity, pytest.approx(error))
    assert found.part.startswith("left") and found.partner.startswith("right")
    assert str(found).startswith(f"{found.part} and {found.partner}: {account}")


def test_an_axis_in_another_place_is_measured_across_it():
    found = next(r for r in residuals(two_legs(left={"position": (0.5, 0.2, 0.03)})) if r.error > 0)
    assert (found.quantity, found.error) == ("joint axis", pytest.approx(0.03))
    assert str(found) == "left_hip and right_hip: axis 30.0 mm from its mirror image"


def test_a_hinge_is_no_mirror_image_of_a_slide():
    legs = [(name, (0, y, z)) for name, y, z in [("a", 0.2, 1), ("b", -0.2, 1), ("c", 0.2, 0), ("d", -0.2, 0)]]
    bodies = [body(name, 0, place, (slide if name == "d" else hinge)(name, place)) for name, place in legs]
    found = only(robot(trunk(), *bodies))
    assert (found.quantity, str(found)) == ("structure", "c and d: a hinge and a slide")
    assert found.breaks


def test_a_part_without_a_mirror_image_is_named():
    knee = body("knee", 1, (0, 0.2, -0.3), hinge("bend", (0, 0.2, -0.3)))
    legs = [body(f"{n}_leg", 0, (0, y, 0), hinge(f"{n}_hip", (0, y, 0))) for n, y in (("left", 0.2), ("right", -0.2))]
    found = only(robot(trunk(), *legs, knee))
    assert (found.quantity, found.part, found.breaks) == ("structure", "knee", True)
    assert str(found) == "knee: it has no mirror image"


def test_what_is_its_own_mirror_image_is_measured_from_the_plane():
    found = only(robot(trunk(centre=(0, 0.03, 0))))
    assert (found.quantity, found.error) == ("centre of mass", pytest.approx(0.03))
    assert str(found) == "trunk: centre of mass 30.0 mm off the plane"
    (found,) = [
        r for r in residuals(robot(trunk(centre=(0.03, 0.04, 0))), SpaceReflection("half_turn", np.zeros(3))) if r.error
    ]
    assert str(found) == "trunk: centre of mass 50.0 mm off the axis"


def test_surfaces_are_compared_where_they_are_and_how_large():
    left = {"shapes": [ball((0, 0.2, 0), name="toe"), ball((0, 0.2, 1))]}
    right = {"shapes": [ball((0, -0.2, 1)), ball((0, -0.2, 0.02))]}
    found = only(two_legs(left, right))
    assert (found.quantity, found.part, found.error) == ("surface", "left_leg/toe", pytest.approx(0.02))
    right = {"shapes": [ball((0, -0.2, 0), radius=0.08), ball((0, -0.2, 1))]}
    assert only(two_legs(left, right)).error == pytest.approx((0.1**2 - 0.08**2) / (2 * 0.08))


def test_only_surfaces_of_one_kind_are_mirror_images():
    left, right = {"shapes": [ball((0, 0.2, 0))]}, {"shapes": [ball((0, -0.2, 0), kind="box")]}
    found = [str(residual) for residual in residuals(two_legs(left, right)) if residual.error]
    assert found == [
        "left_leg and right_leg: a sphere has no mirror image",
        "right_leg and left_leg: a box has no mirror image",
    ]


def test_a_surface_too_many_is_told_on_either_side():
    for left, right in (({"shapes": [ball((0, 0.2, 0))]}, {}), ({}, {"shapes": [ball((0, -0.2, 0))]})):
        found = only(two_legs(left, right))
        assert found.error == np.inf and found.breaks
        assert "a sphere has no mirror image" in str(found)


@pytest.mark.parametrize("strict", [False, True])
def test_inner_surfaces_and_properties_decide_only_where_asked_to(strict):
    outer = [
        body(f"{n}_foot", i, (0, y, -1), hinge(f"{n}_ankle", (0, y, -1))) for n, y, i in (("l", 0.2, 1), ("r", -0.2, 2))
    ]
    legs = [body("l_leg", 0, (0, 0.2, 0), hinge("l_hip", (0, 0.2, 0)), shapes=[ball((0, 0.2, 0))])]
    legs += [body("r_leg", 0, (0, -0.2, 0), hinge("r_hip", (0, -0.2, 0)))]
    found = only(robot(trunk(), *legs, *outer), strict=strict)
    assert (found.quantity, found.breaks) == ("surface", strict)
    found = only(two_legs(left={"properties": {"damping": 2.0}}), strict=strict)
    assert (found.quantity, found.breaks) == ("damping", strict)


def test_limits_are_told_from_where_the_joints_stand():
    # The left leg stands at 0.5 where the right one, whose joint turns the other way in the mirror, stands at 2.
    same = two_legs({"angle": 0.5, "limits": (0, 3)}, {"angle": 2.0, "limits": (-0.5, 2.5)})
    assert all(residual.error == 0 for residual in residuals(same))
    found = only(two_legs({"angle": 0.5, "limits": (0, 3)}, {"angle": 2.0, "limits": (0, 3)}))
    assert str(found) == "left_hip and right_hip: limits [0, 3] mirror to [-0.5, 2.5], but are [0, 3]"


@pytest.mark.parametrize(
    ("ends", "position", "account"),
    [
        (((1, 3), (2, 4)), (0, -0.3, -1), None),
        (((3, 1), (2, 4)), (0, -0.3, -1), None),
        (((1, 3), (2, 4)), (0, -0.3, -1.01), "closed 10.0 mm from its mirror image"),
        (((1, 3), (2, 3)), (0, -0.3, -1), "closed where its mirror image is not"),
        (((1, 3),), None, "closed where its mirror image is not"),
    ],
)
def test_closed_chains_are_closed_in_the_mirror_too(ends, position, account):
    places = [("a", 0.2), ("b", -0.2), ("c", 0.4), ("d", -0.4)]
    bodies = [body(name, 0, (0, y, 0), hinge(f"hip_{name}", (0, y, 0))) for name, y in places]
    points = [(0, 0.3, -1), position]
    closures = [Closure(links, np.array(point, float)) for links, point in zip(ends, points, strict=False)]
    found = {str(r).split(": ")[1] for r in residuals(robot(trunk(), *bodies, closures=closures)) if r.error}
    assert found == ({account} if account else set())


def test_how_far_the_plane_is_from_the_base():
    offset = SpaceReflection("half_turn", np.array((0.03, 0.04, 0)))
    found = plane_residual(robot(trunk()), offset, Tolerances())
    assert (found.quantity, found.error, found.breaks) == ("plane", pytest.approx(0.05), True)
    assert str(found) == "trunk: origin 50.0 mm off the plane of the joints"
    assert plane_residual(robot(trunk()), SAGITTAL, Tolerances()).error == 0


def test_a_residual_breaks_beyond_its_tolerance_if_it_is_decisive():
    assert not Residual("mass", "a", "b", 0.1, 0.1, "").breaks
    assert Residual("mass", "a", "b", 0.11, 0.1, "").breaks
    assert not Residual("mass", "a", "b", 0.11, 0.1, "", decisive=False).breaks
    assert Residual("mass", "a", "b", 0.3, 0.1, "").ratio == pytest.approx(3)
    assert Residual("structure", "a", "b", np.inf, 0.0, "").ratio == np.inf
    assert Residual("limits", "a", "b", np.inf, np.inf, "").ratio == np.inf
    assert not Residual("limits", "a", "b", np.inf, np.inf, "").breaks


@pytest.mark.parametrize("value", [0, -0.1, float("nan")])
def test_tolerances_are_positive(value):
    with pytest.raises(ValueError, match="tolerance `mass` must be positive, got"):
        Tolerances(mass=value)
    assert Tolerances(limits=np.inf).limits == np.inf


#: Hips that turn the other way in the mirror, knees that do not, and a waist that is its own partner.
JOINTS = {
    "left_hip": ("right_hip", -1),
    "right_hip": ("left_hip", -1),
    "left_knee": ("right_knee", 1),
    "right_knee": ("left_knee", 1),
    "waist": ("waist", -1),
}


def partners(*actuators):
    return actuator_partners(actuators, JOINTS, {})


def broken(*actuators, neutral=()):
    residuals = actuator_residuals(actuators, JOINTS, dict(neutral), 0.05)
    return [str(residual) for residual in residuals if residual.breaks]


@pytest.mark.parametrize("joint", ["hip", "knee"])
@pytest.mark.parametrize(("gear", "other"), [(2, 3), (2, -3), (-2, -3), (-2, 3)])
def test_the_sign_is_that_of_the_joints_and_of_the_gears(joint, gear, other):
    sign = JOINTS[f"left_{joint}"][1] * (1 if gear * other > 0 else -1)
    motors = Actuator("l", f"left_{joint}", gear), Actuator("r", f"right_{joint}", other)
    assert partners(*motors) == {"l": ("r", sign), "r": ("l", sign)}


def test_a_motor_of_the_middle_is_its_own_partner():
    assert partners(Actuator("turn", "waist")) == {"turn": ("turn", -1)}
    assert broken(Actuator("turn", "waist")) == []
    assert broken(Actuator("turn", "waist", control_limits=(-1, 2))) == [
        "turn: control limits [-1, 2] mirror to [-2, 1], but are [-1, 2]"
    ]


def test_muscles_that_pull_against_each_other_change_places():
    muscles = [Actuator("left", "waist", 1, (0, 1)), Actuator("right", "waist", -1, (0, 1))]
    assert partners(*muscles) == {"left": ("right", 1), "right": ("left", 1)}
    assert broken(*muscles) == []


def test_muscles_of_partners_pull_the_same_way_in_the_mirror():
    muscles = [
        Actuator(f"{side}{gear:+}", f"{side}_hip", gear, (0, 1)) for side in ("left", "right") for gear in (1, -1)
    ]
    assert partners(*muscles) == {
        "left+1": ("right-1", 1), "right-1": ("left+1", 1), "left-1": ("right+1", 1), "right+1": ("left-1", 1)
    }  # fmt: skip
    assert broken(*muscles) == []


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 2, 0), (1, 2, 0, 3)])
def test_of_two_motors_those_are_partners_that_are_alike(order):
    motors = [
        Actuator(f"{s}_{gain}", f"{s}_hip", properties={"gain": gain}) for s in ("left", "right") for gain in (1, 9)
    ]
    assert partners(*(motors[i] for i in order)) == {
        "left_1": ("right_1", -1), "right_1": ("left_1", -1), "left_9": ("right_9", -1), "right_9": ("left_9", -1)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "account"),
    [
        ({"gear": 1.2}, "gears 1.2 and 1"),
        ({"control_limits": (-1, 2)}, "control limits [-1, 2] mirror to [-2, 1], but are [-1, 1]"),
        ({"control_limits": (-np.inf, np.inf)}, "control limits [-inf, inf] mirror to [-inf, inf], but are [-1, 1]"),
        ({"force_limits": (-5, 5)}, "force limits [-5, 5] mirror to [-5, 5], but are [-inf, inf]"),
        ({"properties": {"gain 0": 3.0}}, "gain 0 3 and 0"),
    ],
)
def test_motors_that_are_not_alike_are_named(change, account):
    same = {"gear": 1.0, "control_limits": (-1, 1)}
    assert broken(Actuator("l", "left_hip", **same), Actuator("r", "right_hip", **same)) == []
    motors = Actuator("l", "left_hip", **{**same, **change}), Actuator("r", "right_hip", **same)
    assert broken(*motors) == [f"l and r: {account}"]


def test_limits_on_one_side_are_mirrored_with_the_sign():
    assert broken(Actuator("l", "left_hip", 1, (0, 1)), Actuator("r", "right_hip", 1, (-1, 0))) == []
    assert broken(Actuator("l", "left_knee", 1, (0, 1)), Actuator("r", "right_knee", 1, (0, 1))) == []
    assert broken(Actuator("l", "left_hip", 1, (0, 1)), Actuator("r", "right_hip", -1, (0, 1))) == []


def test_a_motor_on_one_side_only_has_no_partner():
    lone = Actuator("l", "left_hip")
    assert partners(lone) == {}
    assert broken(lone) == ["l: the partner of its joint left_hip is driven otherwise"]
    assert partners(lone, Actuator("r", "right_hip"), Actuator("r2", "right_hip")) == {}
    assert partners(Actuator("arm", "arm")) == {}


def test_limits_of_servos_are_mirrored_about_the_controls_that_hold_the_pose():
    servos = Actuator("l", "left_hip", control_limits=(0, 1)), Actuator("r", "right_hip", control_limits=(-0.4, 0.6))
    assert broken(*servos, neutral={"l": 0.5, "r": 0.1}) == []
    assert broken(*servos) == ["l and r: control limits [0, 1] mirror to [-1, 0], but are [-0.4, 0.6]"]
