"""Steps through numpy, through tensors, and as an accelerator takes them, are the same steps."""

from __future__ import annotations

from collections import Counter, deque

import gymnasium as gym
import numpy as np
import pytest
import torch as th
from gymnasium import spaces
from gymnasium.wrappers import TimeLimit
from hypothesis import given, settings
from hypothesis import strategies as st
from sb3_contrib import RecurrentPPO
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnvWrapper

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO
from sb3_memaug.envs.rower import Rower
from sb3_memaug.symmetry import Mirror, SymmetryGroup
from sb3_memaug.vec_env import devices, steppers
from sb3_memaug.vec_env.steppers import DeviceStepper, EpisodeWindow, HostStepper, stepper_of
from sb3_memaug.vec_env.tensor_vec_env import TensorStep, TensorVecEnv
from tests.ppo.worlds import ACTIONS, OBSERVATIONS, RandomWorld
from tests.vec_env.test_tensor_vec_env import Script, Scripted

CPU = th.device("cpu")
quick = settings(deadline=None, max_examples=100)


def add(window, *episodes):
    """Of each environment its return, its length and whether it has ended."""
    returns, lengths, ended = zip(*episodes, strict=True)
    window.add(th.tensor(returns), th.tensor(lengths), th.tensor(ended))


@st.composite
def sequences(draw, most=5):
    """Steps of some environments: return, length and end of each one's episode."""
    n = draw(st.integers(1, most))
    episode = st.tuples(st.integers(-400, 400).map(lambda quarters: quarters / 4), st.integers(1, 1000), st.booleans())
    return draw(st.lists(st.lists(episode, min_size=n, max_size=n), max_size=12))


def test_nothing_has_ended_at_first():
    window = EpisodeWindow(3, CPU)
    assert window.episodes() == []
    add(window, (1.0, 1, False), (2.0, 1, False))
    assert window.episodes() == []


def test_the_latest_episodes_by_hand():
    window = EpisodeWindow(3, CPU)
    add(window, (1.5, 10, True), (7.0, 99, False))
    add(window, (9.0, 98, False), (2.5, 20, True))
    assert window.episodes() == [{"r": 1.5, "l": 10}, {"r": 2.5, "l": 20}]
    add(window, (3.5, 30, True), (4.5, 40, True))
    assert window.episodes() == [{"r": 2.5, "l": 20}, {"r": 3.5, "l": 30}, {"r": 4.5, "l": 40}]
    add(window, (9.0, 97, False), (9.0, 96, False))
    assert len(window.episodes()) == 3
    assert [type(value) for value in window.episodes()[0].values()] == [float, int]


@quick
@given(sequences(), st.integers(5, 8))
def test_it_is_a_queue_that_drops_the_oldest(steps, size):
    window, queue = EpisodeWindow(size, CPU), deque(maxlen=size)
    for step in steps:
        add(window, *step)
        queue.extend({"r": r, "l": length} for r, length, ended in step if ended)
        assert window.episodes() == list(queue)


@quick
@given(sequences(most=9), st.integers(1, 3))
def test_where_more_end_at_once_than_it_keeps_it_keeps_real_ones(steps, size):
    window, real = EpisodeWindow(size, CPU), Counter()
    for step in steps:
        add(window, *step)
        real.update((r, length) for r, length, ended in step if ended)
        kept = Counter((episode["r"], episode["l"]) for episode in window.episodes())
        assert kept.total() == min(real.total(), size)
        assert kept <= real


@pytest.mark.parametrize("dtype", [th.float64, th.float16])
def test_rewards_may_have_any_precision(dtype):
    window = EpisodeWindow(2, CPU)
    window.add(th.tensor([0.5], dtype=dtype), th.tensor([3]), th.tensor([True]))
    assert window.episodes() == [{"r": 0.5, "l": 3}]


POLICIES = {
    (MemAugRecurrentPPO, False): "MlpLstmPolicy",
    (MemAugRecurrentPPO, True): "MultiInputLstmPolicy",
    (SymmetricPPO, False): "MlpPolicy",
    (SymmetricPPO, True): "MultiInputPolicy",
}
both = pytest.mark.parametrize("algorithm", [MemAugRecurrentPPO, SymmetricPPO])


