"""Failures and payloads act where an environment simulates its robot at present, and nowhere else."""

import copy
import pickle

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from sb3_memaug import JointFailure, MirrorSpec, Payload, check_symmetry
from sb3_memaug.robots import Robot, find_robot
from sb3_memaug.symmetry import Reflection, Term
from sb3_memaug.wrappers import vector
from tests.robots.models import arrays, changed

mujoco = pytest.importorskip("mujoco")

LEG = """
<body pos="0 {y} 0">
  <joint name="{name}" axis="0 1 0" range="-60 60"/>
  <geom name="{name}_foot" type="capsule" fromto="0 0 0 0 0 -.3" size=".03"/>
</body>"""
MODEL = """
<mujoco>
  <option timestep="0.005"/>
  <worldbody>
    <geom type="plane" size="5 5 1"/>
    <body pos="0 0 0.5"><freejoint/><geom type="box" size=".2 .1 .05" mass="{mass}"/>{legs}</body>
  </worldbody>
  <actuator>{motors}</actuator>
</mujoco>"""
SIDES = {"left": 0.12, "right": -0.12}
ACTION = np.ones(2, dtype=np.float32)
#: Torque of a healthy motor at this action.
TORQUE = 5.0


class TwoLegs(gym.Env):
    """
    Compiles its model with another mass of the trunk and other gears: ``"never"`` but at first, at each ``"reset"``, or
    ``"before"`` or ``"after"`` the simulation in the third step; or makes new ``"data"`` alone, before it.
    """

    action_space = spaces.Box(-1, 1, (2,), np.float32)
    observation_space = spaces.Box(-np.inf, np.inf, (10,), np.float64)
    dt = 0.02
    sides = dict(SIDES)

    def __init__(self, anew="reset"):
        self.anew, self.masses = anew, []
        self.compile(3.0)

    def make(self, mass):
        self.masses.append(mass)
        legs = "".join(LEG.format(name=name, y=y) for name, y in self.sides.items())
        motors = "".join(f'<motor joint="{name}" gear="5"/>' for name in self.sides)
        return mujoco.MjModel.from_xml_string(MODEL.format(mass=mass, legs=legs, motors=motors))

    def compile(self, mass):
        self.model = self.make(mass)
        self.data = mujoco.MjData(self.model)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.n_steps = 0
        if self.anew == "reset":
            self.compile(self.np_random.uniform(2, 4))
        mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[7:9] = self.np_random.normal(0, 0.1, 2)
        mujoco.mj_forward(self.model, self.data)
        return self.observe(), {}

    def exchange(self):
        before = self.data
        if self.anew == "data":
            self.data = mujoco.MjData(self.model)
        else:
            self.compile(self.np_random.uniform(2, 4))
        self.data.qpos[:], self.data.qvel[:], self.data.time = before.qpos, before.qvel, before.time
        mujoco.mj_forward(self.model, self.data)

    def step(self, action):
        self.n_steps += 1
        if self.n_steps == 3 and self.anew in ("before", "data"):
            self.exchange()
        self.data.ctrl[:] = action
        mujoco.mj_step(self.model, self.data, 4)
        if self.n_steps == 3 and self.anew == "after":
            self.exchange()
            self.data.ctrl[:] = action
            mujoco.mj_forward(self.model, self.data)
        return self.observe(), float(self.data.qvel[0]), False, False, {}

    def observe(self):
        turn = np.empty(9)
        mujoco.mju_quat2Mat(turn, self.data.qpos[3:7])
        velocity = turn.reshape(3, 3).T @ self.data.qvel[:3]
        return np.concatenate([velocity, self.data.qvel[3:6], self.data.qpos[7:9], self.data.qvel[6:8]])


def torques(env):
    """Of the left and the right motor."""
    return env.unwrapped.data.qfrc_actuator[6:8].tolist()


EXCHANGES = ["never", "reset", "before", "after", "data"]


