"""Mirrored states, commands, hindrances and actions evolve into mirrored states, in either simulator."""

import gymnasium as gym
import numpy as np
import pytest

import sb3_memaug.envs  # noqa: F401
from sb3_memaug.envs.minitaur.anatomy import MOTORS
from sb3_memaug.robots.robot import reflect_state, rotation_matrix

ELEMENTS = ("left_right", "front_back", "left_right*front_back")
STEPS = 50

#: What may hamper the robot, as options of a reset, by the environments that know it.
HINDRANCES = {
    "": ({},),
    "JointFailure": ({"failed_joint": "motor_front_leftL_joint"}, {"failed_joint": "motor_back_rightL_joint"}),
    "Payload": ({"payload": {"mass": 4.0, "x": 0.12, "y": 0.07}}, {"payload": {"mass": 2.0, "x": -0.03, "y": 0.09}}),
}


def lives(hindrances_each):
    return [
        pytest.param(f"MemAug/Minitaur{goal}{variation}", hindrance, id=f"{goal}-{variation or 'sound'}-{i}")
        for goal in ("Velocity", "Position")
        for variation, hindrances in HINDRANCES.items()
        for i, hindrance in enumerate(hindrances[:hindrances_each])
    ]


#: How a reflection acts on each of them.
IMAGES = {
    "failed_joint": lambda joint, reflection: reflection.joints[joint][0],
    "payload": lambda payload, reflection: {
        "mass": payload["mass"],
        "x": reflection.axes[0] * payload["x"],
        "y": reflection.axes[1] * payload["y"],
    },
}


@pytest.fixture
def make_pair():
    made = []

    def make_pair(name, simulator):
        pytest.importorskip({"bullet": "pybullet"}.get(simulator, simulator))
        made.extend(gym.make(f"{name}{'-MuJoCo' if simulator == 'mujoco' else ''}-v0") for _ in range(2))
        return made[-2:]

    yield make_pair
    for env in made:
        env.close()


def reflections_of(env, element):
    """One after another: of a product, the right factor acts first."""
    return [env.unwrapped.reflections[factor] for factor in reversed(element.split("*"))]


def actions(seed, spread):
    """A smooth random walk, as a policy in training makes."""
    rng, action = np.random.default_rng(seed), np.zeros(len(MOTORS))
    for _ in range(STEPS):
        action = (0.7 * action + spread * rng.normal(size=len(MOTORS))).clip(-1, 1)
        yield action


def image_of(env, state, element):
    inner = env.unwrapped
    for reflection in reflections_of(env, element):
        state = reflect_state(state, reflection, inner.robot, inner.default)
    return state


def run_both(pair, element, hindrance, spread):
    """Lives of an episode and of its mirror image, as the distances of all that matters after each step."""
    env, twin = pair
    mirror = env.get_wrapper_attr("symmetry_group")[element]
    mirrored = dict(hindrance)
    for reflection in reflections_of(env, element):
        mirrored = {name: IMAGES[name](value, reflection) for name, value in mirrored.items()}
    observation, info = env.reset(seed=3, options=hindrance)
    image, image_info = twin.reset(seed=3, options={"mirror": element, **mirrored})
    np.testing.assert_allclose(mirror.apply_observation(observation), image, atol=1e-6)
    assert image_info.get("distance") == info.get("distance")
    for action in actions(seed=0, spread=spread):
        observation, reward, ended, _, _ = env.step(action)
        image, image_reward, image_ended, _, _ = twin.step(mirror.apply_action(action))
        assert not ended
        assert not image_ended
        expected = image_of(env, env.unwrapped.robot.get_state(), element)
        yield {
            **distances(expected, twin.unwrapped.robot.get_state()),
            "observation": np.abs(mirror.apply_observation(observation) - image).max(),
            "reward": abs(reward - image_reward),
        }


def distances(state, other):
    found = {name: np.abs(a - b).max() for name, a, b in zip(state._fields, state, other, strict=True)}
    # A quaternion and its opposite are one orientation.
    matrices = rotation_matrix(state.base_orientation) - rotation_matrix(other.base_orientation)
    return {**found, "base_orientation": np.abs(matrices).max()}


