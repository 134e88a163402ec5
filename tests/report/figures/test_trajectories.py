import pytest

from sb3_memaug.report.figures import trajectories

from .behavior_tables import RIGHT, legend_of, pd, run_tables, walk

WALK = {"front_left": [1, 0, 1, 0, 1], "back_left": [1, 1, 1, 1, 1]}


def charts(*walks):
    return trajectories.charts(run_tables(trajectories=pd.concat(walks, ignore_index=True)))


def test_without_trajectories_there_is_no_chart():
    assert trajectories.charts(run_tables()) == []


def test_data_is_the_track_the_touchdowns_and_the_target():
    (chart,) = charts(walk(WALK, target_x=1.0, target_y=0.5))
    assert chart.name == "trajectories-minitaurpositionjointfailure-mujoco-v0-id"
    rows = chart.data[["mark", "foot", "time", "x", "y"]].to_numpy().tolist()
    assert rows == [
        *[["base", "", 0.5 * (i + 1), pytest.approx(0.1 * i), 0.0] for i in range(5)],
        ["touch-down", "front_left", 1.5, 0.2, 1.0],
        ["touch-down", "front_left", 2.5, 0.4, 1.0],
        ["target", "", 2.5, 1.0, 0.5],
    ]


def test_titles_tell_how_long_and_how_far_from_the_target():
    (chart,) = charts(walk(WALK, target_x=0.7, target_y=0.4))
    assert chart.figure.layout.annotations[0].text == "<b>memory-aug</b><br>2.5 s, at last 0.50 m from the target"


def test_without_a_target_titles_tell_how_far_from_the_start():
    (chart,) = charts(walk(WALK, target_x=float("nan"), target_y=float("nan")))
    assert chart.figure.layout.annotations[0].text.endswith("2.5 s, at last 0.40 m from the start")
    assert "target" not in legend_of(chart.figure)


def test_the_legend_has_each_mark_once():
    (chart,) = charts(*(walk(WALK, policy=name, target_x=1.0, target_y=0.0) for name in ("memory-aug", "baseline-id")))
    assert legend_of(chart.figure) == {
        "front_left": ["front left"],
        "back_left": ["back left"],
        "base": ["base"],
        "start": ["start"],
        "target": ["target"],
    }


def test_arrows_point_where_the_robot_looks():
    (chart,) = charts(walk(WALK, heading=[0.0, 0.0, 0.0, 0.0, 1.5707963]))
    (arrows,) = (trace for trace in chart.figure.data if trace.marker.symbol == "arrow-wide")
    assert (arrows.x[0], arrows.marker.angle[0]) == (0.0, 90.0)
    assert (arrows.x[-1], arrows.marker.angle[-1]) == pytest.approx((0.4, 0.0), abs=1e-4)


def test_a_metre_is_as_long_on_both_axes():
    (chart,) = charts(*(walk(WALK, policy=name) for name in ("memory-aug", "memory-id", "memory-rand", "baseline-id")))
    layout = chart.figure.layout
    # A metre is as long either way, on the axes that the others match.
    anchored = [axis for axis in chart.figure.select_yaxes() if axis.scaleanchor]
    assert [(axis.matches, axis.scaleanchor) for axis in anchored] == [(None, anchored[0].anchor)]
    width = (layout.width - layout.margin.l - layout.margin.r) * (layout.xaxis.domain[1] - layout.xaxis.domain[0])
    height = (layout.height - layout.margin.t - layout.margin.b) * (layout.yaxis.domain[1] - layout.yaxis.domain[0])
    (x0, x1), (y0, y1) = layout.xaxis.range, layout.yaxis.range
    assert width / (x1 - x0) == pytest.approx(height / (y1 - y0), rel=0.01)
    assert x0 < 0 and x1 > 0.4 and y0 < 0 and y1 > 1


def test_there_are_no_axes_without_a_policy():
    (chart,) = charts(walk(WALK))
    assert "xaxis2" not in chart.figure.layout


def test_long_tracks_are_thinned_and_keep_their_ends():
    n = 2000
    (chart,) = charts(walk({"front_left": [1] * n}, split="ood", variation=RIGHT))
    times = chart.data["time"].tolist()
    assert len(times) == trajectories.POINTS
    assert (times[0], times[-1]) == (0.5, 0.5 * n)
