import pytest

from sb3_memaug.evaluation.tables import VARIATION, with_variation_columns, write_table
from sb3_memaug.files import InputError
from sb3_memaug.report.run_tables import (
    RUN,
    TABLES,
    copy_videos,
    read_run_tables,
    write_run_tables,
)
from sb3_memaug.report.write import write_report

from .made_up_runs import ENVS, POLICIES, settings, write_run

pandas = pytest.importorskip("pandas")
pytest.importorskip("yaml")


def test_the_tables_of_all_runs_are_gathered(tables):
    assert len(tables.episodes[RUN].drop_duplicates()) == len(tables.learning[RUN].drop_duplicates()) == 48
    assert len(tables.latents[RUN].drop_duplicates()) == len(tables.latent_symmetry[RUN].drop_duplicates()) == 24
    assert len(tables.settings) == 48
    for name in TABLES:
        assert list(getattr(tables, name).columns[:3]) == RUN


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_merged_tables_read_as_those_of_the_runs_do(tables, video, tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    whole = tables._replace(videos=[video])
    folder = write_run_tables(whole, tmp_path / "merged", suffix)
    again = read_run_tables(folder)
    for name in TABLES:
        pandas.testing.assert_frame_equal(getattr(again, name), getattr(tables, name))
    assert again.settings == tables.settings
    assert [path.read_bytes() for path in again.videos] == [video.read_bytes()]
    assert not [path for path in folder.rglob("*") if path.name.startswith(".")]


def test_csv_and_parquet_of_the_same_runs_read_alike(tmp_path):
    pytest.importorskip("pyarrow")
    for suffix in (".csv", ".parquet"):
        for env in (ENVS[0], ENVS[2]):
            write_run(tmp_path / suffix / env.replace("/", "_"), (env, POLICIES[0], 0), suffix)
    by_csv, by_parquet = (read_run_tables(tmp_path / suffix) for suffix in (".csv", ".parquet"))
    for name in TABLES:
        pandas.testing.assert_frame_equal(getattr(by_csv, name), getattr(by_parquet, name))
    assert set(by_csv.episodes["success"].map(type)) == {bool, type(None)}
    assert by_csv.trajectories["contact_front_left"].dtype == bool


def test_robots_with_different_feet_share_a_table(tmp_path):
    for policy, foot in (("a", "left"), ("b", "right")):
        run = {"env": ["Walker-v0"], "policy": [policy], "training_seed": [0]}
        write_table(pandas.DataFrame(run), tmp_path / policy / "episodes.csv")
        write_table(pandas.DataFrame({**run, f"contact_{foot}": [True]}), tmp_path / policy / "trajectories.csv")
    trajectories = read_run_tables(tmp_path).trajectories
    assert trajectories["contact_left"].tolist() == [True, None]
    assert trajectories["contact_right"].tolist() == [None, True]


def test_what_no_run_left_is_empty(tmp_path):
    write_run(tmp_path / "run", (ENVS[0], "baseline-aug", 0), ".csv")
    tables = read_run_tables(tmp_path)
    assert tables.latents.empty and tables.latent_symmetry.empty
    assert list(tables.latents.columns) == RUN
    assert tables.settings == [settings(ENVS[0], "baseline-aug", 0)]
    assert tables.videos == []


def test_without_episodes_it_says_what_it_looked_for(tmp_path):
    with pytest.raises(ValueError, match=r"no episode of any run in .*episodes\.parquet or episodes\.csv"):
        read_run_tables(tmp_path)


def test_a_run_that_lies_there_twice_is_refused(few_runs):
    write_run_tables(read_run_tables(few_runs), few_runs / "merged", ".csv")
    with pytest.raises(ValueError, match=r"memory-aug on MemAug.* with seed 0 lies in both .*seed_0.* and .*merged"):
        read_run_tables(few_runs)


def test_a_table_of_something_else_is_refused(tmp_path):
    write_table(pandas.DataFrame({"policy": ["a"], "episode_return": [1.0]}), tmp_path / "episodes.csv")
    with pytest.raises(
        ValueError, match=r"episodes\.csv must say which run it is of; there is no column env, training"
    ):
        read_run_tables(tmp_path)


def test_reports_and_what_is_hidden_are_not_read(few_runs):
    before = read_run_tables(few_runs)
    for folder in ("report/figures", "report/tables", ".part.x"):
        write_table(before.trajectories, few_runs / folder / "trajectories.csv")
    (few_runs / "report/videos").mkdir()
    (few_runs / "report/videos/a.mp4").touch()
    (few_runs / "report/report.html").touch()
    after = read_run_tables(few_runs)
    assert len(after.trajectories) == len(before.trajectories)
    assert after.videos == []


def test_videos_of_the_same_name_are_numbered(tmp_path):
    for seed in "012":
        (tmp_path / seed).mkdir()
        (tmp_path / seed / "walk.mp4").write_text(seed)
    copies = copy_videos([tmp_path / seed / "walk.mp4" for seed in "012"], tmp_path / "all")
    assert [copy.name for copy in copies] == ["walk.mp4", "walk_2.mp4", "walk_3.mp4"]
    assert [copy.read_text() for copy in copies] == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("name", "column", "value", "message"),
    [
        (
            "episodes",
            "training_seed",
            0.5,
            r"episodes\.csv, column training_seed, row 1: expected whole numbers, got 0.5",
        ),
        ("episodes", "training_seed", "one", "column training_seed, row 1: expected whole numbers, got 'one'"),
        ("episodes", "policy", 3, "column policy, row 1: expected texts, got 3"),
        ("episodes", "episode_return", "much", "column episode_return, row 1: expected numbers, got 'much'"),
        ("episodes", "deterministic", "yes", "column deterministic, row 1: expected True or False, got 'yes'"),
        ("episodes", "success", 2, "column success, row 1: expected True, False or nothing, got 2"),
        ("learning", "timesteps", "many", "column timesteps, row 1: expected whole numbers, got 'many'"),
        ("trajectories", "contact_front_left", 0.5, "expected True, False or nothing, got 0.5"),
        ("latents", "pc1", "a", "column pc1, row 1: expected numbers"),
    ],
)
def test_columns_of_another_kind_are_refused(tmp_path, name, column, value, message):
    write_run(tmp_path / "run", (ENVS[0], POLICIES[0], 0), ".csv")
    path = tmp_path / "run" / f"{name}.csv"
    write_table(pandas.read_csv(path).assign(**{column: value}), path)
    with pytest.raises(InputError, match=message):
        read_run_tables(tmp_path)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("3", ""),
        ("[]\n- a", "line 2, column 1"),
        ("{env: a, policy: b}", ""),
        ("- {env: a, policy: 3, training_seed: 0}", "0.policy"),
    ],
)
def test_settings_that_are_none_are_refused(tmp_path, text, place):
    write_run(tmp_path / "run", (ENVS[0], POLICIES[0], 0), ".csv")
    (tmp_path / "runs.yml").write_text(text)
    with pytest.raises(InputError, match=r"runs\.yml") as error:
        read_run_tables(tmp_path)
    assert error.value.place == place


