"""Robots of MuJoCo models."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sb3_memaug.symmetry import derive_symmetry, read_geometry
from sb3_memaug.symmetry.derivation.geometry import posed

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


def test_a_ball_joint_is_three_hinges_about_the_axes_of_the_base():
    ball = '<joint name="neck" type="ball" pos="0 0 0.1" range="0 0.7" damping="0.2"/>'
    text = walker(
        leg=f'<body name="head" pos="0 0.1 0" euler="0.3 0.2 0.1">{ball}<geom size="0.1" pos="0.1 0 0"/></body>'
    )
    key = '<keyframe><key name="look" qpos="1 2 3 0.5 0.5 0.5 0.5 0.4 0.3 0.8 0.2 -0.5 0.3 -0.2"/></keyframe>'
    text = text.replace("</mujoco>", f"{key}</mujoco>")
    robot, model = read_geometry(text), mujoco.MjModel.from_xml_string(text)
    neck = [joint for joint in robot.joints if joint.name.startswith("neck")]
    assert [(joint.name, joint.kind, joint.limits) for joint in neck] == [
        (f"neck:{k}", "hinge", (-0.7, 0.7)) for k in range(3)
    ]
    np.testing.assert_array_equal([joint.axis for joint in neck], np.eye(3))
    assert neck[0].properties["damping"] == 0.2
    # In the keyframe they turn the head to where MuJoCo has it.
    data = mujoco.MjData(model)
    mujoco.mj_resetDataKeyframe(model, data, 0)
    mujoco.mj_kinematics(model, data)
    trunk, head = data.body("trunk"), data.body("head")
    centre = next(link for link in posed(robot, robot.poses["look"]).links if link.name == "head" and link.mass).centre
    np.testing.assert_allclose(centre, trunk.xmat.reshape(3, 3).T @ (head.xipos - trunk.xpos), atol=1e-9)


ARM = """
<body name="{s}_upper" pos="0 {y} 0.5"><joint name="{s}_shoulder" axis="0 0 1" range="-57 57"/>
  <geom type="capsule" fromto="0 0 0 0.3 0 0" size="0.03"/>
  <body name="{s}_lower" pos="0.3 0 0"><joint name="{s}_elbow" axis="0 1 0" range="0 115"/>
    <geom type="capsule" fromto="0 0 0 0.3 0 0" size="0.03"/>
  </body>
</body>
"""
ARMS = ARM.format(s="left", y=0.3) + ARM.format(s="right", y=-0.3)
MOTORS = "".join(f'<motor joint="{s}_{j}"/>' for s in ("left", "right") for j in ("shoulder", "elbow"))
CUBE = '<body name="cube" pos="0.5 0.1 0.5"><freejoint name="loose"/><geom type="box" size="0.03 0.03 0.03"/></body>'
ROPE = """
<body name="rope" pos="1 0.2 0.5"><joint type="ball"/><geom type="capsule" fromto="0 0 0 0 0 -0.1" size="0.01"/>
  <body pos="0 0 -0.1"><joint name="bead" type="ball"/><geom size="0.01"/></body>
