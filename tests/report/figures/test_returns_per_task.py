from sb3_memaug.report.figures import returns_per_task
from sb3_memaug.report.figures.returns_per_task import chart_of_results

from ...evaluation.results import result
from .return_tables import FAILURE, PAYLOAD, episodes, legend_of, pd, run_tables, titles_of

LEFT, RIGHT = "motor_front_leftL_joint", "motor_back_rightR_joint"
ROWS = [
    (FAILURE, "memory-rand", 0, "ood", RIGHT, 3.0),
    (FAILURE, "memory-rand", 1, "ood", RIGHT, 5.0),
    (FAILURE, "memory-rand", 1, "ood", RIGHT, 7.0),
    (FAILURE, "memory-rand", 0, "none", "none", 9.0),
    (FAILURE, "memory-aug", 0, "id", LEFT, 2.0),
]


def charts(*rows, **how):
    return returns_per_task.charts(run_tables(episodes=episodes(*rows, **how)))


def test_nothing_is_drawn_of_nothing():
    assert returns_per_task.charts(run_tables()) == []
    assert charts(*ROWS, deterministic=False) == charts(*ROWS, memory="zeroed") == []


def test_payloads_are_called_by_their_place():
    rows = [(PAYLOAD, "a", 0, split, name, 1.0) for split, name in (("none", "none"), ("id", "payload_front_left"))]
    (chart,) = charts(*rows, (PAYLOAD, "a", 0, "ood", "payload_back", 1.0))
    assert list(chart.figure.layout.xaxis.ticktext) == [
        "no<br>payload",
        "payload<br>front left",
        "payload<br>back",
    ]
    assert chart.figure.layout.xaxis.title.text == ""


def test_results_share_a_chart_with_a_panel_for_each_environment():
    def results(seed):
        return [
            result(policy, split, variation, value + seed, env=env)
            for policy, value in (("memory-aug", 1.0), ("b", 2.0))
            for env, split, variation in (
                ("E-v0", "none", "none"),
                ("E-v0", "id", LEFT),
                ("E-v0", "ood", RIGHT),
                ("F-v0", "ood", "payload_back_left"),
            )
        ]

    chart = chart_of_results({0: results(0), 1: results(1)})
    assert (chart.name, chart.title) == ("returns-per-task", "Return on each task")
    assert "over 2 training seeds, mean actions" in chart.caption
    assert titles_of(chart.figure)[:2] == ["<b>E</b>", "<b>F</b>"]
    assert legend_of(chart.figure) == ["memory-aug", "b"]
    bars = {(bar.yaxis, bar.name): list(bar.y) for bar in chart.figure.data if bar.type == "bar"}
    assert bars == {
        ("y", "memory-aug"): [1.5, 1.5, 1.5],
        ("y", "b"): [2.5, 2.5, 2.5],
        ("y2", "memory-aug"): [1.5],
        ("y2", "b"): [2.5],
    }


def test_of_results_those_with_mean_actions_and_memory_are_drawn():
    some = [result(value=1.0), result(value=5.0, memory="zeroed"), result(value=7.0, deterministic=False)]
    drawn = [chart_of_results({0: results}).figure.data[0].y[0] for results in (some, some[1:], some[2:])]
    assert drawn == [1.0, 5.0, 7.0]
    assert "sampled actions" in chart_of_results({0: some[2:]}).caption


def test_there_is_a_chart_for_each_experiment():
    found = charts(*ROWS, (PAYLOAD, "a", 0, "id", "payload_front_left", 1.0))
    assert [chart.name for chart in found] == [
        "returns-per-task-minitaurvelocityjointfailure-mujoco-v0",
        "returns-per-task-minitaurvelocitypayload-mujoco-v0",
    ]
    assert found[0].title == "Return on each task: Minitaur velocity, joint failure (MuJoCo)"
    assert "over 1 to 2 training seeds, mean actions" in found[0].caption
    assert "over 1 training seed, mean actions" in found[1].caption


def test_data_has_the_mean_of_each_training_seed_and_of_all():
    (chart,) = charts(*ROWS)
    expected = pd.DataFrame(
        [
            (FAILURE, "none", "none", "none", "memory-rand", "all", 9.0, 1),
            (FAILURE, "none", "none", "none", "memory-rand", "0", 9.0, 1),
            (FAILURE, "id", LEFT, "front left L", "memory-aug", "all", 2.0, 1),
            (FAILURE, "id", LEFT, "front left L", "memory-aug", "0", 2.0, 1),
            (FAILURE, "ood", RIGHT, "back right R", "memory-rand", "all", 4.5, 3),
            (FAILURE, "ood", RIGHT, "back right R", "memory-rand", "0", 3.0, 1),
            (FAILURE, "ood", RIGHT, "back right R", "memory-rand", "1", 6.0, 2),
        ],
        columns=["env", "split", "variation", "task", "policy", "training_seed", "mean_return", "n_episodes"],
    )
    pd.testing.assert_frame_equal(chart.data.reset_index(drop=True), expected)


def test_bars_and_dots_stand_at_their_task():
    (chart,) = charts(*ROWS)
    assert legend_of(chart.figure) == ["memory-aug", "memory-rand"]
    assert len(chart.figure.data) == 4
    assert list(chart.figure.layout.xaxis.ticktext) == ["no<br>failure", "front<br>left L", "back<br>right R"]
    _, _, bars, dots = chart.figure.data
    assert [(round(x), y) for x, y in zip(bars.x, bars.y, strict=True)] == [(0, 9.0), (2, 4.5)]
    assert [(round(x), y) for x, y in zip(dots.x, dots.y, strict=True)] == [(0, 9.0), (2, 3.0), (2, 6.0)]


def test_what_was_trained_on_is_marked():
    (chart,) = charts(*ROWS)
    assert titles_of(chart.figure) == ["<b>ID</b>: trained on", "<b>OOD</b>: trained on by -rand only"]
    assert [(shape.x0, shape.x1) for shape in chart.figure.layout.shapes] == [(0.5, 1.5), (1.5, 2.5)]
    (chart,) = charts((FAILURE, "memory-aug", 0, "ood", RIGHT, 3.0))
    assert titles_of(chart.figure) == ["<b>OOD</b>: not trained on"]


def test_a_robot_keeps_the_order_of_its_joints():
    rows = [
        (FAILURE, "a", 0, split, name, 1.0) for split, name in (("ood", "z"), ("ood", "b"), ("id", "y"), ("id", "a"))
    ]
    (chart,) = charts(*rows)
    assert list(chart.figure.layout.xaxis.ticktext) == ["y", "a", "z", "b"]