class Hidden(VecEnvWrapper):
    """Hides that an environment can do tensors."""

    def reset(self):
        return self.venv.reset()

    def step_wait(self):
        return self.venv.step_wait()


class TensorWorld(TensorVecEnv):
    """What ``RandomWorld`` is, in tensors: observations are noise; episodes end, or are cut short, at random."""

    def __init__(self, num_envs: int = 4, observation: str = "vector", action: str = "box") -> None:
        (observation_space, seen), (action_space, done) = OBSERVATIONS[observation], ACTIONS[action]
        super().__init__(num_envs, observation_space, action_space)
        self.symmetry_group = SymmetryGroup({"left_right": Mirror(seen, done)})
        self._random = th.Generator()

    def _draw(self, space):
        if isinstance(space, spaces.Dict):
            return {key: self._draw(space[key]) for key in space}
        if isinstance(space, spaces.Discrete):
            return th.randint(int(space.n), (self.num_envs,), generator=self._random)
        return th.rand((self.num_envs, *space.shape), generator=self._random)

    def _reset(self, seed):
        if seed is not None:
            self._random.manual_seed(seed)
        return self._draw(self.observation_space)

    def _step(self, actions):
        ends, cut = th.rand(2, self.num_envs, generator=self._random) < th.tensor([[0.2], [0.6]])
        rewards = actions.float().view(self.num_envs, -1).sum(dim=1) + th.rand(self.num_envs, generator=self._random)
        final = self._draw(self.observation_space)
        observations = self._draw(self.observation_space)
        log = {"world/reward": rewards.mean(), "world/ends": ends.sum()}
        return TensorStep(observations, rewards, ends & ~cut, ends & cut, final, log)


WORLDS = {
    "rower": Rower,
    "vector": TensorWorld,
    "dict": lambda n: TensorWorld(n, "dict"),
    "discrete": lambda n: TensorWorld(n, "discrete", "discrete"),
    "multidiscrete": lambda n: TensorWorld(n, "vector", "multidiscrete"),
    "multibinary": lambda n: TensorWorld(n, "vector", "multibinary"),
    "matrix": lambda n: TensorWorld(n, "dict", "matrix"),
}


def act_asynchronously(monkeypatch):
    """Take every device for one that the host has to wait for."""
    for module in (devices, steppers):
        monkeypatch.setattr(module, "is_asynchronous", lambda device: True)


def make(algorithm, env, n_steps=32, **kwargs):
    small = {"net_arch": [8], **({"lstm_hidden_size": 8} if algorithm is MemAugRecurrentPPO else {})}
    policy = POLICIES[algorithm, isinstance(env.observation_space, spaces.Dict)]
    arguments = {"batch_size": n_steps, "policy_kwargs": small, "gamma": 0.9, "seed": 0, "device": "cpu", **kwargs}
    return algorithm(policy, env, n_steps=n_steps, **arguments)


def collect(algorithm, env, n_rollouts=2, **kwargs):
    """A model with its latest rollout, not learned from."""
    model = make(algorithm, env, **kwargs)
    _, callback = model._setup_learn(10**6)
    for _ in range(n_rollouts):
        model.collect_rollouts(model.env, callback, model.rollout_buffer, model.n_steps)
    return model


def assert_same_rollout(one, other):
    ours, theirs = one.rollout_buffer, other.rollout_buffer
    assert_close(ours.observations, theirs.observations)
    for name in ("actions", "rewards", "episode_starts", "values", "log_probs", "advantages"):
        assert_close(getattr(ours, name), getattr(theirs, name))


def assert_close(ours, theirs):
    if isinstance(theirs, dict):
        for key, value in theirs.items():
            assert_close(ours[key], value)
    else:
        th.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


