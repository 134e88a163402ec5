"""How far a run is: a small file in its folder, which whoever watches reads."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

STATUS_FILE = "status.json"


@dataclass
class Status:
    """
    :param state: ``"waiting"``, ``"training"``, ``"evaluating"``, ``"finished"`` or ``"failed"``
    :param timesteps: of training, so far
    :param seconds: of training, so far, measuring left out
    :param episode_return: mean of the latest episodes of training
    :param error: what made it fail
    """

    state: str = "waiting"
    timesteps: int = 0
    seconds: float = 0.0
    episode_return: float | None = None
    error: str | None = None

    def write(self, folder: Path) -> None:
        """
        :param folder: of the run
        """
        part = folder / f".part.{STATUS_FILE}"
        part.write_text(json.dumps(asdict(self)), encoding="utf-8")
        os.replace(part, folder / STATUS_FILE)


def read_status(folder: Path) -> Status:
    """
    :param folder: of a run
    :return: how far it is; waiting where it has not begun
    """
    try:
        return Status(**json.loads((folder / STATUS_FILE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Status()
