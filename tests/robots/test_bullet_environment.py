"""Standing between a PyBullet environment that somebody else wrote and its client."""

import numpy as np
import pytest

from sb3_memaug.robots import register_adapter, registry
from sb3_memaug.wrappers import JointFailure, Payload

from .bullet_walker import STYLES, BulletWalker
from .hoppers import BASE_MASS, BODY_MASS, CENTRE, bullet_hopper, state

pybullet = pytest.importorskip("pybullet")
from sb3_memaug.robots.bullet.environment import BulletEnvironmentRobot  # noqa: E402, as there may be no PyBullet
from sb3_memaug.robots.bullet.robot import LOCK_FORCE  # noqa: E402, as there may be no PyBullet


@pytest.fixture
def make():
    made = []

    def make(style="all at once", adapted=True):
        env = BulletWalker(style)
        made.append(env)
        if adapted:
            env.robot = BulletEnvironmentRobot(env.client, env.body, env.names)
        return env

    yield make
    for env in made:
        env.close()


def life(env, n_steps=15, seed=0):
    observations = [env.reset(seed=seed)[0]]
    for action in np.random.default_rng(seed).uniform(-1, 1, (n_steps, 12)):
        observations.append(env.step(action)[0])
    return np.array(observations)


def one(i, value=0.0):
    scale = np.ones(12)
    scale[i] = value
    return scale


@pytest.mark.parametrize("style", STYLES)
def test_while_nothing_is_wrong_all_goes_through_as_it_comes(make, style):
    env = make(style)
    expected = life(make(style, adapted=False))
    np.testing.assert_array_equal(life(env), expected)
    env.robot.set_motor_strength(one(4))
    env.robot.set_base_force(np.array((0, 0, -50.0)), np.ones(3))
    assert np.abs(life(env) - expected).max() > 1e-3
    env.robot.set_motor_strength(np.ones(12))
    env.robot.set_base_force(np.zeros(3), np.ones(3))
    env.robot.lock_motors(one(3) < 1)
    env.robot.lock_motors(np.zeros(12))
    # Bullet itself remembers a little of the life before.
    np.testing.assert_allclose(life(env), expected, atol=1e-5)


@pytest.mark.parametrize("style", STYLES)
def test_the_other_motors_are_told_what_they_were_told(make, style):
    env, expected = make(style), life(make(style, adapted=False))
    # Where there is no limit, the weak motor would get that of its description.
    env.robot._limits = dict.fromkeys(env.robot._limits, LOCK_FORCE)
    # So little that it cannot be seen, and yet not sound.
    env.robot.set_motor_strength(one(4, 1 - 1e-12))
    np.testing.assert_allclose(life(env), expected, atol=1e-6)


@pytest.mark.parametrize("style", [style for style in STYLES if style != "by torque"])
def test_a_dead_motor_gives_no_torque(make, style):
    env = make(style)
    env.reset(seed=0)
    env.robot.set_motor_strength(one(4))
    for _ in range(5):
        env.step(np.ones(12))
        assert env.torques()[4] == 0
        assert np.count_nonzero(env.torques()) == 11


@pytest.mark.parametrize(("style", "limit"), [("all at once", 30), ("one by one", 30), ("without limits", 55)])
@pytest.mark.parametrize("strength", [0.1, 0.01])
def test_a_weak_motor_gives_its_share_of_the_largest_torque(make, style, limit, strength):
    env = make(style)
    env.reset(seed=0)
    env.robot.set_motor_strength(one(4, strength))
    largest = 0
    for _ in range(10):
        env.step(np.ones(12))
        largest = max(largest, abs(env.torques()[4]))
    # In N·m; Bullet counts in impulses of a physics step.
    assert largest == pytest.approx(strength * limit, rel=1e-6)