</body>
"""
DOOR = (
    '<body name="door" pos="1 0.4 0"><joint name="door_hinge" axis="0 0 1"/><geom type="box" size="0.4 0.02 1"/></body>'
)


def bimanual(beside="", more="", motors=MOTORS):
    actuators = f"<actuator>{motors}</actuator>"
    return f"<mujoco><worldbody>{ARMS}{beside}</worldbody>{actuators}{more}</mujoco>"


@pytest.mark.parametrize(
    ("beside", "names", "motors"),
    [
        (CUBE, ("cube",), MOTORS),
        (ROPE, ("rope",), MOTORS),
        (CUBE + ROPE, ("cube", "rope"), MOTORS),
        (DOOR, ("door",), MOTORS),
        ('<body name="goal" mocap="true" pos="0 1 0"><geom size="0.1"/></body>', ("goal",), MOTORS),
        # Without motors, what has hinges is the robot; nothing tells a door from an arm.
        (CUBE, ("cube",), ""),
        (CUBE + ROPE, ("cube", "rope"), ""),
    ],
)
def test_what_is_no_part_of_the_robot_is_left_aside(beside, names, motors):
    derived = derive_symmetry(bimanual(beside, motors=motors))
    assert derived.geometry.left_aside == names
    assert derived.reflections["left_right"].joints == derive_symmetry(bimanual()).reflections["left_right"].joints
    assert len(derived.geometry.joints) == 4
    assert f"left aside, as no part of the robot: {'; '.join(names)}" in str(derived)


def test_what_stands_fast_may_weigh_what_it_likes():
    table = '<body name="desk" pos="0.5 0.7 0"><geom name="top" type="box" size="0.4 0.9 0.02" mass="50"/></body>'
    assert "left_right" in derive_symmetry(bimanual(table)).reflections


def test_a_cube_that_is_welded_to_a_hand_is_carried_by_it():
    weld = '<equality><weld body1="left_lower" body2="cube" relpose="0.3 0 0 1 0 0 0"/></equality>'
    robot = read_geometry(bimanual(CUBE, weld))
    assert robot.left_aside == ()
    (hand,) = (link for link in robot.links if "cube" in link.frames)
    assert hand.name == "left_lower"
    # Where the weld holds it, not where it starts.
    np.testing.assert_allclose(hand.frames["cube"], (0.6, 0.3, 0.5), atol=1e-9)
    assert "left_right" not in derive_symmetry(bimanual(CUBE, weld)).reflections
    both = CUBE + CUBE.replace("cube", "block").replace("loose", "free")
    welds = (
        weld.replace("</equality>", "") + weld.replace("left", "right").replace("cube", "block")[len("<equality>") :]
    )
    assert "left_right" in derive_symmetry(bimanual(both, welds)).reflections
    inactive = weld.replace("<weld", '<weld active="false"')
    assert read_geometry(bimanual(CUBE, inactive)).left_aside == ("cube",)


def test_a_cube_that_hangs_on_a_hand_moves_with_six_joints():
    connect = '<equality><connect body1="left_lower" body2="cube" anchor="0.3 0 0"/></equality>'
    robot = read_geometry(bimanual(CUBE, connect))
    assert [j.name for j in robot.joints if j.name.startswith("loose")] == [f"loose:{k}" for k in range(6)]
    (closure,) = robot.closures
    assert [robot.links[i].name for i in closure.links] == ["left_lower", "cube"]
    assert "left_right" not in derive_symmetry(bimanual(CUBE, connect)).reflections


def test_a_passive_chain_that_closes_a_loop_is_part_of_the_robot():
    equality = '<equality><connect name="loop" body1="left_lower" body2="door" anchor="0.3 0 0"/></equality>'
    robot = read_geometry(bimanual(DOOR, equality))
    assert robot.left_aside == ()
    assert "door_hinge" in [joint.name for joint in robot.joints]
    assert len(robot.closures) == 1


def test_what_is_held_to_something_else_is_told():
    goal = '<body name="goal" mocap="true"><geom size="0.1"/></body>'
    robot = read_geometry(bimanual(goal, '<equality><weld body1="goal" body2="left_lower"/></equality>'))
    assert robot.not_compared == ("the weld that holds left_lower to goal, which is no part of the robot",)


def equality(left, right):
    return f'<equality><joint joint1="left_elbow" joint2="left_shoulder" polycoef="{left}"/>' + (
        f'<joint joint1="right_elbow" joint2="right_shoulder" polycoef="{right}"/></equality>'
        if right
        else "</equality>"
    )


@pytest.mark.parametrize(
    ("left", "right", "broken"),
    [
        # A shoulder about the vertical turns the other way in the mirror, an elbow about the lateral axis does not.
        ("0.1 0.5 0.2 0 0", "0.1 -0.5 0.2 0 0", None),
        ("0 0.5 0 0.3 0", "0 -0.5 0 -0.3 0", None),
        (
            "0 0.5 0 0 0",
            "0 0.5 0 0 0",
            "left_elbow = 0.5 · left_shoulder, which mirrors to right_elbow = -0.5 · right_sh",
        ),
        ("0.1 0 0 0 0", "-0.1 0 0 0 0", "mirrors to right_elbow = 0.1, but there is right_elbow = -0.1"),
        ("0 0.5 0 0 0", "", "mirrors to right_elbow = -0.5 · right_shoulder, but is missing"),
    ],
)
def test_equalities_of_joints_are_held_up_against_their_mirror_images(left, right, broken):
    found = derive_symmetry(bimanual(more=equality(left, right))).candidates["left_right"]
    assert found.holds == (broken is None)
    assert broken is None or any(broken in str(residual) for residual in found.breaks)


def test_an_equality_that_is_not_active_is_state():
    more = equality("0 0.5 0 0 0", "").replace("<joint ", '<joint active="false" ')
    assert derive_symmetry(bimanual(more=more)).candidates["left_right"].holds


def test_an_equality_may_be_told_from_either_end():
    turned = '<joint joint1="right_shoulder" joint2="right_elbow" polycoef="0 -2 0 0 0"/></equality>'
    more = equality("0 0.5 0 0 0", "").replace("</equality>", turned)
    assert derive_symmetry(bimanual(more=more)).candidates["left_right"].holds


def tendons(left="", right="", coefficient=-1.0, left_motor="", right_motor=""):
    parts = (("left", 1.0, left), ("right", coefficient, right))
    made = "".join(
        f'<fixed name="{s}_cord" {more}><joint joint="{s}_shoulder" coef="{c}"/>'
        f'<joint joint="{s}_elbow" coef="2"/></fixed>'
        for s, c, more in parts
    )
    motors = f'<position name="left_pull" tendon="left_cord" kp="10" {left_motor}/>'
    motors += f'<position name="right_pull" tendon="right_cord" kp="10" {right_motor}/>'
    return bimanual(more=f"<tendon>{made}</tendon>", motors=MOTORS + motors)


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({}, None),
        ({"left": 'stiffness="5" springlength="0.1 0.2"', "right": 'stiffness="5" springlength="0.1 0.2"'}, None),
        (
            {"coefficient": 1.0},
            "2 · right_elbow + -1 · right_shoulder, but there is 2 · right_elbow + 1 · right_shoulder",
        ),
        ({"left": 'stiffness="5"', "right": 'stiffness="7"'}, "left_cord and right_cord: stiffness 5 and 7"),
        ({"left": 'damping="1"'}, "left_cord and right_cord: damping 1 and 0"),
        (
            {"left": 'range="-1 2"', "right": 'range="-1 1"'},
            "its limits [-1, 2] mirror to [-1, 2], but are [-1, 1]",
        ),
        (
            {"left": 'stiffness="5" springlength="0.4"', "right": 'stiffness="5" springlength="0"'},
            "its rest [0.4, 0.4] mirror to [0.4, 0.4], but are [0, 0]",
        ),
        (
            {"left_motor": 'forcerange="-3 3"', "right_motor": 'forcerange="-2 2"'},
            "left_pull and right_pull: force limits",
        ),
    ],
)
def test_fixed_tendons_are_held_up_against_their_mirror_images(changes, broken):
    found = derive_symmetry(tendons(**changes)).candidates["left_right"]
    assert found.holds == (broken is None)
    if broken is None:
        assert found.reflection.actuators["left_pull"] == ("right_pull", 1)
    else:
        assert any(broken in str(residual) for residual in found.breaks), found


def test_what_is_not_compared_is_told():
    sites = '<body name="{0}"><joint name="{0}"/><geom size="0.1"/><site name="{0}_site"/></body>'
    world = sites.format("a") + sites.format("b")
    tendon = '<spatial name="cable"><site site="a_site"/><site site="b_site"/></spatial>'
    motors = '<motor joint="a"/><motor name="winch" tendon="cable"/><general name="jet" site="a_site"/>'
    text = f"<mujoco><worldbody>{world}</worldbody><tendon>{tendon}</tendon><actuator>{motors}</actuator></mujoco>"
    derived = derive_symmetry(text)
    assert derived.geometry.not_compared == (
        "tendon cable, which runs through space", "actuator winch (tendon)", "actuator jet (site)"
    )  # fmt: skip
    assert str(derived).endswith(
        "not compared: tendon cable, which runs through space; actuator winch (tendon); actuator jet (site)"
    )
    assert [joint.name for joint in derived.geometry.joints] == ["a", "b"]


#: A leg of Cassie's kind: a rod hangs on a ball joint and closes a loop.
LEG = """
<body name="{s}_thigh" pos="0 {y} 0"><joint name="{s}_hip" axis="0 1 0"/>
  <geom type="capsule" fromto="0 0 0 0 0 -.4" size=".04"/>
  <body name="{s}_rod" pos="0 0 -.1" {turn}><joint name="{s}_achilles" type="ball"/>
    <inertial pos="{centre}" mass="0.1" diaginertia="{inertia}"/>
  </body>
  <body name="{s}_shin" pos="0 0 -.4"><joint name="{s}_knee" axis="0 1 0"/>
    <geom type="capsule" fromto="0 0 0 0 0 -.4" size=".03"/>
  </body>