@pytest.mark.parametrize("anew", EXCHANGES)
def test_a_dead_motor_is_dead_in_the_present_model_from_onset_to_end(anew):
    env = JointFailure(TwoLegs(anew), joints=["left"], probability=1.0, onset=0.02, duration=0.06)
    for seed in range(3):
        env.reset(seed=seed)
        reported, given = [], []
        for _ in range(6):
            reported.append(env.step(ACTION)[-1]["failure_active"])
            given.append(torques(env))
        assert reported == [False, True, True, True, False, False]
        assert given == [[TORQUE * (not dead), TORQUE] for dead in reported]
    assert type(env.unwrapped) is TwoLegs
    assert len(env.unwrapped.masses) == {"never": 1, "data": 1}.get(anew, 4)


@pytest.mark.parametrize("anew", EXCHANGES)
@pytest.mark.parametrize("inertia", [False, True])
def test_a_payload_lies_on_the_robot_of_the_present_model(anew, inertia):
    env = Payload(TwoLegs(anew), mass=2, x=0.1, y=0.05, inertia=inertia)
    for seed in range(2):
        env.reset(seed=seed)
        for _ in range(5):
            env.step(ACTION)
            inner = env.unwrapped
            assert inner.model.body_mass[1] == pytest.approx(inner.masses[-1] + 2 * inertia)
            assert inner.data.qfrc_applied[2] == pytest.approx(0 if inertia else -2 * 9.81)


@pytest.mark.parametrize("anew", EXCHANGES)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda env: JointFailure(env, probability=1.0),
        lambda env: JointFailure(env, probability=1.0, mode="locked"),
        lambda env: JointFailure(env, probability=1.0, strength=0.3),
        lambda env: Payload(env, mass=1, x=0.1, y=0),
        lambda env: Payload(env, mass=1, x=0.1, y=0, inertia=True),
    ],
    ids=["dead", "locked", "weak", "force", "mass"],
)
def test_each_model_is_left_as_it_was_compiled(anew, wrap):
    class Remembering(TwoLegs):
        def make(self, mass):
            model = super().make(mass)
            models.append((model, arrays(model)))
            return model

    models = []
    env = wrap(Remembering(anew))
    for seed in range(2):
        env.reset(seed=seed)
        for _ in range(4):
            env.step(ACTION)
        assert changed(*models[-1]) or env.unwrapped.data.qfrc_applied.any()
    env.close()
    assert [changed(*each) for each in models] == [[]] * len(models)
    assert not env.unwrapped.data.qfrc_applied.any()
    assert "step" not in vars(env.unwrapped)


def test_a_locked_joint_stays_where_it_was_locked_in_a_model_that_is_compiled_in_the_middle():
    env = JointFailure(TwoLegs("before"), joints=["left"], probability=1.0, mode="locked")
    env.reset(seed=0)
    start = env.unwrapped.data.qpos[7]
    for _ in range(8):
        env.step(ACTION)
        assert env.unwrapped.data.qpos[7] == pytest.approx(start, abs=2e-3)
    assert env.unwrapped.data.qpos[8] > start + 0.3


def test_what_the_environment_changes_in_its_model_meanwhile_stays():
    env = JointFailure(TwoLegs("never"), joints=["left"], probability=1.0)
    env.reset(seed=0)
    model = env.unwrapped.model
    model.actuator_gainprm[:, 0] = 7
    env.step(ACTION)
    assert torques(env) == [0, 7 * TORQUE]
    env.close()
    assert model.actuator_gainprm[:, 0].tolist() == [7, 7]


COPIES = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda env: pickle.loads(pickle.dumps(env)),
    "cloudpickle": lambda env: cloudpickle.loads(cloudpickle.dumps(env)),
}


