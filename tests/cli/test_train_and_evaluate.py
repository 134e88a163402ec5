import pytest

from sb3_memaug.cli import main
from sb3_memaug.evaluation import read_results
from sb3_memaug.models import ALGORITHMS

from .memaug import memaug

pytest.importorskip("mujoco")
ENV = "MemAug/MinitaurVelocityJointFailure-MuJoCo-v0"
POSITION = "MemAug/MinitaurPosition-MuJoCo-v0"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "robot.zip", "--env", "MemAug/Minitour-v0"], "MemAug/MinitaurVelocity-v0"),
        (["evaluate", "nowhere.zip", "--env", ENV], "there is no model 'nowhere.zip'"),
        (["evaluate", "robot.zip", "--env", ENV, "--table", "t.txt"], "must end in .parquet or .csv, got 't.txt'"),
    ],
)
def test_mistakes_are_named(arguments, message, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("algo", ["memaug_ppo", "sym_ppo"])
def test_train_then_evaluate(algo, tmp_path):
    pytest.importorskip("rl_zoo3")
    trained = memaug(
        *("train", "--algo", algo, "--env", ENV, "-n", "3000", "--eval-freq", "-1", "--seed", "1", "-f", "logs"),
        cwd=tmp_path,
    )
    assert trained.returncode == 0, trained.stderr
    (model,) = tmp_path.glob(f"logs/{algo}/*/MemAug-*.zip")
    evaluated = memaug("evaluate", str(model), "--env", ENV, "--episodes", "1", "--figure", "f.png", cwd=tmp_path)
    assert evaluated.returncode == 0, evaluated.stderr
    assert f"| {algo}" in evaluated.stdout
    assert "OOD failures" in evaluated.stdout
    assert len((tmp_path / "evaluation.csv").read_text().splitlines()) == 1 + 2 * 9 * 4
    assert (tmp_path / "f.png").is_file()


def test_what_the_loss_of_memory_costs_is_told_of_who_has_one(short, tmp_path, capsys):
    env_id, models = short(ENV, 3), []
    for algo, policy in (("ppo_lstm", "MlpLstmPolicy"), ("ppo", "MlpPolicy")):
        path = tmp_path / algo / "model.zip"
        path.parent.mkdir()
        ALGORITHMS[algo](policy, env_id, seed=0, device="cpu").save(path)
        models.append(f"my_{algo}={path}")
    table = tmp_path / "episodes.csv"
    arguments = ["evaluate", *models, "--env", env_id, "--episodes", "4", "--actions", "mean", "--memory", "both"]
    main([*arguments, "--csv", str(table)])
    rows = read_results(table)
    assert {(r.policy, r.memory) for r in rows} == {
        ("my_ppo_lstm", "kept"),
        ("my_ppo_lstm", "zeroed"),
        ("my_ppo", "kept"),
    }
    assert len(rows) == 3 * 9 * 4
    assert all(r.air_time is not None and r.touchdowns is not None and r.success is None for r in rows)
    _, costs = capsys.readouterr().out.split("What the loss of its memory costs a policy:")
    assert "difference" in costs
    assert [line.split("|")[4].strip() for line in costs.splitlines() if "my_ppo_lstm" in line] == [
        "no failure",
        "ID failures",
        "OOD failures",
    ]
    assert "my_ppo " not in costs


def test_episodes_are_written_as_parquet(short, tmp_path):
    pytest.importorskip("pyarrow")
    env_id, model, table = short(POSITION, 3), tmp_path / "ppo.zip", tmp_path / "episodes.parquet"
    ALGORITHMS["ppo"]("MlpPolicy", env_id, seed=0, device="cpu").save(model)
    main(
        [
            "evaluate",
            str(model),
            "--algo",
            "ppo",
            "--env",
            env_id,
            "--episodes",
            "4",
            "--memory",
            "zeroed",
            "--csv",
            str(table),
        ]
    )
    rows = read_results(table)
    assert [(r.policy, r.memory, r.deterministic) for r in rows] == [
        ("ppo", "kept", d) for d in [True] * 4 + [False] * 4
    ]
    assert all(r.success is (r.distance <= 0.25) for r in rows)
