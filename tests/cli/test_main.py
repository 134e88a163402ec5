import pytest

from sb3_memaug import __version__
from sb3_memaug.cli import main, play


@pytest.mark.parametrize(
    "command", [[], ["evaluate"], ["play"], ["mirror"], ["mirror", "derive"], ["mirror", "show"]], ids=" ".join
)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as exit_:
        main([*command, "--help"])
    assert exit_.value.code == 0
    assert capsys.readouterr().out.startswith(" ".join(["usage: memaug", *command]))


def test_help_lists_all_commands(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = capsys.readouterr().out
    assert all(f"\n    {command} " in listed for command in ("train", "evaluate", "play", "mirror"))


def test_it_tells_its_version(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--version"])
    assert exit_.value.code == 0
    assert capsys.readouterr().out == f"sb3-memaug {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["mirror"]])
def test_without_a_command_it_says_what_there_is(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_an_interrupt_ends_it_as_shells_expect(monkeypatch):
    def interrupted(parser, parsed):
        raise KeyboardInterrupt

    monkeypatch.setattr(play, "run", interrupted)
    with pytest.raises(SystemExit) as exit_:
        main(["play", "Pendulum-v1"])
    assert exit_.value.code == 130
