"""One URDF robot in every simulator, and what it means that they read the same robot from it."""

import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from sb3_memaug.symmetry import RobotGeometry, read_geometry

#: Nothing in it is aligned with anything else.
SKEWED = """
<robot name="skewed">
  <link name="trunk">
    <inertial>
      <origin xyz="0.1 0.2 0.3" rpy="0.4 0.5 0.6"/><mass value="2"/>
      <inertia ixx="0.3" iyy="0.2" izz="0.25" ixy="0.01" ixz="0.02" iyz="0.03"/>
    </inertial>
    <collision name="hull"><origin xyz="1 2 3" rpy="0.1 0.2 0.3"/><geometry><box size="0.2 0.4 0.6"/></geometry>
    </collision>
  </link>
  <link name="thigh">
    <inertial>
      <origin xyz="0.2 -0.1 0.3" rpy="-0.4 0.7 0.2"/><mass value="1"/>
      <inertia ixx="0.03" iyy="0.02" izz="0.025" ixy="0.001" ixz="-0.002" iyz="0.003"/>
    </inertial>
    <collision><origin xyz="1 0 3" rpy="0.1 2 0.3"/><geometry><cylinder radius="0.2" length="0.5"/></geometry>
    </collision>
    <collision><origin rpy="1 0.2 0.3"/><geometry><capsule radius="0.1" length="0.7"/></geometry></collision>
  </link>
  <link name="camera">
    <inertial>
      <origin xyz="0.01 0 0" rpy="0 0 0.3"/><mass value="0.5"/>
      <inertia ixx="0.002" iyy="0.003" izz="0.004" ixy="0" ixz="0" iyz="0"/>
    </inertial>
  </link>
  <link name="shank">
    <inertial><mass value="0.25"/><inertia ixx="0.002" iyy="0.003" izz="0.004" ixy="0" ixz="0" iyz="0"/></inertial>
    <collision><origin xyz="0 0 -0.3"/><geometry><sphere radius="0.02"/></geometry></collision>
  </link>
  <link name="wheel">
    <inertial><mass value="0.1"/><inertia ixx="0.001" iyy="0.001" izz="0.001" ixy="0" ixz="0" iyz="0"/></inertial>
  </link>
  <joint name="hip" type="revolute">
    <parent link="trunk"/><child link="thigh"/><origin xyz="1 -1 0.5" rpy="0.7 0.2 -0.1"/><axis xyz="1 2 -2"/>
    <limit lower="-1" upper="2" effort="30" velocity="7"/><dynamics damping="0.3" friction="0.2"/>
  </joint>
  <joint name="mount" type="fixed">
    <parent link="thigh"/><child link="camera"/><origin xyz="0.1 0.2 -0.3" rpy="3 2 1"/>
  </joint>
  <joint name="stretch" type="prismatic">
    <parent link="camera"/><child link="shank"/><origin xyz="0 0 -0.4" rpy="0.1 0.9 -0.4"/><axis xyz="0 0.6 0.8"/>
    <limit lower="0" upper="0.5" effort="100" velocity="1"/>
  </joint>
  <joint name="axle" type="continuous">
    <parent link="trunk"/><child link="wheel"/><origin xyz="-0.2 0.1 0"/>
  </joint>
</robot>
"""


def without_meshes(text: str) -> str:
    """The same robot as it is when no mesh can be found, so that every simulator can load it."""
    robot = ET.fromstring(text)
    for link in robot.findall("link"):
        for part in (*link.findall("visual"), *link.findall("collision")):
            if part.tag == "visual" or part.find("geometry/mesh") is not None:
                link.remove(part)
    for other in (*robot.findall("material"), *robot.findall("gazebo"), *robot.findall("transmission")):
        robot.remove(other)
    return ET.tostring(robot, "unicode")


def mujoco_model(text: str):
    """MuJoCo would weld the root link to the world, and forget its mass, unless it hung on a floating joint."""
    # Earlier ones forget how an inertial frame is turned.
    mujoco = pytest.importorskip("mujoco", minversion="4.0")
    robot = ET.fromstring(text)
    children = {joint.find("child").get("link") for joint in robot.findall("joint")}
    (root,) = (link.get("name") for link in robot.findall("link") if link.get("name") not in children)
    ET.SubElement(robot, "link", name="the_world")
    joint = ET.SubElement(robot, "joint", name="the_root", type="floating")
    ET.SubElement(joint, "parent", link="the_world")
    ET.SubElement(joint, "child", link=root)
    return mujoco.MjModel.from_xml_string(ET.tostring(robot, "unicode"))


def bullet_body(client, text: str, fixed: bool = False) -> int:
    """Somewhere in the world, with the masses and surfaces that the file tells."""
    flags = client.URDF_USE_INERTIA_FROM_FILE | client.URDF_USE_IMPLICIT_CYLINDER
    turn = client.getQuaternionFromEuler((0.3, 0.4, 0.5))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "robot.urdf"
        path.write_text(text)
        return client.loadURDF(str(path), (1, 2, 3), turn, useFixedBase=fixed, flags=flags)


def assert_same(robot: RobotGeometry, other: RobotGeometry, atol: float = 1e-12) -> None:
    """Links may come in another order, and a point may lie anywhere along a joint's axis."""
    links, others = ({link.joint and link.joint.name: link for link in r.links} for r in (robot, other))
    assert links.keys() == others.keys()
    for name, a in links.items():
        b = others[name]
        parents = [r.links[link.parent].joint for r, link in ((robot, a), (other, b)) if name]
        assert len({joint and joint.name for joint in parents}) <= 1
        np.testing.assert_allclose(a.mass, b.mass, atol=atol)
        # Simulators keep principal moments and axes, which are found step by step.
        np.testing.assert_allclose(a.inertia, b.inertia, atol=max(atol, 1e-6))
        if a.mass:
            np.testing.assert_allclose(a.centre, b.centre, atol=atol)
        for frame in a.frames.keys() & b.frames.keys():
            np.testing.assert_allclose(a.frames[frame], b.frames[frame], atol=atol)
        assert sorted(shape.kind for shape in a.shapes) == sorted(shape.kind for shape in b.shapes)
        for shape, surface in zip(_sorted(a.shapes), _sorted(b.shapes), strict=True):
            np.testing.assert_allclose(shape.position, surface.position, atol=atol)
            np.testing.assert_allclose(shape.extent, surface.extent, atol=atol)
        if a.joint is None or b.joint is None:
            continue
        assert a.joint.kind == b.joint.kind
        np.testing.assert_allclose(a.joint.axis, b.joint.axis, atol=atol)
        np.testing.assert_allclose(np.cross(a.joint.position - b.joint.position, a.joint.axis), 0, atol=atol)
        np.testing.assert_allclose(a.joint.angle, b.joint.angle, atol=atol)
        np.testing.assert_allclose(a.joint.limits, b.joint.limits, atol=atol)
        for key in a.joint.properties.keys() & b.joint.properties.keys():
            np.testing.assert_allclose(a.joint.properties[key], b.joint.properties[key], atol=atol)


def _sorted(shapes):
    return sorted(shapes, key=lambda shape: (shape.kind, *shape.position.round(6)))


def skewed() -> RobotGeometry:
    return read_geometry(SKEWED)
