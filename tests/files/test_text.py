"""Files of users are read in one way, and refused with the place of what is wrong."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from sb3_memaug.files import InputError, located, read_text


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
