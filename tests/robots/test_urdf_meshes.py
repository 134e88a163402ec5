import pytest

from sb3_memaug.robots.urdf import read_urdf
from sb3_memaug.robots.urdf_meshes import find_mesh


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


@pytest.mark.parametrize("name", ["", "other.stl", "http://meshes/base.stl", "package://base"])
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
