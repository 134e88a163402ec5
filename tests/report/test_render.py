import json
import re
from base64 import b64decode
from html import unescape

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("rliable")
import pandas as pd

from sb3_memaug.report import render
from sb3_memaug.report.render import Section, html_page, sections
from sb3_memaug.report.run_tables import TABLES, read_run_tables
from sb3_memaug.report.tables import Column, Table

from .figures.behavior_tables import run_tables

#: What a page would take for something else than a name.
HOSTILE = '</script><b class="x">\'&amp;{{ 7 + 7 }}"'


def page_of(tables, folder, *shown):
    """The page, without the scripts that it brings along."""
    html = html_page("Report", shown, tables, "memaug report", (), folder)
    return html[: html.index("<footer>")]


def settings_of(*runs, folder):
    html = page_of(run_tables()._replace(settings=list(runs)), folder)
    return html[html.index('<section id="part-settings">') : html.index('<section id="part-made">')]


def cells_of(html):
    """Of the rows of tables, as text."""
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [re.sub(r"<.*?>", "", row.replace("<br>", "/").replace("</td>", "|").replace("</th>", "|")) for row in rows]


def test_numbers_are_readable_and_keep_their_values(tmp_path):
    data = pd.DataFrame({"policy": ["a<b", "memory-aug"], "x": [-1234.56, float("nan")], "low": [-2000, 0], "high": 0})
    columns = [Column("policy", "policy"), Column("x", "x", "{:,.1f}", ("low", "high")), Column("low", "low", "{:,d}")]
    tables = run_tables()._replace(settings=[{"env": "A-v0", "policy": "memory-aug"}])
    html = page_of(tables, tmp_path, Section("s", "S", [], [Table("t", "title", "", columns, data)]))
    assert '<th scope="row">a&lt;b</th>' in html
    assert 'style="--color: #0072B2">memory-aug</span>' in html
    thousands = "\N{NARROW NO-BREAK SPACE}"
    assert (
        f'data-value="-1234.56">\N{MINUS SIGN}1{thousands}234.6 <span class="interval">\N{MINUS SIGN}2{thousands}000.0 '
        "to 0.0</span></td>" in html
    )
    assert '<td class="number">–</td>' in html


def test_settings_that_agree_are_shown_once_and_others_side_by_side(tmp_path):
    runs = [
        {
            **{"env": env, "policy": "memory-aug", "training_seed": seed},
            **{"hyperparameters": {"gamma": 0.97, "n_steps": n_steps}, "command": "memaug train"},
        }
        for env, n_steps in (("A-v0", 24), ("B-v0", 48))
        for seed in (0, 1)
    ]
    html = settings_of(*runs, folder=tmp_path)
    assert "</span>, 4 runs</summary>" in html
    assert [row.rstrip("|") for row in cells_of(html)] == [
        "setting|A|B",
        "training_seed|0/1",
        "hyperparameters.gamma|0.97",
        "hyperparameters.n_steps|24|48",
    ]


def test_what_only_some_runs_have_set_is_missing_in_others(tmp_path):
    runs = [
        {"env": "A-v0", "policy": "p", "hyperparameters": {"env_kwargs": {"split": "all"}}},
        {"env": "B-v0", "policy": "p", "hyperparameters": {"env_kwargs": {}}},
    ]
    assert [row.rstrip("|") for row in cells_of(settings_of(*runs, folder=tmp_path))] == [
        "setting|A|B",
        "hyperparameters.env_kwargs.split|all|–",
        "hyperparameters.env_kwargs|–|{}",
    ]


def test_a_policy_without_episodes_has_settings_too(tmp_path):
    html = settings_of({"env": "A-v0", "policy": "<new>", "n_timesteps": 1}, folder=tmp_path)
    assert "&lt;new&gt;</span>, 1 run</summary>" in html


@pytest.fixture
def videos(tmp_path):
    paths = []
    names = ("Walk-v0_baseline-aug_front", "Walk-v0_memory-aug_front", "Walk-v0_memory-aug_a_b", "other")
    for i, name in enumerate(names):
        paths.append(tmp_path / "runs" / f"{name}.mp4")
        paths[-1].parent.mkdir(exist_ok=True)
        paths[-1].write_bytes(bytes([i]) * 100)
    return paths


