"""Which link is matched with which."""

import time

import numpy as np
import pytest

from sb3_memaug.symmetry import Tolerances, derive_symmetry
from sb3_memaug.symmetry.derivation.differences import SpaceReflection
from sb3_memaug.symmetry.derivation.matching import match_links

from ..small_robots import body, hinge, robot, slide, trunk, two_legs

SAGITTAL = SpaceReflection("sagittal", np.zeros(3))
TRANSVERSE = SpaceReflection("transverse", np.zeros(3))


def matched(geometry, space=SAGITTAL, tolerances=None):
    """Names of partners; a link is called after its joint."""
    names = [link.joint.name if link.joint else link.name for link in geometry.links]
    partners = match_links(geometry, space, tolerances or Tolerances())
    return {names[i]: names[j] for i, j in partners.items()}


def limb(name, *places, parent=0, start=1, mass=1.0):
    """A chain of bodies on hinges along x."""
    return [
        body(f"{name}{i}", start + i - 1 if i else parent, place, hinge(f"{name}{i}", place), mass=mass)
        for i, place in enumerate(places)
    ]


def test_limbs_are_partners_with_all_that_hangs_on_them():
    upper, lower = [(0, 0.2, 0), (0, 0.3, -0.2)], [(0, -0.2, 0), (0, -0.3, -0.2)]
    two = robot(trunk(), *limb("a", *upper), *limb("b", *lower, start=3))
    assert matched(two) == {"trunk": "trunk", "a0": "b0", "a1": "b1", "b0": "a0", "b1": "a1"}
    assert matched(two, TRANSVERSE) == {name: name for name in ("trunk", "a0", "a1", "b0", "b1")}


def test_what_hangs_on_them_decides_between_limbs_in_one_place():
    shoulder, up, down = (0, 0.0, 0), (0, 0.2, 0.2), (0, -0.2, 0.2)
    arms = limb("a", shoulder, up) + limb("b", shoulder, down, start=3) + limb("c", shoulder, (0, 0, 1), start=5)
    assert matched(robot(trunk(), *arms)) == {
        "trunk": "trunk", "a0": "b0", "a1": "b1", "b0": "a0", "b1": "a1", "c0": "c0", "c1": "c1"
    }  # fmt: skip


def test_a_part_that_is_missing_leaves_its_partner_alone():
    left, right = limb("a", (0, 0.2, 0), (0, 0.3, 0)), limb("b", (0, -0.2, 0), start=3)
    assert matched(robot(trunk(), *left, *right)) == {"trunk": "trunk", "a0": "b0", "b0": "a0"}


def test_of_several_parts_the_one_too_many_is_left_over():
    left = [body("a", 0, (0, 0.2, 0), hinge("a", (0, 0.2, 0)))]
    left += [body(f"a{z}", 1, (0, 0.2, z), hinge(f"a{z}", (0, 0.2, z))) for z in (1, 2, 3)]
    right = [body("b", 0, (0, -0.2, 0), hinge("b", (0, -0.2, 0)))]
    right += [body(f"b{z}", 5, (0, -0.2, z), hinge(f"b{z}", (0, -0.2, z))) for z in (3, 1)]
    partners = matched(robot(trunk(), *left, *right))
    assert partners["a1"] == "b1" and partners["a3"] == "b3"
    assert "a2" not in partners


def test_a_part_that_is_too_heavy_still_has_its_partner():
    assert matched(two_legs(left={"mass": 3}))["left_hip"] == "right_hip"


def test_a_hinge_and_a_slide_in_mirrored_places_are_put_side_by_side():
    # Two more legs, so that the place of one alone does not decide.
    legs = limb("c", (0, 0.2, 1)) + limb("d", (0, -0.2, 1), start=2)
    legs += [body("a", 0, (0, 0.2, 0), hinge("a", (0, 0.2, 0))), body("b", 0, (0, -0.2, 0), slide("b", (0, -0.2, 0)))]
    assert matched(robot(trunk(), *legs))["a"] == "b"


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 2, 0), (2, 3, 0, 1)])
def test_names_decide_between_parts_in_one_place(order):
    names = ["leg", "leg_left", "arm_right", "arm_left"]
    legs = [body(names[i], 0, (0, 0, 0), hinge(f"{names[i]}_joint", (0, 0, 0), (0, 1, 0))) for i in order]
    partners = matched(robot(trunk(), *legs))
    assert partners["leg_joint"] == "leg_left_joint"
    assert partners["arm_left_joint"] == "arm_right_joint"


