"""What may stand between the mirrors of an environment and the algorithm, and what is refused there."""

from __future__ import annotations

import pickle
import random
import warnings

import gymnasium as gym
import numpy as np
import pytest
import torch as th
from gymnasium import spaces
from gymnasium import wrappers as gw
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import (
    DummyVecEnv,
    SubprocVecEnv,
    VecCheckNan,
    VecEnvWrapper,
    VecExtractDictObs,
    VecFrameStack,
    VecMonitor,
    VecNormalize,
    VecTransposeImage,
)

from sb3_memaug import MemAugRecurrentPPO, SymmetricPPO, SymmetricVecNormalize
from sb3_memaug.envs.rower import Rower
from sb3_memaug.symmetry import Mirror, SignedPermutation, SymmetryGroup
from sb3_memaug.vec_env.equivariance import check_wrappers
from sb3_memaug.vec_env.groups import group_of_environment
from tests.ppo.worlds import ACTIONS, OBSERVATIONS, RandomWorld

#: Exchanges the first two numbers and negates the third; exchanges two actions.
GROUP = SymmetryGroup({"left_right": Mirror(SignedPermutation([1, 0, 2], [1, 1, -1]), SignedPermutation([1, 0]))})


class Robot(gym.Env):
    """Random observations of three numbers."""

    symmetry_group = GROUP
    action_space = spaces.Box(-1, 1, (2,), np.float32)
    dt = 0.02

    def __init__(self, bound: float = np.inf) -> None:
        self.observation_space = spaces.Box(-bound, bound, (3,), np.float32)
        self.simulator = {"height": 1.0}

    def _observe(self):
        return self.np_random.normal(size=3).astype(np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return self._observe(), {}

    def step(self, action):
        self.steps += 1
        return self._observe(), float(np.sum(action)), False, self.steps >= 17, {}


class OfOne(gym.ObservationWrapper):
    """``factor`` times each number, plus noise of that deviation and a bias, from that source."""

    def __init__(self, env, factor=(1, 1, 1), noise=(0, 0, 0), bias=(0, 0, 0), source="env"):
        super().__init__(env)
        self.factor, self.noise, self.bias = (np.array(x, np.float32) for x in (factor, noise, bias))
        self.source, self.own = source, np.random.default_rng()

    def observation(self, observation):
        draw = {"env": self.np_random.normal, "global": np.random.normal, "own": self.own.normal}[self.source]
        return (observation * self.factor + self.noise * draw(size=3) + self.bias).astype(np.float32)


class RunningMean(gym.ObservationWrapper):
    """Takes away the mean of all that it has seen, of this episode or of all."""

    def __init__(self, env, forgets):
        super().__init__(env)
        self.forgets, self.seen = forgets, []

    def reset(self, **kwargs):
        self.seen = [] if self.forgets else self.seen
        return super().reset(**kwargs)

    def observation(self, observation):
        self.seen.append(observation)
        return observation - np.mean(self.seen, axis=0)


class ActionDelay(gym.Wrapper):
    """Acts a step late."""

    def reset(self, **kwargs):
        self.late = np.zeros(2, np.float32)
        return self.env.reset(**kwargs)

    def step(self, action):
        now, self.late = self.late, action
        return self.env.step(now)


class Shaped(gym.Wrapper):
    """Rewards what only the simulator knows, and changes it at a reset."""

    def reset(self, **kwargs):
        self.unwrapped.simulator["height"] = 2.0
        self.unwrapped.model.body_mass[1] *= self.np_random.uniform(0.5, 2.0)
        return self.env.reset(**kwargs)

    def step(self, action):
        observation, reward, terminated, truncated, info = self.env.step(action)
        height = float(self.unwrapped.data.qpos[2])
        reward += height - np.square(self.unwrapped.data.qvel).sum() + info["speed"] * self.unwrapped.steps
        terminated = terminated or height < 0.2
        return observation, reward, terminated, truncated, {**info, "height": height}


class OfTheEnvironment(gym.Wrapper):
    """Multiplies observations by something of the environment."""

    def __init__(self, env, which):
        super().__init__(env)
        self.which = which

    def step(self, action):
        observation, *rest = self.env.step(action)
        gain = {"dt": lambda e: e.dt, "simulator": lambda e: e.simulator["height"]}[self.which](self.unwrapped)
        return observation * gain, *rest


class Endless(gym.Wrapper):
    """Waits for an event."""

    def step(self, action):
        while True:
            observation, reward, terminated, truncated, info = self.env.step(action)
            if terminated:
                return observation * [1, 2, 1], reward, terminated, truncated, info


class HandsOn(OfOne):
    """Like wrappers of old: what it does not have is asked of what it wraps."""

    def __getattr__(self, name):
        return getattr(self.env, name)


class LastOne(gym.Wrapper):
    """Shows something else at the end of an episode."""

    def step(self, action):
        observation, reward, terminated, truncated, info = self.env.step(action)
        return observation * ([1, 2, 1] if truncated else 1), reward, terminated, truncated, info


class Ending(OfOne):
    ended = 0

    def __del__(self):
        Ending.ended += 1


class Declared(OfOne):
    commutes_with_mirrors = True


def transform(function, space=None):
    return lambda env: gw.TransformObservation(env, function, space)


def act(function, space=None):
    return lambda env: gw.TransformAction(env, function, space)


def frozen(mean, variance):
    def wrap(env):
        wrapper = gw.NormalizeObservation(env)
        wrapper.obs_rms.mean, wrapper.obs_rms.var = np.array(mean, np.float32), np.array(variance, np.float32)
        wrapper.update_running_mean = False
        return wrapper

    return wrap


def box(size, bound=np.inf):
    return spaces.Box(-bound, bound, (size,), np.float32)


def arrays(*values):
    return [np.array(value, np.float32)[()] for value in values]


COMMUTE = {
    "nothing": lambda env: env,
    "one factor": transform(lambda x: 2 * x),
    "a permutation of its own": transform(lambda x: x[[1, 0, 2]]),
    "bounds": transform(lambda x: np.clip(x, -5, 5)),
    "a cube": transform(lambda x: x**3),
    "one factor of actions": act(lambda a: a / 2),
    "actions exchanged": act(lambda a: a[::-1]),
    "one offset of actions that none negates": act(lambda a: a / 2 + 0.1),
    "RescaleAction": lambda env: gw.RescaleAction(env, *arrays(-2, 2)),
    "RescaleObservation": lambda _: gw.RescaleObservation(Robot(5), *arrays(-1, 1)),
    "ClipAction": gw.ClipAction,
    "FlattenObservation": gw.FlattenObservation,
    "DtypeObservation": lambda env: gw.DtypeObservation(env, np.float64),
    "DtypeObservation, half": lambda env: gw.DtypeObservation(env, np.float16),
    "DelayObservation": lambda env: gw.DelayObservation(env, 2),
    "StickyAction": lambda env: gw.StickyAction(env, 0.25),
    "RepeatAction": lambda env: gw.RepeatAction(env, 3),
    "rewards": lambda env: gw.NormalizeReward(gw.TransformReward(gw.ClipReward(env, -1, 1), lambda r: 2 * r)),
    "common": lambda env: Monitor(
        gw.TimeLimit(gw.RecordEpisodeStatistics(gw.OrderEnforcing(gw.PassiveEnvChecker(env))), 20)
    ),
    "Autoreset": gw.Autoreset,
    "symmetric frozen statistics": frozen([1, 1, 0], [4, 4, 2]),
    "a mean of the episode": lambda env: RunningMean(env, forgets=True),
    "a delay of actions": ActionDelay,
    "noise of the environment's generator": lambda env: OfOne(env, noise=(0.1, 0.1, 0.3)),
    "noise of its own generator": lambda env: OfOne(env, noise=(0.1, 0.1, 0.3), source="own"),
    "noise of the global generator": lambda env: OfOne(env, noise=(0.1, 0.1, 0.3), source="global"),
    "rewards of the simulator": Shaped,
    "a factor that the environment tells": lambda env: OfTheEnvironment(env, "dt"),
    "one that hands attributes on": lambda env: HandsOn(env, factor=(2, 2, 3)),
    "what says so": lambda env: Declared(env, factor=(1, 2, 1)),
    "two that undo one another": lambda env: OfOne(OfOne(env, factor=(1, 2, 1)), factor=(1, 0.5, 1)),
}

REFUSED = {
    "a factor of one number": (transform(lambda x: x * [1, 2, 1]), "TransformObservation .* entry [01] of the obs"),
    "an offset": (transform(lambda x: x + np.eye(3)[2]), "TransformObservation .* entry 2 of the observation"),
    "a permutation": (transform(lambda x: x[[2, 0, 1]]), "TransformObservation"),
    "absolute values": (transform(np.abs), "TransformObservation .* entry 2 "),
    "bounds of one side": (
        transform(lambda x: np.clip(x, -5, 7)),
        "entry 2 .* is -5 where what goes in is mirrored, but ",
    ),
    "fewer numbers": (transform(lambda x: x[:2], box(2)), "TransformObservation .* changes a space .*1 are too many"),
    "a factor of one action": (act(lambda a: a * [1, 0.5]), "TransformAction .* entry [01] of the action"),
    "fewer actions": (act(lambda a: a[:2], box(3, 1)), "TransformAction .* changes a space .*1 are not described"),
    "RescaleAction": (lambda env: gw.RescaleAction(env, *arrays([-1, -2], [1, 2])), "RescaleAction .* changes a space"),
    "RescaleObservation": (lambda _: gw.RescaleObservation(Robot(5), *arrays(0, 1)), "RescaleObservation .* changes"),
    "ReshapeObservation": (lambda env: gw.ReshapeObservation(env, (1, 3)), "ReshapeObservation .* changes a space"),
    "FrameStackObservation": (lambda env: gw.FrameStackObservation(env, 4), "FrameStackObservation .*9 are not"),
    "TimeAwareObservation": (lambda env: gw.TimeAwareObservation(gw.TimeLimit(env, 9)), "TimeAwareObservation .*1 are"),
    "MaxAndSkipObservation": (lambda env: gw.MaxAndSkipObservation(env, 4), "MaxAndSkipObservation .* entry 2 "),
    "DiscretizeAction": (lambda env: gw.DiscretizeAction(env, 3), "DiscretizeAction .* changes a space"),
    "running statistics": (
        gw.NormalizeObservation,
        r"NormalizeObservation .* running .*sb3_memaug\.SymmetricVecNormalize",
    ),
    "frozen statistics": (
        frozen([1, 2, 0], [4, 4, 2]),
        r"NormalizeObservation .* entry [01] .*\.SymmetricVecNormalize",
    ),
    "a running mean": (
        lambda env: RunningMean(env, forgets=False),
        r"RunningMean .* running .*\.SymmetricVecNormalize",
    ),
    "biased noise": (lambda env: OfOne(env, noise=(0.1,) * 3, bias=(0, 0, 0.2)), "OfOne .* entry 2 .* has the mean"),
    "noise of one number": (lambda env: OfOne(env, noise=(0.1, 0.3, 0.1)), "OfOne .* has the standard deviation"),
    "one that hands attributes on": (lambda env: HandsOn(env, factor=(1, 2, 1)), "^HandsOn .* entry [01] "),
    "the last observation": (LastOne, "LastOne .* entry [01] of the observation"),
    "the inner of two": (lambda env: gw.ClipAction(OfOne(env, factor=(1, 2, 1))), "^OfOne "),
    "the outer of two": (lambda env: OfOne(gw.ClipAction(env), factor=(1, 2, 1)), "^OfOne "),
}

WARNED = {
    "a factor of the simulator": (lambda env: OfTheEnvironment(env, "simulator"), "asks the environment for more"),
    "what ends something": (lambda env: Ending(env, factor=(1, 2, 1)), "it ends something when it is deleted"),
    "a wait": (Endless, "more than 2000 steps"),
    "a generator that is no copy": (lambda env: held(env, (x for x in ())), "it does not work without"),
}


def held(env, something):
    class Holds(OfOne):
        def observation(self, observation):
            return observation + next(self.something)

    wrapper = Holds(env)
    wrapper.something = something
    return wrapper


def check(wrap, vec_env=DummyVecEnv, env=Robot, n_envs=2):
    venv = vec_env([lambda: wrap(env())] * n_envs)
    try:
        check_wrappers(group_of_environment(venv), venv)
    finally:
        venv.close()


def in_processes(functions):
    return SubprocVecEnv(functions, start_method="fork")


@pytest.mark.parametrize("name", COMMUTE)
def test_what_commutes_is_accepted(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*precision lowered")
        check(COMMUTE[name])


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_commute_is_refused_by_name(name):
    wrap, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        check(wrap)


@pytest.mark.parametrize("name", WARNED)
def test_what_cannot_be_tried_is_warned_of(name):
    wrap, message = WARNED[name]
    with pytest.warns(UserWarning, match=rf"{message}.*sb3_memaug\.check_symmetry") as seen:
        check(wrap)
    assert len(seen) == 1


def test_environments_in_processes_of_their_own_are_tried_there():
    accepted = ("common", "a permutation of its own", "noise of its own generator", "rewards of the simulator")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in accepted:
            check(COMMUTE[name], in_processes)
    for name in ("a factor of one number", "running statistics", "a running mean", "fewer actions"):
        wrap, message = REFUSED[name]
        with pytest.raises(ValueError, match=message):
            check(wrap, in_processes)
    with pytest.warns(UserWarning, match="asks the environment for more"):
        check(WARNED["a factor of the simulator"][0], in_processes)


@pytest.mark.slow
@pytest.mark.parametrize("start_method", ["forkserver", "spawn"])
def test_so_are_they_in_processes_that_know_nothing_yet(start_method):
    with pytest.raises(ValueError, match=r"NormalizeObservation .* running statistics"):
        check(gw.NormalizeObservation, lambda functions: SubprocVecEnv(functions, start_method))


def test_one_environment_among_others_is_enough():
    venv = DummyVecEnv([Robot, Robot, lambda: OfOne(Robot(), factor=(1, 2, 1)), Robot])
    with pytest.raises(ValueError, match="OfOne"):
        check_wrappers(GROUP, venv)
    assert not venv.has_attr("_sb3_memaug_found")


@pytest.mark.parametrize("algorithm", [MemAugRecurrentPPO, SymmetricPPO])
def test_the_algorithms_refuse_it(algorithm):
    policy = "MlpLstmPolicy" if algorithm is MemAugRecurrentPPO else "MlpPolicy"
    scaled = DummyVecEnv([lambda: OfOne(Robot(), factor=(1, 2, 1))])
    with pytest.raises(ValueError, match="OfOne stands between the mirrors and the algorithm"):
        algorithm(policy, scaled, n_steps=8, batch_size=8, device="cpu")
    algorithm(policy, scaled, n_steps=8, batch_size=8, device="cpu", symmetry=False)
    model = algorithm(policy, DummyVecEnv([Robot]), n_steps=8, batch_size=8, device="cpu")
    with pytest.raises(ValueError, match="OfOne stands between"):
        model.set_env(scaled)


def test_a_warning_is_given_once():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        venv = SymmetricVecNormalize(DummyVecEnv([lambda: OfTheEnvironment(Robot(), "simulator")] * 2))
        MemAugRecurrentPPO("MlpLstmPolicy", venv, n_steps=8, batch_size=8, device="cpu")
    assert len([each for each in seen if "OfTheEnvironment" in str(each.message)]) == 1


@pytest.mark.parametrize("observation", OBSERVATIONS)
@pytest.mark.parametrize("action", ACTIONS)
def test_all_kinds_of_spaces_can_be_tried(observation, action):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(Shaped, env=lambda: RandomWorld(observation, action))


def test_keys_images_and_labels_are_compared_each_for_itself():
    small, narrow = (spaces.Box(0, 255, shape, np.uint8) for shape in ((36, 30, 3), (36, 18, 3)))
    accepted = [
        ("dict", "box", transform(lambda x: {**x, "b": x["b"] / 2})),
        ("image", "box", lambda env: gw.GrayscaleObservation(env, keep_dim=True)),
        ("image", "box", transform(lambda x: x[:, 3:33], small)),
        ("discrete", "discrete", act(lambda a: 2 - a)),
    ]
    refused = [
        ("dict", "box", transform(lambda x: {**x, "b": x["b"] / 2 + 0.1}), "entry 1 of 'b' of the observation"),
        ("dict", "box", lambda env: gw.FilterObservation(env, ["a"]), "FilterObservation .* changes a space"),
        ("dict", "box", gw.FlattenObservation, "FlattenObservation .* changes a space"),
        ("image", "box", transform(lambda x: x[:, :30], small), "TransformObservation"),
        ("image", "box", transform(lambda x: x[:, ::2], narrow), "TransformObservation"),
        ("vector", "discrete", act(lambda a: (a + 1) % 3), "TransformAction"),
        ("discrete", "box", transform(lambda x: (x + 1) % 3), "TransformObservation"),
        ("vector", "matrix", act(lambda a: a * [[1, 2], [1, 1]]), "entry [01] of the action"),
    ]
    for observation, action, wrap in accepted:
        check(wrap, env=lambda o=observation, a=action: RandomWorld(o, a))
    for observation, action, wrap, message in refused:
        with pytest.raises(ValueError, match=message):
            check(wrap, env=lambda o=observation, a=action: RandomWorld(o, a))


def test_random_numbers_lie_in_the_space():
    # One that did not would end the trial, with a warning.
    class Looks(gym.ObservationWrapper):
        def observation(self, observation):
            assert self.observation_space.contains(observation)
            return observation

    for observation in OBSERVATIONS:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check(Looks, env=lambda o=observation: RandomWorld(o))


def everything(venv):
    """What two episodes show, and what their random generators show after them."""
    venv.seed(3)
    seen = [venv.reset()]
    for _ in range(40):
        observations, rewards, *_ = venv.step(np.full((2, 2), 0.3, np.float32))
        seen += [observations, rewards]
    return np.concatenate([np.ravel(x) for x in seen])


class Busy(gym.Wrapper):
    """Has state of every kind: its own, in a closure, in a generator, and of the environment."""

    def __init__(self, env):
        super().__init__(env)
        self.rng, self.python, self.total = np.random.default_rng(1), random.Random(2), np.zeros(3)
        counts = [0]

        def count(x):
            counts[0] += 1
            return x + 0 * counts[0]

        self.count, self.counts, self.seen = count, counts, []

    def reset(self, **kwargs):
        self.total += 1
        return self.env.reset(**kwargs)

    def step(self, action):
        observation, reward, *rest = self.env.step(action)
        self.unwrapped.touched = True
        self.seen.append(observation)
        reward += self.rng.normal() + self.python.random() + self.counts[0] + len(self.seen) + self.total[0]
        return self.count(observation), reward, *rest


def test_a_trial_leaves_no_trace():
    lives = []
    for tried in (False, True):
        venv = DummyVecEnv([lambda: OfOne(Busy(Robot()), source="own")] * 2)
        for i, env in enumerate(venv.envs):
            env.own = np.random.default_rng(i)
        everything(venv)
        before = np.random.get_state()[1].copy(), random.getstate(), th.get_rng_state()
        inner = [dict(vars(env.unwrapped)) for env in venv.envs]
        space = pickle.dumps(venv.envs[0].action_space)
        if tried:
            check_wrappers(GROUP, venv)
        np.testing.assert_array_equal(np.random.get_state()[1], before[0])
        assert random.getstate() == before[1]
        assert th.equal(th.get_rng_state(), before[2])
        assert [dict(vars(env.unwrapped)) for env in venv.envs] == inner
        assert pickle.dumps(venv.envs[0].action_space) == space
        lives.append(everything(venv))
    np.testing.assert_array_equal(*lives)


class Connection:
    """Ends with the last one who holds it."""

    closed = 0

    def __del__(self):
        Connection.closed += 1


def test_connections_and_files_are_not_copied(tmp_path, capsys):
    class Connected(gym.Wrapper):
        def __init__(self, env):
            super().__init__(env)
            self.connection, self.file = Connection(), (tmp_path / "log").open("w")

        def step(self, action):
            self.file.write("step")
            print("a step")
            return self.env.step(action)

    Connection.closed = 0
    venv = DummyVecEnv([lambda: Connected(Robot())])
    check_wrappers(GROUP, venv)
    assert Connection.closed == 0
    venv.envs[0].file.close()
    assert (tmp_path / "log").read_text() == ""
    assert capsys.readouterr().out == ""


class VecFactor(VecEnvWrapper):
    """Multiplies observations and actions."""

    def __init__(self, venv, observation=1.0, action=1.0):
        super().__init__(venv)
        self.factors = np.array(observation), np.array(action)

    def reset(self):
        return self.venv.reset() * self.factors[0]

    def step_async(self, actions):
        self.venv.step_async(actions * self.factors[1])

    def step_wait(self):
        observations, *rest = self.venv.step_wait()
        return observations * self.factors[0], *rest


class VecLog(VecEnvWrapper):
    """Asks the environments, and leaves observations as they are; or multiplies them by what it hears."""

    def __init__(self, venv, multiplies=False):
        super().__init__(venv)
        self.multiplies = multiplies

    def reset(self):
        return self.venv.reset()

    def step_wait(self):
        observations, *rest = self.venv.step_wait()
        gain = self.get_attr("dt")[0]
        return (observations * gain if self.multiplies else observations), *rest


def of_robots(wrap, env=Robot):
    venv = wrap(DummyVecEnv([env] * 2))
    check_wrappers(group_of_environment(venv), venv)


def test_wrappers_of_vec_envs_are_tried_too():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        of_robots(VecFactor)
        of_robots(lambda v: VecFactor(v, 2.0, 0.5))
        of_robots(lambda v: VecMonitor(VecCheckNan(VecLog(v))))
        of_robots(lambda v: VecFactor(SymmetricVecNormalize(v), 2.0))
        of_robots(VecTransposeImage, env=lambda: RandomWorld("image"))
        of_robots(lambda v: VecMonitor(VecTransposeImage(v)), env=lambda: RandomWorld("image"))
        check_wrappers(Rower(3).symmetry_group, VecLog(Rower(3)))
        check_wrappers(Rower(3).symmetry_group, SymmetricVecNormalize(Rower(3)))
    for wrap, message in (
        (
            lambda v: VecFactor(v, [1, 2, 1]),
            "VecFactor .* entry [01] of the observation .* wrapper of each environment",
        ),
        (lambda v: VecFactor(v, 1.0, [1, 2]), "VecFactor .* entry [01] of the action"),
        (lambda v: VecFrameStack(v, 3), "VecFrameStack .* changes a space .*6 are not described"),
        (lambda v: SymmetricVecNormalize(VecFactor(v, [1, 2, 1])), "VecFactor .* entry [01] of the observation"),
    ):
        with pytest.raises(ValueError, match=message):
            of_robots(wrap)
    with pytest.raises(ValueError, match=r"VecExtractDictObs .* changes a space"):
        of_robots(lambda v: VecExtractDictObs(v, "a"), env=lambda: RandomWorld("dict"))
    with pytest.warns(UserWarning, match=r"VecLog .* cannot be tried .*sb3_memaug\.check_symmetry"):
        of_robots(lambda v: VecLog(v, multiplies=True))


def test_a_plain_normalizer_is_refused_wherever_it_stands():
    plain = VecNormalize(DummyVecEnv([Robot]))
    with pytest.raises(ValueError, match="a plain VecNormalize normalizes an observation and its mirror image"):
        SymmetricVecNormalize(plain)
    SymmetricVecNormalize(VecNormalize(DummyVecEnv([Robot]), norm_obs=False))
    over = VecNormalize(SymmetricVecNormalize(DummyVecEnv([Robot])))
    with pytest.raises(ValueError, match="a plain VecNormalize"):
        MemAugRecurrentPPO("MlpLstmPolicy", over, n_steps=8, batch_size=8, device="cpu")


def test_a_group_that_is_given_describes_what_comes_out():
    def exchanged(normalizes):
        env = gw.TransformObservation(Robot(), lambda x: x[[2, 0, 1]], None)
        return gw.NormalizeObservation(env) if normalizes else env

    group = SymmetryGroup({"mirror": Mirror(SignedPermutation([0, 2, 1], [-1, 1, 1]), SignedPermutation([1, 0]))})
    check_wrappers(group, DummyVecEnv([lambda: exchanged(False)]))
    with pytest.raises(ValueError, match=r"NormalizeObservation .* running statistics"):
        check_wrappers(group, DummyVecEnv([lambda: exchanged(True)]))
    # The environment's own is nothing but that.
    with pytest.raises(ValueError, match="TransformObservation"):
        check_wrappers(GROUP, DummyVecEnv([lambda: exchanged(False)]))


def test_wrappers_of_an_environment_on_a_device_cannot_be_tried():
    venv = Rower(2)
    venv.env = gw.OrderEnforcing(Robot())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_wrappers(venv.symmetry_group, venv)
    venv.env = OfOne(venv.env)
    with pytest.warns(UserWarning, match=r"OfOne .* its environments live on a device.*check_symmetry"):
        check_wrappers(venv.symmetry_group, venv)
