"""``memaug mirror`` on the tasks in Isaac Lab."""

from __future__ import annotations

import pytest

from sb3_memaug.cli import main

from .simulated import FILES


@pytest.fixture
def command(capsys):
    """Runs a command, and returns its status and what is printed."""
    pytest.importorskip("isaaclab")
    if not FILES["G1"].is_file():
        pytest.skip("example-robot-data is not installed")

    def command(what, task, *arguments):
        file, status = FILES[task.partition("-")[0]], 0
        try:
            main(["mirror", what, f"MemAug/{task}-v0", *arguments, "--env-kwargs", f"robot:'{file}'", "device:'cpu'"])
        except SystemExit as exit_:
            status = exit_.code
        return status, capsys.readouterr().out

    return command


def test_mirrors_are_put_to_the_test(command):
    status, printed = command("check", "G1-Position-Payload", "--states", "1")
    assert status == 0
    assert "left_right: holds within its tolerance" in printed


def test_mirrors_are_derived(command):
    status, printed = command("derive", "AnymalD-Velocity")
    assert status == 0
    assert "left-right: holds, 12 of 12 joints change places" in printed
    assert "front-back: holds" in printed
