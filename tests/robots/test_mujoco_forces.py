"""A dead motor gives its joint no torque by any way that MuJoCo knows, and a weak one its share by each of them."""

import gymnasium as gym
import numpy as np
import pytest

from sb3_memaug.wrappers import JointFailure

mujoco = pytest.importorskip("mujoco")
from sb3_memaug.robots.mujoco.robot import MuJoCoRobot  # noqa: E402, as there may be no MuJoCo

MODEL = """
<mujoco>
  {extension}
  <compiler angle="radian"/>
  <option timestep="0.002" gravity="0 0 -10" integrator="{integrator}"/>
  <worldbody>
    <site name="world" pos="0 0.1 0.5"/>
    <body name="bar" pos="0 0 1">
      <joint name="swing" axis="0 1 0" {joint}/>
      <geom type="capsule" size="0.02" fromto="0 0 0 0.4 0 0" mass="1"/>
      <site name="middle" pos="0.2 0 0.02"/>
      <body name="tip" pos="0.4 0 0" gravcomp="{gravcomp}">
        <joint name="bend" axis="0 1 0.2"/>
        <geom type="capsule" size="0.02" fromto="0 0 0 0.2 0 0" mass="0.5"/>
        <site name="end" pos="0.2 0 0"/>
      </body>
    </body>
  </worldbody>
  <tendon>
    <fixed name="both"><joint joint="swing" coef="1"/><joint joint="bend" coef="0.7"/></fixed>
    <fixed name="one"><joint joint="bend" coef="0.7"/></fixed>
    <spatial name="string"><site site="world"/><site site="middle"/><site site="end"/></spatial>
  </tendon>
  <actuator><motor name="own" joint="swing" gear="3"/>{actuator}</actuator>
</mujoco>"""
PLUGIN = """
<extension><plugin plugin="mujoco.pid"><instance name="pid">
  <config key="kp" value="40"/><config key="ki" value="3"/><config key="kd" value="1"/>
</instance></plugin></extension>"""
#: Beside a torque motor, on the same joint. Those below come with MuJoCo 4.
OF_THE_JOINT = {
    "nothing": "",
    "position": '<position joint="swing" kp="7" kv="0.3"/>',
    "damping ratio": '<position joint="swing" kp="7" dampratio="1"/>',
    "delayed position": '<position joint="swing" kp="3" timeconst="0.1"/>',
    "velocity": '<velocity joint="swing" kv="2"/>',
    "integrated velocity": '<intvelocity joint="swing" kp="5" actrange="-1 1"/>',
    "filter": '<general joint="swing" dyntype="filter" dynprm="0.1" gainprm="4" actearly="true"/>',
    "integrator": '<general joint="swing" dyntype="integrator" biastype="affine" biasprm="1 -2 -0.1"/>',
    "affine gain": '<general joint="swing" gaintype="affine" gainprm="1 2 3" biastype="affine" biasprm="1 2 -3"/>',
    "muscle": '<muscle joint="swing" lengthrange="-2 2" force="20"/>',
    "damper": '<damper joint="swing" kv="3" ctrlrange="0 1"/>',
    "cylinder": '<cylinder joint="swing" area="2" bias="1 -2 -3" timeconst="0.1"/>',
    "in the parent": '<motor jointinparent="swing" gear="2"/>',
    "limited": '<position joint="swing" kp="70" forcerange="-0.1 0.2"/>',
    "disabled": '<position joint="swing" kp="70" group="3"/>',
    "plugin": '<plugin joint="swing" name="servo" plugin="mujoco.pid" instance="pid" actdim="1"/>',
    "PID": '<pid joint="swing" kp="5" ki="2" kv="0.5" input="pos vel" imax="3"/>',
    "PID with feed-forward": '<pid name="servo" joint="swing" kp="5" kv="0.5" input="pos vel ff"/>',
    "DC motor": '<dcmotor joint="swing" motorconst="0.1" resistance="2"/>',
    "DC motor with friction": (
        '<dcmotor joint="swing" motorconst="0.1" resistance="2" cogging="0.3 6 0.2" lugre="20 0.1 0.2 0.3 0.1"'
        ' thermal="2 3 20 0.004 20 20"/>'
    ),
    "DC motor with a controller": (
        '<dcmotor name="servo" joint="swing" motorconst="0.1" resistance="2" input="pos" controller="3 1 0.1"/>'
    ),
    "DC motor with an inductance": (
        '<dcmotor name="servo" joint="swing" motorconst="0.1" resistance="2" inductance="0.1"/>'
    ),
    "short-circuited DC motor": '<dcmotor joint="swing" motorconst="0.1" resistance="2" input="none"/>',
}
#: What can be dead, but not weak.
ALL_OR_NOTHING = {
    "plugin": "is driven by a plugin",
    "PID with feed-forward": "is a PID controller with a feed-forward input",
    "DC motor with a controller": "is a DC motor with a controller or an inductance",
    "DC motor with an inductance": "is a DC motor with a controller or an inductance",
}
#: Through what they move the joint among others.
WITHIN = {
    "fixed tendon": '<position name="other" tendon="both" kp="5" kv="1"/>',
    "spatial tendon": '<motor name="other" tendon="string" gear="5"/>',
    "slider-crank": '<motor name="other" cranksite="end" slidersite="world" cranklength="2" gear="3"/>',
}
OUTSIDE = {
    "site": '<motor name="other" site="end" gear="1 2 3 1 0 0"/>',
    "site and reference": '<position name="other" site="end" refsite="world" gear="1 2 3 0 0 0" kp="3"/>',
    "adhesion": '<adhesion name="other" body="tip" gain="30" ctrlrange="0 1"/>',
}
ELSEWHERE = {
    "tendon of another joint": '<position name="other" tendon="one" kp="5"/>',
    "site that is fixed": '<motor name="other" site="world" gear="1 2 3 0 0 0"/>',
    "site and reference beyond": '<motor name="other" site="end" refsite="middle" gear="1 2 3 0 0 0"/>',
}
NEW = ("PID", "PID with feed-forward", *(kind for kind in OF_THE_JOINT if "DC motor" in kind))
KINDS = [kind for kind in OF_THE_JOINT if hasattr(mujoco.mjtGain, "mjGAIN_PID") or kind not in NEW]


