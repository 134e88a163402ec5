import shutil

import pytest

from sb3_memaug.cli import main
from tests.report.made_up_runs import ENVS, POLICIES, SEEDS, write_run

for needed in ("pandas", "yaml", "plotly", "rliable"):
    pytest.importorskip(needed)


@pytest.fixture
def runs(tmp_path):
    """Of two policies on an environment, as CSV."""
    for policy in POLICIES[:2]:
        for seed in SEEDS:
            write_run(tmp_path / "light" / policy / f"seed_{seed}", (ENVS[2], policy, seed), ".csv")
    return tmp_path / "light"


@pytest.fixture
def report(capsys):
    """Reports, and returns what is printed and what is told beside it."""

    def report(*arguments):
        main(["report", *map(str, arguments)])
        return capsys.readouterr()

    return report


def test_the_report_lies_in_the_folder_of_the_runs(runs, report):
    page = runs / "report" / "report.html"
    assert report(runs, "--images", "") == (f"report: {page}\n", "")
    html = page.read_text()
    assert "<title>Report on light</title>" in html
    assert f"<pre>memaug report {runs} --images &#39;&#39;</pre>" in html
    # Once more: the first one is not read.
    assert report(runs, "--images", "").out == f"report: {page}\n"


def test_the_folder_and_the_pictures_can_be_chosen(runs, report, tmp_path):
    pytest.importorskip("kaleido")
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        pytest.skip("needs Chromium or Chrome")
    out, err = report(runs, "--output", tmp_path / "here", "--images", "svg,pdf")
    assert (out, err) == (f"report: {tmp_path / 'here' / 'report.html'}\n", "")
    found = {(path.stem, path.suffix) for path in (tmp_path / "here" / "figures").iterdir()}
    names = {stem for stem, _ in found}
    assert found == {(name, suffix) for name in names for suffix in (".csv", ".svg", ".pdf")}
    assert (tmp_path / "here" / "figures" / "feet.pdf").read_bytes().startswith(b"%PDF")
    assert not (runs / "report").exists()


def test_merged_tables_give_the_same_report(runs, report, tmp_path):
    pytest.importorskip("pyarrow")
    out, _ = report(runs, "--images", "", "--tables", tmp_path / "merged", "--output", tmp_path / "a")
    assert out.startswith(f"tables: {tmp_path / 'merged'}\n")
    report(tmp_path / "merged", "--images", "", "--output", tmp_path / "b")
    for folder in ("figures", "tables"):
        files = sorted(path.name for path in (tmp_path / "a" / folder).iterdir())
        assert files == sorted(path.name for path in (tmp_path / "b" / folder).iterdir())
        for name in files:
            assert (tmp_path / "a" / folder / name).read_text() == (tmp_path / "b" / folder / name).read_text(), name


def test_without_chrome_the_page_is_written_and_the_rest_told(runs, report, monkeypatch):
    kaleido = pytest.importorskip("kaleido.errors")

    def refuse(*_, **__):
        raise kaleido.ChromeNotFoundError("none")

    monkeypatch.setattr("kaleido.write_fig_from_object_sync", refuse)
    out, err = report(runs)
    assert out == f"report: {runs / 'report' / 'report.html'}\n"
    assert err.startswith("memaug report: pictures of figures need Chrome or Chromium, and none was found")


def test_it_is_shown_if_that_is_wished(runs, report, monkeypatch):
    shown = []
    monkeypatch.setattr("webbrowser.open", shown.append)
    report(runs, "--images", "", "--open")
    assert shown == [(runs / "report" / "report.html").as_uri()]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "there is no folder 'nowhere'"),
        (["."], "a run that has been evaluated leaves a table episodes.parquet or episodes.csv"),
        ([".", "--tables", "merged"], "--tables must lie outside '.'"),
        ([".", "--images", "png,jpg"], "pictures are png, pdf, svg, got 'jpg'"),
    ],
)
def test_mistakes_are_told(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as exit_:
        main(["report", *arguments])
    assert exit_.value.code == 2
    assert message in capsys.readouterr().err
