"""."""

import gymnasium as gym
import numpy as np
import pytest

import sb3_memaug  # noqa: F401
from sb3_memaug.evaluation import SplitEvaluator, evaluate_generalization, mean_return, memory_table, split_table
from sb3_memaug.evaluation.tables import success_rate, variation_noun
from sb3_memaug.evaluation.trials import Trial, open_trials

from .policies import Counter, Still
from .results import result

pytest.importorskip("mujoco")
ENV = "MemAug/MinitaurVelocityJointFailure-MuJoCo-v0"
POSITION = "MemAug/MinitaurPosition-MuJoCo-v0"


def test_seeds_are_paired_and_commands_balanced(short):
    results = list(evaluate_generalization(Still(), short(ENV, 3), "still", n_episodes=7, seed=5))
    assert len(results) == 9 * 8
    by_task = {}
    for r in results:
        by_task.setdefault(r.variation, []).append((r.seed, r.mirror))
    starts = next(iter(by_task.values()))
    assert all(value == starts for value in by_task.values())
    assert starts[:5] == [
        (5, "identity"),
        (5, "left_right"),
        (5, "front_back"),
        (5, "left_right*front_back"),
        (6, "identity"),
    ]


def test_an_equivariant_policy_does_as_well_on_every_leg(short):
    results = list(evaluate_generalization(Still(), short(ENV, 60), "still", n_episodes=4))
    outer = [
        mean_return(results, variation=f"motor_{leg}{side}_joint")
        for leg, side in (("front_left", "L"), ("front_right", "R"), ("back_left", "L"), ("back_right", "R"))
    ]
    assert outer == pytest.approx([outer[0]] * 4, abs=1e-6)


def test_an_equivariant_policy_does_as_well_with_a_payload_on_every_corner(short):
    env_id = short("MemAug/MinitaurPositionPayload-MuJoCo-v0", 60)
    results = list(evaluate_generalization(Still(), env_id, "still", n_episodes=4))
    names = ["none", *(f"payload_{leg}" for leg in ("front_left", "back_left", "front_right", "back_right"))]
    assert list(dict.fromkeys(r.variation for r in results)) == names
    none, *loaded = [mean_return(results, variation=name) for name in names]
    assert loaded == pytest.approx([loaded[0]] * 4, abs=1e-6)
    assert none != pytest.approx(loaded[0], abs=1e-3)


def test_table_and_means():
    results = [result(value=1.0), result(value=3.0), result(split="ood", value=-1.0), result(policy="b", value=7.0)]
    assert mean_return(results, policy="a", split="id") == 2.0
    assert np.isnan(mean_return(results, split="none"))
    assert split_table(results).splitlines() == [
        "| policy | environment | actions | ID failures | OOD failures |",
        "| ------ | ----------- | ------- | ----------- | ------------ |",
        "| a      | E           | mean    | 2.0         | -1.0         |",
        "| b      | E           | mean    | 7.0         | nan          |",
    ]


def test_a_position_task_tells_how_far_from_the_target_an_episode_ended():
    results = list(evaluate_generalization(Still(), POSITION, "still", n_episodes=8, seed=3))
    assert all(0.4 < r.distance < 1.6 for r in results)
    # An equivariant policy ends as far from a target as from its mirror image.
    assert [r.distance for r in results[1:4]] == pytest.approx([results[0].distance] * 3, abs=1e-6)
    assert results[4].distance != pytest.approx(results[0].distance, abs=1e-3)
    assert success_rate(results) == 0


def test_success_rates_are_of_those_that_have_a_target():
    results = [
        result(distance=0.25),
        result(distance=0.26),
        result(distance=0.1, terminated=True),
        result(distance=0.0),
        result(split="ood", distance=0.1),
    ]
    assert success_rate(results, split="id") == 0.5
    assert success_rate(results) == 0.6
    assert np.isnan(success_rate([result()]))
    assert split_table(results).splitlines()[2].split("|")[4:6] == [" 1.0 (50% there) ", " 1.0 (100% there) "]


@pytest.mark.parametrize(
    ("named", "noun"),
    [
        (["motor_front_leftL_joint"], "failure"),
        (["payload_front_left", "payload_back_left"], "payload"),
        (["payload_front_left", "motor_front_leftL_joint"], "variation"),
        ([], "variation"),
    ],
)
def test_tables_name_what_varies(named, noun):
    results = [result(variation=name) for name in named] + [result(split="none", variation="none")]
    assert variation_noun(results) == noun
    assert f"no {noun}" in split_table(results)


