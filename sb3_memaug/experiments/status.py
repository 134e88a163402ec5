"""How far a run is: a small file in its folder, which whoever watches reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, Strict

from sb3_memaug.files import InputError, read_json, write_json
from sb3_memaug.files.fields import Number, Text, Whole, check_fields, from_mapping

STATUS_FILE = "status.json"


@dataclass
class Status:
    """
    :param state: ``"waiting"``, ``"training"``, ``"evaluating"``, ``"finished"`` or ``"failed"``
    :param timesteps: of training, so far
    :param seconds: of training, so far, measuring left out
    :param episode_return: mean of the latest episodes of training
    :param error: what made it fail
    :raises InputError: if one is of another type
    """

    state: Literal["waiting", "training", "evaluating", "finished", "failed"] = "waiting"
    timesteps: Annotated[Whole, Field(ge=0, lt=2**63)] = 0
    seconds: Annotated[Number, Field(ge=0)] = 0.0
    episode_return: Annotated[float, Strict()] | None = None
    error: Text | None = None

    def __post_init__(self) -> None:
        check_fields(self)

    def write(self, folder: Path) -> None:
        """
        :param folder: of the run
        """
        write_json(folder / STATUS_FILE, asdict(self))


def read_status(folder: Path) -> Status:
    """
    :param folder: of a run
    :return: how far it is; waiting where it has not begun, and where its file cannot be read, which ``error`` tells:
        such a run goes on from its checkpoint
    """
    path = folder / STATUS_FILE
    try:
        return from_mapping(Status, read_json(path, finite=False), path)
    except FileNotFoundError:
        return Status()
    except InputError as error:
        return Status(error=f"unreadable: {error}")
