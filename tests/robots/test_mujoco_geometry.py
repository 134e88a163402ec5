"""Robots of MuJoCo models."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sb3_memaug.symmetry import read_geometry

from .same_robot import assert_same

mujoco = pytest.importorskip("mujoco")

TETRAHEDRON = "0 0 0  0.3 0 0  0 0.3 0  0 0 0.3"


def walker(place='pos="0 0 1"', leg="", extra=""):
    return f"""
    <mujoco model="walker">
      <compiler angle="radian"/>
      <asset><mesh name="wedge" vertex="{TETRAHEDRON}"/></asset>
      <worldbody>
        <geom name="floor" type="plane" size="5 5 1"/>
        <body name="trunk" {place}>
          <freejoint/>
          <geom name="hull" type="box" size="0.3 0.2 0.1"/>
          <body name="leg" pos="0.2 0.1 -0.1" euler="0 0.3 0">
            <joint name="hip" axis="1 2 0" pos="0 0 0.05"/>
            <joint name="knee" type="slide" axis="0 0 -2" ref="0.2"/>
            <geom name="shin" type="capsule" size="0.02 0.1"/>
            <geom name="cover" type="sphere" size="0.05" contype="0" conaffinity="0"/>
            {leg}
            <body name="foot" pos="0 0 -0.2"><geom name="toe" size="0.03" mass="0.5"/></body>
          </body>
          <body name="tail" pos="-0.3 0 0"><joint name="wag" axis="0 0 1"/><geom size="0.05"/></body>
        </body>
      </worldbody>
      {extra}
    </mujoco>
    """


def fixed(world):
    return f"<mujoco><worldbody>{world}</worldbody></mujoco>"


def joint_of(attributes):
    body = f'<body><joint name="it" {attributes}/><geom size="0.1"/></body>'
    return read_geometry(f'<mujoco><compiler angle="radian"/><worldbody>{body}</worldbody></mujoco>').joints[0]


def test_bodies_hang_together_as_in_the_model():
    robot = read_geometry(walker())
    assert robot.name == "walker"
    assert robot.floating
    assert [(link.name, link.parent) for link in robot.links] == [("trunk", -1), ("leg", 0), ("leg", 1), ("tail", 0)]
    assert [(joint.name, joint.kind) for joint in robot.joints] == [
        ("hip", "hinge"), ("knee", "slide"), ("wag", "hinge")
    ]  # fmt: skip
    assert [list(link.frames) for link in robot.links] == [["trunk"], [], ["leg", "foot"], ["tail"]]
    model = mujoco.MjModel.from_xml_string(walker())
    assert [link.mass for link in robot.links] == pytest.approx(
        [model.body("trunk").mass[0], 0, model.body("leg").mass[0] + 0.5, model.body("tail").mass[0]]
    )


def test_points_and_axes_are_seen_from_the_base():
    robot = read_geometry(walker('pos="3 4 5" euler="0.1 0.2 0.3"'))
    c, s = np.cos(0.3), np.sin(0.3)
    turn = np.array(((c, 0, s), (0, 1, 0), (-s, 0, c)))
    hip, knee, wag = robot.joints
    np.testing.assert_allclose(robot.links[2].frames["leg"], (0.2, 0.1, -0.1), atol=1e-12)
    np.testing.assert_allclose(robot.links[2].frames["foot"], (0.2, 0.1, -0.1) + turn @ (0, 0, -0.2), atol=1e-12)
    np.testing.assert_allclose(hip.position, (0.2, 0.1, -0.1) + turn @ (0, 0, 0.05), atol=1e-12)
    np.testing.assert_allclose(hip.axis, turn @ (1, 2, 0) / np.sqrt(5), atol=1e-12)
    np.testing.assert_allclose(knee.axis, turn @ (0, 0, -1), atol=1e-12)
    np.testing.assert_allclose(wag.axis, (0, 0, 1), atol=1e-12)
    mass = robot.links[0].mass
    np.testing.assert_allclose(robot.links[0].inertia, np.diag((0.05, 0.10, 0.13)) * mass / 3, rtol=1e-9, atol=1e-9)


triples = st.tuples(*[st.floats(-3, 3).map(lambda x: f"{x:.4f}")] * 3).map(" ".join)


@settings(max_examples=25, deadline=None)
@given(triples, triples)
def test_it_does_not_matter_where_the_base_is(position, euler):
    place = f'pos="{position}" euler="{euler}"'
    assert_same(read_geometry(walker(place)), read_geometry(walker()), atol=1e-10)


def test_a_joint_stands_at_its_reference():
    joint = joint_of('ref="0.4" range="-1 2"')
    assert joint.angle == 0.4
    assert joint.limits == (-1, 2)
    assert joint.properties == {"armature": 0, "damping": 0, "frictionloss": 0, "stiffness": 0}
    assert joint_of('range="-1 2" limited="false"').limits == (-np.inf, np.inf)


def test_a_joint_keeps_what_holds_it_back():
    joint = joint_of(
        'armature="0.1" damping="0.2" frictionloss="0.3" stiffness="4" springref="-0.5" ref="0.25" '
        'actuatorfrcrange="-6 7"'
    )
    assert joint.properties == {
        "armature": 0.1, "damping": 0.2, "frictionloss": 0.3, "stiffness": 4, "spring deflection": 0.75, "effort": 7
    }  # fmt: skip


def test_surfaces_are_what_can_collide():
    pair = '<contact><pair geom1="cover" geom2="floor"/></contact>'
    mesh = '<geom name="wedge" type="mesh" mesh="wedge" mass="0.1"/>'
    without, robot = read_geometry(walker()), read_geometry(walker(leg=mesh, extra=pair))
    assert [[shape.name for shape in link.shapes] for link in without.links] == [["hull"], [], ["shin", "toe"], [""]]
    assert [shape.name for shape in robot.links[2].shapes] == ["shin", "cover", "wedge", "toe"]
    assert [shape.kind for shape in robot.links[2].shapes] == ["capsule", "sphere", "mesh", "sphere"]
    hull, shin = robot.links[0].shapes[0], robot.links[2].shapes[0]
    np.testing.assert_allclose(hull.position, np.zeros(3), atol=1e-12)
    np.testing.assert_allclose(hull.extent, np.diag((0.09, 0.04, 0.01)), atol=1e-12)
    axis = robot.joints[1].axis
    extent = 0.02**2 * (np.eye(3) - np.outer(axis, axis)) + 0.12**2 * np.outer(axis, axis)
    np.testing.assert_allclose(shin.extent, extent, atol=1e-12)


def test_a_mesh_is_as_large_as_its_bounding_box():
    vertices = " ".join(f"{x} {y} {z}" for x in (0, 2) for y in (1, 2) for z in (0, 4))
    text = f"""
    <mujoco><asset><mesh name="brick" vertex="{vertices}"/></asset><worldbody><body pos="1 1 1">
      <freejoint/><geom type="mesh" mesh="brick"/>
    </body></worldbody></mujoco>
    """
    (shape,) = read_geometry(text).links[0].shapes
    np.testing.assert_allclose(shape.position, (1, 1.5, 2), atol=1e-6)
    np.testing.assert_allclose(shape.extent, np.diag((1, 0.25, 4)), atol=1e-6)


def test_actuators_are_those_of_joints():
    robot = read_geometry(
        walker(
            leg='<site name="heel"/>',
            extra="""
            <tendon><fixed name="cord"><joint joint="hip" coef="1"/></fixed></tendon>
            <actuator>
              <motor name="pull" tendon="cord"/>
              <motor joint="hip" gear="-3" ctrlrange="-1 2" forcerange="-10 20"/>
              <position name="lift" joint="knee" kp="50" kv="2"/>
              <general name="back" jointinparent="wag" gainprm="-4" biasprm="0.5" biastype="affine" forcerange="-1 2"/>
              <motor joint="hip"/>
              <motor name="thrust" site="heel"/>
            </actuator>
            """,
        )
    )
    hip, lift, back, second = robot.actuators
    assert [actuator.name for actuator in robot.actuators] == ["hip", "lift", "back", "actuator_4"]
    assert [actuator.joint for actuator in robot.actuators] == ["hip", "knee", "wag", "hip"]
    assert (hip.gear, hip.control_limits, hip.force_limits) == (-3, (-1, 2), (-10, 20))
    assert lift.control_limits == lift.force_limits == (-np.inf, np.inf)
    assert lift.properties["gain 0"] == lift.properties["bias 1"] == 50
    assert lift.properties["bias 2"] == 2
    # A pull by a negative gain is a push the other way.
    assert (back.gear, back.force_limits) == (-1, (-2, 1))
    assert back.properties["gain 0"] == 4 and back.properties["bias 0"] == 0.5
    assert hip.properties != lift.properties and hip.properties == second.properties


@pytest.mark.parametrize(
    ("equality", "names", "position"),
    [
        ('<connect body1="foot" body2="tail" anchor="0 0.1 0"/>', ("leg", "tail"), ("foot", (0, 0.1, 0))),
        ('<connect site1="heel" site2="tip"/>', ("leg", "trunk"), ("heel", (0, 0, 0))),
        ('<weld body1="tail" body2="foot" anchor="0 0.1 0"/>', ("tail", "leg"), ("foot", (0, 0.1, 0))),
        ('<weld site1="heel" site2="tip"/>', ("leg", "trunk"), ("heel", (0, 0, 0))),
    ],
)
def test_closures_hold_two_links_together(equality, names, position):
    if "site1" in equality and not hasattr(mujoco.MjModel, "eq_objtype"):
        pytest.skip("there only bodies can be held together")
    sites = '<site name="heel" pos="0.01 0.02 0.03"/>'
    text = walker(leg=sites, extra=f"<equality>{equality}</equality>").replace(
        '<geom name="hull"', '<site name="tip" pos="0.1 0 0"/><geom name="hull"'
    )
    robot, model = read_geometry(text), mujoco.MjModel.from_xml_string(text)
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    (closure,) = robot.closures
    assert tuple(robot.links[i].name for i in closure.links) == names
    part, offset = position
    place = data.site(part) if part == "heel" else data.body(part)
    origin = place.xpos + place.xmat.reshape(3, 3) @ offset
    np.testing.assert_allclose(closure.position, origin - data.body("trunk").xpos, atol=1e-12)


def test_what_is_held_to_the_world_or_not_held_is_no_closure():
    equality = '<equality><connect body1="foot" body2="world" anchor="0 0 0"/>'
    equality += '<connect body1="foot" body2="tail" anchor="0 0 0" active="false"/></equality>'
    assert read_geometry(walker(extra=equality)).closures == ()


def test_keyframes_are_poses():
    keys = '<key name="crouch" qpos="0 0 1 1 0 0 0 0.5 0.3 -1"/><key qpos="0 0 2 1 0 0 0 0 0.2 0"/>'
    robot = read_geometry(walker(extra=f"<keyframe>{keys}</keyframe>"))
    assert robot.poses == {
        "crouch": {"hip": 0.5, "knee": 0.3, "wag": -1.0}, "key_1": {"hip": 0, "knee": 0.2, "wag": 0}
    }  # fmt: skip


def test_the_first_robot_of_several_is_read():
    part = '<body name="{0}"><freejoint/><geom size="1"/><body><joint name="{0}"/><geom size="1"/></body></body>'
    robot = read_geometry(fixed(part.format("one") + part.format("two")))
    assert [joint.name for joint in robot.joints] == ["one"]
    assert list(robot.links[0].frames) == ["one"]


def test_a_fixed_base_is_the_world():
    robot = read_geometry(
        fixed(
            """
            <geom type="plane" size="1 1 1"/>
            <body name="goal" mocap="true"><geom size="0.1"/></body>
            <body name="desk" pos="1 0 0"><geom name="top" type="box" size="1 1 0.1"/>
              <body name="arm" pos="0 1 0"><joint name="swing"/><geom size="0.1"/></body>
            </body>
            """
        )
    )
    assert not robot.floating
    assert [list(link.frames) for link in robot.links] == [["world", "desk"], ["arm"]]
    assert [shape.name for shape in robot.links[0].shapes] == ["top"]
    np.testing.assert_array_equal(robot.joints[0].position, (1, 1, 0))


def test_what_has_no_name_is_numbered():
    robot = read_geometry(fixed('<body><freejoint/><geom size="1"/><body><joint/><geom size="1"/></body></body>'))
    assert [link.name for link in robot.links] == ["body_1", "body_2"]
    assert [joint.name for joint in robot.joints] == ["joint_1"]


def test_ball_joints_are_refused():
    with pytest.raises(ValueError, match="got the ball joint 'neck': use three hinges"):
        read_geometry(fixed('<body><joint name="neck" type="ball"/><geom size="1"/></body>'))
