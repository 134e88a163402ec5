"""The process of a run: ``python -m sb3_memaug.experiments.worker FOLDER``."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path


def main(folder: str) -> None:
    """
    :param folder: of the run
    """
    threading.Thread(target=_exit_with_parent, args=(os.getppid(),), daemon=True).start()
    from sb3_memaug.experiments.executors import run

    run(Path(folder))


def _exit_with_parent(parent: int) -> None:
    """The process that started this one may be killed, and would leave it without a parent."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