@pytest.fixture
def html_videos(videos, tmp_path, monkeypatch):
    """Makes the part of a page with the videos, which may hold as many bytes as are given."""

    def html_videos(most=400):
        monkeypatch.setattr(render, "MOST_EMBEDDED", most)
        settings = [{"env": "Walk-v0", "policy": policy} for policy in ("aug", "baseline-aug", "memory-aug")]
        html = page_of(run_tables()._replace(videos=videos, settings=settings), tmp_path / "page")
        return html[html.index('<section id="part-videos">') : html.index('<section id="part-settings">')]

    return html_videos


def test_videos_of_a_task_stand_side_by_side_in_the_order_of_policies(html_videos):
    html = html_videos()
    assert re.findall(r"<h3>(.*?)</h3>", html) == ["Others", "Walk: a b", "Walk: front"]
    front = html[html.index("Walk: front") :]
    assert re.findall(r'">([\w-]+)</span>', front) == ["memory-aug", "baseline-aug"]


def test_videos_are_held_by_the_page(html_videos, tmp_path):
    html = html_videos(most=400)
    held = {b64decode(data)[0] for data in re.findall(r"data:video/mp4;base64,([^\"]+)", html)}
    assert held == {0, 1, 2, 3}
    assert "4 videos, 0.0 MB, in this page" in html
    assert not (tmp_path / "page").exists()


def test_videos_that_are_too_many_bytes_lie_beside_it(html_videos, tmp_path):
    html = html_videos(most=399)
    assert "base64" not in html and "beside this page" in html
    links = re.findall(r'src="(.*?)"', html)
    assert {(tmp_path / "page" / link).read_bytes()[0] for link in links} == {0, 1, 2, 3}


def hostile(table):
    """The same with names, in all columns of names, that are no markup."""
    columns = [name for name in ("env", "policy", "variation", "mirror", "joints", "place") if name in table]
    table = table.rename(columns=lambda name: name.replace("_front_left", f"_{HOSTILE}foot"))
    return table.assign(**{name: f"{HOSTILE}{name}: " + table[name] for name in columns})


def texts_of(part, key=""):
    """All that Plotly shows of a figure."""
    if isinstance(part, dict):
        return [text for name, value in part.items() for text in texts_of(value, name)]
    if isinstance(part, list):
        return [text for value in part for text in texts_of(value, key)]
    return [part] if key in ("text", "name", "ticktext") and isinstance(part, str) else []


def test_names_are_shown_as_text(few_runs, tmp_path):
    tables = read_run_tables(few_runs)
    run = {"env": HOSTILE, "policy": HOSTILE, "training_seed": 0, HOSTILE: {HOSTILE: HOSTILE}}
    run |= {"command": f"{HOSTILE}command", "experiment": f"{HOSTILE}experiment"}
    video = tmp_path / f"Env_{HOSTILE.replace('/', '')}.mp4"
    video.write_bytes(b"")
    renamed = {name: hostile(getattr(tables, name)) for name in TABLES}
    tables = tables._replace(**renamed, settings=[run], videos=[video])
    html = html_page(f"{HOSTILE}title", sections(tables), tables, f"{HOSTILE}report", (), tmp_path)
    page, footer, _ = html.partition("<footer>")
    script = r'<script type="application/json">(.*?)</script>'
    figures = [json.loads(figure) for figure in re.findall(script, page, re.DOTALL)]
    page = re.sub(script, "", page, flags=re.DOTALL)
    assert footer and "</script>" not in page and '<b class="x">' not in page
    shown = unescape(page)
    for name in ("policy: memory-aug", "title", "report", "command", "experiment", f".{HOSTILE}"):
        assert HOSTILE + name in shown
    assert HOSTILE.replace("/", "") in shown
    # Beside bold words and new lines of its own, Plotly finds no markup.
    texts = [re.sub("</?b>|<br>", "", text) for figure in figures for text in texts_of(figure)]
    assert len(figures) > 5 and not [text for text in texts if "<" in text]
    assert [text for text in texts if f"{HOSTILE}policy: memory-aug" == unescape(text)]
    assert f"{HOSTILE}foot" in map(unescape, texts)
    assert [text for text in texts if "mirror: left–right" in text]
