"""Isaac Lab's environments as a batch of tensors, without Isaac Lab."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch as th
from gymnasium import spaces
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecNormalize

from sb3_memaug.envs.isaaclab.vec_env import IsaacLabVecEnv

from .stand_ins import Counter

NOTHING = th.zeros(2, 3)


def started(*args, **kwargs):
    env = IsaacLabVecEnv(Counter(*args, **kwargs))
    env.reset_tensors()
    return env


def test_one_group_is_an_array_and_several_are_a_dict():
    env = IsaacLabVecEnv(Counter())
    assert env.observation_space == spaces.Box(-np.inf, np.inf, (1,), np.float32)
    assert env.reset_tensors().tolist() == [[0], [0]]
    env = IsaacLabVecEnv(Counter(), groups=("policy", "critic"))
    assert set(env.observation_space.spaces) == {"policy", "critic"}
    env.reset_tensors()
    observations = env.step_tensors(NOTHING).observations
    assert {name: x.tolist() for name, x in observations.items()} == {"policy": [[1], [1]], "critic": [[-1], [-1]]}


def test_terms_that_are_not_concatenated_have_keys_of_their_own():
    env = IsaacLabVecEnv(Counter(apart=True))
    assert set(env.observation_space.spaces) == {"policy/count", "policy/twice"}
    env.reset_tensors()
    assert env.step_tensors(NOTHING).observations["policy/twice"].tolist() == [[2], [2]]


def test_what_is_given_is_not_written_into_again():
    env = started(ends=[(0, 0)])
    first = env.step_tensors(NOTHING)
    env.step_tensors(NOTHING)
    assert first.observations.tolist() == [[0], [1]]
    assert first.rewards.tolist() == [1, 1]
    assert first.terminated.tolist() == [True, False]


def test_the_final_observation_is_the_one_before_the_reset():
    env = started(ends=[(1, 0)])
    assert env.step_tensors(NOTHING).final_observations is None
    step = env.step_tensors(NOTHING)
    assert step.final_observations.tolist() == [[2], [2]]
    assert step.observations.tolist() == [[0], [2]]
    assert env.step_tensors(NOTHING).final_observations is None


def test_a_time_limit_interrupts_unless_the_horizon_is_finite():
    step = started(cut=[(0, 1)]).step_tensors(NOTHING)
    assert (step.terminated.tolist(), step.truncated.tolist()) == ([False, False], [False, True])
    step = started(cut=[(0, 1)], finite=True).step_tensors(NOTHING)
    assert (step.terminated.tolist(), step.truncated.tolist()) == ([False, True], [False, False])


def test_episodes_are_counted():
    env = started(ends=[(1, 0)])
    env.step_tensors(NOTHING)
    step = env.step_tensors(NOTHING)
    assert (step.episode_returns.tolist(), step.episode_lengths.tolist()) == ([3, 3], [2, 2])
    assert env.step_tensors(NOTHING).episode_lengths.tolist() == [1, 3]


def test_what_is_logged_at_a_reset_is_told_once():
    env = started(ends=[(1, 0)])
    assert env.step_tensors(NOTHING).log == {}
    log = env.step_tensors(NOTHING).log
    assert {name: value.item() for name, value in log.items()} == {"Episode_Reward/speed": 2, "Curriculum/level": 2}
    assert env.step_tensors(NOTHING).log == {}


def test_actions_arrive_as_they_are():
    env = started()
    actions = 7 * th.randn(2, 3)
    env.step_tensors(actions)
    assert env.env.taken[0] is actions
    model = PPO("MlpPolicy", env, n_steps=4, batch_size=8, n_epochs=1, policy_kwargs={"log_std_init": 3.0}, seed=0)
    env.env.taken.clear()
    model.learn(8)
    assert th.stack(env.env.taken).abs().max() > 20


def test_actions_have_the_bound_that_is_asked_for():
    space = IsaacLabVecEnv(Counter(), action_bound=3).action_space
    assert (space.low.tolist(), space.high.tolist()) == ([-3] * 3, [3] * 3)


def test_episodes_can_live_on_where_they_ended():
    env = IsaacLabVecEnv(Counter(ends=[(0, 1)]))
    env.auto_reset = False
    env.reset_tensors()
    step = env.step_tensors(th.zeros(2, 3))
    assert step.dones.tolist() == [False, True]
    assert step.observations.flatten().tolist() == [1, 1]
    env.auto_reset = True
    assert env.step_tensors(th.zeros(2, 3)).observations.flatten().tolist() == [2, 2]
    env.env.ends = [(2, 1)]
    assert env.step_tensors(th.zeros(2, 3)).observations.flatten().tolist() == [3, 0]


def test_seed_and_options_are_handed_to_the_reset():
    env = IsaacLabVecEnv(Counter())
    env.seed(5)
    env.set_options([{"payload": None}, {"payload": 3}])
    env.reset()
    env.reset()
    assert env.env.resets == [(5, {"payload": [None, 3]}), (None, None)]


def test_options_of_some_environments_only_are_refused():
    env = IsaacLabVecEnv(Counter())
    env.set_options([{"payload": None}, {}])
    with pytest.raises(ValueError, match=r"all environments to have the options \['payload'\]"):
        env.reset()


def test_the_rest_of_stable_baselines3_takes_it_for_a_vec_env():
    env = VecNormalize(IsaacLabVecEnv(Counter(ends=[(3, 1), (20, 0)], cut=[(5, 0)])))
    PPO("MlpPolicy", env, n_steps=8, batch_size=16, n_epochs=1).learn(32)
    env.close()
    assert env.venv.env.closed


def test_another_kind_of_environment_is_refused():
    with pytest.raises(ValueError, match=r"expected a ManagerBasedRLEnv of Isaac Lab, got SimpleNamespace"):
        IsaacLabVecEnv(SimpleNamespace(unwrapped=SimpleNamespace()))


@pytest.mark.parametrize("groups", ["policy", (), ("policy", "teacher")])
def test_groups_that_do_not_exist_are_refused(groups):
    with pytest.raises(ValueError, match=r"`groups` must be a list of some of \['policy', 'critic'\]"):
        IsaacLabVecEnv(Counter(), groups=groups)


@pytest.mark.parametrize("bound", [0, -1, np.inf])
def test_a_bound_that_is_none_is_refused(bound):
    with pytest.raises(ValueError, match=r"`action_bound` must be positive and finite"):
        IsaacLabVecEnv(Counter(), action_bound=bound)
