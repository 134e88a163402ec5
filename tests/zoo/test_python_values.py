"""Texts that stand for values of Python are read, never run."""

from __future__ import annotations

import pytest
from torch import nn

from sb3_memaug.files import InputError
from sb3_memaug.zoo.python_values import python_settings, python_value


def test_literals_dicts_and_modules_are_read() -> None:
    text = "dict(net_arch=[64, {'pi': (8,)}], activation_fn=nn.ELU, log_std_init=-0.7, ortho_init=False, x=None)"
    assert python_value(text, "here") == {
        **{"net_arch": [64, {"pi": (8,)}], "activation_fn": nn.ELU},
        **{"log_std_init": -0.7, "ortho_init": False, "x": None},
    }
    assert python_value("  {'a': dict(b='c')} ", "here") == {"a": {"b": "c"}}
    assert python_value("nn.ReLU", "here") is nn.ReLU


@pytest.mark.parametrize(
    "text",
    [
        *("__import__('os').getcwd()", "print()", "dict(a=open('x'))", "dict([('a', 1)])", "dict(**{'a': 1})", "dict"),
        *("nn", "nn.Module.__subclasses__()", "nn.functional.relu", "nn.init", "nn.nothing", "th.nn.ELU", "nn.ELU()"),
        *("[x for x in (1,)]", "lambda: 0", "1 if True else 2", "a", "2**20", "f'{1}'", "(a := 1)", "[*(1, 2)]"),
        *("", "1 2", "dict(a=1", "(" * 500, "a.b.c", "{[]: 1}", "{**{}}", "x\0y", "os.system('true')"),
    ],
)
def test_all_else_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(InputError, match=r"^mine\.yml, policy_kwargs: expected literals, dict\(…\) of such, and names"):
        python_value(text, "mine.yml", "policy_kwargs")


def test_only_the_settings_that_stand_for_values_are_looked_at() -> None:
    settings = {"policy_kwargs": "dict(a=1)", "policy": "MlpPolicy", "normalize": True, "monitor_kwargs": "{}"}
    assert python_settings(settings, "here") == {"policy_kwargs": {"a": 1}, "monitor_kwargs": {}}
