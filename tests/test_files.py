"""Files of users are read in one way, and refused with the place of what is wrong."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from sb3_memaug.files import InputError, read_text


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
