import numpy as np
import pytest

from sb3_memaug.report.figures import sample_efficiency
from sb3_memaug.report.figures.sample_efficiency import _ticks

from .return_tables import FAILURE, PAYLOAD, learning, legend_of, run_tables, titles_of

ROWS = [
    (FAILURE, "memory-rand", 0, 100_000, 10.0, 10.0),
    (FAILURE, "memory-aug", 0, 50_000, 10.0, 10.0),
    (FAILURE, "memory-aug", 1, 70_000, 10.0, 10.0),
    (FAILURE, "memory-id", 0, 60_000, 10.0, 10.0),
    (FAILURE, "memory-id", 1, 100_000, 10.0, 1.0),
]


def charts(*rows):
    return sample_efficiency.charts(run_tables(learning=learning(*rows)))


def test_nothing_is_drawn_of_nothing():
    assert sample_efficiency.charts(run_tables()) == []
    assert charts(*ROWS[1:]) == []


def test_bars_reach_to_the_mean_where_all_seeds_got_there():
    (chart,) = charts(*ROWS)
    assert chart.name == "sample-efficiency"
    assert chart.data["steps"].tolist() == pytest.approx([100_000, 50_000, 70_000, 60_000, np.nan], nan_ok=True)
    assert legend_of(chart.figure) == ["memory-aug", "memory-id", "memory-rand"]
    bars = {trace.name: trace.x[0] for trace in chart.figure.data if trace.type == "bar"}
    assert bars == pytest.approx({"memory-aug": 60_000, "memory-id": np.nan, "memory-rand": 100_000}, nan_ok=True)
    told = {
        trace.name: trace.text[0] for trace in chart.figure.data if trace["type"] == "scatter" and trace.mode == "text"
    }
    assert told == {"memory-aug": "", "memory-id": "1 of 2 never", "memory-rand": ""}


def test_experiments_without_memory_rand_are_named():
    (chart,) = charts(*ROWS, (PAYLOAD, "memory-aug", 0, 50_000, 10.0, 10.0))
    assert titles_of(chart.figure) == ["Minitaur velocity<br>joint failure (MuJoCo)"]
    assert chart.caption == (
        "Environment steps until the mean return on ID and OOD tasks is 90 % of what memory-rand ends with, of 1 to 2 "
        "training seeds: a dot each, and a bar to their mean where all of them got there. There is no memory-rand with "
        "a positive return to compare with in: Minitaur velocity, payload (MuJoCo)."
    )


@pytest.mark.parametrize(
    ("trained", "ticks"),
    [
        (301_056, [0, 100_000, 200_000, 300_000]),
        (1_000_000, [0, 500_000, 1_000_000]),
        (2_000_000, [0, 1_000_000, 2_000_000]),
        (9_000_000, [0, 2_000_000, 4_000_000, 6_000_000, 8_000_000]),
    ],
)
def test_ticks_are_round_and_few(trained, ticks):
    assert _ticks(trained) == ticks
