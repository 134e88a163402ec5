import numpy as np
import pytest

from sb3_memaug.evaluation.statistics import summary
from sb3_memaug.report.figures import id_ood
from sb3_memaug.report.style import POLICY_COLORS

from .return_tables import FAILURE, PAYLOAD, episodes, legend_of, pd, run_tables, titles_of

#: Of two policies, two training seeds on two splits.
ROWS = [
    (env, policy, seed, split, f"{split} task", level * (100.0 + 10 * seed) * (0.5 if split == "ood" else 1))
    for env, level in ((FAILURE, 1), (PAYLOAD, 2))
    for policy in ("memory-id", "memory-aug")
    for seed in (0, 1)
    for split in ("none", "id", "ood")
]


def charts(*tables):
    tables = run_tables(episodes=pd.concat(tables, ignore_index=True)) if tables else run_tables()
    return id_ood.charts(tables, summary(tables.episodes))


def chart(*tables):
    (found,) = charts(*tables)
    return found


def test_nothing_is_drawn_of_nothing():
    assert charts() == []
    assert charts(episodes(*ROWS, deterministic=False)) == []
    assert charts(episodes(*ROWS, memory="zeroed")) == []
    assert charts(episodes((FAILURE, "a", 0, "none", "none", 1.0))) == []


def test_there_is_a_panel_for_each_experiment_and_one_for_all():
    found = chart(episodes(*ROWS))
    assert found.name == "id-ood-returns"
    assert titles_of(found.figure) == [
        "Minitaur velocity<br>joint failure (MuJoCo)",
        "Minitaur velocity<br>payload (MuJoCo)",
        "All experiments",
    ]
    # Bars and dots of a policy in a panel.
    assert len(found.figure.data) == 3 * 2 * 2
    assert legend_of(found.figure) == ["memory-aug", "memory-id"]


def test_one_experiment_stands_alone():
    found = chart(episodes(*ROWS[:12]))
    assert titles_of(found.figure) == ["Minitaur velocity<br>joint failure (MuJoCo)"]
    assert found.data["env"].unique().tolist() == [FAILURE]


def test_data_holds_what_is_drawn():
    found = chart(episodes(*ROWS[:12]))
    columns = ["split", "policy", "training_seed", "value", "low", "high", "n_seeds"]
    rows = found.data[found.data["policy"] == "memory-id"][columns].to_numpy().tolist()
    # Of itself a policy is a share that no seed changes.
    expected = [
        ["id", "memory-id", "all", 1.0, 1.0, 1.0, 2],
        ["id", "memory-id", "0", 100 / 105, np.nan, np.nan, 1],
        ["id", "memory-id", "1", 110 / 105, np.nan, np.nan, 1],
        ["ood", "memory-id", "all", 0.5, 0.5, 0.5, 2],
    ]
    for row, numbers in zip(rows, expected, strict=False):
        assert row == pytest.approx(numbers, nan_ok=True)
    assert set(found.data["unit"]) == {"normalised_return"}
    assert set(found.data["normalised_by"]) == {"memory-id"}


def test_bars_have_intervals_and_are_hatched_where_they_are_ood():
    found = chart(episodes(*ROWS[:12]))
    bars, dots = found.figure.data[2:]
    pooled = found.data[(found.data["policy"] == "memory-id") & (found.data["training_seed"] == "all")]
    np.testing.assert_allclose(bars.y, pooled["value"])
    np.testing.assert_allclose(bars.y + bars.error_y.array, pooled["high"])
    np.testing.assert_allclose(bars.y - bars.error_y.arrayminus, pooled["low"])
    assert list(bars.marker.pattern.shape) == ["", "/"]
    assert bars.marker.color == POLICY_COLORS["memory-id"]
    np.testing.assert_allclose(dots.y, np.array([100, 110, 50, 55]) / 105)


def test_means_are_drawn_and_sampled_actions_are_in_the_table():
    found = chart(episodes(*ROWS[:12]), episodes(*ROWS[:12], deterministic=False))
    assert [len(trace.y) for trace in found.figure.data] == [2, 4, 2, 4]
    assert found.data["deterministic"].value_counts().to_dict() == {True: 12, False: 12}
    assert "The table has sampled actions too." in found.caption


def test_returns_that_cannot_be_normalised_are_drawn_as_they_are():
    worse = [row if row[0] == FAILURE else (*row[:5], -row[5]) for row in ROWS]
    found = chart(episodes(*worse))
    assert titles_of(found.figure)[2:] == []
    assert found.figure.layout.yaxis.title.text == "normalised return"
    assert found.figure.layout.yaxis2.title.text == "return, not normalised"
    of_payload = found.data[(found.data["env"] == PAYLOAD) & (found.data["training_seed"] == "all")]
    assert of_payload["value"].tolist() == [-210.0, -105.0] * 2
    assert found.caption.endswith("negative or near zero.")


def test_the_panel_of_all_says_how_many_it_holds():
    third = [("MemAug/Other-v0", *row[1:5], -row[5]) for row in ROWS[:12]]
    assert titles_of(chart(episodes(*ROWS, *third)).figure)[-1] == "2 of 3 experiments"


def test_one_training_seed_has_no_interval():
    found = chart(episodes(*[row for row in ROWS if row[2] == 0]))
    assert found.data["low"].isna().all()
    assert "1 training seed," in found.caption
    assert "One training seed has no interval." in found.caption
