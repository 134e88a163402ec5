"""Robots of URDF files, by hand and against MuJoCo's reading of them."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sb3_memaug.symmetry import read_geometry
from sb3_memaug.symmetry.derivation.geometry import posed

from .robot_files import example_robot
from .same_robot import SKEWED, assert_same, mujoco_model, skewed, without_meshes

#: Joints and kilogrammes. Those whose inertias are physical, for simulators refuse others.
REAL = {
    "solo12": (12, 2.5),
    "a1_description/urdf/a1": (12, 13.741),
    "go2_description/urdf/go2": (12, 16.085),
    "g1_29dof_rev_1_0": (29, 33.341),
    "talos_reduced": (32, 90.272),
}


def chain(*joints, links="base arm hand"):
    parts = "".join(f'<link name="{name}"/>' for name in links.split())
    return f'<robot name="chain">{parts}{"".join(joints)}</robot>'


def joint(name, parent, child, kind="revolute", inside=""):
    return f'<joint name="{name}" type="{kind}"><parent link="{parent}"/><child link="{child}"/>{inside}</joint>'


SHOULDER, WRIST = joint("shoulder", "base", "arm"), joint("wrist", "arm", "hand")


def wrist(kind="revolute", inside=""):
    return chain(SHOULDER, joint("wrist", "arm", "hand", kind, inside))


def test_links_hang_together_as_the_file_tells():
    robot = skewed()
    assert robot.name == "skewed"
    assert robot.floating
    assert robot.actuators == ()
    assert [(link.name, link.parent) for link in robot.links] == [
        ("trunk", -1), ("thigh", 0), ("shank", 1), ("wheel", 0)
    ]  # fmt: skip
    assert [(joint.name, joint.kind) for joint in robot.joints] == [
        ("hip", "hinge"), ("stretch", "slide"), ("axle", "hinge")
    ]  # fmt: skip
    assert list(robot.links[1].frames) == ["thigh", "camera"]
    assert robot.links[1].mass == 1.5
    hip, stretch, axle = robot.joints
    assert hip.limits == (-1, 2)
    assert stretch.limits == (0, 0.5)
    assert axle.limits == (-np.inf, np.inf)
    assert hip.properties == {"damping": 0.3, "frictionloss": 0.2, "effort": 30, "velocity": 7}
    np.testing.assert_array_equal(axle.axis, (1, 0, 0))


def test_angles_turn_about_fixed_axes_roll_first():
    turned = joint("shoulder", "base", "arm", inside='<origin rpy="1.5707963267948966 0 1.5707963267948966"/>')
    moved = joint("wrist", "arm", "hand", inside='<origin xyz="0 1 0"/>')
    robot = read_geometry(chain(turned, moved))
    np.testing.assert_allclose(robot.joints[0].axis, (0, 1, 0), atol=1e-15)
    np.testing.assert_allclose(robot.joints[1].position, (0, 0, 1), atol=1e-15)


def test_mujoco_reads_the_same_robot():
    assert_same(skewed(), read_geometry(mujoco_model(SKEWED)))


numbers = st.floats(-3, 3).map(lambda x: f"{x:.4f}")
triples = st.tuples(numbers, numbers, numbers).map(" ".join)


@settings(max_examples=25, deadline=None)
@given(triples, triples, triples, triples, triples)
def test_mujoco_reads_the_same_robot_wherever_its_parts_are(at, turn, axis, centre, principal):
    text = SKEWED.replace('"1 -1 0.5" rpy="0.7 0.2 -0.1"', f'"{at}" rpy="{turn}"')
    text = text.replace('"0.2 -0.1 0.3" rpy="-0.4 0.7 0.2"', f'"{centre}" rpy="{principal}"')
    if max(abs(float(x)) for x in axis.split()) > 0.1:
        text = text.replace('"1 2 -2"', f'"{axis}"')
    assert_same(read_geometry(text), read_geometry(mujoco_model(text)), atol=1e-10)


@pytest.mark.parametrize("name", list(REAL))
def test_real_robots_have_their_joints_and_masses(name):
    n_joints, mass = REAL[name]
    robot = read_geometry(example_robot(name))
    assert len(robot.joints) == n_joints
    assert sum(link.mass for link in robot.links) == pytest.approx(mass, abs=1e-3)


@pytest.mark.parametrize("name", list(REAL))
def test_mujoco_reads_the_same_real_robots(name):
    text = without_meshes(example_robot(name).read_text())
    assert_same(read_geometry(text), read_geometry(mujoco_model(text)), atol=1e-9)


def test_anymal_stands_on_the_ground_with_bent_knees():
    robot = read_geometry(example_robot("anymal_c_simple_description/urdf/anymal"))
    assert len(robot.joints) == 12
    assert sum(link.mass for link in robot.links) == pytest.approx(52.135, abs=1e-3)
    signs = {"LF": 1, "RF": 1, "LH": -1, "RH": -1}
    bent = {f"{leg}_HFE": 0.4 * sign for leg, sign in signs.items()}
    bent |= {f"{leg}_KFE": -0.8 * sign for leg, sign in signs.items()}
    straight, crouched = (
        np.array([link.frames[f"{leg}_FOOT"] for leg in signs for link in r.links if f"{leg}_FOOT" in link.frames])
        for r in (robot, posed(robot, bent))
    )
    assert np.ptp(straight[:, 2]) < 1e-9 and np.ptp(crouched[:, 2]) < 1e-9
    assert -0.65 < straight[0, 2] < -0.6 < crouched[0, 2] < -0.5
    np.testing.assert_allclose(crouched[0], crouched[1] * (1, -1, 1), atol=1e-9)
    np.testing.assert_allclose(crouched[0], crouched[2] * (-1, 1, 1), atol=1e-9)


def test_the_base_is_fixed_to_a_root_that_is_the_world():
    robot = read_geometry(
        chain(joint("weld", "world", "arm", "fixed"), joint("wrist", "arm", "hand"), links="world arm hand")
    )
    assert not robot.floating
    assert [link.name for link in robot.links] == ["world", "hand"]


def test_the_base_is_what_floats_below_the_root():
    free = joint("free", "world", "arm", "floating", '<origin xyz="0 0 5"/>')
    robot = read_geometry(chain(free, joint("wrist", "arm", "hand"), links="world arm hand"))
    assert robot.floating
    assert [link.name for link in robot.links] == ["arm", "hand"]
    np.testing.assert_array_equal(robot.links[0].frames["arm"], np.zeros(3))


def test_an_empty_range_is_none_and_meshes_are_no_surfaces():
    text = chain(joint("shoulder", "base", "arm", inside='<limit effort="3" velocity="1"/>'), WRIST).replace(
        '<link name="hand"/>',
        '<link name="hand"><collision><geometry><mesh filename="package://nowhere/hand.stl"/></geometry></collision></link>',
    )
    robot = read_geometry(text)
    assert robot.joints[0].limits == (-np.inf, np.inf)
    assert robot.joints[0].properties["effort"] == 3
    assert robot.links[2].shapes == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (chain(SHOULDER), r"one link that is no joint's child, the root, got \['base', 'hand'\]"),
        (chain(SHOULDER, WRIST, joint("back", "hand", "base")), r"the root, got \[\]"),
        (chain(joint("there", "arm", "hand"), joint("back", "hand", "arm")), r"links \['arm', 'hand'\] do not hang on"),
        (chain(SHOULDER, WRIST, joint("spare", "base", "hand")), "child of two joints, 'wrist' and 'spare'"),
        (chain(SHOULDER, joint("wrist", "arm", "palm")), "the child of joint 'wrist' is 'palm', which is no link"),
        (chain(SHOULDER, joint("wrist", "elbow", "hand")), "the parent of joint 'wrist' is 'elbow', which is no link"),
        (chain(SHOULDER, joint("shoulder", "arm", "hand")), "needs a name of its own, got 'shoulder' twice"),
        (chain(SHOULDER, WRIST, "<link/>"), "every <link> needs a name of its own, got None"),
        (wrist("planar"), "joint 'wrist' to be one of .* got 'planar'"),
        (wrist("floating"), "joint 'wrist' to be one of .* got 'floating'"),
        (wrist(inside='<axis xyz="0 0 0"/>'), "'wrist' must not be zero"),
        (wrist(inside='<origin xyz="0 0"/>'), "3 numbers in <origin xyz='0 0'>"),
        (wrist(inside='<origin xyz="0 0 ${z}"/>'), "xacro file must be expanded"),
        ('<robot name="empty"/>', "found none; a xacro file must be expanded first"),
        (
            '<robot><link name="a"><inertial><mass value="-1"/></inertial></link></robot>',
            "'a' must not be negative, got -1",
        ),
        ("<model/>", "expected <mujoco> or <robot> around everything, got <model>"),
        ("<robot><link", "the text is no robot that can be read"),
    ],
)
def test_what_is_no_robot_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        read_geometry(text)


def test_files_are_named_when_they_are_missing_or_wrong(tmp_path):
    with pytest.raises(ValueError, match=r"there is no file '.*nobody\.urdf'"):
        read_geometry(tmp_path / "nobody.urdf")
    path = tmp_path / "broken.urdf"
    path.write_text(chain(SHOULDER))
    with pytest.raises(ValueError, match=r"broken\.urdf is no robot that can be read: .*the root"):
        read_geometry(str(path))


def test_no_simulator_is_needed():
    code = "import sys; sys.modules.update(mujoco=None, pybullet=None); from sb3_memaug.symmetry import read_geometry; "
    code += "print(len(read_geometry(sys.stdin.read()).joints))"
    result = subprocess.run([sys.executable, "-c", code], input=SKEWED, capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["3"]


def test_an_mjcf_file_without_mujoco_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "mujoco", None)
    with pytest.raises(ImportError, match=r"pip install 'sb3-memaug\[mujoco\]'"):
        read_geometry("<mujoco/>")
