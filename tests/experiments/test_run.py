from dataclasses import replace

import pytest

from sb3_memaug.experiments.conduct import plan
from sb3_memaug.experiments.run import Evaluation, Run, slug
from sb3_memaug.experiments.status import Status, read_status

yaml = pytest.importorskip("yaml")
pytest.importorskip("rich")
RUN = Run("MemAug/Robot-v0", "mine", 3, "ppo", 1000, {"gamma": 0.5, "env_kwargs": {"split": "all"}}, Evaluation(seed=5))


def test_a_run_is_read_as_it_was_written(tmp_path):
    RUN.write(tmp_path)
    assert Run.read(tmp_path) == RUN


def test_its_settings_are_a_file_for_rl_zoo3(tmp_path):
    RUN.write(tmp_path, "memaug experiment mine.yml")
    assert yaml.safe_load((tmp_path / "hyperparameters.yml").read_text()) == {
        "MemAug/Robot-v0": {"gamma": 0.5, "env_kwargs": {"split": "all"}, "n_timesteps": 1000}
    }
    told = yaml.safe_load((tmp_path / "run.yml").read_text())
    assert told["command"].startswith("memaug train --algo ppo --env MemAug/Robot-v0 --seed 3")
    assert told["experiment"] == "memaug experiment mine.yml"
    assert "torch" in told["versions"]


def test_plans_agree_with_what_is_there(tmp_path):
    plan([RUN], tmp_path)
    plan([RUN], tmp_path)
    with pytest.raises(ValueError, match=r"n_timesteps 1000 there and 2000 now.*--folder"):
        plan([replace(RUN, policy="other"), replace(RUN, n_timesteps=2000)], tmp_path)
    assert not (tmp_path / "Robot-v0" / "other").exists()


def test_folders_are_named_after_environments():
    assert slug("MemAug/MinitaurVelocity-v0") == "MinitaurVelocity-v0"
    assert slug("my_package:Robots/Ant-v5") == "my_package_Robots_Ant-v5"


def test_a_status_is_read_as_it_was_written(tmp_path):
    assert read_status(tmp_path) == Status("waiting", 0, 0.0, None, None)
    status = Status("failed", 10, 1.5, 3.0, "ValueError: no")
    status.write(tmp_path)
    assert read_status(tmp_path) == status
    assert [path.name for path in tmp_path.iterdir()] == ["status.json"]
