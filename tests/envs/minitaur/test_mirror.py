"""Mirrored states, commands, failures and actions evolve into mirrored states, in either simulator."""

import numpy as np
import pytest

from sb3_memaug.envs.minitaur.anatomy import MOTORS
from sb3_memaug.envs.minitaur.minitaur_env import MinitaurEnv
from sb3_memaug.envs.velocity import VelocityTask
from sb3_memaug.robots.reflect import reflect_state
from sb3_memaug.robots.rotations import rotation_matrix
from sb3_memaug.symmetry import group_of_terms

ELEMENTS = ("left_right", "front_back", "left_right*front_back")
FAILED = ("motor_front_leftL_joint", "motor_back_rightL_joint", None)
STEPS = 50


@pytest.fixture
def pair(request):
    pytest.importorskip({"bullet": "pybullet"}.get(request.param, request.param))
    envs = MinitaurEnv(request.param, VelocityTask()), MinitaurEnv(request.param, VelocityTask())
    yield envs
    for env in envs:
        env.close()


def reflections_of(env, element):
    """One after another: of a product, the right factor acts first."""
    return [env.reflections[factor] for factor in reversed(element.split("*"))]


def fail(env, joint, reflections=()):
    for reflection in reflections:
        joint = joint and reflection.joints[joint][0]
    env.robot.set_motor_strength([0.0 if name == joint else 1.0 for name in MOTORS])


def actions(seed, spread):
    """A smooth random walk, as a policy in training makes."""
    rng, action = np.random.default_rng(seed), np.zeros(len(MOTORS))
    for _ in range(STEPS):
        action = (0.7 * action + spread * rng.normal(size=len(MOTORS))).clip(-1, 1)
        yield action


def run_both(pair, element, failed, spread):
    """Lives of an episode and of its mirror image, as the distances of all that matters after each step."""
    env, twin = pair
    mirror = group_of_terms(env.reflections, env.observation_terms, env.action_terms)[element]
    observation, _ = env.reset(seed=3)
    image, _ = twin.reset(seed=3, options={"mirror": element})
    np.testing.assert_allclose(mirror.apply_observation(observation), image, atol=1e-6)
    fail(env, failed)
    fail(twin, failed, reflections_of(env, element))
    for action in actions(seed=0, spread=spread):
        observation, reward, ended, _, _ = env.step(action)
        image, image_reward, image_ended, _, _ = twin.step(mirror.apply_action(action))
        assert not ended
        assert not image_ended
        expected = env.robot.get_state()
        for reflection in reflections_of(env, element):
            expected = reflect_state(expected, reflection, env.robot, env.default)
        yield {
            **distances(expected, twin.robot.get_state()),
            "observation": np.abs(mirror.apply_observation(observation) - image).max(),
            "reward": abs(reward - image_reward),
        }


def distances(state, other):
    found = {name: np.abs(a - b).max() for name, a, b in zip(state._fields, state, other, strict=True)}
    # A quaternion and its opposite are one orientation.
    matrices = rotation_matrix(state.base_orientation) - rotation_matrix(other.base_orientation)
    return {**found, "base_orientation": np.abs(matrices).max()}


@pytest.mark.parametrize("failed", FAILED)
@pytest.mark.parametrize("element", ELEMENTS)
@pytest.mark.parametrize("pair", ["mujoco"], indirect=True)
def test_a_mirrored_life_in_mujoco_is_the_mirror_image_to_rounding(pair, element, failed):
    for step, found in enumerate(run_both(pair, element, failed, spread=0.2)):
        observation = found.pop("observation")
        assert observation < 1e-6, f"step {step}: observations are float32, and differ by {observation}"
        # A light knee turns at tens of rad/s when its leg is hit.
        assert found.pop("joint_velocities") < 1e-9, f"step {step}"
        assert max(found.values()) < 1e-10, f"step {step}: {found}"


@pytest.mark.parametrize("failed", FAILED)
@pytest.mark.parametrize("element", ELEMENTS)
@pytest.mark.parametrize("pair", ["bullet"], indirect=True)
def test_a_mirrored_life_in_bullet_stays_near_the_mirror_image(pair, element, failed):
    """Bullet solves leg by leg and stops; what it leaves over differs, and then grows as any perturbation does."""
    found = list(run_both(pair, element, failed, spread=0.2))
    # A leg with a dead motor drags along and bounces off its stops: around the tenth step any difference in its joints,
    # also one of 1e-6, is thirty times as large as before and after.
    looseness = 1 if failed is None else 20
    swing = 1 if failed is None else 10
    for step, base, joints, reward in ((1, 1e-9, 1e-9, 1e-7), (10, 1e-4, 5e-4, 1e-3), (STEPS, 3e-4, 2e-3, 1e-2)):
        at_step = found[step - 1]
        assert max(at_step["base_position"], at_step["base_orientation"]) < base * looseness, f"step {step}: {at_step}"
        assert at_step["joint_positions"] < joints * looseness * (swing if step == 10 else 1), f"step {step}: {at_step}"
        assert max(at["reward"] for at in found[:step]) < reward * looseness, f"up to step {step}: {found[:step]}"


@pytest.mark.parametrize("pair", ["bullet", "mujoco"], indirect=True)
def test_the_wrong_partner_fails_the_comparison(pair):
    env, twin = pair
    mirror = group_of_terms(env.reflections, env.observation_terms, env.action_terms)["left_right"]
    env.reset(seed=3)
    twin.reset(seed=3, options={"mirror": "left_right"})
    fail(env, "motor_front_leftL_joint")
    fail(twin, "motor_front_leftL_joint")
    for action in actions(seed=0, spread=0.3):
        env.step(action)
        twin.step(mirror.apply_action(action))
    expected = reflect_state(env.robot.get_state(), env.reflections["left_right"], env.robot, env.default)
    assert distances(expected, twin.robot.get_state())["joint_positions"] > 0.1


@pytest.mark.parametrize("pair", ["bullet", "mujoco"], indirect=True)
def test_the_same_seed_gives_the_same_life_whatever_was_before(pair):
    def life(env):
        seen = [env.reset(seed=7)[0]]
        env.robot.set_motor_strength(np.ones(len(MOTORS)))
        for action in actions(seed=1, spread=0.4):
            observation, reward, *_ = env.step(action)
            seen.append(np.append(observation, reward))
        return np.concatenate(seen)

    env, other = pair
    first = life(env)
    fail(env, "motor_back_leftR_joint")
    env.reset(seed=8, options={"mirror": "front_back"})
    for action in actions(seed=2, spread=0.6):
        env.step(action)
    np.testing.assert_array_equal(life(env), first)
    np.testing.assert_array_equal(life(other), first)
