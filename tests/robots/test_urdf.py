"""What of a URDF file is the robot, and what is wrong with a file that has none."""

import re
import warnings

import numpy as np
import pytest

from sb3_memaug.files import InputError
from sb3_memaug.robots.description.urdf import read_urdf
from sb3_memaug.symmetry import derive_symmetry, read_geometry

from .small_urdf import biped_parts, joint, link, robot

FREE = joint("root", "world", "pelvis", "floating")
LEGS = ("pelvis", "left_thigh", "left_shin", "right_thigh", "right_shin")
GROUND = link("ground") + joint("held", "world", "ground", "fixed")


@pytest.mark.parametrize(
    ("parts", "beside"),
    [
        ((link("world"), FREE), ("world",)),
        ((link("world"), FREE, GROUND), ("world", "ground")),
        ((link("world"), GROUND, FREE), ("world", "ground")),
        ((link("world"), joint("root", "world", "pelvis", "planar", axis="0 0 1"), GROUND), ("world", "ground")),
        # Something between the world and the robot.
        (
            (
                link("map"),
                link("odom"),
                joint("o", "map", "odom", "fixed"),
                joint("root", "odom", "pelvis", "floating"),
            ),
            ("map", "odom"),
        ),
        # A ball, and a door.
        ((link("world"), link("ball"), joint("b", "world", "ball", "floating"), FREE), ("world", "ball")),
        ((link("world"), link("door"), joint("d", "world", "door"), FREE), ("world", "door")),
        # Nothing holds them.
        ((link("ground"),), ("ground",)),
        ((link("world"), GROUND), ("world", "ground")),
    ],
)
def test_what_stands_beside_a_robot_is_no_part_of_it(parts, beside):
    text = robot(*parts, biped_parts())
    urdf = read_urdf(text)
    assert urdf.robot == LEGS
    assert urdf.beside == beside
    assert urdf.floating
    geometry = read_geometry(text)
    assert [link.name for link in geometry.links] == list(LEGS)
    assert geometry.left_aside == beside
    assert geometry.floating
    assert list(derive_symmetry(text).reflections) == ["left_right", "front_back"]


def test_a_robot_that_is_fixed_stays_so_beside_what_floats():
    cube = link("cube") + joint("cube_free", "world", "cube", "floating")
    urdf = read_urdf(robot(link("world"), cube, joint("weld", "world", "pelvis", "fixed"), biped_parts()))
    assert urdf.robot == ("world", *LEGS)
    assert urdf.beside == ("cube",)
    assert not urdf.floating


def test_of_several_roots_only_surroundings_are_left_out():
    with pytest.raises(InputError, match=r"the root, got \['pelvis', 'other'\], and \['ground'\] beside them"):
        read_urdf(robot(biped_parts(), link("other"), link("ground")))
    with pytest.raises(InputError, match=r"the root, got \['ground', 'world'\]"):
        read_urdf(robot(link("ground"), link("world")))


MIMIC = '<mimic joint="{}" multiplier="{}" offset="{}"/>'


def test_joints_that_follow_others_are_coupled():
    text = robot(biped_parts(MIMIC.format("left_hip", -2, 0.5), '<mimic joint="right_hip"/>'))
    couplings = [(c.kind, c.joints, c.coefficients) for c in read_geometry(text).couplings]
    assert couplings == [
        ("mimic", ("left_knee", "left_hip"), (0.5, -2.0)),
        ("mimic", ("right_knee", "right_hip"), (0.0, 1.0)),
    ]


def test_joints_beside_the_robot_are_not_coupled():
    doors = link("door") + joint("hinge", "world", "door") + link("knob")
    doors += joint("turn", "door", "knob", inside=MIMIC.format("hinge", 1, 0))
    assert read_geometry(robot(link("world"), FREE, doors, biped_parts())).couplings == ()


