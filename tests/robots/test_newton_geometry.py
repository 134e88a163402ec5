"""Robots of Newton models, by hand, against their URDF files and against Newton's own kinematics."""

from dataclasses import replace

import numpy as np
import pytest

from sb3_memaug.symmetry import derive_symmetry, read_geometry
from sb3_memaug.symmetry.derivation.geometry import posed

from .robot_files import example_robot
from .same_robot import SKEWED, assert_same, skewed, without_meshes

newton = pytest.importorskip("newton")
wp = pytest.importorskip("warp")

Axis = newton.ModelBuilder.JointDofConfig
#: Newton computes in single precision.
ROUNDING = 1e-6


def urdf_builder(text):
    builder = newton.ModelBuilder()
    # Capsules are no part of URDF, and Newton's have a height.
    builder.add_urdf(text.replace('length="0.7"', 'height="0.7"'), floating=True)
    return builder


def body(builder, label, mass=1.0):
    return builder.add_link(mass=mass, inertia=wp.mat33(0.1 * np.eye(3)), label=f"robot/{label}")


def pair(connect, floating=True, **options):
    """Two bodies and what connects them: ``connect(builder, parent, child)``."""
    builder = newton.ModelBuilder(**options)
    trunk, arm = body(builder, "trunk"), body(builder, "arm")
    root = builder.add_joint_free(child=trunk) if floating else builder.add_joint_fixed(parent=-1, child=trunk)
    builder.add_articulation([root, connect(builder, trunk, arm)], label="machines/robot")
    return builder


def hinge(builder, parent, child, **options):
    return builder.add_joint_revolute(parent, child, axis=wp.vec3(0, 1, 0), label="robot/elbow", **options)


def without_properties(robot):
    """Newton makes targets of what URDF files tell of damping and effort, and forgets the limits of velocity."""
    joints = [link.joint and replace(link.joint, properties={}) for link in robot.links]
    links = [replace(link, joint=joint) for link, joint in zip(robot.links, joints, strict=True)]
    return replace(robot, links=tuple(links))


def test_a_builder_is_the_robot_of_its_urdf_file():
    robot = read_geometry(urdf_builder(SKEWED))
    assert_same(without_properties(robot), without_properties(skewed()), atol=ROUNDING)
    assert robot.name == "skewed"
    assert robot.floating
    hip = robot.joints[0]
    assert hip.properties["frictionloss"] == pytest.approx(0.2)
    assert hip.properties["effort"] == 30
    assert robot.actuators[0].properties == {"stiffness": 0, "damping": pytest.approx(0.3)}
    assert robot.poses == {"initial": {"hip": 0.0, "stretch": 0.0, "axle": 0.0}}
    assert {name for link in robot.links for name in link.frames} == {"trunk", "thigh", "camera", "shank", "wheel"}


def test_a_model_is_the_robot_of_its_builder():
    builder = urdf_builder(SKEWED)
    assert_same(read_geometry(builder.finalize(device="cpu")), read_geometry(builder), atol=ROUNDING)


@pytest.mark.parametrize("name", ["solo12", "go2_description/urdf/go2", "g1_29dof_rev_1_0"])
def test_real_robots_have_the_mirrors_of_their_urdf_files(name):
    text = without_meshes(example_robot(name).read_text())
    robot, original = read_geometry(urdf_builder(text)), read_geometry(text)
    assert_same(without_properties(robot), without_properties(original), atol=ROUNDING)
    found, expected = derive_symmetry(robot).reflections, derive_symmetry(original).reflections
    assert {name: mirror.joints for name, mirror in found.items()} == {
        n: mirror.joints for n, mirror in expected.items()
    }
    assert "left_right" in found


