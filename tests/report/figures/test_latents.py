import pytest

from sb3_memaug.report.figures import latents
from sb3_memaug.report.figures.common import NONE_COLOR, PLACE_COLORS

from .behavior_tables import BACK, ENV, LEFT, RIGHT, legend_of, pd, run_tables

PAIRS = {
    "left_right": f"none:none;{LEFT}:{RIGHT};{RIGHT}:{LEFT}",
    "front_back": f"{LEFT}:{BACK};{BACK}:{LEFT};{RIGHT}:motor_back_rightR_joint",
    "left_right*front_back": f"{BACK}:{RIGHT};{RIGHT}:{BACK}",
}
NAMES = {"none": "none", LEFT: "id", RIGHT: "ood", BACK: "ood"}


def latent_rows(policy="memory-aug", training_seed=0, names=NAMES, n=4):
    """Of each variation points around (10 · its number, 0)."""
    return pd.DataFrame(
        (
            ENV,
            policy,
            training_seed,
            names[name],
            name,
            1000,
            "identity",
            step,
            10.0 * i + step,
            -1.0 + 2.0 * (step % 2),
        )
        for i, name in enumerate(names)
        for step in range(n)
    ).set_axis(
        ["env", "policy", "training_seed", "split", "variation", "seed", "mirror", "step", "pc1", "pc2"],
        axis=1,
    )


def symmetry_rows(policy="memory-aug", training_seed=0, asymmetry=0.2, pairs=PAIRS):
    return pd.DataFrame(
        {
            **{"env": ENV, "policy": policy, "training_seed": training_seed, "mirror": mirror},
            **{"asymmetry": asymmetry, "explained_variance": 0.75, "pairs": told},
        }
        for mirror, told in pairs.items()
    )


def chart_of(rows, symmetry=None):
    tables = {"latents": rows} if symmetry is None else {"latents": rows, "latent_symmetry": symmetry}
    (chart,) = latents.charts(run_tables(**tables))
    return chart


def lines_of(figure):
    return {trace.legendgroup: trace for trace in figure.data if trace.mode == "lines"}


def test_without_latents_there_is_no_chart():
    assert latents.charts(run_tables()) == []


def test_data_is_the_points_and_the_mean_of_each_variation():
    chart = chart_of(latent_rows(n=2, names={"none": "none", LEFT: "id"}))
    assert chart.name == "latents-minitaurpositionjointfailure-mujoco-v0"
    assert list(chart.data.columns) == ["policy", "training_seed", "split", "variation", "mark", "pc1", "pc2"]
    none, left = ["memory-aug", 0, "none", "none"], ["memory-aug", 0, "id", LEFT]
    assert chart.data.to_numpy().tolist() == [
        [*none, "output", 0.0, -1.0],
        [*none, "output", 1.0, 1.0],
        [*left, "output", 10.0, -1.0],
        [*left, "output", 11.0, 1.0],
        [*none, "centroid", 0.5, 0.0],
        [*left, "centroid", 10.5, 0.0],
    ]


def test_pairs_are_told_once_and_without_those_that_mirror_into_themselves():
    assert latents.pairs_of(symmetry_rows(), "left_right") == [(LEFT, RIGHT)]
    assert latents.pairs_of(symmetry_rows(), "up_down") == []
    assert latents.pairs_of(symmetry_rows().drop(columns="pairs"), "left_right") == []
    assert latents.pairs_of(symmetry_rows(pairs={"left_right": None}), "left_right") == []


def test_lines_join_the_means_of_mirror_images():
    lines = lines_of(chart_of(latent_rows(n=2), symmetry_rows()).figure)
    assert lines.keys() == {"left_right", "front_back"}
    solid, dashed = lines["left_right"], lines["front_back"]
    assert (solid.x, solid.y, solid.line.dash) == ((10.5, 20.5, None), (0.0, 0.0, None), "solid")
    assert (dashed.x, dashed.line.dash) == ((30.5, 10.5, None), "dash")


def test_where_the_table_tells_no_pairs_there_are_no_lines():
    chart = chart_of(latent_rows(), symmetry_rows().drop(columns="pairs"))
    assert lines_of(chart.figure) == {}
    assert "Lines" not in chart.caption
    assert "asymmetry 0.20 left–right, 0.20 front–back" in chart.figure.layout.annotations[0].text