def compile(actuator, joint="", gravcomp=0, integrator="Euler"):
    text = MODEL.format(
        actuator=actuator,
        joint=joint,
        gravcomp=gravcomp,
        integrator=integrator,
        extension=PLUGIN if "plugin=" in actuator else "",
    )
    model = mujoco.MjModel.from_xml_string(text)
    model.opt.disableactuator = 1 << 3
    return model


def robot_with(strength, *args, **kwargs):
    model = compile(*args, **kwargs)
    robot = MuJoCoRobot(model, mujoco.MjData(model))
    assert robot.motor_names == ("swing",)
    if strength != 1:
        robot.set_motor_strength(np.array((strength,)))
    return robot


def forces(robot, seed):
    """Of all actuators on each joint, anywhere under any control."""
    model, data, rng = robot.model, robot.data, np.random.default_rng(seed)
    data.qpos[:], data.qvel[:] = rng.uniform(-1, 1, 2), rng.uniform(-3, 3, 2)
    data.ctrl[:], data.act[:] = rng.uniform(-1, 1, model.nu), rng.uniform(-1, 1, model.na)
    mujoco.mj_forward(model, data)
    return data.qfrc_actuator.copy()


def both(strength, *args, **kwargs):
    """Forces of robots with that strength, and of sound ones."""
    robots = robot_with(strength, *args, **kwargs), robot_with(1, *args, **kwargs)
    return tuple(np.array([forces(robot, seed) for seed in range(8)]) for robot in robots)


@pytest.mark.parametrize("compensated", [False, True], ids=["", "gravity compensated"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_dead_motor_gives_its_joint_no_torque_whatever_is_on_it(kind, compensated):
    joint = 'actuatorgravcomp="true"' if compensated else ""
    dead, sound = both(0, OF_THE_JOINT[kind], joint, gravcomp=1)
    assert sound[:, 0].all()
    np.testing.assert_array_equal(dead[:, 0], 0)
    np.testing.assert_array_equal(dead[:, 1], sound[:, 1])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "friction" not in kind])
def test_what_is_told_of_a_dead_motors_actuators_is_that_they_give_nothing(kind):
    robot = robot_with(0, OF_THE_JOINT[kind])
    for seed in range(4):
        forces(robot, seed)
        np.testing.assert_array_equal(robot.data.actuator_force, 0)


@pytest.mark.parametrize("joint", ["", 'actuatorfrcrange="-1.5 0.4"'], ids=["free", "limited"])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ALL_OR_NOTHING])
def test_a_weak_motor_gives_just_its_share(kind, joint):
    weak, sound = both(0.5, OF_THE_JOINT[kind], joint)
    np.testing.assert_array_equal(weak, sound * (0.5, 1))
    weak, _ = both(0.3, OF_THE_JOINT[kind], joint)
    np.testing.assert_allclose(weak, sound * (0.3, 1), rtol=1e-12, atol=1e-14)


INTEGRATORS = [name.removeprefix("mjINT_").lower() for name in dir(mujoco.mjtIntegrator) if name.startswith("mjINT_")]


