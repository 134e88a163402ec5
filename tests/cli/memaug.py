"""The command line as a process of its own."""

from __future__ import annotations

import subprocess
import sys


def memaug(*arguments, **kwargs):
    return subprocess.run(
        [sys.executable, "-m", "sb3_memaug", *arguments], capture_output=True, text=True, check=False, **kwargs
    )