@pytest.mark.parametrize("strength", [0.0, 0.5])
def test_a_weak_motor_under_torque_control_gives_its_share_of_the_torque(strength):
    def rate(strength, torque=0.2):
        hopper = bullet_hopper()
        robot = BulletEnvironmentRobot(hopper.client, hopper.body)
        robot.set_state(state())
        robot.set_motor_strength(np.array((strength,)))
        robot.client.setJointMotorControl2(robot.body, 0, robot.client.TORQUE_CONTROL, force=torque)
        robot.client.stepSimulation()
        found = robot.get_state().joint_velocities[0]
        hopper.close()
        return found

    assert rate(strength) == pytest.approx(strength * rate(1.0), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("style", STYLES)
def test_a_locked_joint_does_not_move_and_is_driven_again_afterwards(make, style):
    env = make(style)
    env.reset(seed=0)
    for _ in range(3):
        env.step(np.ones(12))
    locked = np.isin(np.arange(12), (1, 5))
    start = env.observe()[7:19][locked]
    env.robot.lock_motors(locked)
    for step in range(20):
        env.step(np.full(12, (-1) ** (step // 4)))
        if step > 2:
            np.testing.assert_allclose(env.observe()[7:19][locked], start, atol=2e-3)
    env.robot.lock_motors(np.zeros(12))
    for _ in range(5):
        env.step(-np.ones(12))
    assert (np.abs(env.observe()[7:19][locked] - start) > 0.1).all()


def test_what_was_told_once_holds_when_the_motor_is_sound_or_free_again(make):
    env = make()
    env.reset(seed=0)
    env.client.setJointMotorControl2(env.body, env.joints[0], env.client.VELOCITY_CONTROL, targetVelocity=1, force=30)

    def rate():
        for _ in range(10):
            env.client.stepSimulation()
        return env.client.getJointState(env.body, env.joints[0])[1]

    assert rate() == pytest.approx(1, abs=0.1)
    env.robot.set_motor_strength(one(0))
    assert abs(rate() - 1) > 0.2
    env.robot.set_motor_strength(np.ones(12))
    assert rate() == pytest.approx(1, abs=0.1)
    env.robot.lock_motors(one(0) < 1)
    assert rate() == pytest.approx(0, abs=0.01)
    env.robot.lock_motors(np.zeros(12))
    assert rate() == pytest.approx(1, abs=0.1)


def test_a_force_acts_at_every_physics_step():
    hopper = bullet_hopper(gravity=9.81)
    robot = BulletEnvironmentRobot(hopper.client, hopper.body)
    robot.set_base_force(np.array((0, 0, BODY_MASS * 9.81)), CENTRE * BASE_MASS / BODY_MASS)
    start = state(orientation=(0.8, 0.3, 0.5, -0.1))
    robot.set_state(start)
    for _ in range(500):
        hopper.client.stepSimulation()
    np.testing.assert_allclose(robot.get_state().base_position, start.base_position, atol=1e-5)
    hopper.close()


def test_other_bodies_of_the_client_are_none_of_its_business(make):
    env = make()
    other = env.client.loadURDF("a1/a1.urdf", (5, 0, 1), useFixedBase=True)
    env.robot.set_motor_strength(np.zeros(12))
    control, joint = env.client.POSITION_CONTROL, env.joints[0]
    env.client.setJointMotorControl2(other, joint, control, targetPosition=0.3)
    env.client.setJointMotorControlArray(other, [env.joints[3]], control, targetPositions=[0.4])
    for _ in range(300):
        env.client.stepSimulation()
    assert env.client.getJointState(other, joint)[0] == pytest.approx(0.3, abs=0.01)
    assert env.client.getJointState(other, env.joints[3])[0] == pytest.approx(0.4, abs=0.01)


def test_it_drives_the_robot_itself_when_asked(make):
    env = make()
    env.reset(seed=0)
    env.robot.set_motor_targets(env.stance + 0.2)
    env.robot.advance(100)
    np.testing.assert_allclose(env.robot.get_state().joint_positions, env.stance + 0.2, atol=0.05)
    assert env.robot.joint_names == env.robot.motor_names == tuple(env.names)


def test_failures_and_payloads_befall_a_registered_environment(make):
    @register_adapter
    def walker(env):
        return BulletEnvironmentRobot(env.client, env.body) if isinstance(env, BulletWalker) else None

    try:
        inner = make("one by one", adapted=False)
        env = Payload(
            JointFailure(inner, mode="locked", onset=(0.1, 0.2), probability=1.0),
            mass=4,
            x=(-0.1, 0.1),
            y=(-0.05, 0.05),
        )

        def weight(**options):
            _, info = env.reset(seed=0, options=options)
            pressed = []
            for _ in range(60):
                env.step(np.zeros(12))
                pressed.append(sum(contact[9] for contact in inner.client.getContactPoints(inner.body)))
            return info["failed_joint"], np.mean(pressed[30:])

        joint, laden = weight()
        assert joint in inner.names
        nothing, own = weight(failed_joint=None, payload=None)
        assert nothing is None
        assert laden - own == pytest.approx(4 * 9.81, rel=0.02)
    finally:
        registry._ADAPTERS.remove((registry.AdapterOrder.USER, walker))


def test_the_module_cannot_be_intercepted():
    with pytest.raises(ValueError, match="nobody can stand between an environment and the module `pybullet`"):
        BulletEnvironmentRobot(pybullet, 0)


def test_unknown_names_are_refused(make):
    env = make(adapted=False)
    with pytest.raises(ValueError, match="the body has no joint 'knee'"):
        BulletEnvironmentRobot(env.client, env.body, ["knee"])