def test_several_axes_are_joints_in_newtons_order():
    shift, turn = [(0, 0, 1), (1, 0, 0)], [(0, 1, 0), (0, 0, 1), (1, 0, 0)]
    angles = {f"shoulder:{k}": angle for k, angle in enumerate((0.1, -0.2, 0.7, -0.5, 0.9))}

    def shoulder(builder, parent, child):
        return builder.add_joint_d6(
            parent,
            child,
            linear_axes=[Axis(axis=wp.vec3(axis)) for axis in shift],
            angular_axes=[Axis(axis=wp.vec3(axis)) for axis in turn],
            parent_xform=wp.transform((1, 2, 3), wp.quat_rpy(0.1, 0.2, 0.3)),
            child_xform=wp.transform((0.3, 0.2, 0.1), wp.quat_rpy(0.4, 0.5, 0.6)),
            label="robot/shoulder",
        )

    builder = pair(shoulder)
    builder.joint_q[7:] = angles.values()
    robot = read_geometry(builder)
    assert [(joint.name, joint.kind) for joint in robot.joints] == list(
        zip(angles, ["slide"] * 2 + ["hinge"] * 3, strict=True)
    )
    assert robot.poses["initial"] == angles
    model = builder.finalize(device="cpu")
    state = model.state()
    newton.eval_fk(model, model.joint_q, model.joint_qd, state)
    arm = posed(robot, angles).links[-1].frames["arm"]
    np.testing.assert_allclose(arm, state.body_q.numpy()[1, :3], atol=ROUNDING)


def test_the_first_articulation_of_the_first_world_is_read():
    scene = newton.ModelBuilder()
    scene.add_articulation([scene.add_joint_fixed(parent=-1, child=body(scene, "table"))], label="table")
    for mass in (2.0, 3.0):
        robot = pair(hinge)
        robot.body_mass[0] = mass
        scene.add_world(robot)
    for source in (scene, scene.finalize(device="cpu")):
        robot = read_geometry(source)
        assert (robot.name, [link.name for link in robot.links]) == ("robot", ["trunk", "arm"])
        assert robot.links[0].mass == 2
        assert [joint.name for joint in robot.joints] == ["elbow"]


def test_a_robot_that_is_fixed_is_seen_from_where_it_stands():
    stand = wp.transform((5, 6, 7), wp.quat_rpy(0.0, 0.0, np.pi / 2))
    builder = newton.ModelBuilder()
    trunk, arm = body(builder, "trunk"), body(builder, "arm")
    root = builder.add_joint_fixed(parent=-1, child=trunk, parent_xform=stand)
    elbow = hinge(builder, trunk, arm, parent_xform=wp.transform((1, 0, 0), wp.quat_identity()))
    builder.add_articulation([root, elbow])
    robot = read_geometry(builder)
    assert not robot.floating
    assert [link.name for link in robot.links] == ["world", "arm"]
    assert robot.links[0].mass == 1
    np.testing.assert_allclose(robot.joints[0].position, (0, 1, 0), atol=ROUNDING)
    np.testing.assert_allclose(robot.joints[0].axis, (-1, 0, 0), atol=ROUNDING)


def test_a_joint_outside_the_tree_closes_a_chain():
    builder = pair(hinge)
    builder.add_joint_ball(0, 1, parent_xform=wp.transform((1, 2, 3), wp.quat_identity()))
    (closure,) = read_geometry(builder).closures
    assert closure.links == (0, 1)
    np.testing.assert_array_equal(closure.position, (1, 2, 3))


