import gymnasium as gym
import pytest

import sb3_memaug  # noqa: F401
from sb3_memaug.evaluation import SplitEvaluator, evaluate_generalization, mean_return
from sb3_memaug.evaluation.trials import Trial, open_trials

from .policies import Still

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
