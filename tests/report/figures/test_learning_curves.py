from sb3_memaug.report.figures import learning_curves

from .return_tables import FAILURE, PAYLOAD, learning, legend_of, pd, run_tables, titles_of

ROWS = [
    (FAILURE, "memory-aug", 0, 0, 1.0, 0.0),
    (FAILURE, "memory-aug", 0, 100, 5.0, 3.0),
    (FAILURE, "memory-aug", 1, 0, 3.0, 0.0),
    (FAILURE, "memory-aug", 1, 100, 9.0, 4.0),
    (FAILURE, "baseline-id", 0, 0, 2.0, 1.0),
]


def charts(*rows):
    return learning_curves.charts(run_tables(learning=learning(*rows)))


def test_nothing_is_drawn_of_nothing():
    assert learning_curves.charts(run_tables()) == []
    assert learning_curves.charts(run_tables(learning=learning(*ROWS).assign(split="none"))) == []


def test_there_is_a_chart_for_each_experiment():
    found = charts(*ROWS, (PAYLOAD, "a", 0, 0, 1.0, 1.0))
    assert [chart.name for chart in found] == [
        "learning-curves-minitaurvelocityjointfailure-mujoco-v0",
        "learning-curves-minitaurvelocitypayload-mujoco-v0",
    ]
    assert found[0].caption == (
        "Mean return of episodes during training, over 1 to 2 training seeds; the bands reach from the lowest to the "
        "highest of them."
    )
    assert found[1].caption == "Mean return of episodes during training, over 1 training seed."


def test_data_has_means_and_ends_over_training_seeds():
    (chart,) = charts(*ROWS)
    expected = pd.DataFrame(
        [
            (FAILURE, "id", "baseline-id", 0, 2.0, 2.0, 2.0, 1),
            (FAILURE, "id", "memory-aug", 0, 2.0, 1.0, 3.0, 2),
            (FAILURE, "id", "memory-aug", 100, 7.0, 5.0, 9.0, 2),
            (FAILURE, "ood", "baseline-id", 0, 1.0, 1.0, 1.0, 1),
            (FAILURE, "ood", "memory-aug", 0, 0.0, 0.0, 0.0, 2),
            (FAILURE, "ood", "memory-aug", 100, 3.5, 3.0, 4.0, 2),
        ],
        columns=["env", "split", "policy", "timesteps", "mean", "min", "max", "n_seeds"],
    )
    pd.testing.assert_frame_equal(chart.data, expected)


def test_lines_lie_over_bands_and_stand_in_the_legend():
    (chart,) = charts(*ROWS)
    assert titles_of(chart.figure) == ["ID tasks", "OOD tasks"]
    band, line, baseline = chart.figure.data[:3]
    assert (list(band.x), list(band.y), band.fill) == ([0, 100, 100, 0], [3.0, 9.0, 5.0, 1.0], "toself")
    assert (list(line.x), list(line.y)) == ([0, 100], [2.0, 7.0])
    assert (line.line.dash, baseline.line.dash) == ("solid", "dash")
    assert [trace.showlegend for trace in chart.figure.data] == [False, True, True, False, False, False]
    assert legend_of(chart.figure) == ["memory-aug", "baseline-id"]
