"""``memaug mirror`` on the tasks in Isaac Lab."""

from __future__ import annotations

import pytest

from sb3_memaug.cli import main

from .simulated import FILES

TASK = "MemAug/AnymalD-Position-Payload-v0"


@pytest.fixture
def command(capsys):
    """Runs a command, and returns its status and what is printed."""
    pytest.importorskip("isaaclab")
    if not FILES["AnymalD"].is_file():
        pytest.skip("example-robot-data is not installed")

    def command(*arguments):
        status = 0
        try:
            main(["mirror", *arguments, "--env-kwargs", f"robot:'{FILES['AnymalD']}'", "device:'cpu'"])
        except SystemExit as exit_:
            status = exit_.code
        return status, capsys.readouterr().out

    return command


def test_mirrors_are_put_to_the_test(command):
    status, printed = command("check", TASK, "--mirrors", "left_right", "--states", "1")
    assert status == 0
    assert "left_right: holds within its tolerance" in printed


def test_mirrors_are_derived(command):
    status, printed = command("derive", TASK)
    assert status == 0
    assert "left_right" in printed
    assert "front_back" in printed