@pytest.mark.parametrize("how", list(COPIES))
@pytest.mark.parametrize("when", ["before", "in the middle"])
@pytest.mark.parametrize("name", ["Ant-v5", "two legs"])
def test_a_copy_has_failures_and_payloads_of_its_own(how, when, name):
    """Gymnasium's own environments are copied by making them anew, without what they have been through."""
    inner = gym.make(name) if name == "Ant-v5" else TwoLegs("reset")
    joint, full = ("hip_1", 150) if name == "Ant-v5" else ("left", TORQUE)
    env = Payload(JointFailure(inner, joints=[joint], probability=1.0), mass=2, x=0.1, y=0)
    action = np.ones(env.action_space.shape, dtype=np.float32)
    dof = find_robot(env).motor_names.index(joint)

    def look(env):
        data = env.unwrapped.data
        dofs = env.unwrapped.model.jnt_dofadr[[env.unwrapped.model.joint(name).id for name in env.robot.motor_names]]
        given = data.qfrc_actuator[dofs].tolist()
        return given[dof], max(given), float(data.qfrc_applied[2])

    if when == "in the middle":
        env.reset(seed=0)
        env.step(action)
    twin = COPIES[how](env)
    if when == "in the middle" and name == "two legs":
        twin.step(action)
        assert look(twin) == (0, full, pytest.approx(-2 * 9.81))
    for each in (twin, env):
        each.reset(seed=1)
        info = each.step(action)[-1]
        assert info["failed_joint"] == joint
        assert look(each) == (0, full, pytest.approx(-2 * 9.81))
    twin.reset(options={"failed_joint": None, "payload": None})
    twin.step(action)
    assert look(twin)[0] == full
    assert look(twin)[2] == 0
    assert look(env) == (0, full, pytest.approx(-2 * 9.81))
    for each in (env, twin):
        each.close()


def test_a_copy_of_gymnasiums_in_the_middle_of_a_failure_is_reported_and_fails():
    env = JointFailure(gym.make("Ant-v5"), joints=["hip_1"], probability=1.0)
    env.reset(seed=0)
    twin = copy.deepcopy(env)
    inner = twin.unwrapped
    inner.reset(seed=0)
    # Its time limit wants a reset of its own, which would end the failure.
    twin.turn_to(find_robot(twin))
    inner.step(np.ones(8))
    assert inner.data.qfrc_actuator[6] == 0
    assert inner.data.qfrc_actuator[7] == 150


def test_each_copy_in_a_vector_environment_fails_by_itself():
    envs = vector.JointFailure(gym.vector.SyncVectorEnv([lambda: TwoLegs("reset")] * 2), probability=0.0)
    for each in (envs, copy.deepcopy(envs)):
        each.reset(seed=0, options={"failed_joint": ["left", "right"]})
        each.step(np.ones((2, 2), dtype=np.float32))
        given = [torques(env) for env in each.env.unwrapped.envs]
        assert given == [[0, TORQUE], [TORQUE, 0]]


class Hiding(TwoLegs):
    """Keeps its model out of sight."""

    @property
    def model(self):
        return self.simulation[0]

    @property
    def data(self):
        return self.simulation[1]

    def compile(self, mass):
        model = self.make(mass)
        vars(self).setdefault("simulation", [])[:] = model, mujoco.MjData(model)

    def exchange(self):
        self.compile(2.0)
        self.data.qpos[2] = 0.5


def test_what_cannot_be_followed_within_a_step_says_so():
    env = JointFailure(Hiding("reset"), joints=["left"], probability=1.0)
    env.reset(seed=0)
    env.step(ACTION)
    assert torques(env) == [0, TORQUE]
    env = JointFailure(Hiding("before"), joints=["left"], probability=1.0)
    env.reset(seed=0, options={"failed_joint": None})
    for _ in range(4):
        env.step(ACTION)
    env.reset(seed=0)
    env.step(ACTION)
    env.step(ACTION)
    with pytest.raises(NotImplementedError, match="Hiding has exchanged its MuJoCo model or data within a step"):
        env.step(ACTION)


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        ({"left": 0.12, "right": -0.12, "middle": 0}, r"its motors are with \['middle'\]"),
        ({"left": 0.12, "arm": -0.12}, r"its motors are without \['right'\] and with \['arm'\]"),
        ({"right": -0.12, "left": 0.12}, r"its motors are in another order, \['right', 'left'\]"),
    ],
)
@pytest.mark.parametrize("wrap", [JointFailure, lambda env: Payload(env, mass=1, x=0, y=0)], ids=["failure", "payload"])
def test_another_robot_is_refused_with_what_has_changed(sides, message, wrap):
    env = wrap(TwoLegs("reset"))
    env.reset(seed=0)
    env.step(ACTION)
    env.unwrapped.sides = sides
    with pytest.raises(ValueError, match=f"the environment has another robot than when it was wrapped: {message}"):
        env.reset(seed=1)
    env.close()