def test_each_variation_stands_once_in_the_legend_and_a_click_hides_it_everywhere():
    rows = pd.concat([latent_rows("memory-rand", names={"none": "none", BACK: "ood"}), latent_rows("memory-id")])
    symmetry = pd.concat([symmetry_rows("memory-rand"), symmetry_rows("memory-id")])
    figure = chart_of(rows, symmetry).figure
    assert legend_of(figure) == {
        "none": ["none"],
        LEFT: ["front left L (ID)"],
        RIGHT: ["front right R"],
        BACK: ["back left L"],
        "left_right": ["left–right pairs"],
        "front_back": ["front–back pairs"],
    }
    assert [trace.legendgroup for trace in figure.data].count(BACK) == 2 * 2


def test_colors_are_of_legs_and_symbols_of_motors():
    figure = chart_of(latent_rows()).figure
    looks = {trace.legendgroup: (trace.marker.color, trace.marker.symbol) for trace in figure.data}
    assert looks == {
        "none": (NONE_COLOR, "circle"),
        LEFT: (PLACE_COLORS["front left"], "circle"),
        RIGHT: (PLACE_COLORS["front right"], "diamond"),
        BACK: (PLACE_COLORS["back left"], "circle"),
    }


def test_payloads_have_the_colors_of_the_legs_near_them():
    names = {"none": "none", "payload_front_left": "id", "payload_back_right": "ood"}
    figure = chart_of(latent_rows(names=names)).figure
    colors = {trace.legendgroup: trace.marker.color for trace in figure.data}
    assert colors["payload_front_left"] == PLACE_COLORS["front left"]
    assert colors["payload_back_right"] == PLACE_COLORS["back right"]
    assert {trace.marker.symbol for trace in figure.data} == {"circle"}


@pytest.mark.parametrize(
    ("joints", "names"),
    [
        ({"LF": "front left", "LH": "back left", "RF": "front right", "RH": "back right"}, "{}_HAA {}_HFE {}_KFE"),
        ({"left": "left", "right": "right"}, "{}_hip_pitch_joint {}_hip_roll_joint {}_hip_yaw_joint"),
    ],
)
def test_joints_of_a_place_share_its_color_and_have_symbols_of_their_own(joints, names):
    places = {name: place for leg, place in joints.items() for name in names.format(leg, leg, leg).split()}
    rows = latent_rows(names=dict.fromkeys(places, "ood"))
    rows = rows.assign(kind="joint_failure", joints=rows["variation"], place=rows["variation"].map(places))
    looks = {trace.legendgroup: trace.marker for trace in chart_of(rows).figure.data}
    for place in joints.values():
        beside = [looks[name] for name in places if places[name] == place]
        assert len({marker.color for marker in beside}) == 1
        # The same joint has the same symbol at all places.
        assert [marker.symbol for marker in beside] == ["circle", "diamond", "square"]
    assert len({marker.color for marker in looks.values()}) == len(joints)


def test_a_panel_shows_the_first_training_seed_and_tells_the_mean_asymmetry_of_all():
    rows = pd.concat([latent_rows(training_seed=4), latent_rows(training_seed=3)])
    symmetry = pd.concat([symmetry_rows(training_seed=3), symmetry_rows(training_seed=4, asymmetry=0.4)])
    chart = chart_of(rows, symmetry)
    assert chart.data["training_seed"].unique().tolist() == [3]
    (title,) = (note.text for note in chart.figure.layout.annotations)
    assert title == "<b>memory-aug</b>, 75% of the variance<br>asymmetry 0.30 left–right, 0.30 front–back"
    assert "training seed 3." in chart.caption
    assert "mean over 2 training seeds" in chart.caption


def test_an_asymmetry_that_was_not_measured_is_not_told():
    chart = chart_of(latent_rows(), symmetry_rows(asymmetry=float("nan")))
    assert chart.figure.layout.annotations[0].text == "<b>memory-aug</b>, 75% of the variance"


def test_many_points_are_thinned_evenly_and_means_are_of_all():
    chart = chart_of(latent_rows(n=1001, names={LEFT: "id"}))
    points = chart.data[chart.data["mark"] == "output"]
    assert len(points) == latents.POINTS
    assert (points["pc1"].iloc[0], points["pc1"].iloc[-1]) == (0.0, 1000.0)
    assert chart.data["pc1"].iloc[-1] == pytest.approx(500.0)