@pytest.mark.parametrize("integrator", INTEGRATORS)
def test_a_dead_joint_moves_like_one_without_motor(integrator):
    name = {"euler": "Euler", "rk4": "RK4"}.get(integrator, integrator)
    robots = [robot_with(0, OF_THE_JOINT[kind], integrator=name) for kind in KINDS]
    for robot in robots:
        robot.data.qpos[:], robot.data.qvel[:], robot.data.act[:] = (0.3, -0.4), (1, -2), 0.4
    for control in np.random.default_rng(0).uniform(-1, 1, 40):
        for robot in robots:
            robot.data.ctrl[:] = control
            robot.advance(5)
    passive = robots[KINDS.index("nothing")].data
    assert abs(passive.qpos[0] - 0.3) > 0.1
    for robot in robots:
        np.testing.assert_array_equal(robot.data.qpos, passive.qpos)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind in ALL_OR_NOTHING])
def test_what_can_only_be_dead_is_refused_as_weak_by_its_name(kind):
    with pytest.raises(
        ValueError, match=f"joint 'swing': MuJoCo's actuator 'servo' .* got 0.5: it {ALL_OR_NOTHING[kind]}"
    ):
        robot_with(0.5, OF_THE_JOINT[kind])


def test_compensation_of_gravity_cannot_be_weak():
    with pytest.raises(ValueError, match=r"joint 'swing' .* got 0.5: MuJoCo compensates gravity by its actuators"):
        robot_with(0.5, "", 'actuatorgravcomp="true"', gravcomp=1)
    weak, sound = both(0.5, "", gravcomp=1)
    np.testing.assert_array_equal(weak, sound * (0.5, 1))


class Bar(gym.Env):
    observation_space, action_space = gym.spaces.Box(-np.inf, np.inf, (2,)), gym.spaces.Box(-1, 1, (2,))

    def __init__(self, actuator):
        self.model = compile(actuator)
        self.data = mujoco.MjData(self.model)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        mujoco.mj_resetData(self.model, self.data)
        return self.data.qpos.copy(), {}

    def step(self, action):
        self.data.ctrl[:] = action
        mujoco.mj_step(self.model, self.data, 3)
        return self.data.qpos.copy(), 0.0, False, False, {}


@pytest.mark.parametrize("way", list(WITHIN))
def test_what_pulls_at_several_joints_leaves_a_dead_one_alone(way):
    dead, sound = both(0, WITHIN[way])
    assert sound.all()
    np.testing.assert_array_equal(dead, sound * (0, 1))
    env = JointFailure(Bar(WITHIN[way]), probability=1.0)
    env.reset(seed=0)
    env.step(np.ones(2))
    assert env.unwrapped.data.qfrc_actuator[0] == 0 != env.unwrapped.data.qfrc_actuator[1]


@pytest.mark.parametrize("strength", [0.5, (0.0, 0.4)])
@pytest.mark.parametrize("way", [*WITHIN, *OUTSIDE])
def test_a_joint_that_others_move_too_cannot_be_weak(way, strength):
    ways = WITHIN | OUTSIDE
    with pytest.raises(
        ValueError, match=r"joint 'swing' cannot have strength .*: MuJoCo's actuator 'other' moves that"
    ):
        JointFailure(Bar(ways[way]), strength=strength)


@pytest.mark.parametrize("way", list(OUTSIDE))
def test_a_joint_that_carries_what_pushes_from_outside_cannot_be_dead(way):
    through = "adhesion" if way == "adhesion" else "a site"
    with pytest.raises(ValueError, match=f"actuator 'other' moves that joint among others, through {through}"):
        JointFailure(Bar(OUTSIDE[way]))
    JointFailure(Bar(OUTSIDE[way]), mode="locked")


@pytest.mark.parametrize("way", list(ELSEWHERE))
@pytest.mark.parametrize("strength", [0, 0.5])
def test_what_does_not_move_the_joint_does_not_matter(way, strength):
    failing, sound = both(strength, ELSEWHERE[way])
    np.testing.assert_array_equal(failing, sound * (strength, 1))
    env = JointFailure(Bar(ELSEWHERE[way]), strength=strength)
    env.reset(options={"failed_joint": "swing"})


def test_gains_and_biases_of_the_users_own_can_be_dead():
    # MuJoCo compiles no model while there are callbacks in Python.
    dead, sound = (robot_with(k, '<general joint="swing" gaintype="user" biastype="user"/>') for k in (0, 1))
    mujoco.set_mjcb_act_gain(lambda model, data, i: 3.0)
    mujoco.set_mjcb_act_bias(lambda model, data, i: -1.0)
    try:
        assert [forces(dead, seed)[0] for seed in range(4)] == [0] * 4
        for seed in range(4):
            given = forces(sound, seed)[0]
            assert given == pytest.approx(3 * sound.data.ctrl.sum() - 1)
    finally:
        mujoco.set_mjcb_act_gain(None)
        mujoco.set_mjcb_act_bias(None)


def test_a_joint_that_is_moved_by_a_tendon_alone_has_no_motor():
    with pytest.raises(ValueError, match="'bend' is no motor of the robot: it is a joint that no actuator is on"):
        JointFailure(Bar(WITHIN["fixed tendon"]), joints=["bend"])
