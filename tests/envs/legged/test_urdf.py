import struct
from xml.etree import ElementTree

import numpy as np
import pytest

from sb3_memaug.robots.description.urdf import Mimic
from sb3_memaug.robots.description.urdf_rewrite import urdf_for_mujoco

MESH = '<visual><geometry><mesh filename="{}"/></geometry></visual>'


@pytest.fixture
def read(tmp_path):
    def read(body, folder="dog_description/urdf"):
        path = tmp_path / folder / "dog.urdf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'<robot name="dog">{body}</robot>')
        urdf = urdf_for_mujoco(path)
        return ElementTree.fromstring(urdf.text), urdf.mimics

    return read


def stl(path, faces=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\0" * 80 + struct.pack("<I", faces) + b"\0" * 50 * faces)
    return path


def meshes(robot):
    return [mesh.get("filename") for mesh in robot.iter("mesh")]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("meshes/leg.stl", "dog_description/urdf/meshes/leg.stl"),
        ("../meshes/leg.stl", "dog_description/meshes/leg.stl"),
        ("package://dog_description/meshes/leg.stl", "dog_description/meshes/leg.stl"),
        ("package://another_name/meshes/leg.stl", "dog_description/meshes/leg.stl"),
        ("package://other_description/meshes/leg.STL", "other_description/meshes/leg.STL"),
        ("model://dog/leg.stl", "dog_description/leg.stl"),
    ],
)
def test_meshes_are_found_where_their_packages_lie(read, tmp_path, name, place):
    stl(tmp_path / place)
    robot, _ = read(f'<link name="leg">{MESH.format(name)}</link>')
    (found,) = meshes(robot)
    assert (tmp_path / place).samefile(found)


def test_absolute_paths_are_left_alone(read, tmp_path):
    path = stl(tmp_path / "elsewhere" / "leg.stl")
    for name in (str(path), path.as_uri()):
        robot, _ = read(f'<link name="leg">{MESH.format(name)}</link>')
        assert meshes(robot) == [str(path)]


def test_meshes_that_mujoco_cannot_read_are_left_out_with_their_shapes(read, tmp_path):
    folder = tmp_path / "dog_description" / "urdf"
    folder.mkdir(parents=True)
    stl(folder / "good.stl", faces=3)
    (folder / "text.stl").write_text("solid leg\nendsolid leg\n" * 20)
    (folder / "empty.stl").write_bytes(b"\0" * 84)
    (folder / "leg.dae").write_text("<COLLADA/>")
    (folder / "leg.obj").write_text("v 0 0 0\n")
    names = ["good.stl", "text.stl", "empty.stl", "leg.dae", "leg.obj", "missing.stl"]
    box = "<visual><geometry><box size='1 1 1'/></geometry></visual>"
    with pytest.warns(UserWarning, match="left out") as told:
        robot, _ = read(f'<link name="leg">{"".join(map(MESH.format, names))}{box}</link>')
    (warning,) = told
    unread = "3 of 7 visual shapes are left out (in no format that can be read): 'text.stl', 'empty.stl', 'leg.dae'"
    lost = "1 of 7 visual shapes are left out (missing): 'missing.stl'"
    assert str(warning.message).endswith(f"dog.urdf: {unread}; {lost}")
    assert [name.rpartition("/")[2] for name in meshes(robot)] == ["good.stl", "leg.obj"]
    assert len(robot.findall("link/visual")) == 3


def test_shapes_that_mujoco_does_not_know_are_left_out(read):
    with pytest.warns(UserWarning, match=r"1 of 1 collision shapes are left out \(no .*\): '<plane>' of 'a'"):
        robot, _ = read('<link name="a"><collision><geometry><plane normal="0 0 1"/></geometry></collision></link>')
    assert robot.find("link/collision") is None


def test_every_shape_has_a_name_of_its_own(read):
    box = "<geometry><box size='1 1 1'/></geometry>"
    robot, _ = read(
        f'<link name="a"><visual>{box}</visual><visual>{box}</visual><collision>{box}</collision></link>'
        f'<link name="b"><visual name="a_visual_0">{box}</visual></link>'
        '<joint name="weld" type="fixed"><parent link="a"/><child link="b"/></joint>'
    )
    names = [shape.get("name") for kind in ("visual", "collision") for shape in robot.iter(kind)]
    assert names == ["a_visual_0", "a_visual_1", "b_visual_0", "a_collision_0"]


def inertia_of(robot):
    attributes = robot.find("link/inertial/inertia").attrib
    xx, yy, zz, xy, xz, yz = (float(attributes[key]) for key in ("ixx", "iyy", "izz", "ixy", "ixz", "iyz"))
    return np.array(((xx, xy, xz), (xy, yy, yz), (xz, yz, zz)))