def test_a_fixed_joint_follows_nothing():
    pad = link("pad") + joint("pad_joint", "pelvis", "pad", "fixed", inside=MIMIC.format("nobody", 1, 0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_urdf(robot(biped_parts(), pad)).mimics == ()


def test_a_joint_that_follows_nobody_is_told_of():
    text = robot(biped_parts(MIMIC.format("hip", 1, 0)))
    with pytest.warns(UserWarning, match="joint 'left_knee': expected <mimic> to name a joint that moves, got 'hip'"):
        geometry = read_geometry(text)
    assert geometry.couplings == ()
    assert geometry.not_compared == ("the <mimic> of joint 'left_knee', which names no joint that moves",)


def test_a_chain_of_any_length_is_read():
    n = 1500
    parts = [link(f"l{i}") + (joint(f"j{i}", f"l{i - 1}", f"l{i}", xyz="0 0 1") if i else "") for i in range(n)]
    geometry = read_geometry(robot(*reversed(parts)))
    assert [link.parent for link in geometry.links] == list(range(-1, n - 1))
    np.testing.assert_allclose(geometry.links[-1].centre, (0, 0, n - 1))


@pytest.mark.parametrize(
    ("find", "put", "place", "problem"),
    [
        ('<joint name="left_hip" type="revolute">', '<joint name="left_hip">', "joint 'left_hip'", "one of .* got ''"),
        ('type="revolute"', 'type="ball"', "joint 'left_hip'", "one of .* got 'ball'"),
        ('type="revolute"', 'type="Revolute"', "joint 'left_hip'", "one of .* got 'Revolute'"),
        ('<parent link="pelvis"/>', "", "joint 'left_hip'", "the parent of joint 'left_hip' is '', which is no link"),
        ('<child link="left_thigh"/>', "<child/>", "joint 'left_hip'", "the child of joint 'left_hip' is ''"),
        (
            '<parent link="pelvis"/>', '<parent link="a"/><parent link="pelvis"/>',
            "joint 'left_hip'", "one <parent>, got 2",
        ),
        ('<axis xyz="0 1 0"/>', '<axis xyz="0 nan 0"/>', "joint 'left_hip'", "3 numbers in <axis xyz='0 nan 0'>"),
        ('<axis xyz="0 1 0"/>', '<axis xyz="0 1e400 0"/>', "joint 'left_hip'", "3 numbers of up to 1e\\+10"),
        ('<axis xyz="0 1 0"/>', '<axis xyz="0 1_0 0"/>', "joint 'left_hip'", "3 numbers"),
        ('<axis xyz="0 1 0"/>', "<axis/>", "joint 'left_hip'", "3 numbers in 'xyz' of <axis>, which it has not"),
        ('<axis xyz="0 1 0"/>', '<axis xyz="0 0 0"/>', "joint 'left_hip'", "'left_hip' must not be zero"),
        ('lower="-1"', 'lower="2"', "joint 'left_hip'", "`lower` not above `upper` in <limit>, got 2.0 and 1.0"),
        ('lower="-1"', 'lower="low"', "joint 'left_hip'", "a number in <limit lower='low'>"),
        ('<mass value="5"/>', '<mass value="-5"/>', "link 'pelvis'", "must not be negative, got -5"),
        ('<mass value="5"/>', "<mass/>", "link 'pelvis'", "a number in 'value' of <mass>, which it has not"),
        ('ixx="0.01"', 'ixx=""', "link 'pelvis'", "a number in <inertia ixx=''>"),
        ('ixx="0.01"', "", "link 'pelvis'", "a number in 'ixx' of <inertia>, which it has not"),
        (
            "</link>", "<collision><geometry><box/></geometry></collision></link>",
            "link 'pelvis'", "3 numbers in 'size' of <box>, which it has not",
        ),
        (
            "</link>", '<visual><geometry><sphere radius="-1"/></geometry></visual></link>',
            "link 'pelvis'", "sizes that are not negative in <sphere>",
        ),
        ("<link", '<material name="a"><color rgba="1 0"/></material><link', "material 'a'", "4 numbers in <color"),
        (
            'effort="9" velocity="5"/></joint>', f'/>{MIMIC.format("left_hip", 1, 0)}</joint>',
            "joint 'left_hip'", "<mimic> leads in a ring: left_hip → left_hip",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(tmp_path, find, put, place, problem):
    path = tmp_path / "robot.urdf"
    text = robot(biped_parts())
    assert find in text
    path.write_text(text.replace(find, put, 1))
    with pytest.raises(InputError, match=problem) as refused:
        read_urdf(path)
    assert (refused.value.source, refused.value.place) == (str(path), place)


def test_a_ring_of_joints_that_follow_each_other_is_refused():
    text = robot(biped_parts(MIMIC.format("right_knee", 1, 0), MIMIC.format("left_knee", 1, 0)))
    with pytest.raises(InputError, match="in a ring: left_knee → right_knee → left_knee"):
        read_urdf(text)


def test_the_same_said_twice_is_said_once():
    text = robot(biped_parts()).replace('<axis xyz="0 1 0"/>', '<axis xyz="0 1 0"/> <axis xyz="0 1 0"/>')
    assert list(derive_symmetry(text).reflections) == ["left_right", "front_back"]


@pytest.mark.parametrize("bound", ["inf", "1e300", "+Infinity"])
def test_limits_may_be_none(bound):
    text = re.sub('upper="1" effort="9"', f'upper="{bound}" effort="{bound}"', robot(biped_parts()))
    (hip, *_) = read_geometry(text).joints
    assert hip.limits == (-1, float(bound))
    assert list(derive_symmetry(text).reflections) == ["left_right"]


def test_xacro_is_named_whatever_its_prefix_is():
    text = robot('<x:macro name="leg"/>', biped_parts(), attributes='xmlns:x="http://www.ros.org/wiki/xacro"')
    with pytest.raises(InputError, match="has to be expanded first: `xacro"):
        read_urdf(text)
    # What has been expanded may still say so.
    read_urdf(robot(biped_parts(), attributes='xmlns:xacro="http://www.ros.org/wiki/xacro"'))