def test_names_decide_between_many_parts_in_one_place():
    names = [f"{part}{side}" for part in ("arm", "leg", "eye", "ear", "fin") for side in ("", "_left")]
    parts = [body(name, 0, (0, 0, 0), hinge(name, (0, 0, 0), (0, 1, 0))) for name in names]
    partners = matched(robot(trunk(), *parts))
    assert {name: partners[name] for name in names if "_" not in name} == {
        name: f"{name}_left" for name in ("arm", "leg", "eye", "ear", "fin")
    }


def test_names_decide_nothing_else():
    front_left = [("a_left", (0.3, 0.2, 0)), ("a_right", (-0.3, -0.2, 0)), ("b_left", (0.3, -0.2, 0))]
    legs = [body(name, 0, place, hinge(name, place)) for name, place in [*front_left, ("b_right", (-0.3, 0.2, 0))]]
    partners = matched(robot(trunk(), *legs))
    assert partners["a_left"] == "b_left" and partners["a_right"] == "b_right"


def test_many_alike_parts_are_matched_in_no_time():
    places = [(np.cos(a), np.sin(a), 0) for a in np.arange(0.5, 24) * np.pi / 12]
    wheels = [body(f"wheel_{i}", 0, place, hinge(f"axle_{i}", place, (0, 0, 1))) for i, place in enumerate(places)]
    start = time.perf_counter()
    partners = matched(robot(trunk(), *wheels))
    assert [partners[f"axle_{i}"] for i in range(24)] == [f"axle_{23 - i}" for i in range(24)]
    # And where none is where it should be.
    matched(robot(trunk(), *wheels), SpaceReflection("transverse", np.array((0.01, 0, 0))))
    assert time.perf_counter() - start < 5


def test_a_chain_of_thousands_of_links_is_matched():
    chain = limb("c", *[(0, 0, -0.01 * i) for i in range(2000)])
    partners = matched(robot(trunk(), *chain))
    assert len(partners) == 2001
    assert all(name == partner for name, partner in partners.items())


def many_legs(place, names):
    """Legs on one link, one after the other on the left and on the right."""
    return robot(
        trunk(),
        *(
            body(name, 0, place(i // 2, side), hinge(name, place(i // 2, side), (1, 0, 0)))
            for i, (name, side) in enumerate(zip(names, (1, -1) * (len(names) // 2), strict=True))
        ),
    )


def test_hundreds_of_legs_on_one_link_are_partners():
    names = [f"{side}_{i}" for i in range(200) for side in ("left", "right")]
    partners = matched(many_legs(lambda i, side: (0, side * (1 + 0.1 * i), 0), names))
    assert all(partners[f"left_{i}"] == f"right_{i}" for i in range(200))


def test_names_decide_between_hundreds_of_legs_in_two_places():
    names = [f"{side}_{i}" for i in range(200) for side in ("left", "right")]
    partners = matched(many_legs(lambda i, side: (0, 0.2 * side, 0), names))
    assert all(partners[f"left_{i}"] == f"right_{i}" for i in range(200))


def test_hundreds_of_legs_in_two_places_whose_names_say_nothing_are_partners_in_one_way_of_many():
    geometry = many_legs(lambda i, side: (0, 0.2 * side, 0), [f"leg_{i}" for i in range(400)])
    partners = matched(geometry)
    side = {link.name: np.sign(link.centre[1]) for link in geometry.links[1:]}
    assert len(partners) == 401
    assert all(side[name] == -side[partner] for name, partner in partners.items() if name != "trunk")
    assert all(partners[partner] == name for name, partner in partners.items())


def test_what_was_not_tried_is_told(monkeypatch):
    branching = [trunk()]
    for _ in range(3):
        for parent in range(len(branching)):
            for _ in range(4):
                name = str(len(branching))
                branching.append(body(name, parent, (0, 0, 0), hinge(name, (0, 0, 0), (0, 1, 0))))
    geometry, notes = robot(*branching), []
    assert len(match_links(geometry, SAGITTAL, Tolerances(), notes)) == 125
    assert notes == []
    monkeypatch.setattr("sb3_memaug.symmetry.derivation.matching.ALL_PAIRS", 20)
    monkeypatch.setattr("sb3_memaug.symmetry.derivation.matching.SOME_PAIRS", 40)
    assert len(match_links(geometry, SAGITTAL, Tolerances(), notes)) == 125
    assert any("only the likeliest partner of each was tried" in note for note in notes)
    derived = derive_symmetry(geometry).candidates["left_right"]
    assert derived.holds
    assert f"  note: {derived.notes[0]}" in str(derived).splitlines()