def test_what_collides_is_a_surface():
    builder = pair(hinge)
    quarter = wp.transform((0, 0, 1), wp.quat_rpy(0.0, np.pi / 2, 0.0))
    builder.add_shape_capsule(0, xform=quarter, radius=0.1, half_height=0.3, label="robot/hull")
    builder.add_shape_cone(0, radius=0.1, half_height=0.3)
    builder.add_shape_ellipsoid(0, rx=0.1, ry=0.2, rz=0.3)
    corners = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)], np.float32)
    triangles = np.array([0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3])
    builder.add_shape_mesh(0, mesh=newton.Mesh(corners, triangles), scale=(2, 1, 1))
    looks = newton.ModelBuilder.ShapeConfig(has_shape_collision=False)
    builder.add_shape_box(0, cfg=looks)
    builder.add_shape_plane(body=0)
    shapes = read_geometry(builder).links[0].shapes
    assert [shape.kind for shape in shapes] == ["capsule", "cone", "ellipsoid", "mesh"]
    assert shapes[0].name == "hull"
    np.testing.assert_allclose(shapes[0].position, (0, 0, 1), atol=ROUNDING)
    extents = [(0.16, 0.01, 0.01), (0.01, 0.01, 0.09), (0.01, 0.04, 0.09), (1, 0.25, 0.25)]
    for shape, extent in zip(shapes, extents, strict=True):
        np.testing.assert_allclose(shape.extent, np.diag(extent), atol=ROUNDING)
    np.testing.assert_allclose(shapes[3].position, (1, 0.5, 0.5), atol=ROUNDING)


def test_what_has_a_target_is_driven():
    driven = read_geometry(
        pair(lambda *ends: hinge(*ends, target_pos=0.0, target_ke=20.0, target_kd=2.0, effort_limit=5.0, armature=0.5))
    )
    (actuator,) = driven.actuators
    assert (actuator.name, actuator.joint, actuator.gear) == ("elbow", "elbow", 1)
    assert actuator.properties == {"stiffness": 20, "damping": 2}
    assert actuator.force_limits == (-5, 5)
    assert driven.joints[0].properties["armature"] == 0.5
    passive = read_geometry(pair(hinge))
    assert passive.actuators == ()
    assert passive.joints[0].limits == (-np.inf, np.inf)


def test_a_ball_joint_is_three_hinges():
    place = wp.transform((1, 2, 3), wp.quat_rpy(0.1, 0.2, 0.3))
    builder = pair(lambda b, one, other: b.add_joint_ball(one, other, parent_xform=place, label="robot/elbow"))
    x, y, z, w = wp.quat_rpy(0.4, -0.3, 0.2)
    builder.joint_q[7:] = [x, y, z, w]
    robot = read_geometry(builder)
    assert [(joint.name, joint.kind) for joint in robot.joints] == [(f"elbow:{k}", "hinge") for k in range(3)]
    model = builder.finalize(device="cpu")
    state = model.state()
    newton.eval_fk(model, model.joint_q, model.joint_qd, state)
    arm = posed(robot, robot.poses["initial"]).links[-1]
    np.testing.assert_allclose(arm.frames["arm"], state.body_q.numpy()[1, :3], atol=ROUNDING)


def test_mimic_constraints_are_couplings():
    builder = pair(hinge)
    tip = body(builder, "tip")
    wrist = builder.add_joint_revolute(1, tip, axis=(1, 0, 0), label="robot/wrist")
    builder.articulation_end = [len(builder.joint_type)]
    builder.joint_articulation[wrist] = 0
    builder.add_constraint_mimic(wrist, 1, 0.1, -0.5, label="robot/follow")
    builder.add_constraint_mimic(wrist, 1, 0.1, 2.0, enabled=False)
    (coupling,) = read_geometry(builder).couplings
    assert (coupling.kind, coupling.joints, coupling.name) == ("mimic", ("wrist", "elbow"), "follow")
    assert coupling.coefficients == (0.1, -0.5)


def test_a_fixed_robot_needs_z_up():
    with pytest.raises(ValueError, match="expected z as the up axis"):
        read_geometry(pair(hinge, floating=False, up_axis=newton.Axis.Y))
    assert read_geometry(pair(hinge, up_axis=newton.Axis.Y)).floating


def test_a_model_without_a_robot_is_refused():
    with pytest.raises(ValueError, match=r"a Newton model with an articulation: make one by ModelBuilder\.add_art"):
        read_geometry(newton.ModelBuilder())
