import numpy as np
import pytest
import torch as th

from sb3_memaug import MemAugRecurrentPPO
from sb3_memaug.ppo.evaluation import evaluate_sequences, final_states
from sb3_memaug.ppo.layout import continues, lay_out, rows_of, split_into_sequences, steps_since_episode_start
from sb3_memaug.ppo.memory import initial_states, rectangle_of
from tests.ppo.worlds import random_worlds

POLICIES = {
    "default": {},
    "shared": {"shared_lstm": True, "enable_critic_lstm": False},
    "feed-forward critic": {"enable_critic_lstm": False},
    "two layers": {"n_lstm_layers": 2, "lstm_hidden_size": 8},
    "own extractors": {"share_features_extractor": False},
    "skip": {"lstm_skip_connection": True},
    "shared skip": {"lstm_skip_connection": True, "shared_lstm": True, "enable_critic_lstm": False},
    "feed-forward critic skip": {"lstm_skip_connection": True, "enable_critic_lstm": False},
}
GRUS = {
    "gru": {"memory": "gru"},
    "gru shared skip": {
        "memory": "gru",
        "lstm_skip_connection": True,
        "shared_lstm": True,
        "enable_critic_lstm": False,
    },
    "gru feed-forward critic": {"memory": "gru", "n_lstm_layers": 2, "enable_critic_lstm": False},
}
every_policy = pytest.mark.parametrize("policy_kwargs", [*POLICIES.values(), *GRUS.values()], ids=[*POLICIES, *GRUS])


@every_policy
@pytest.mark.parametrize("p_start", [0.0, 0.2, 1.0])
def test_whole_sequences_equal_one_step_at_a_time(policy_kwargs, p_start):
    n_steps, n_envs = 9, 5
    policy = MemAugRecurrentPPO(
        "MlpLstmPolicy", random_worlds(n_envs), policy_kwargs={"lstm_hidden_size": 6, **policy_kwargs}, seed=1
    ).policy
    rng = np.random.default_rng(2)
    observations = th.as_tensor(rng.normal(size=(n_steps, n_envs, 4)), dtype=th.float32)
    actions = th.as_tensor(rng.normal(size=(n_steps, n_envs, 2)), dtype=th.float32)
    starts = rng.random((n_steps, n_envs)) < p_start
    starts[0] = True

    states, expected = initial_states(policy, n_envs), []
    for observation, action, start in zip(observations, actions, starts, strict=True):
        mask = th.as_tensor(start, dtype=th.float32)
        values, log_prob, entropy = policy.evaluate_actions(observation, action, states, mask)
        _, _, _, states = policy(observation, states, mask)
        expected.append(th.stack((values.flatten(), log_prob, entropy)))
    expected = th.stack(expected).transpose(1, 2).flatten(0, 1)

    sequences = split_into_sequences(starts)
    columns = lay_out(sequences, continues(sequences, starts), n_envs)
    rows, rectangle = rows_of(columns.rows, th.device("cpu"))
    before = initial_states(policy, rectangle.n_columns)
    evaluation = evaluate_sequences(
        policy, observations.flatten(0, 1)[rows], actions.flatten(0, 1)[rows], before, rectangle
    )
    th.testing.assert_close(th.stack(evaluation[:3], dim=1), expected[rows], atol=1e-5, rtol=1e-5)

    present = steps_since_episode_start(starts)
    after = final_states(
        policy,
        observations[th.as_tensor(present)],
        initial_states(policy, n_envs),
        rectangle_of(present, th.device("cpu")),
    )
    for pair, stepped in zip(after, states, strict=True):
        for tensor, online in zip(pair, stepped, strict=True):
            th.testing.assert_close(tensor, online, atol=1e-5, rtol=1e-5)
