import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("pandas")
pytest.importorskip("plotly")
from sb3_memaug.report import images
from sb3_memaug.report.figures.returns_per_task import chart_of_results
from sb3_memaug.report.images import draw_image

from ..evaluation.results import result

#: No markup, and no mathematics.
NAME = "<b>$a$</b> & b"


@pytest.fixture(scope="module")
def chart():
    return chart_of_results(
        {
            seed: [
                result(policy, split, variation, value + seed, env=env)
                for policy, value in ((NAME, 1.0), ("memory-aug", -2.0))
                for env, split, variation in (
                    ("E-v0", "none", "none"),
                    ("E-v0", "id", "motor_front_leftL_joint"),
                    ("E-v0", "ood", "motor_back_rightR_joint"),
                    ("F-v0", "ood", "payload_back_left"),
                )
            ]
            for seed in (0, 1)
        }
    )


@pytest.mark.parametrize(("suffix", "start"), [(".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<?xml")])
def test_a_figure_is_written_without_a_browser(chart, tmp_path, suffix, start):
    path = draw_image(chart, tmp_path / "new" / f"figure{suffix}")
    assert path.read_bytes().startswith(start)
    assert path.stat().st_size > 5000
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_bars_dots_and_texts_are_those_of_the_figure(chart):
    drawn = images._drawn(chart.figure)
    upper, lower = drawn.axes
    heights = {bars.get_label(): [bar.get_height() for bar in bars] for bars in upper.containers}
    assert heights == {"memory-aug": [-1.5] * 3, r"<b>\$a\$</b> & b": [1.5] * 3}
    assert sorted({y for dots in lower.collections for _, y in dots.get_offsets().tolist()}) == [-2.0, -1.0, 1.0, 2.0]
    assert [label.get_text() for label in upper.get_xticklabels()] == ["no\nfailure", "front\nleft L", "back\nright R"]
    assert [text.get_text() for text in drawn.legends[0].texts] == ["memory-aug", r"<b>\$a\$</b> & b"]
    assert [text.get_text() for text in drawn.texts] == ["E", "F"]
    assert upper.get_ylim() == lower.get_ylim()


def test_other_names_and_other_traces_are_refused(chart, tmp_path):
    with pytest.raises(ValueError, match=r"must end in one of png, pdf, svg, got '.*figure.jpg'"):
        draw_image(chart, tmp_path / "figure.jpg")
    lines = chart._replace(figure=type(chart.figure)(chart.figure).add_scatter(x=[0], y=[0], mode="lines"))
    with pytest.raises(ValueError, match="expected bars or dots, got a trace of type 'scatter'"):
        draw_image(lines, tmp_path / "figure.png")
    assert list(tmp_path.iterdir()) == []
