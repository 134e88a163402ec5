import numpy as np
import pytest

from sb3_memaug.report.figures import gaits

from .behavior_tables import ENV, LEFT, RIGHT, pd, run_tables, walk

WALK = {"front_left": [1, 1, 0, 0, 1, 0], "front_right": [0, 0, 1, 1, 1, 1]}


def charts(*walks):
    return gaits.charts(run_tables(trajectories=pd.concat(walks, ignore_index=True)))


def test_without_trajectories_there_is_no_chart():
    assert gaits.charts(run_tables()) == []


def test_without_contacts_there_is_no_chart():
    assert charts(walk(WALK).drop(columns=["contact_front_left", "contact_front_right"])) == []


@pytest.mark.parametrize(
    ("contact", "intervals"),
    [
        ([1, 1, 0, 0, 1, 0], [(0.0, 1.0), (2.0, 2.5)]),
        ([0, 0, 1, 1, 1, 1], [(1.0, 3.0)]),
        ([1] * 6, [(0.0, 3.0)]),
        ([0] * 6, []),
    ],
)
def test_a_foot_stands_from_the_step_it_touches_down_in_to_the_one_before_it_lifts(contact, intervals):
    starts, ends = gaits.stances(np.arange(1, 7) * 0.5, np.array(contact, dtype=bool))
    assert list(zip(starts.tolist(), ends.tolist(), strict=True)) == intervals


def test_data_tells_stances_and_duty_factors():
    (chart,) = charts(walk(WALK))
    assert chart.name == "gaits-minitaurpositionjointfailure-mujoco-v0-id"
    columns = ["policy", "training_seed", "variation", "seed", "mirror", "foot", "duty_factor", "start", "end"]
    same = ["memory-aug", 0, LEFT, 1000, "identity"]
    assert list(chart.data.columns) == columns
    assert chart.data.to_numpy().tolist() == [
        [*same, "front_left", 0.5, 0.0, 1.0],
        [*same, "front_left", 0.5, 2.0, 2.5],
        [*same, "front_right", pytest.approx(4 / 6), 1.0, 3.0],
    ]


def test_bars_are_the_stances_in_the_row_of_the_foot():
    left, right = charts(walk(WALK))[0].figure.data
    assert (left.base.tolist(), left.x.tolist(), left.y.tolist()) == ([0.0, 2.0], [1.0, 0.5], [0, 0])
    assert (right.base.tolist(), right.x.tolist(), right.y.tolist()) == ([1.0], [2.0], [1])
    assert left.legendgroup == "front_left"


def test_each_policy_has_a_panel_in_the_order_of_the_paper():
    (chart,) = charts(walk(WALK, policy="baseline-rand"), walk(WALK, policy="memory-aug"))
    titles = [note.text for note in chart.figure.layout.annotations if note.text.startswith("<b>")]
    assert titles == ["<b>memory-aug</b>", "<b>baseline-rand</b>"]
    assert chart.data["policy"].unique().tolist() == ["memory-aug", "baseline-rand"]
    duties = [note.text for note in chart.figure.layout.annotations if note.text.startswith("0.")]
    assert duties == ["0.50", "0.67"] * 2


def test_id_and_ood_are_charts_of_their_own():
    found = charts(walk(WALK, split="none", variation="none"), walk(WALK), walk(WALK, split="ood", variation=RIGHT))
    assert [chart.name.rpartition("-")[2] for chart in found] == ["id", "ood"]
    assert [chart.data["variation"].unique().tolist() for chart in found] == [[LEFT], [RIGHT]]
    assert "Minitaur position, joint failure" in found[0].title


def test_feet_of_other_robots_are_left_out():
    other = walk({"foot": [1, 0, 1]}, env="Other-v0")
    first, second = charts(walk(WALK), other)
    assert first.data["foot"].unique().tolist() == ["front_left", "front_right"]
    assert second.data["foot"].unique().tolist() == ["foot"]
    assert ENV.rpartition("/")[2].lower() in first.name