@both
@pytest.mark.parametrize("world", WORLDS)
def test_a_rollout_is_the_same_however_it_is_collected(algorithm, world, monkeypatch):
    # An episode of the rower takes more than 50 steps.
    n_steps = 128 if world == "rower" else 32
    hidden = collect(algorithm, Hidden(WORLDS[world](8)), n_steps=n_steps)
    plain = collect(algorithm, WORLDS[world](8), n_steps=n_steps)
    act_asynchronously(monkeypatch)
    asynchronous = collect(algorithm, WORLDS[world](8), n_steps=n_steps)
    assert isinstance(plain._last_obs, dict | th.Tensor)
    for model in (plain, asynchronous):
        assert_same_rollout(model, hidden)
        own, theirs = ([(episode["r"], episode["l"]) for episode in m.ep_info_buffer] for m in (model, hidden))
        # Sums in tensors and in numpy; the same order.
        assert own == [(pytest.approx(r, rel=1e-5), length) for r, length in theirs]
    assert len(hidden.ep_info_buffer) > 8


@both
def test_what_was_cut_short_is_worth_its_value_on_every_way(algorithm, monkeypatch):
    def rewards(env, gamma):
        return collect(algorithm, env, n_rollouts=1, gamma=gamma).rollout_buffer.rewards

    with monkeypatch.context() as patch:
        act_asynchronously(patch)
        asynchronous = rewards(TensorWorld(8), 0.9)
    plain = rewards(TensorWorld(8), 0.9)
    raw = rewards(TensorWorld(8), 1e-12)
    th.testing.assert_close(asynchronous, plain, rtol=0, atol=1e-6)
    model = collect(algorithm, TensorWorld(8), n_rollouts=1)
    ended = model.rollout_buffer.episode_starts[1:]
    differs = (plain != raw)[:-1]
    # Only where an episode ended; not where it came to an end of its own, which is in two fifths of the cases.
    assert not (differs & ~ended).any()
    assert 0.4 < differs.sum() / ended.sum() < 0.8


@both
@pytest.mark.parametrize("asynchronous", [False, True])
def test_last_observations_are_not_used_where_no_episode_was_cut_short(algorithm, asynchronous, monkeypatch):
    class Careless(TensorWorld):
        def _step(self, actions):
            step = super()._step(actions)
            nothing = th.where(step.truncated.unsqueeze(1), step.final_observations, th.nan)
            return step._replace(final_observations=nothing)

    expected = collect(algorithm, TensorWorld(8)).rollout_buffer.rewards
    if asynchronous:
        act_asynchronously(monkeypatch)
    th.testing.assert_close(collect(algorithm, Careless(8)).rollout_buffer.rewards, expected)


@pytest.mark.parametrize(("algorithm", "peer"), [(SymmetricPPO, PPO), (MemAugRecurrentPPO, RecurrentPPO)])
def test_a_rollout_is_that_of_sb3(algorithm, peer):
    """Which takes its steps through numpy, and estimates what was cut short one episode after another."""
    ours = collect(algorithm, Rower(8), n_steps=128, symmetry=False)
    theirs = peer(
        ours.policy_class,
        Rower(8),
        n_steps=128,
        batch_size=128,
        gamma=ours.gamma,
        seed=0,
        device="cpu",
        policy_kwargs=ours.policy_kwargs,
    )
    _, callback = theirs._setup_learn(10**6)
    for _ in range(2):
        theirs.collect_rollouts(theirs.env, callback, theirs.rollout_buffer, 128)
    for name in ("observations", "rewards", "episode_starts", "values", "advantages", "returns"):
        a, b = (np.asarray(getattr(model.rollout_buffer, name)) for model in (ours, theirs))
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("hide", [lambda env: env, Hidden], ids=["tensors", "arrays"])
def test_squashed_actions_are_stretched_to_the_bounds_as_by_sb3(hide):
    class Strong(Rower):
        def __init__(self):
            super().__init__(4)
            self.action_space, self.taken = spaces.Box(-4.0, 4.0, (2,)), []

        def _step(self, actions):
            self.taken.append(actions)
            return super()._step(actions / 4)

    taken = []
    for algorithm, extra in ((PPO, {}), (SymmetricPPO, {"symmetry": False})):
        env = Strong()
        model = algorithm(
            "MlpPolicy",
            hide(env),
            n_steps=16,
            batch_size=64,
            use_sde=True,
            policy_kwargs={"squash_output": True, "log_std_init": 1.0},
            seed=0,
            device="cpu",
            **extra,
        )
        model.learn(64)
        taken.append(th.stack(env.taken))
    th.testing.assert_close(taken[1], taken[0])
    assert taken[1].abs().max() > 2


