import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sb3_memaug.evaluation import Result, read_csv, read_results, results_table, write_csv, write_results
from sb3_memaug.evaluation.tables import read_table
from sb3_memaug.files import InputError

from .results import result

ROWS = [
    result(value=1.5, air_time=0.48, touchdowns=12),
    result(split="ood", terminated=True, deterministic=False, memory="zeroed"),
    result(distance=0.125, touchdowns=0),
    result(distance=1 / 3, value=-1 / 3, seed=1003, mirror="left_right"),
]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("rows", [ROWS, ROWS[1:2], []], ids=["some", "one", "none"])
def test_what_is_written_is_read(rows, suffix, tmp_path):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    path = write_results(rows, tmp_path / "new" / f"results{suffix}")
    assert [file.name for file in path.parent.iterdir()] == [f"results{suffix}"]
    read = read_results(path)
    assert read == rows
    for row in read:
        assert [type(value) for value in row] == [type(value) for value in rows[read.index(row)]]


def test_csv_holds_every_episode(tmp_path):
    rows = list(csv.DictReader(write_csv(ROWS, tmp_path / "results.csv").open()))
    assert list(rows[0]) == list(Result._fields)
    assert [row["distance"] for row in rows] == ["", "", "0.125", str(1 / 3)]
    assert [row["success"] for row in rows] == ["", "", "True", "False"]
    assert [row["memory"] for row in rows] == ["kept", "zeroed", "kept", "kept"]
    assert rows[1]["terminated"] == "True"


def test_older_tables_are_read(tmp_path):
    """Of the first ones, with a column of somebody else; and those that told distances already."""
    path = tmp_path / "results.csv"
    heading = "training_seed,policy,env,split,variation,seed,mirror,deterministic,episode_return,length,terminated"
    path.write_text(f"{heading}\n3,a,E,id,motor_front_leftL_joint,0,identity,True,1.5,5,False\n")
    assert read_csv(path) == [result(value=1.5)]
    path.write_text(f"{heading},distance\n3,a,E,id,motor_front_leftL_joint,0,identity,True,1.5,5,False,0.125\n")
    assert read_csv(path) == [result(value=1.5, distance=0.125)]
    assert read_csv(path)[0].success is True


@pytest.mark.parametrize("name", ["ant_with_a_broken_leg", "minitaur_generalization"])
def test_the_tables_of_this_repository_are_read(name):
    path = Path(__file__).parents[2] / "benchmarks" / "results" / f"{name}.csv"
    if not path.is_file():
        pytest.skip("not in a source distribution")
    rows = read_csv(path)
    assert {row.split for row in rows} == {"none", "id", "ood"}
    assert {row.memory for row in rows} == {"kept"}
    assert all(np.isfinite(row.episode_return) and row.air_time is None for row in rows)


def test_other_kinds_are_refused(tmp_path):
    for call in (lambda path: write_results([], path), read_results):
        with pytest.raises(ValueError, match=r"must end in \.parquet or \.csv, got '.*results\.txt'"):
            call(tmp_path / "results.txt")
    assert list(tmp_path.iterdir()) == []


def test_a_table_has_a_column_for_each_field():
    pytest.importorskip("pandas")
    table = results_table(ROWS)
    assert list(table.columns) == list(Result._fields)
    assert [table[name].dtype.kind for name in ("distance", "air_time", "touchdowns", "seed")] == list("fffi")
    assert table["success"].tolist() == [None, None, True, False]
    np.testing.assert_array_equal(table["touchdowns"], [12, np.nan, 0, np.nan])
    assert results_table([]).empty


def broken(tmp_path, old, new):
    path = write_results(ROWS, tmp_path / "results.csv")
    text = path.read_text()
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1))
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seed,", "", r"row 1: expected 17 values, got 18"),
        ("seed,", "sead,", r"expected the columns policy, .*; it lacks seed"),
        ("seed,", "mirror,", r"line 1: expected columns with different names"),
        (",identity,", ",", r"row 1: expected 18 values, got 17"),
        (",True,1.5", ",yes,1.5", r"row 1, column deterministic: expected True or False, got 'yes'"),
        (",1.5,", ",much,", r"row 1, column episode_return: expected a number, got 'much'"),
        (",1003,", ",1003.5,", r"row 4, column seed: expected a whole number, got '1003.5'"),
        (",12,", ",inf,", r"row 1, column touchdowns: expected a whole number, got 'inf'"),
        (",ood,", ",other,", r"row 2, column split: expected none, id or ood, got 'other'"),
        ("a,E", '"a,E', r"expected CSV, got unexpected end of data"),
    ],
)
def test_what_is_no_table_of_results_is_refused_with_its_place(tmp_path, old, new, message):
    with pytest.raises(InputError, match=message):
        read_results(broken(tmp_path, old, new))


def test_a_table_that_was_cut_short_is_refused(tmp_path):
    path = write_results(ROWS, tmp_path / "results.csv")
    whole = path.read_bytes().rstrip()
    for n in range(1, 60):
        path.write_bytes(whole[:-n])
        with pytest.raises(InputError, match=r"results\.csv"):
            read_results(path)
    path.write_bytes(b"")
    with pytest.raises(InputError, match="expected a line with the names of the columns"):
        read_results(path)
    path.write_bytes(b"policy\n\xff")
    with pytest.raises(InputError, match="byte 7: expected text in UTF-8"):
        read_results(path)


def test_parquet_that_is_none_is_refused(tmp_path):
    pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    path = write_results(ROWS, tmp_path / "results.parquet")
    whole = path.read_bytes()
    for content in (b"", b"PAR1", whole[:-1], whole[:100], whole[4:]):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"results\.parquet: expected a table in PARQUET"):
            read_table(path)
    pandas.DataFrame({"policy": ["a"]}).to_parquet(path)
    with pytest.raises(InputError, match="it lacks env, split"):
        read_results(path)
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path / "nothing.parquet")


def test_old_and_new_rows_of_one_file_get_the_same_columns(tmp_path):
    old = pd.DataFrame(
        {"split": ["none", "id", "ood"], "variation": ["none", "motor_front_leftL_joint", "payload_back_right"]}
    )
    new = pd.DataFrame(
        {
            "split": ["id"],
            "variation": ["LF_HAA"],
            "kind": ["joint_failure"],
            "joints": ["LF_HAA"],
            "place": ["front left"],
        }
    )
    pd.concat([old, new]).to_csv(tmp_path / "table.csv", index=False)
    table = read_table(tmp_path / "table.csv")
    assert table["kind"].tolist() == ["none", "joint_failure", "payload", "joint_failure"]
    assert table["joints"].tolist() == ["", "motor_front_leftL_joint", "", "LF_HAA"]
    assert table["place"].tolist() == ["", "front left", "back right", "front left"]
