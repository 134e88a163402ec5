import re

from sb3_memaug.report.render import html_settings


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
