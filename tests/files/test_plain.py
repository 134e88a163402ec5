"""Plain data: what is no JSON or YAML, and what is too much of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sb3_memaug.files import InputError, read_json, read_yaml
from sb3_memaug.files.plain import DEEPEST

pytest.importorskip("yaml")


def read(reader: Callable[[Any], Any], folder: Path, text: str | bytes) -> Any:
    path = folder / "a.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return reader(path)


def test_what_is_right_is_read(tmp_path: Path) -> None:
    assert read(read_json, tmp_path, '\ufeff{"a": [1, 2.5, null, "ä"]}') == {"a": [1, 2.5, None, "ä"]}
    text = "base: &base {a: 1, b: 2}\nother: {<<: *base, b: 3}\nlimit: .inf\n"
    assert read(read_yaml, tmp_path, text) == {
        "base": {"a": 1, "b": 2},
        "other": {"a": 1, "b": 3},
        "limit": math.inf,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"\xff{}", r"a\.txt, byte 0: expected text in UTF-8, got the byte 0xff"),
        ('{"a": 1,\n "b" 2}', r"a\.txt, line 2, column 6: a\.txt is no JSON file: Expecting ':' delimiter"),
        ("", "is no JSON file"),
        ("[" * 100_000, f"at most {DEEPEST} deep"),
        ("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), f"at most {DEEPEST} deep"),
        ('{"a": 1, "b": 2, "a": 3}', "expected each key once, got 'a' 2 times"),
        ("[NaN]", "expected finite numbers, got NaN"),
        ("[-Infinity]", "expected finite numbers, got -Infinity"),
        ("[1e999]", "expected finite numbers, got 1e999"),
        ("9" * 5000, "is no JSON file: Exceeds the limit"),
        ('["\\ud800"]', "half of one"),
    ],
)
def test_what_is_no_json_is_refused(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(read_json, tmp_path, text)


def test_numbers_that_are_none_are_read_where_they_make_sense(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("[NaN, Infinity]")
    assert str(read_json(tmp_path / "a", finite=False)) == "[nan, inf]"


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a: \xe4", r"byte 3: expected text in UTF-8"),
        ("a: [1\nb", r"a\.txt, line 2, column \d+: a\.txt is no YAML"),
        ("a: 1\nb: 2\na: 3", r"line 3, column 1: .*found the key 'a' twice"),
        ("[" * 5000, f"at most {DEEPEST} deep"),
        ("- " * 5000 + "a", f"at most {DEEPEST} deep"),
        (BOMB, "found more than 1000000 values"),
        ("&a [*a]", "found an alias to itself"),
        ("a: &a {b: [1, {c: *a}]}", "found an alias to itself"),
        ("!!python/object/apply:os.getcwd []", "could not determine a constructor"),
        ("a: .nan", "line 1, column 4: .*found NaN"),
        ("a: 2001-13-45", "found '2001-13-45', which is no timestamp"),
        ("!!int 'x'", "found 'x', which is no int"),
        ("!!int ''", "which is no int"),
        ("? [1]\n: 2", "unhashable key"),
        ('"\\ud800"', "half of one"),
        ("a: \x07", "is no YAML"),
    ],
)
def test_what_is_no_yaml_is_refused(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(read_yaml, tmp_path, text)
