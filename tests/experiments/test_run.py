from dataclasses import replace

import pytest

from sb3_memaug.experiments.checkpoints import latest_checkpoint, remove_checkpoints, steps_of
from sb3_memaug.experiments.executors import plan, run_all
from sb3_memaug.experiments.run import Evaluation, Run, Status, read_status, slug
from sb3_memaug.files import InputError

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


@pytest.mark.parametrize("text", ["", "{", '{"state": "train', "[]", '{"state": "lost"}', '{"timesteps": -1}', "\xff"])
def test_a_status_that_cannot_be_read_says_so_and_the_run_goes_on(tmp_path, capsys, text):
    run = replace(RUN)
    plan([run], tmp_path)
    (tmp_path / run.name / "status.json").write_bytes(text.encode("latin-1"))
    status = read_status(tmp_path / run.name)
    assert (status.state, status.timesteps) == ("waiting", 0)
    assert status.error.startswith("unreadable: ") and "status.json" in status.error
    run_all([run], tmp_path, lambda folders, watch: [Status("finished").write(folder) for folder in folders])
    assert "goes on from its checkpoint: unreadable" in capsys.readouterr().out
    assert read_status(tmp_path / run.name) == Status("finished")


def test_a_run_that_was_never_begun_has_nothing_to_tell(tmp_path, capsys):
    plan([RUN], tmp_path)
    run_all([RUN], tmp_path, lambda folders, watch: [Status("finished").write(folder) for folder in folders])
    assert "unreadable" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("policy: a/b", "policy"),
        ("training_seed: true", "training_seed"),
        ("algo: sac", "algo"),
        ("hyperparameters: {policy_kwargs: 'exec(1)'}", "hyperparameters.policy_kwargs"),
        ("evaluation: {seed: -1}", "evaluation.seed"),
        ("evaluation: []", "evaluation"),
        ("film: 1", "film"),
    ],
)
def test_a_run_that_is_none_is_refused_with_its_place(tmp_path, text, place):
    RUN.write(tmp_path)
    content = {**yaml.safe_load((tmp_path / "run.yml").read_text()), **yaml.safe_load(text)}
    (tmp_path / "run.yml").write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match=r"run\.yml") as error:
        Run.read(tmp_path)
    assert error.value.place == place


def test_older_runs_are_found_where_they_are(tmp_path):
    """They know no folder of their environment, and more than is asked for."""
    plan([RUN], tmp_path)
    assert "env_folder" not in (tmp_path / "Robot-v0/mine/seed_3/run.yml").read_text()
    assert Run.read(tmp_path / "Robot-v0/mine/seed_3") == RUN


def test_runs_do_not_leave_their_folder_by_links(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "Robot-v0").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="links lead this one elsewhere"):
        plan([RUN], tmp_path / "runs")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_what_is_no_checkpoint_is_left_alone(tmp_path):
    for name in ("checkpoint_foo", "checkpoint_", "checkpoint_-1", "checkpoint_01", "checkpoint_1.5", "checkpoint_7"):
        (tmp_path / name).mkdir()
    (tmp_path / "checkpoint_99").touch()
    assert latest_checkpoint(tmp_path) == tmp_path / "checkpoint_7"
    assert steps_of(tmp_path / "checkpoint_7") == 7
    remove_checkpoints(tmp_path)
    assert len(list(tmp_path.iterdir())) == 6
    assert latest_checkpoint(tmp_path) is None
