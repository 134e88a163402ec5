import argparse

import gymnasium as gym
import pytest
from torch import nn

from sb3_memaug.cli.arguments import (
    add_env_kwargs,
    assignments,
    environment,
    finite,
    names,
    not_negative,
    numbers,
    positive,
    seed,
)


@pytest.fixture
def parser():
    parser = argparse.ArgumentParser()
    add_env_kwargs(parser)
    return parser


def test_a_registered_environment_is_its_id():
    assert environment("Pendulum-v1") == "Pendulum-v1"
    assert environment("sb3_memaug:MemAug/MinitaurVelocity-v0") == "sb3_memaug:MemAug/MinitaurVelocity-v0"


def test_a_module_is_imported_for_its_environments(tmp_path, monkeypatch):
    (tmp_path / "my_environments.py").write_text(
        "import gymnasium\ngymnasium.register('Mine-v0', entry_point='gymnasium.envs.classic_control:PendulumEnv')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    try:
        assert environment("my_environments:Mine-v0") == "my_environments:Mine-v0"
    finally:
        gym.registry.pop("Mine-v0", None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ant-v5", "did you mean Ant-v5"),
        ("MinitaurVelocity-v0", "MemAug/MinitaurVelocity-v0"),
        ("Zzzzzzzz-v0", "ours are MemAug/"),
        ("no_such_module:Ant-v5", "module 'no_such_module' of 'no_such_module:Ant-v5' cannot be imported"),
    ],
)
def test_an_unknown_environment_is_told_with_those_near_it(text, message):
    with pytest.raises(argparse.ArgumentTypeError, match=message):
        environment(text)


def test_numbers_and_names_between_commas():
    assert positive("12") == 12
    assert names("hip_1,ankle_2") == ["hip_1", "ankle_2"]
    assert numbers("mass", "x", "y")("2,.1,-1e-1") == {"mass": 2.0, "x": 0.1, "y": -0.1}
    assert assignments("mass=0.2,angle=1e-3") == {"mass": 0.2, "angle": 1e-3}


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *((positive, text) for text in ("0", "-1", "1.5", "one")),
        *((numbers("mass", "x", "y"), text) for text in ("2", "2,0", "2,0,0,0", "2,a,0")),
        *((assignments, text) for text in ("mass", "mass=heavy", "mass=1=2")),
    ],
)
def test_what_is_no_such_number_is_refused(read, text):
    with pytest.raises(argparse.ArgumentTypeError, match="got " + repr(text)):
        read(text)


def test_environments_get_the_values_that_python_would_read(parser):
    given = ["probability:0.5", 'robot:"a:b.urdf"', "task:{'speed': (0.3, 0.6)}", "render:None"]
    assert parser.parse_args(["--env-kwargs", *given]).env_kwargs == {
        "probability": 0.5,
        "robot": "a:b.urdf",
        "task": {"speed": (0.3, 0.6)},
        "render": None,
    }
    assert parser.parse_args([]).env_kwargs == {}


@pytest.mark.parametrize("text", ["robot:go1", "robot", "robot:print()"])
def test_what_is_no_python_value_is_refused(parser, text, capsys):
    with pytest.raises(SystemExit) as exit_:
        parser.parse_args(["--env-kwargs", text])
    assert exit_.value.code == 2
    assert "quotes of its own" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *((seed, text) for text in ("-1", "1.5", "one", str(2**31), "9" * 5000, "")),
        *((finite, text) for text in ("nan", "inf", "-inf", "1e999", "one", "")),
        *((not_negative, text) for text in ("-1", "-0.1", "nan")),
        *((positive, text) for text in ("9" * 5000, "", " 1")),
        *((numbers("mass", "x", "y"), text) for text in ("nan,0,0", "1,inf,0")),
    ],
)
def test_numbers_that_make_no_sense_are_refused(read, text):
    with pytest.raises(argparse.ArgumentTypeError, match="expected"):
        read(text)


def test_values_of_an_environment_may_be_modules_and_dicts(parser):
    given = parser.parse_args(["--env-kwargs", "a:dict(b=nn.ELU)"]).env_kwargs
    assert given == {"a": {"b": nn.ELU}}