class Recorder(gym.Env):
    """Ends its episodes after some steps; observes how many."""

    observation_space = spaces.Box(0, 99, (1,), np.float32)

    def __init__(self, ends=99, action_space=ACTIONS["box"][0], by_key=False):
        self.ends, self.action_space, self.by_key, self.taken = ends, action_space, by_key, []
        if by_key:
            self.observation_space = spaces.Dict(steps=self.observation_space)

    def _observe(self):
        observation = np.array([self.steps], np.float32)
        return {"steps": observation} if self.by_key else observation

    def reset(self, *, seed=None, options=None):
        self.steps = 0
        return self._observe(), {}

    def step(self, action):
        self.taken.append(np.array(action))
        self.steps += 1
        return self._observe(), 1.0, self.steps >= self.ends, False, {}


def host_stepper(*envs):
    venv = DummyVecEnv([lambda env=env: env for env in envs])
    venv.reset()
    return HostStepper(venv, CPU)


def test_arrays_are_clipped_to_the_bounds():
    env = Recorder(action_space=spaces.Box(np.array([-1.0, 0.0], np.float32), np.array([2.0, 0.5], np.float32)))
    host_stepper(env).step(th.tensor([[-3.0, -3.0]]))
    stepper = host_stepper(env)
    stepper.step(th.tensor([[3.0, 0.25]]))
    assert [action.tolist() for action in env.taken] == [[-1, 0], [2, 0.25]]


def test_labels_are_handed_over_as_they_are():
    env = Recorder(action_space=spaces.Discrete(5))
    host_stepper(env).step(th.tensor([4]))
    assert env.taken == [4]


@pytest.mark.parametrize("by_key", [False, True], ids=["vector", "dict"])
def test_what_a_time_limit_cut_short_is_found_in_the_infos(by_key):
    by_limit = TimeLimit(Recorder(by_key=by_key), 2), TimeLimit(Recorder(by_key=by_key), 3)
    at_once = TimeLimit(Recorder(ends=2, by_key=by_key), 2)
    stepper = host_stepper(Recorder(ends=2, by_key=by_key), *by_limit, at_once)
    found = []
    for _ in range(6):
        cut = stepper.step(th.zeros(4, 2)).truncation
        if cut is None:
            found.append(None)
            continue
        observations = cut.observations["steps"] if by_key else cut.observations
        found.append((observations.tolist(), cut.envs.tolist(), cut.counts.tolist()))
    one, another = ([[2.0]], [1], [True]), ([[3.0]], [2], [True])
    both_of_them = ([[2.0], [3.0]], [1, 2], [True, True])
    assert found == [None, one, another, one, None, both_of_them]


ENDS = Script(
    [[1.0, 2.0, 4.0, 8.0]] * 3,
    terminated={(1, 0), (2, 3)},
    truncated={(1, 1), (2, 2), (2, 3)},
)


def device_stepper(window=9, **kwargs):
    env = Scripted(ENDS, **kwargs)
    env.reset()
    return DeviceStepper(env, CPU, window)


def test_tensors_are_clipped_to_the_bounds():
    stepper = device_stepper()
    stepper.step(th.tensor([[-3.0], [0.5], [3.0], [2.0]]))
    assert stepper.env.taken[0].tolist() == [[-1], [0.5], [2], [2]]


