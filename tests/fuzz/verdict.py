"""Whether an error says what is wrong with an input, or just fell out of the code."""

from __future__ import annotations

import argparse
import dis
from pathlib import Path

import gymnasium as gym

import sb3_memaug
import sb3_memaug.envs
from sb3_memaug.files import InputError

#: Where our own code lies.
FOLDERS = tuple(str(Path(package.__file__).parent) for package in (sb3_memaug, sb3_memaug.envs))

#: What our code may raise of an input.
KINDS = (ValueError, TypeError, FileNotFoundError, NotImplementedError, argparse.ArgumentTypeError, gym.error.Error)


def bare(error: BaseException) -> str | None:
    """
    An error is our own if a ``raise`` of this library raised it, with a message: not ``int("x")``, which is called
    there, nor what a library says below it.

    :param error: that an input ended in
    :return: what to count it as; None if it is our own
    """
    if isinstance(error, SystemExit):
        return None if error.code in (0, 1, 2) or isinstance(error.code, str) else f"exit status {error.code!r}"
    if isinstance(error, InputError):
        return None
    if isinstance(error, FileNotFoundError) and error.filename is not None:
        return None  # which says by itself that there is no such file, and which
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    assert trace is not None
    code = trace.tb_frame.f_code
    raised = dis.opname[code.co_code[trace.tb_lasti]] in ("RAISE_VARARGS", "RERAISE")
    ours = code.co_filename.startswith(FOLDERS)
    if ours and raised and isinstance(error, KINDS) and str(error).strip():
        return None
    return type(error).__name__
