from pathlib import Path

import pytest

from sb3_memaug.robots.description.urdf import read_urdf
from sb3_memaug.robots.description.urdf_rewrite import LostShape, find_mesh, settle_shapes


@pytest.fixture
def mesh(tmp_path):
    (tmp_path / "meshes").mkdir()
    path = tmp_path / "meshes" / "base.stl"
    path.touch()
    return path


@pytest.mark.parametrize(
    "name", ["meshes/base.stl", "package://robot/meshes/base.stl", "model://meshes/base.stl", "base.stl"]
)
def test_a_mesh_is_found_in_the_first_folder_that_has_it(mesh, name):
    folders = [mesh.parent / "none", mesh.parent, mesh.parent.parent]
    assert find_mesh(name, folders) == mesh


@pytest.mark.parametrize(
    "name",
    [
        "meshes\\base.stl",
        "package://robot\\meshes\\base.stl",
        "package://ro%20bot/meshes/base.stl",
        "file:meshes/base.stl",
    ],
)
def test_names_may_be_written_as_other_systems_do(mesh, name):
    assert find_mesh(name, [mesh.parent.parent]) == mesh


def test_a_mesh_may_lie_at_home(mesh, monkeypatch):
    monkeypatch.setenv("HOME", str(mesh.parent.parent))
    assert find_mesh("~/meshes/base.stl", [mesh.parent / "none"]) == mesh
    assert find_mesh("~nobody_by_that_name/base.stl", [mesh.parent / "none"]) is None


@pytest.mark.parametrize("name", ["", "a" * 5000, "a\0b", "other.stl", "http://meshes/base.stl", "package://base"])
def test_what_is_nowhere_is_not_found(mesh, name):
    assert find_mesh(name, [mesh.parent / "none"]) is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<mujoco/>", "must be a URDF file with <robot> outermost .* got <mujoco>"),
        ('<robot xmlns:xacro="http://x/xacro"><xacro:leg/></robot>', "has to be expanded first"),
        ("<robot", "is no URDF file"),
    ],
)
def test_other_files_are_named(tmp_path, text, complaint):
    path = tmp_path / "robot.urdf"
    path.write_text(text)
    with pytest.raises(ValueError, match=complaint):
        read_urdf(path)


def test_the_robot_is_read(tmp_path):
    path = tmp_path / "robot.urdf"
    path.write_text('<robot name="one"><link name="base"/></robot>')
    assert read_urdf(path).name == "one"


def test_shapes_without_a_mesh_are_left_out_of_a_copy_and_told(mesh, tmp_path):
    (tmp_path / "urdf").mkdir()
    path = tmp_path / "urdf" / "robot.urdf"
    names = ("base.stl", r"C:\robot\base.stl", "lost.stl")
    shapes = "".join(f'<visual><geometry><mesh filename="{name}"/></geometry></visual>' for name in names)
    # MuJoCo takes the folder from here.
    path.write_text(f'<robot><mujoco><compiler meshdir="../meshes"/></mujoco><link name="base">{shapes}</link></robot>')
    urdf = read_urdf(path)
    with pytest.warns(UserWarning, match=r"1 of 3 visual shapes are left out \(missing\): 'lost.stl'$") as told:
        root, lost = settle_shapes(urdf)
    assert len(told) == 1
    assert lost == (LostShape("base", "visual", "lost.stl", "missing"),)
    found = [element.get("filename") for element in root.iter("mesh")]
    assert [Path(name).resolve() for name in found] == [mesh, mesh]
    assert len(list(urdf.text.root.iter("visual"))) == 3
