"""Files appear complete or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from sb3_memaug.files import atomic_write, read_json, write_json, write_text


def test_a_file_appears_in_a_folder_that_is_made(tmp_path: Path) -> None:
    assert write_text(tmp_path / "new" / "a.txt", "ä").read_bytes() == "ä".encode()
    assert read_json(write_json(tmp_path / "new" / "a.json", {"a": [1]})) == {"a": [1]}
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["a.json", "a.txt"]


def test_what_goes_wrong_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.txt", "old")
    with pytest.raises(UnicodeEncodeError), atomic_write(path) as part:
        part.write_text("half\ud800", encoding="utf-8")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_appears_with_all_that_is_in_it(tmp_path: Path) -> None:
    (tmp_path / ".part.a").mkdir()
    (tmp_path / ".part.a" / "left over").touch()
    with atomic_write(tmp_path / "a") as part:
        part.mkdir()
        (part / "b").touch()
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == ["a", "a/b"]
    with pytest.raises(NotADirectoryError), atomic_write(tmp_path / "a" / "b") as part:
        part.mkdir()  # and no folder takes the place of a file
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
