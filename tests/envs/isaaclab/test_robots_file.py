from __future__ import annotations

import pytest

from sb3_memaug.envs.isaaclab.robot_file import cache_folder, find_usd

from .simulated import FILES, simulated


def test_a_usd_file_is_taken_as_it_is(tmp_path):
    path = tmp_path / "robot.usda"
    path.touch()

    assert find_usd(path) == path.resolve()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.urdf"):
        find_usd(tmp_path / "nowhere.urdf")


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "robot.xml"
    path.touch()

    with pytest.raises(ValueError, match=r"must be a file that ends in \.urdf, \.usd"):
        find_usd(path)


def test_conversions_are_kept_in_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert cache_folder() == tmp_path / "sb3-memaug" / "isaaclab"


def test_a_robot_without_its_meshes_is_simulated_and_what_it_lacks_is_named(tmp_path):
    pytest.importorskip("isaaclab")
    file = tmp_path / "g1.urdf"
    file.write_text(FILES["G1"].read_text())

    with pytest.warns(UserWarning, match=r"g1\.urdf") as told, simulated("G1-Velocity", num_envs=1, robot=file) as env:
        assert env.scene["robot"].num_joints == 29

    (account,) = {str(warning.message) for warning in told if "g1.urdf" in str(warning.message)}
    assert "24 of 36 collision shapes" in account
    assert all(f"g1_description/meshes/{side}_knee_link.STL" in account for side in ("left", "right"))