@pytest.mark.parametrize(("name", "hindrance"), lives(hindrances_each=2))
@pytest.mark.parametrize("element", ELEMENTS)
def test_a_mirrored_life_in_mujoco_is_the_mirror_image_to_rounding(make_pair, element, name, hindrance):
    pair = make_pair(name, "mujoco")
    for step, found in enumerate(run_both(pair, element, hindrance, spread=0.2)):
        observation = found.pop("observation")
        assert observation < 1e-6, f"step {step}: observations are float32, and differ by {observation}"
        # A light knee turns at tens of rad/s when its leg is hit.
        assert found.pop("joint_velocities") < 1e-9, f"step {step}"
        assert max(found.values()) < 1e-10, f"step {step}: {found}"


@pytest.mark.parametrize(("name", "hindrance"), lives(hindrances_each=1))
@pytest.mark.parametrize("element", ELEMENTS)
def test_a_mirrored_life_in_bullet_stays_near_the_mirror_image(make_pair, element, name, hindrance):
    """Bullet solves leg by leg and stops; what it leaves over differs, and then grows as any perturbation does."""
    found = list(run_both(make_pair(name, "bullet"), element, hindrance, spread=0.2))
    # A leg with a dead motor drags along and bounces off its stops: around the tenth step any difference in its joints,
    # also one of 1e-6, is thirty times as large as before and after. A payload presses what differs into the tilt.
    looseness = 20 if hindrance else 1
    swing = 10 if "failed_joint" in hindrance else 1
    for step, base, joints, reward in ((1, 1e-9, 1e-9, 1e-7), (10, 1e-4, 5e-4, 1e-3), (STEPS, 3e-4, 2e-3, 1e-2)):
        at_step = found[step - 1]
        assert max(at_step["base_position"], at_step["base_orientation"]) < base * looseness, f"step {step}: {at_step}"
        assert at_step["joint_positions"] < joints * looseness * (swing if step == 10 else 1), f"step {step}: {at_step}"
        # The mean: who is as slow as counts as stalling may do so in one of the two lives only.
        rewards = [at["reward"] for at in found[:step]]
        assert np.mean(rewards) < reward * looseness, f"up to step {step}: {rewards}"


@pytest.mark.parametrize(
    ("variation", "hindrance", "apart"),
    [("JointFailure", HINDRANCES["JointFailure"][0], 0.1), ("Payload", HINDRANCES["Payload"][0], 0.01)],
)
@pytest.mark.parametrize("simulator", ["bullet", "mujoco"])
def test_a_hindrance_that_is_not_mirrored_fails_the_comparison(make_pair, simulator, variation, hindrance, apart):
    env, twin = make_pair(f"MemAug/MinitaurVelocity{variation}", simulator)
    mirror = env.get_wrapper_attr("symmetry_group")["left_right"]
    env.reset(seed=3, options=hindrance)
    twin.reset(seed=3, options={"mirror": "left_right", **hindrance})
    for action in actions(seed=0, spread=0.3):
        env.step(action)
        twin.step(mirror.apply_action(action))
    expected = image_of(env, env.unwrapped.robot.get_state(), "left_right")
    assert distances(expected, twin.unwrapped.robot.get_state())["joint_positions"] > apart


@pytest.mark.parametrize("variation", ["JointFailure", "Payload"])
@pytest.mark.parametrize("simulator", ["bullet", "mujoco"])
def test_the_same_seed_gives_the_same_life_whatever_was_before(make_pair, simulator, variation):
    option = {"JointFailure": "failed_joint", "Payload": "payload"}[variation]

    def life(env):
        seen = [env.reset(seed=7, options={option: None})[0]]
        for action in actions(seed=1, spread=0.4):
            observation, reward, *_ = env.step(action)
            seen.append(np.append(observation, reward))
        return np.concatenate(seen)

    env, other = make_pair(f"MemAug/MinitaurPosition{variation}", simulator)
    first = life(env)
    env.reset(seed=8, options={"mirror": "front_back", **HINDRANCES[variation][1]})
    for action in actions(seed=2, spread=0.6):
        env.step(action)
    np.testing.assert_array_equal(life(env), first)
    np.testing.assert_array_equal(life(other), first)


def test_the_group_has_a_reflection_for_each_of_its_four_elements(make_pair):
    env, _ = make_pair("MemAug/MinitaurVelocity", "mujoco")
    reflections = env.get_wrapper_attr("symmetry_group").reflections
    assert tuple(reflections) == ("identity", *ELEMENTS)
    own = env.unwrapped.reflections
    assert reflections["left_right*front_back"] == own["left_right"] @ own["front_back"]
    assert [reflection.plane for reflection in reflections.values()] == [
        "identity",
        "sagittal",
        "transverse",
        "half_turn",
    ]