def test_memory_is_kept_or_zeroed(short):
    env_id, watched = short(ENV, 6), []

    class Steps:
        def begin(self, envs, episodes):
            assert len(envs) == len(episodes) == 4

        def after_step(self, index, memory):
            watched.append(memory[0][-1, index, 0])

    for memory, counted in (("kept", [1, 2, 3, 4, 5, 6]), ("zeroed", [1] * 6)):
        watched.clear()
        results = list(evaluate_generalization(Counter(), env_id, "c", 4, memory=memory, watchers=(Steps(),)))
        assert {r.memory for r in results} == {memory}
        assert watched == list(np.repeat(counted, 4)) * 9


def test_what_the_loss_of_memory_costs():
    results = [
        result(value=10.0),
        result(value=8.0, memory="zeroed"),
        result(split="ood", value=-4.0),
        result(split="ood", value=-5.0, memory="zeroed"),
        result("forgetful", value=3.0),
    ]
    assert memory_table(results).splitlines() == [
        "| policy | environment | actions | tasks        | kept | zeroed | difference |",
        "| ------ | ----------- | ------- | ------------ | ---- | ------ | ---------- |",
        "| a      | E           | mean    | ID failures  | 10.0 | 8.0    | -20.0%     |",
        "| a      | E           | mean    | OOD failures | -4.0 | -5.0   | -25.0%     |",
    ]
    assert [line.split("|")[1].strip() for line in split_table(results).splitlines()[2:]] == [
        "a",
        "a, memory zeroed",
        "forgetful",
    ]


pytest.importorskip("mujoco")
FAILURE = "MemAug/MinitaurVelocityJointFailure-MuJoCo-v0"


def test_returns_are_those_of_the_full_evaluation_again_and_again(short):
    env_id = short(FAILURE, 20)
    results = list(evaluate_generalization(Still(), env_id, "still", 16, seed=7))
    # Four starts, each under another mirror.
    starts = {(7, "identity"), (8, "left_right"), (9, "front_back"), (10, "left_right*front_back")}
    chosen = [result for result in results if (result.seed, result.mirror) in starts]
    assert len(chosen) == len(results) / 4
    expected = {split: mean_return(chosen, split=split) for split in ("none", "id", "ood")}
    with SplitEvaluator(env_id, 4, seed=7) as evaluator:
        first = evaluator.mean_returns(Still())
        assert list(first) == ["none", "id", "ood"]
        assert first == pytest.approx(expected, abs=1e-12)
        assert evaluator.mean_returns(Still()) == first
        assert first["none"] != first["id"] != first["ood"]


def test_environments_are_kept_until_the_end(short, monkeypatch):
    env_id, made, closed = short(FAILURE, 5), [], []
    make = gym.make

    def counted(*args, **kwargs):
        env = make(*args, **kwargs)
        made.append(env)
        close = env.unwrapped.close
        env.unwrapped.close = lambda: (closed.append(env), close())
        return env

    monkeypatch.setattr(gym, "make", counted)
    with SplitEvaluator(env_id, 4) as evaluator:
        evaluator.mean_returns(Still())
        n_envs = len(made)
        evaluator.mean_returns(Still())
        assert len(made) == n_envs
        # Those that told the variations are closed already.
        assert len(made) - len(closed) == 9 * 4
    assert len(closed) == len(made)


def test_where_nothing_varies_there_is_one_split(short):
    with SplitEvaluator(short("MemAug/MinitaurPosition-MuJoCo-v0", 3), 1) as evaluator:
        assert list(evaluator.mean_returns(Still())) == ["none"]


@pytest.mark.parametrize("call", [SplitEvaluator, lambda *args: list(evaluate_generalization(Still(), *args))])
def test_no_episode_is_refused(call):
    with pytest.raises(ValueError, match="`n_episodes` must be at least 1, got 0"):
        call(*((FAILURE, 0) if call is SplitEvaluator else (FAILURE, "still", 0)))


def test_seeds_are_each_run_under_every_mirror():
    with open_trials(FAILURE) as trials:
        assert trials.mirrors == ("identity", "left_right", "front_back", "left_right*front_back")
        assert [list(trials.seeds(n, 5)) for n in (1, 4, 5)] == [[5], [5], [5, 6]]


def test_a_mirror_that_no_episode_starts_under_is_refused():
    with open_trials("Pendulum-v1") as trials:
        assert trials.mirrors == ("identity",)
        with pytest.raises(
            ValueError, match=r"cannot start under the mirrors \['left_right'\], but under \['identity'\]"
        ):
            trials.run(Still(), [Trial(trials.variations[0], 0, "left_right")])


def test_joints_of_either_split_can_fail_in_environments_of_the_other():
    with gym.make(FAILURE, split="id") as env:
        for joint in ("motor_front_leftL_joint", "motor_back_rightR_joint"):
            assert env.reset(options={"failed_joint": joint})[1]["failed_joint"] == joint
