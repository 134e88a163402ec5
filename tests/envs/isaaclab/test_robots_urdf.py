from __future__ import annotations

from xml.etree import ElementTree

import pytest

from sb3_memaug.envs.isaaclab.urdf import moving_joints, prepare_urdf, restore_fixed

LEG = """<robot name="leg">
  <link name="base"><visual><geometry><mesh filename="package://leg/meshes/base.dae"/></geometry></visual></link>
  <link name="SHANK"><collision><geometry><mesh filename="meshes/lost.stl"/></geometry></collision></link>
  <link name="pad"/><link name="LF_FOOT"/><link name="arm"/>
  <joint name="KFE" type="revolute"><parent link="base"/><child link="SHANK"/></joint>
  <joint name="to_pad" type="fixed"><parent link="SHANK"/><child link="pad"/></joint>
  <joint name="to_foot" type="fixed"><parent link="pad"/><child link="LF_FOOT"/></joint>
  <joint name="to_arm" type="revolute"><parent link="base"/><child link="arm"/></joint>
</robot>"""


@pytest.fixture
def leg(tmp_path):
    (tmp_path / "urdf").mkdir()
    (tmp_path / "meshes").mkdir()
    (tmp_path / "meshes" / "base.dae").touch()
    path = tmp_path / "urdf" / "leg.urdf"
    path.write_text(LEG)
    return path


def types(text):
    return {joint.get("name"): joint.get("type") for joint in ElementTree.fromstring(text).findall("joint")}


def test_only_the_joint_above_a_foot_is_kept_from_the_merger(leg):
    text, kept = prepare_urdf(leg)

    assert kept == ["to_foot"]
    assert types(text) == {"KFE": "revolute", "to_pad": "fixed", "to_foot": "floating", "to_arm": "revolute"}


def test_joints_that_are_no_motors_of_the_robot_become_fixed(leg):
    assert types(prepare_urdf(leg, joints=".*KFE")[0])["to_arm"] == "fixed"


def test_what_to_keep_can_be_told(leg):
    assert prepare_urdf(leg, keep="pad|LF_FOOT")[1] == ["to_pad", "to_foot"]


def test_after_the_merger_the_joints_are_fixed_again(leg, tmp_path):
    text, kept = prepare_urdf(leg)
    merged = tmp_path / "merged.urdf"
    merged.write_text(text)

    restore_fixed(merged, kept)

    assert types(merged.read_text())["to_foot"] == "fixed"
    assert moving_joints(merged) == ["KFE", "to_arm"]


def test_meshes_get_the_paths_of_their_files_and_shapes_without_one_are_left_out(leg, tmp_path):
    robot = ElementTree.fromstring(prepare_urdf(leg)[0])

    assert [mesh.get("filename") for mesh in robot.iter("mesh")] == [str(tmp_path / "meshes" / "base.dae")]
    assert not list(robot.iter("collision"))
