import pytest

from sb3_memaug.report.figures import feet
from sb3_memaug.report.style import POLICY_COLORS

from .behavior_tables import ENV, LEFT, RIGHT, legend_of, pd, run_tables, walk

TRAJECTORIES = walk({"front_left": [1, 0, 1]})
COLUMNS = [
    *["env", "policy", "training_seed", "split", "variation", "deterministic", "memory"],
    *["length", "air_time", "touchdowns"],
]


def episodes(*rows):
    return pd.DataFrame(rows, columns=COLUMNS)


def episode(length, air_time, touchdowns, policy="memory-aug", training_seed=0, split="id", memory="kept", **other):
    variation = {"id": LEFT, "ood": RIGHT}.get(split, "none")
    mean = other.get("deterministic", True)
    return (other.get("env", ENV), policy, training_seed, split, variation, mean, memory, length, air_time, touchdowns)


def charts(*rows, trajectories=TRAJECTORIES):
    return feet.charts(run_tables(episodes=episodes(*rows), trajectories=trajectories))


def test_without_episodes_or_without_trajectories_there_is_no_chart():
    assert feet.charts(run_tables()) == []
    assert feet.charts(run_tables(trajectories=TRAJECTORIES)) == []
    assert charts(episode(10, 1.0, 2), trajectories=run_tables().trajectories) == []


def test_where_no_one_can_tell_contacts_there_is_no_chart():
    assert charts(episode(10, float("nan"), float("nan"))) == []


def test_episodes_count_by_their_length():
    # A step is 0.5 s: 5 s with 10 touch-downs, and a fall after 1 s with 5.
    (chart,) = charts(episode(10, 4.0, 10), episode(2, 2.0, 5))
    (row,) = chart.data.to_dict("records")
    assert row == {
        **{"env": ENV, "policy": "memory-aug", "training_seed": 0, "split": "id", "episodes": 2},
        **{"seconds": 3.0, "air_time": 3.0, "touchdowns": 7.5},
        **{"air_time_per_second": 1.0, "touchdowns_per_second": 2.5},
    }


def test_only_mean_actions_with_memory_on_id_and_ood_tasks_count():
    (chart,) = charts(
        episode(10, 5.0, 10),
        episode(10, 1.0, 20, deterministic=False),
        episode(10, 1.0, 20, memory="zeroed"),
        episode(10, 1.0, 20, split="none"),
    )
    assert chart.data["air_time"].tolist() == [5.0]


def test_bars_are_means_over_training_seeds_and_dots_the_seeds():
    (chart,) = charts(
        episode(10, 5.0, 10),
        episode(10, 10.0, 20, training_seed=1),
        episode(10, 2.5, 30, split="ood"),
    )
    air, dots, downs, _ = chart.figure.data
    assert (air.type, list(air.x), list(air.y)) == ("bar", [0.0, 1.0], [1.5, 0.5])
    assert (dots.type, list(dots.x), list(dots.y)) == ("scatter", [0.0, 0.0, 1.0], [1.0, 2.0, 0.5])
    assert list(downs.y) == [3.0, 6.0]
    assert "training seeds (2)" in chart.caption


def test_each_policy_stands_once_in_the_legend_in_its_color():
    (chart,) = charts(
        episode(10, 5.0, 10, policy="baseline-id"),
        episode(10, 5.0, 10, policy="memory-aug"),
        episode(10, 5.0, 10, policy="memory-aug", split="ood"),
    )
    assert legend_of(chart.figure) == {"memory-aug": ["memory-aug"], "baseline-id": ["baseline-id"]}
    bars = [trace for trace in chart.figure.data if trace.type == "bar"]
    assert all(bar.marker.color == POLICY_COLORS[bar.legendgroup] for bar in bars)
    assert max(bar.x[0] for bar in bars) == pytest.approx(-min(bar.x[0] for bar in bars))


def test_many_experiments_share_charts_of_four():
    envs = [f"Env{i}-v0" for i in range(5)]
    trajectories = pd.concat([walk({"front_left": [1, 0, 1]}, env=env) for env in envs])
    first, second = charts(*(episode(10, 5.0, 10, env=env) for env in envs), trajectories=trajectories)
    assert [chart.name for chart in (first, second)] == ["feet", "feet-2"]
    assert first.data["env"].tolist() == envs[:4]
    assert second.data["env"].tolist() == envs[4:]