def test_a_report_asks_for_the_columns_that_it_shows(tmp_path):
    write_run(tmp_path / "run", (ENVS[0], POLICIES[0], 0), ".csv")
    path = tmp_path / "run" / "learning.csv"
    write_table(pandas.read_csv(path).drop(columns="seconds"), path)
    with pytest.raises(ValueError, match=r"learning must have the columns .*; these lack seconds"):
        write_report(read_run_tables(tmp_path), tmp_path / "report", "a", "b", ())
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize(
    ("variation", "kind", "place"),
    [
        ("none", "none", ""),
        ("motor_front_leftL_joint", "joint_failure", "front left"),
        ("motor_front_leftL_joint+motor_front_leftR_joint", "joint_failure", "front left"),
        ("motor_front_leftL_joint+motor_back_leftR_joint", "joint_failure", ""),
        ("payload_back_right", "payload", "back right"),
        ("payload", "payload", ""),
        ("left_hip_pitch_joint", "joint_failure", "left"),
        ("LF_HAA", "joint_failure", ""),
    ],
)
def test_names_of_old_tables_tell_what_their_variations_are(variation, kind, place):
    (row,) = with_variation_columns(pandas.DataFrame({"variation": [variation]})).to_dict("records")
    joints = variation if kind == "joint_failure" else ""
    assert row == {"variation": variation, "kind": kind, "joints": joints, "place": place}


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_columns_of_variations_are_kept_beside_old_tables_without_them(tmp_path, suffix):
    pytest.importorskip("pyarrow")
    new = {"kind": ["none", "joint_failure"], "joints": ["", "LF_HAA"], "place": ["", "front left"]}
    for policy, columns in (("old", {}), ("new", new)):
        run = {"env": "A-v0", "policy": policy, "training_seed": 0, "variation": ["none", "LF_HAA"]}
        write_table(pandas.DataFrame({**run, **columns}), tmp_path / policy / f"episodes{suffix}")
    episodes = read_run_tables(tmp_path).episodes.set_index(["policy", "variation"])[VARIATION]
    assert episodes.to_dict("index") == {
        ("new", "none"): {"kind": "none", "joints": "", "place": ""},
        ("new", "LF_HAA"): {"kind": "joint_failure", "joints": "LF_HAA", "place": "front left"},
        ("old", "none"): {"kind": "none", "joints": "", "place": ""},
        ("old", "LF_HAA"): {"kind": "joint_failure", "joints": "LF_HAA", "place": ""},
    }
