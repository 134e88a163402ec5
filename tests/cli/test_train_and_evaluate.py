import pytest

from sb3_memaug.cli import main

from .memaug import memaug

pytest.importorskip("mujoco")
ENV = "MemAug/MinitaurVelocityJointFailure-MuJoCo-v0"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "robot.zip", "--env", "MemAug/Minitour-v0"], "MemAug/MinitaurVelocity-v0"),
        (["evaluate", "nowhere.zip", "--env", ENV], "there is no model 'nowhere.zip'"),
    ],
)
def test_mistakes_are_named(arguments, message, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert message in capsys.readouterr().err


def test_train_help_is_that_of_rl_zoo3_with_our_algorithms():
    pytest.importorskip("rl_zoo3")
    result = memaug("train", "--help")
    assert result.returncode == 0
    assert "memaug_ppo" in result.stdout
    assert "sym_ppo" in result.stdout
    assert "--optimize-hyperparameters" in result.stdout


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
