"""Finding the robot of an environment, and saying how one makes it findable."""

import subprocess
import sys
import textwrap

import gymnasium as gym
import numpy as np
import pytest

from sb3_memaug.robots import Robot, find_robot, register_adapter, registry
from sb3_memaug.wrappers import JointFailure, Payload

from .bullet_walker import BulletWalker


class Simulated(gym.Env):
    """Has a simulator of its own, of which it tells its forces."""

    observation_space, action_space = gym.spaces.Box(-1, 1, (1,)), gym.spaces.Box(-1, 1, (2,))
    joint_names = ("hip", "knee")
    torque_factors, push = np.ones(2), None

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(1, dtype=np.float32), {}

    def step(self, action):
        return np.zeros(1, dtype=np.float32), 0.0, False, False, {}


@pytest.fixture
def adapters():
    """Forgets what is registered meanwhile."""
    before = list(registry._ADAPTERS)
    yield
    registry._ADAPTERS[:] = before


def shown_code(env):
    """The blocks of code in what an environment without a robot is told."""
    with pytest.raises(ValueError, match=f"no robot found in {type(env).__name__}") as error:
        find_robot(env)
    lines = str(error.value).splitlines()
    code = [line if line.startswith("    ") or not line else None for line in lines]
    blocks, block = [], []
    for line in [*code, None]:
        if line is not None:
            block.append(line)
        elif any(block):
            blocks.append(textwrap.dedent("\n".join(block)))
            block = []
        else:
            block = []
    return blocks


def test_what_is_shown_makes_a_pybullet_environment_fail_and_carry(adapters):
    pytest.importorskip("pybullet")
    env = BulletWalker()
    for_bullet, _ = shown_code(env)
    exec(compile(for_bullet, "shown", "exec"), {})
    laden = Payload(JointFailure(env, probability=1.0), mass=2, x=0, y=0)
    _, info = laden.reset(seed=0)
    laden.step(np.zeros(12))
    assert info["failed_joint"] in env.names
    assert env.torques()[env.names.index(info["failed_joint"])] == 0
    laden.close()


def test_what_is_shown_makes_a_simulator_of_its_own_fail_and_carry(adapters):
    env = Simulated()
    _, for_others = shown_code(env)
    assert sum(bool(line.strip()) for line in for_others.splitlines()) < 15
    exec(compile(for_others, "shown", "exec"), {})
    laden = Payload(JointFailure(env, probability=1.0), mass=2, x=0.1, y=0.2, z=0.3)
    laden.reset(seed=0, options={"failed_joint": "knee"})
    np.testing.assert_array_equal(env.torque_factors, (1, 0))
    np.testing.assert_allclose(env.push, ((0, 0, -2 * 9.81), (0.1, 0.2, 0.3)))
    laden.reset(options={"failed_joint": None, "payload": None})
    np.testing.assert_array_equal(env.torque_factors, (1, 1))
    assert not np.any(env.push[0])


def test_the_robot_is_the_same_at_every_call_and_later_adapters_are_asked_first(adapters):
    class Mine(Robot):
        def __init__(self):
            super().__init__(["hip"], ["hip"], [])

    robot = Mine()
    register_adapter(lambda env: Mine())
    register_adapter(lambda env: robot if isinstance(env, Simulated) else None)
    env = Simulated()
    assert find_robot(gym.wrappers.TimeLimit(env, 3)) is find_robot(env) is robot
    other = BulletWalker.__new__(BulletWalker)
    assert find_robot(other) is find_robot(other) is not robot


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda robot: robot.set_motor_strength(np.ones(1)),
            "cannot make motors weak: implement `.*.set_motor_strength`",
        ),
        (lambda robot: robot.lock_motors(np.ones(1)), "cannot lock motors: implement `.*.lock_motors`"),
        (lambda robot: robot.set_base_force(np.ones(3), np.ones(3)), "cannot push the base"),
        (lambda robot: robot.set_base_load(1.0, np.ones(3)), "cannot fix a mass to the base"),
        (lambda robot: robot.set_motor_targets(np.ones(1)), "cannot give motors a target"),
        (lambda robot: robot.geometry(), "cannot describe the robot's geometry"),
        (lambda robot: robot.get_state(), "cannot read the robot's state"),
        (lambda robot: robot.get_motion(), "cannot read the robot's state"),
        (lambda robot: robot.set_state(None), "cannot put the robot into a state"),
        (lambda robot: robot.foot_contacts(), "cannot tell what the feet touch"),
        (lambda robot: robot.foot_positions(), "cannot tell where the feet are"),
        (lambda robot: robot.advance(1), "cannot simulate"),
    ],
)
def test_an_adapter_says_what_it_lacks(call, message):
    with pytest.raises(NotImplementedError, match=f"the adapter Robot {message}"):
        call(Robot(["hip"], ["hip"], []))


@pytest.mark.parametrize("wrap", [JointFailure, lambda env: Payload(env, mass=1, x=0, y=0)])
def test_what_an_adapter_lacks_is_found_when_it_is_wrapped(wrap):
    env = Simulated()
    env.robot = Robot(["hip"], ["hip"], [])
    with pytest.raises(NotImplementedError, match="the adapter Robot cannot"):
        wrap(env)


@pytest.mark.parametrize("latest_first", [False, True])
def test_a_users_adapter_is_asked_before_the_librarys_whichever_was_registered_first(adapters, latest_first):
    robot = Robot(["hip"], ["hip"], [])
    registrations = [
        lambda: register_adapter(lambda env: robot),
        lambda: register_adapter(lambda env: Robot(["hip"], ["hip"], []), registry.AdapterOrder.ISAAC_LAB),
    ]
    for register in reversed(registrations) if latest_first else registrations:
        register()
    assert find_robot(Simulated()) is robot


def test_the_order_of_readers_and_adapters_does_not_depend_on_what_is_imported_first():
    modules = ["sb3_memaug.robots.newton.isaaclab", "sb3_memaug.robots.registry", "sb3_memaug.symmetry"]
    show = (
        "from sb3_memaug.symmetry import geometry_readers as g; from sb3_memaug.robots import registry as r;"
        "print([(what, order) for what, (order, _) in sorted(g._READERS.items(), key=lambda entry: entry[1][0])],"
        "[(int(order), adapter.__name__) for order, adapter in r._ADAPTERS])"
    )
    orders = []
    for imports in (modules, modules[::-1]):
        code = f"import {', '.join(imports)}; {show}"
        orders.append(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    assert orders[0] == orders[1]
    assert orders[0].startswith("[('an Isaac Lab articulation or an environment that has one', 1)")