</body>
"""


def cassie(right_anchor="0 0 -.3"):
    # The frames of the two rods are no mirror images of each other.
    left = LEG.format(s="left", y=0.1, turn="", centre="0 0 -.15", inertia="0.002 0.002 0.001")
    turned = LEG.format(s="right", y=-0.1, turn='euler="90 0 0"', centre="0 -.15 0", inertia="0.002 0.001 0.002")
    rods = '<connect body1="left_rod" body2="left_shin" anchor="0 0 -.3"/>'
    rods += '<connect body1="right_rod" body2="right_shin" anchor="{} {} {}"/>'.format(*right_anchor.split())
    return f"""
    <mujoco><worldbody>
      <body name="pelvis" pos="0 0 1"><freejoint/><geom type="box" size=".1 .1 .1"/>{left}{turned}</body>
    </worldbody><equality>{rods}</equality>
    <actuator><motor joint="left_hip"/><motor joint="right_hip"/></actuator></mujoco>
    """


def test_a_rod_on_a_ball_joint_within_the_robot():
    left_right = derive_symmetry(cassie("0 -.3 0")).reflections["left_right"]
    assert left_right.joints["left_hip"] == ("right_hip", 1)
    assert [left_right.joints[f"left_achilles:{k}"] for k in range(3)] == [
        ("right_achilles:0", -1), ("right_achilles:1", 1), ("right_achilles:2", -1)
    ]  # fmt: skip
    assert left_right.bodies["left_rod"] == "right_rod"
    locked = derive_symmetry(cassie("0 -.3 0"), locked=[".*achilles"]).reflections["left_right"]
    assert locked.joints.keys() == {f"{s}_{j}" for s in ("left", "right") for j in ("hip", "knee")}
    elsewhere = derive_symmetry(cassie("0 -.2 0")).candidates["left_right"]
    assert "left_rod and left_shin: closed 100.0 mm from its mirror image" in [str(r) for r in elsewhere.breaks]


def test_joints_can_be_locked_where_a_keyframe_has_them():
    keys = '<keyframe><key name="bent" qpos="0 0 1 1 0 0 0 0.5 0.3 -1"/></keyframe>'
    derived = derive_symmetry(walker(extra=keys), pose="bent", locked=["knee"])
    assert [joint.name for joint in derived.geometry.joints] == ["hip", "wag"]
    assert derived.geometry.poses == {"bent": {"hip": 0.5, "wag": -1.0}}
    bent = posed(read_geometry(walker()), {"hip": 0.5, "knee": 0.3, "wag": -1.0})
    np.testing.assert_allclose(derived.geometry.links[1].frames["foot"], bent.links[2].frames["foot"], atol=1e-12)
