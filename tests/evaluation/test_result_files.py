import csv
from pathlib import Path

import numpy as np
import pytest

from sb3_memaug.evaluation import Result, read_csv, read_results, results_table, write_csv, write_results

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
