from __future__ import annotations

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from sb3_memaug.checks import check_symmetry
from sb3_memaug.envs.isaaclab.single_env import IsaacLabEnv
from sb3_memaug.robots import find_robot
from sb3_memaug.symmetry import check_group_fits
from tests.envs.isaaclab.simulated import simulated
from tests.envs.isaaclab.stand_ins import Counter

#: Control steps of 0.02 s in an episode.
EPISODE_STEPS = 10


def with_a_critic():
    """A configuration with a second group of observations: the past as well, and the height of the base."""
    from isaaclab.managers import ObservationTermCfg
    from isaaclab.utils import clone
    from isaaclab_tasks.core.velocity import mdp

    from sb3_memaug.envs.isaaclab.config.g1 import G1PositionJointFailureEnvCfg

    cfg = G1PositionJointFailureEnvCfg()
    cfg.episode_length_s = 0.02 * EPISODE_STEPS
    cfg.observations.critic = clone(cfg.observations.policy)
    cfg.observations.critic.height = ObservationTermCfg(func=mdp.base_pos_z)
    cfg.observations.critic.history_length = 2
    return cfg


@pytest.fixture(scope="module")
def env():
    pytest.importorskip("isaaclab")
    with simulated("G1-Position-JointFailure", num_envs=1, randomize=False, cfg=with_a_critic()) as inner:
        yield IsaacLabEnv(inner, groups=("policy", "critic"))


def remaining_time(observation):
    return observation["policy"][-3]


def test_it_is_an_environment_as_gymnasium_has_them(env):
    check_env(env, skip_render_check=True)
    assert env.dt == pytest.approx(0.02) and find_robot(env) is env.robot
    check_group_fits(env.symmetry_group, env.observation_space, env.action_space)


def test_an_episode_ends_where_it_ends(env):
    env.reset(seed=0, options={"failed_joint": None})
    for _ in range(EPISODE_STEPS):
        before = env.robot.get_state()
        observation, _, terminated, truncated, _ = env.step(np.zeros(29))
    assert (terminated, truncated) == (False, True)
    assert remaining_time(observation) == 0

    # The robot is where it was observed, a step further and no new episode on.
    moved = np.abs(env.robot.get_state().joint_positions - before.joint_positions).max()
    assert 0 < moved < 0.1
    offset = env.robot.get_state().joint_positions - env._inner.scene["robot"].data.default_joint_pos.torch[0].numpy()
    np.testing.assert_allclose(observation["policy"][9:38], offset, atol=1e-6)
    assert remaining_time(env.reset()[0]) == 1


def test_a_step_tells_the_distance_and_what_is_rewarded(env):
    _, info = env.reset(seed=0)
    first = info["distance"]
    _, reward, _, _, info = env.step(np.ones(29))

    assert 1 <= first <= 5 and info["distance"] == pytest.approx(first, abs=0.1)
    assert sum(info["rewards"].values()) == pytest.approx(reward, rel=1e-4)
    assert info["rewards"]["exploration"] != 0


def test_what_was_observed_stays_as_it_was(env):
    observation, _ = env.reset(seed=0)
    kept = {key: value.copy() for key, value in observation.items()}
    env.step(np.ones(29))
    assert all(np.array_equal(observation[key], kept[key]) for key in kept)


def test_options_are_those_of_the_task(env):
    joint = env.robot.joint_names[2]
    seen, _ = env.reset(seed=0, options={"failed_joint": joint})
    assert env._inner.extras["failed_joint"].tolist() == [2]

    mirrored, _ = env.reset(seed=0, options={"failed_joint": joint, "mirror": "left_right"})
    image = env.symmetry_group["left_right"].apply_observation(seen)
    for key in seen:
        np.testing.assert_allclose(mirrored[key], image[key], atol=1e-5)


def test_mirrors_of_a_second_group_with_a_past_hold_in_the_simulator(env):
    report = check_symmetry(env, n_states=2, steps=(1, 3))

    (policy,), (critic,) = (env.observation_space[group].shape for group in ("policy", "critic"))
    assert critic == 2 * (policy + 1)
    assert len(report.elements[0].layout.terms_of("observation")) == policy + critic
    assert report.holds, str(report)


def test_several_environments_are_refused():
    with pytest.raises(ValueError, match="num_envs=1, got 2"):
        IsaacLabEnv(Counter())
