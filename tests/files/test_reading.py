"""Files of users are read in one way, and refused with the place of what is wrong."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sb3_memaug.files import InputError, located, read_json, read_text, read_yaml
from sb3_memaug.files.reading import DEEPEST


def test_text_is_read_without_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("\ufeffä".encode())
    assert read_text(tmp_path / "a") == "ä"
    assert read_text(str(tmp_path / "a")) == "ä"


def test_other_encodings_are_refused_at_their_first_byte(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("aä".encode("latin-1"))
    with pytest.raises(InputError, match=r"a, byte 1: expected text in UTF-8, got the byte 0xe4"):
        read_text(tmp_path / "a")


def test_an_error_survives_the_way_between_processes() -> None:
    error = pickle.loads(pickle.dumps(InputError("robot.urdf", "expected <robot>", "line 3")))
    assert str(error) == "robot.urdf, line 3: expected <robot>"
    assert error.place == "line 3"


@pytest.mark.parametrize("path", ["", ".", "a" * 300, "a\0b", 3, None])
def test_what_is_no_file_that_can_be_read_is_refused(path: object) -> None:
    with pytest.raises(InputError, match="expected a"):
        read_text(path)


def test_a_file_that_is_not_there_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing"):
        read_text(tmp_path / "nothing")


def test_large_files_are_refused_before_they_are_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 11)
    assert read_text(tmp_path / "a", largest=11) == "x" * 11
    with pytest.raises(InputError, match="expected at most 10 bytes"):
        read_text(tmp_path / "a", largest=10)


def test_places_lie_in_one_another() -> None:
    with pytest.raises(InputError) as error, located("mine.yml", "policies"), located("policies", "mine"):
        raise InputError("settings", "expected one of ours", "algo")
    assert str(error.value) == "mine.yml, policies.mine.algo: expected one of ours"
    with pytest.raises(InputError, match=r"^mine\.yml, seeds: too many$"), located("mine.yml", "seeds"):
        raise ValueError("too many")


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
