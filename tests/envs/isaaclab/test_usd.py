"""."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from sb3_memaug.envs.isaaclab.urdf import moving_joints, prepare_urdf, restore_fixed
from sb3_memaug.envs.isaaclab.usd import cache_folder, find_usd
from sb3_memaug.files import InputError
from tests.robots.robot_files import example_robot

from .simulated import FILES, simulated


def test_a_usd_file_is_taken_as_it_is(tmp_path):
    path = tmp_path / "robot.usda"
    path.touch()

    assert find_usd(path) == path.resolve()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.urdf"):
        find_usd(tmp_path / "nowhere.urdf")


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "robot.xml"
    path.touch()

    with pytest.raises(ValueError, match=r"must be a file that ends in \.urdf, \.usd"):
        find_usd(path)


def test_conversions_are_kept_in_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert cache_folder() == tmp_path / "sb3-memaug" / "isaaclab"


def test_a_robot_without_its_meshes_is_simulated_and_what_it_lacks_is_named(tmp_path):
    pytest.importorskip("isaaclab")
    file = tmp_path / "g1.urdf"
    file.write_text(FILES["G1"].read_text())

    with pytest.warns(UserWarning, match=r"g1\.urdf") as told, simulated("G1-Velocity", num_envs=1, robot=file) as env:
        assert env.scene["robot"].num_joints == 29

    (account,) = {str(warning.message) for warning in told if "g1.urdf" in str(warning.message)}
    assert "24 of 36 collision shapes" in account
    assert all(f"g1_description/meshes/{side}_knee_link.STL" in account for side in ("left", "right"))


pytestmark = pytest.mark.filterwarnings("ignore:.*shapes are left out")

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


def test_shapes_that_are_lost_are_counted_and_named_once(leg):
    lost = "<collision><geometry><mesh filename='meshes/lost.stl'/></geometry></collision>"
    lost += "<collision><geometry><box size='1 1 1'/></geometry></collision>"
    leg.write_text(LEG.replace('<link name="pad"/>', f'<link name="pad">{lost}</link>'))

    with pytest.warns(UserWarning, match="left out") as told:
        text, _ = prepare_urdf(leg)

    (warning,) = told
    assert str(warning.message) == (
        f"{leg}: 2 of 3 collision shapes are left out (missing): 'meshes/lost.stl' of 'SHANK' and 'pad'"
    )
    assert len(list(ElementTree.fromstring(text).iter("collision"))) == 1


def test_g1_without_its_meshes_is_told_to_have_lost_most_of_its_surface(tmp_path):
    path = tmp_path / "g1.urdf"
    path.write_text(example_robot("g1_29dof_rev_1_0").read_text())

    with pytest.warns(
        UserWarning, match=r"24 of 36 collision shapes are left out \(missing\): .*/pelvis_contour_link.STL'"
    ):
        prepare_urdf(path)


def test_what_stands_beside_a_robot_that_floats_is_left_out(leg):
    ground = '<link name="world"/><link name="ground"/>'
    for name, kind, child in (("held", "fixed", "ground"), ("root", "floating", "base")):
        ground += f'<joint name="{name}" type="{kind}"><parent link="world"/><child link="{child}"/></joint>'
    plain, _ = prepare_urdf(leg)
    leg.write_text(LEG.replace('<link name="base">', f'{ground}<link name="base">'))

    assert prepare_urdf(leg)[0] == plain


def test_a_malformed_file_is_refused_with_its_place(leg):
    leg.write_text(LEG.replace('<child link="pad"/>', '<child link="bad"/>'))

    with pytest.raises(InputError, match=r"leg\.urdf, joint 'to_pad': the child of joint 'to_pad' is 'bad'"):
        prepare_urdf(leg)


@pytest.mark.parametrize("argument", ["joints", "keep"])
def test_a_broken_regular_expression_is_named(leg, argument):
    with pytest.raises(ValueError, match=rf"`{argument}` must be a regular expression, got '\['"):
        prepare_urdf(leg, **{argument: "["})


def test_meshes_get_the_paths_of_their_files_and_shapes_without_one_are_left_out(leg, tmp_path):
    robot = ElementTree.fromstring(prepare_urdf(leg)[0])

    assert [mesh.get("filename") for mesh in robot.iter("mesh")] == [str(tmp_path / "meshes" / "base.dae")]
    assert not list(robot.iter("collision"))