def link(mass, inertia):
    moments = " ".join(f'{key}="{value}"' for key, value in inertia.items())
    return f'<link name="a"><inertial><mass value="{mass}"/><inertia {moments}/></inertial></link>'


def test_points_of_mass_get_the_least_inertia(read):
    moments = dict.fromkeys(("ixx", "iyy", "izz", "ixy", "ixz", "iyz"), 0.0)
    robot, _ = read(link(2.0, moments))
    np.testing.assert_allclose(np.linalg.eigvalsh(inertia_of(robot)), 2e-6)
    robot, _ = read(link(2.0, {**moments, "ixx": 1.0, "iyy": 1.0, "izz": 1.0, "ixy": 1.5}))
    assert np.linalg.eigvalsh(inertia_of(robot))[0] == pytest.approx(2e-6)


def test_good_inertia_is_left_alone(read):
    moments = {"ixx": 0.02, "iyy": 0.03, "izz": 0.04, "ixy": 0.001, "ixz": 0, "iyz": -0.002}
    robot, _ = read(link(2.0, moments))
    attributes = robot.find("link/inertial/inertia").attrib
    assert {key: float(value) for key, value in attributes.items()} == moments


def test_masses_of_nothing_are_left_out(read):
    moments = dict.fromkeys(("ixx", "iyy", "izz", "ixy", "ixz", "iyz"), 1.0)
    robot, _ = read(link(0.0, moments))
    assert robot.find("link/inertial") is None


@pytest.mark.parametrize(("world", "kind"), [("world", "fixed"), ("world", "floating"), ("odom", "floating")])
def test_the_world_is_no_part_of_the_robot(read, world, kind):
    robot, _ = read(
        f'<link name="{world}"/><link name="base"/><link name="leg"/>'
        f'<joint name="float" type="{kind}"><parent link="{world}"/><child link="base"/></joint>'
        '<joint name="hip" type="revolute"><parent link="base"/><child link="leg"/></joint>'
    )
    assert [link.get("name") for link in robot.findall("link")] == ["base", "leg"]
    assert [joint.get("name") for joint in robot.findall("joint")] == ["hip"]


@pytest.mark.parametrize("kind", ["floating", "planar"])
def test_what_stands_on_the_world_is_no_part_of_the_robot(read, kind):
    robot, _ = read(
        '<link name="world"/><link name="ground"/><link name="base"/><link name="leg"/>'
        f'<joint name="float" type="{kind}"><parent link="world"/><child link="base"/></joint>'
        '<joint name="held" type="fixed"><parent link="world"/><child link="ground"/></joint>'
        '<joint name="hip" type="revolute"><parent link="base"/><child link="leg"/></joint>'
    )
    assert [link.get("name") for link in robot.findall("link")] == ["base", "leg"]
    assert [joint.get("name") for joint in robot.findall("joint")] == ["hip"]


def test_a_base_of_no_mass_stays(read):
    robot, _ = read(
        '<link name="base_link"/><link name="trunk"/>'
        '<joint name="mount" type="fixed"><parent link="base_link"/><child link="trunk"/></joint>'
    )
    assert [link.get("name") for link in robot.findall("link")] == ["base_link", "trunk"]


def test_joints_that_follow_others_are_told(read):
    robot, mimics = read(
        '<link name="a"/><link name="b"/><link name="c"/><link name="d"/>'
        '<joint name="thumb" type="revolute"><parent link="a"/><child link="d"/></joint>'
        '<joint name="finger" type="revolute"><parent link="a"/><child link="b"/>'
        '<mimic joint="thumb" multiplier="-2" offset="0.5"/></joint>'
        '<joint name="other" type="revolute"><parent link="a"/><child link="c"/><mimic joint="thumb"/></joint>'
    )
    assert mimics == (Mimic("finger", "thumb", -2.0, 0.5), Mimic("other", "thumb", 1.0, 0.0))
    assert robot.find("joint/mimic") is None


def test_a_compiler_for_mujoco_is_replaced_but_for_its_mesh_folder(read, tmp_path):
    stl(tmp_path / "dog_description" / "urdf" / "looks" / "leg.stl")
    robot, _ = read(
        '<mujoco><compiler meshdir="looks" fusestatic="true"/></mujoco>'
        f'<link name="leg">{MESH.format("leg.stl")}</link>'
    )
    assert len(meshes(robot)) == 1
    assert [compiler.get("fusestatic") for compiler in robot.iter("compiler")] == ["false"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<mujoco/>", "must be a URDF file with <robot> outermost.*got <mujoco>"),
        ('<robot xmlns:xacro="http://x/xacro"><xacro:leg/></robot>', "no xacro in it.*has to be expanded"),
        ("<robot", "is no URDF file"),
    ],
)
def test_other_files_are_refused(tmp_path, text, message):
    path = tmp_path / "robot.urdf"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        urdf_for_mujoco(path)
