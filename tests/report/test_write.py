import json
import re

import pytest

from sb3_memaug.report import write
from sb3_memaug.report.images import write_images
from sb3_memaug.report.run_tables import read_run_tables
from sb3_memaug.report.write import write_report


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def without_chrome(monkeypatch):
    """As on a machine that has none."""
    pytest.importorskip("kaleido")
    from kaleido.errors import ChromeNotFoundError

    def refuse(*_, **__):
        raise ChromeNotFoundError("none")

    monkeypatch.setattr("kaleido.write_fig_from_object_sync", refuse)


def test_without_chrome_the_report_is_written_and_says_what_is_missing(few_runs, without_chrome, tmp_path):
    page, missing = write_report(read_run_tables(few_runs), tmp_path / "report", "Report", "memaug report few")
    assert "kaleido_get_chrome" in missing and "BROWSER_PATH" in missing
    html = page.read_text()
    assert "PNG</a>" not in html
    assert all((page.parent / link).is_file() for link in re.findall(r'href="((?:figures|tables)/.*?)"', html))
    assert {path.split("/")[0] for path in files(page.parent)} == {"figures", "tables", "report.html"}


def test_figures_and_tables_lie_beside_the_page(few_runs, tmp_path):
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "notes.txt").write_text("mine")
    page, missing = write_report(read_run_tables(few_runs), tmp_path / "report", "Report", "memaug report few", ())
    assert missing is None
    html = page.read_text()
    assert files(page.parent) == {"notes.txt", "report.html", *re.findall(r'href="((?:figures|tables)/.*?)"', html)}
    figures = re.findall(r'<script type="application/json">(.*?)</script>', html)
    assert len(figures) == len([path for path in files(page.parent) if path.startswith("figures/")])
    assert all({"data", "layout"} <= json.loads(figure).keys() for figure in figures)


def test_unfinished_runs_and_missing_tables_are_told(few_runs, tmp_path):
    tables = read_run_tables(few_runs)
    others = [{**run, "policy": "memory-rand"} for run in tables.settings]
    tables = tables._replace(settings=[*tables.settings, *others], learning=tables.learning.iloc[:0])
    page, _ = write_report(tables, tmp_path / "report", "Report", "memaug report few", ())
    html = page.read_text()
    assert "4 runs of 2 policies on 1 experiment with 2 training seeds" in html
    assert "Runs without episodes, not finished or failed: 2 of 6." in html
    assert "No run left a table of learning" in html
    assert "Learning</h2>" not in html


def test_what_fails_leaves_an_earlier_report_as_it_was(few_runs, tmp_path, monkeypatch):
    output = tmp_path / "report"
    write_report(read_run_tables(few_runs), output, "Report", "memaug report few", ())
    before = {name: (output / name).read_bytes() for name in files(output)}

    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(write, "html_page", fail)
    with pytest.raises(OSError, match="no space left"):
        write_report(read_run_tables(few_runs), output, "Report", "memaug report few", ())
    assert {name: (output / name).read_bytes() for name in files(output)} == before


def test_nothing_is_started_for_no_pictures(tmp_path, without_chrome):
    assert write_images([], tmp_path, ("png",)) is None
