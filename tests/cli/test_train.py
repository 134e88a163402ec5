import sys

import pytest
import yaml

from sb3_memaug.cli import main, train
from sb3_memaug.zoo.samplers import convert

from .memaug import memaug

pytest.importorskip("rl_zoo3")
ENV = "MemAug/MinitaurVelocityJointFailure-MuJoCo-v0"
NAME = ENV.replace("/", "-")


@pytest.fixture
def asked(monkeypatch):
    """What a command of rl_zoo3 is asked for, without it being done, and whether the peers are registered."""

    def asked(*arguments):
        seen = {}
        monkeypatch.setattr(train, "register", lambda peers: seen.update(peers=peers))
        monkeypatch.setattr(train, "_run", lambda command, rest: seen.update(command=command, arguments=rest))
        main(arguments)
        return seen

    return asked


@pytest.mark.parametrize("command", ["train", "record-video"])
def test_help_is_that_of_rl_zoo3_with_our_algorithms(command):
    result = memaug(command, "--help")
    assert result.returncode == 0
    assert result.stdout.startswith(f"usage: memaug {command}")
    assert "memaug_ppo,sym_ppo" in result.stdout
    assert "--env-kwargs" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "algo"),
    [
        (["--env", ENV], "memaug_ppo"),
        (["--algo=sym_ppo"], "sym_ppo"),
        (["--algo", "sym_ppo", "--env", "CartPole-v1"], "sym_ppo"),
        (["--algo", "ppo_lstm", "--env", ENV], "ppo_lstm"),
        (["--algo", "ppo", f"--env={ENV}"], "ppo"),
        (["--algo", "ppo", "--env", "CartPole-v1"], None),
        (["--algo", "ppo_lstm"], None),
        (["--algo", "sac", "--env", ENV], None),
        (["--algo", "ppo", "--env", ENV, "-conf", "my.yml"], None),
        (["--algo", "memaug_ppo", "--env", ENV, "--conf-file=my.yml"], None),
    ],
)
def test_settings_are_ours_where_we_have_some(arguments, algo, asked):
    rest = asked("train", *arguments)["arguments"]
    assert rest[: len(arguments)] == arguments
    added = rest[len(arguments) :]
    if added[:1] == ["--algo"]:
        assert added.pop(1) == "memaug_ppo"
        del added[0]
    assert [part.rpartition("/")[2] for part in added] == ([] if algo is None else ["--conf-file", f"{algo}.yml"])


@pytest.mark.parametrize(("env", "peers"), [(ENV, True), ("CartPole-v1", False)])
def test_peers_are_tuned_within_our_ranges_in_our_environments(env, peers, asked):
    assert asked("train", "--algo", "ppo", "--env", env)["peers"] is peers


@pytest.mark.parametrize("command", ["enjoy", "record-video"])
def test_what_was_trained_is_looked_for_where_training_left_it(command, asked):
    assert asked(command, "--env", ENV) == {
        "command": command,
        "arguments": ["--env", ENV, "--algo", "memaug_ppo"],
        "peers": True,
    }
    assert asked(command, "--algo", "ppo")["arguments"] == ["--algo", "ppo"]


def test_a_simulation_of_many_is_not_evaluated_beside_its_training(asked):
    assert asked("train", "--env", "MemAug/G1-Velocity-v0")["arguments"][-4:-2] == ["--eval-freq", "-1"]
    assert "--eval-freq" not in asked("train", "--env", ENV)["arguments"]


@pytest.mark.parametrize(
    "arguments",
    [["train", "--eval-freq", "1000"], ["train", "-optimize"], ["enjoy"], ["record-video"]],
)
def test_what_would_take_a_second_simulation_is_refused(asked, arguments):
    with pytest.raises(SystemExit, match="a process has one simulation of MemAug/G1-Velocity-v0"):
        asked(*arguments, "--env", "MemAug/G1-Velocity-v0")


@pytest.mark.parametrize("command", ["plot-train", "all-plots", "plot-from-file"])
def test_plots_are_asked_for_as_they_are(command, asked):
    assert asked(command, "-a", "sym_ppo", "-f", "logs")["arguments"] == ["-a", "sym_ppo", "-f", "logs"]


def test_without_rl_zoo3_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "rl_zoo3", None)
    monkeypatch.setitem(sys.modules, "rl_zoo3.exp_manager", None)
    with pytest.raises(SystemExit, match=r'memaug train: .*pip install "sb3-memaug\[zoo\]"'):
        main(["train"])


def test_a_training_in_processes_is_logged_evaluated_saved_and_shown(tmp_path):
    pytest.importorskip("mujoco")
    pytest.importorskip("tensorboard")
    trained = memaug(
        *("train", "--algo", "sym_ppo", "--env", ENV, "-n", "1600", "--vec-env", "subproc", "-tb", "tensorboard"),
        *("--eval-freq", "800", "--eval-episodes", "1", "--save-freq", "1600", "-params", "n_envs:4", "n_steps:96"),
        cwd=tmp_path,
    )
    assert trained.returncode == 0, trained.stderr
    folder = tmp_path / "logs" / "sym_ppo" / f"{NAME}_1"
    left = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*") if path.is_file()}
    assert left == {
        f"{NAME}.zip",
        "best_model.zip",
        "evaluations.npz",
        "rl_model_1600_steps.zip",
        *(f"{i}.monitor.csv" for i in range(4)),
        *(f"{NAME}/{name}" for name in ("args.yml", "config.yml", "command.txt")),
    }
    assert len(list(tmp_path.glob(f"tensorboard/{NAME}/SymmetricPPO_1/events*"))) == 1

    trained_one = ("--algo", "sym_ppo", "--env", ENV, "-f", "logs")
    shown = memaug("enjoy", *trained_one, "--no-render", "-n", "130", "--load-best", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "Episode Reward" in shown.stdout
    pytest.importorskip("moviepy")
    filmed = memaug("record-video", *trained_one, "-n", "3", "--load-checkpoint", "1600", cwd=tmp_path)
    assert filmed.returncode == 0, filmed.stderr
    assert len(list(folder.glob("videos/checkpoint-1600-*.mp4"))) == 1


def test_hyperparameters_are_optimized_and_the_trial_is_trained_again(tmp_path):
    optuna = pytest.importorskip("optuna")
    pytest.importorskip("mujoco")
    study = ("--algo", "memaug_ppo", "--env", ENV, "--storage", "study.log", "--study-name", "study")
    optimized = memaug(
        *("train", *study, "-optimize", "--n-trials", "2", "--n-startup-trials", "1", "--n-evaluations", "2"),
        *("-n", "2000", "--eval-episodes", "1", "--no-optim-plots"),
        cwd=tmp_path,
    )
    assert optimized.returncode == 0, optimized.stderr
    assert len(list(tmp_path.glob(f"logs/memaug_ppo/report_{NAME}_2-trials-2000-tpe-median_*.csv"))) == 1
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(tmp_path / "study.log")))
    trials = optuna.load_study(storage=storage, study_name="study").trials
    assert [trial.state.name for trial in trials] in (["COMPLETE", "COMPLETE"], ["COMPLETE", "PRUNED"])

    trained = memaug("train", *study, "--trial-id", "1", "-n", "1", "--eval-freq", "-1", "-f", "again", cwd=tmp_path)
    assert trained.returncode == 0, trained.stderr
    (config,) = tmp_path.glob("again/memaug_ppo/*/*/config.yml")
    saved = dict(yaml.load(config.read_text(), yaml.UnsafeLoader))
    sampled = convert(trials[1].params)
    assert {name: saved[name] for name in sampled} == sampled