def test_a_robot_that_is_held_follows_too_and_refuses_another_one():
    env = TwoLegs("reset")
    robot = find_robot(env)
    env.reset(seed=5)
    assert find_robot(env) is robot
    env.data.qpos[7] = 0.25
    assert robot.get_state().joint_positions[0] == 0.25
    assert robot.get_motion().motor_positions[0] == 0.25
    assert sum(link.mass for link in robot.geometry().links) == pytest.approx(env.model.body_mass.sum())
    env.sides = {"left": 0.12, "arm": -0.12}
    env.reset(seed=6)
    assert find_robot(env).motor_names == ("left", "arm")
    with pytest.raises(ValueError, match="that of another robot now: its joints are without"):
        robot.get_state()


def test_a_mirror_is_proved_whose_model_is_compiled_at_each_reset():
    env = MirrorSpec(
        JointFailure(TwoLegs("reset"), probability=1.0),
        observation=[
            Term("v", "vector", 3),
            Term("w", "axial_vector", 3),
            Term("q", "joints", 2, names=("left", "right")),
            Term("dq", "joints", 2, names=("left", "right")),
        ],
        action=[Term("u", "joints", 2, names=("left", "right"))],
        reflections={"left_right": Reflection("sagittal", {"left": ("right", 1), "right": ("left", 1)})},
    )
    report = check_symmetry(env, n_states=8, steps=(1, 5))
    assert report.holds, str(report)


class Recording(Robot):
    """A simulator of the environment's own."""

    def __init__(self):
        super().__init__(["hip", "knee"], ["hip", "knee"], [])
        self.strength = np.ones(2)

    def set_motor_strength(self, scale):
        self.strength = np.array(scale)


class Exchanging(gym.Env):
    """Makes its robot anew at each reset, and in the middle of its second step."""

    observation_space, action_space = spaces.Box(-1, 1, (1,)), spaces.Box(-1, 1, (2,))

    def __init__(self):
        self.robot = Recording()

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.robot, self.n_steps = Recording(), 0
        return np.zeros(1, dtype=np.float32), {}

    def step(self, action):
        self.n_steps += 1
        if self.n_steps == 2:
            self.before, self.robot = self.robot, Recording()
        self.simulated = self.robot.strength.tolist()
        return np.zeros(1, dtype=np.float32), 0.0, False, False, {}


def test_the_robot_that_the_environment_has_at_present_fails():
    env = JointFailure(Exchanging(), joints=["knee"], probability=1.0)
    for _ in range(2):
        env.reset(seed=0)
        for _ in range(3):
            env.step(ACTION)
            assert env.unwrapped.simulated == [1, 0]
        assert env.unwrapped.before.strength.tolist() == [1, 1]
        assert env.robot is env.unwrapped.robot


class Pushing(TwoLegs):
    """Drives its joints by itself, past their motors."""

    def step(self, action):
        self.data.qfrc_applied[6:8] = 2 * action
        return super().step(np.zeros(2))


def test_torque_that_goes_past_the_motors_is_refused_by_the_joints_name():
    env = Payload(JointFailure(Pushing("never"), joints=["right"], probability=1.0), mass=1, x=0, y=0)
    env.reset(seed=0, options={"failed_joint": None})
    env.step(ACTION)
    env.reset(seed=0)
    with pytest.raises(NotImplementedError, match=r"applies 2 N·m \(or N\) to joint 'right' by `data.qfrc_applied`"):
        env.step(ACTION)