@pytest.mark.parametrize("by_key", [False, True], ids=["vector", "dict"])
def test_what_was_cut_short_is_found_in_the_tensors(by_key):
    stepper = device_stepper(by_key=by_key)
    steps = [stepper.step(th.zeros(4, 1)) for _ in range(3)]
    assert steps[0].truncation is None
    for step, env, length in ((steps[1], 1, 2.0), (steps[2], 2, 3.0)):
        observations, envs, counts = step.truncation
        seen = th.cat((observations["who"], observations["what"]), dim=1) if by_key else observations
        assert seen.tolist() == [[env, length, 0.0]]
        assert (envs.tolist(), counts.tolist()) == ([env], [True])
        assert step.dones[env]


def test_on_an_accelerator_all_environments_are_evaluated(monkeypatch):
    act_asynchronously(monkeypatch)
    stepper = device_stepper()
    counts = []
    for _ in range(3):
        cut = stepper.step(th.zeros(4, 1)).truncation
        assert cut.envs.tolist() == [0, 1, 2, 3]
        assert cut.observations.shape == (4, 3)
        counts.append(cut.counts.tolist())
    assert counts == [[False] * 4, [False, True, False, False], [False, False, True, False]]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_without_last_observations_nothing_was_cut_short(asynchronous, monkeypatch):
    if asynchronous:
        act_asynchronously(monkeypatch)
    stepper = device_stepper(with_last=False)
    assert [stepper.step(th.zeros(4, 1)).truncation for _ in range(3)] == [None] * 3


def test_a_stepper_keeps_the_latest_episodes():
    stepper = device_stepper(window=3)
    for _ in range(3):
        stepper.step(th.zeros(4, 1))
    assert stepper.episodes() == [{"r": 4, "l": 2}, {"r": 12, "l": 3}, {"r": 24, "l": 3}]


def test_the_log_of_the_environments_is_averaged_over_the_steps():
    model = collect(SymmetricPPO, TensorWorld(8), n_rollouts=1)
    buffer = model.rollout_buffer
    logged = model.logger.name_to_value
    # An end at a step is a start at the next one, but for the last step.
    ends = buffer.episode_starts[1:].sum() + th.as_tensor(model._last_episode_starts).sum()
    assert logged["world/ends"] == pytest.approx(ends.item() / 32)
    bootstrapped = collect(SymmetricPPO, TensorWorld(8), n_rollouts=1, gamma=1e-12).rollout_buffer.rewards.mean()
    assert logged["world/reward"] == pytest.approx(bootstrapped.item(), rel=1e-5)


def test_what_is_logged_at_some_steps_is_averaged_over_these():
    class Talks(TensorWorld):
        clock = 0

        def _step(self, actions):
            self.clock += 1
            log = {"world/clock": th.tensor(float(self.clock))} if self.clock % 2 == 0 else {}
            return super()._step(actions)._replace(log=log)

    model = collect(SymmetricPPO, Talks(4), n_rollouts=1, n_steps=5)
    assert model.logger.name_to_value["world/clock"] == 3


def test_another_device_is_refused():
    env = Rower(4)
    env.device = th.device("meta")
    with pytest.raises(ValueError, match=r"live on meta, the algorithm on cpu: give both the same `device`"):
        stepper_of(env, CPU, 9)


def test_the_stepper_fits_the_environment():
    assert type(stepper_of(Rower(4), CPU, 9)) is DeviceStepper
    assert type(stepper_of(Hidden(Rower(4)), CPU, 9)) is HostStepper
    assert type(stepper_of(DummyVecEnv([RandomWorld]), CPU, 9)) is HostStepper


@both
def test_a_callback_sees_tensors_and_can_stop(algorithm):
    class Stops(BaseCallback):
        def _on_step(self):
            kinds.append({name: type(self.locals[name]) for name in ("new_obs", "rewards", "dones")})
            infos.append(self.locals["infos"])
            return self.num_timesteps < 20

    kinds, infos = [], []
    model = make(algorithm, Rower(4), n_steps=16)
    model.learn(64, callback=Stops())
    assert model.num_timesteps == 20
    assert kinds == [{"new_obs": th.Tensor, "rewards": th.Tensor, "dones": th.Tensor}] * 5
    assert infos == [[{}] * 4] * 5
    model.learn(64, reset_num_timesteps=False)
    assert model.num_timesteps == 84
