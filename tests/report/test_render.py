"""."""

import re
from base64 import b64decode

import pytest

from sb3_memaug.report.render import html_settings, html_videos


def rows(html):
    """Of the tables, as text."""
    return [re.sub(r"<br>", "/", re.sub(r"</t[hd]>", "|", row)) for row in re.findall(r"<tr>(.*?)</tr>", html)]


def told(html):
    return [re.sub(r"<(?!br).*?>", "", row).rstrip("|") for row in rows(html)]


def test_settings_that_agree_are_told_once_and_others_side_by_side():
    runs = [
        {
            **{"env": env, "policy": "memory-aug", "training_seed": seed},
            **{"hyperparameters": {"gamma": 0.97, "n_steps": n_steps}, "command": "memaug train"},
        }
        for env, n_steps in (("A-v0", 24), ("B-v0", 48))
        for seed in (0, 1)
    ]
    html = html_settings(runs, {"memory-aug": "#0072B2"})
    assert "</span>, 4 runs</summary>" in html
    assert told(html) == [
        "setting|A|B",
        "training_seed|0/1",
        "hyperparameters.gamma|0.97",
        "hyperparameters.n_steps|24|48",
    ]


def test_what_only_some_runs_tell_is_missing_in_others():
    runs = [
        {"env": "A-v0", "policy": "p", "hyperparameters": {"env_kwargs": {"split": "all"}}},
        {"env": "B-v0", "policy": "p", "hyperparameters": {"env_kwargs": {}}},
    ]
    assert told(html_settings(runs, {})) == [
        "setting|A|B",
        "hyperparameters.env_kwargs.split|all|–",
        "hyperparameters.env_kwargs|–|{}",
    ]


def test_a_policy_without_episodes_is_told_too():
    html = html_settings([{"env": "A-v0", "policy": "<new>", "n_timesteps": 1}], {})
    assert "<summary>&lt;new&gt;, 1 run</summary>" in html


COLOURS = {"memory-aug": "#0072B2", "baseline-aug": "#7cc4ee", "aug": "#000000"}


@pytest.fixture
def videos(tmp_path):
    paths = []
    names = ("Walk-v0_baseline-aug_front", "Walk-v0_memory-aug_front", "Walk-v0_memory-aug_a_b", "other")
    for i, name in enumerate(names):
        paths.append(tmp_path / "runs" / f"{name}.mp4")
        paths[-1].parent.mkdir(exist_ok=True)
        paths[-1].write_bytes(bytes([i]) * 100)
    return paths


def test_videos_of_a_task_stand_side_by_side_in_the_order_of_policies(videos, tmp_path):
    html = html_videos(videos, COLOURS, tmp_path / "page")
    assert re.findall(r"<h3>(.*?)</h3>", html) == ["Others", "Walk: a b", "Walk: front"]
    front = html[html.index("Walk: front") :]
    assert re.findall(r'">([\w-]+)</span>', front) == ["memory-aug", "baseline-aug"]


def test_videos_are_held_by_the_page(videos, tmp_path):
    html = html_videos(videos, COLOURS, tmp_path / "page", most=400)
    held = {b64decode(data)[0] for data in re.findall(r"data:video/mp4;base64,([^\"]+)", html)}
    assert held == {0, 1, 2, 3}
    assert "4 videos, 0.0 MB, in this page" in html
    assert not (tmp_path / "page").exists()


def test_videos_that_are_too_many_bytes_lie_beside_it(videos, tmp_path):
    html = html_videos(videos, COLOURS, tmp_path / "page", most=399)
    assert "base64" not in html and "beside this page" in html
    links = re.findall(r'src="(.*?)"', html)
    assert {(tmp_path / "page" / link).read_bytes()[0] for link in links} == {0, 1, 2, 3}
