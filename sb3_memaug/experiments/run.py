"""One run: a policy, trained on an environment with a seed, and evaluated."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, Strict

from sb3_memaug.experiments.settings import Algorithm, EnvId, FolderName, Settings, slug
from sb3_memaug.files import InputError, read_json, read_yaml, write_json, write_yaml
from sb3_memaug.files.fields import Bool, Number, Positive, Seed, Text, Whole, check_fields, from_mapping

#: In a run's folder, what it is.
RUN_FILE = "run.yml"
#: In a run's folder, its settings in rl_zoo3's format, for ``memaug train --conf-file``.
CONF_FILE = "hyperparameters.yml"


@dataclass(frozen=True)
class Evaluation:
    """
    How the runs of an experiment are measured.

    :param n_episodes: of each variation, after training, rounded up to a multiple of the number of mirrors
    :param seed: of the first of them
    :param learning_points: during training, when the returns on ID and OOD tasks are measured
    :param learning_episodes: of each variation, then
    :param videos: how many of the training seeds are filmed, on one ID and one OOD variation
    :raises InputError: if one is no whole number, or negative
    """

    n_episodes: Positive = 16
    seed: Annotated[Whole, Field(ge=0, lt=2**31)] = 1000
    learning_points: Positive = 10
    learning_episodes: Positive = 4
    videos: Annotated[Whole, Field(ge=0, lt=2**63)] = 1

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True)
class Run:
    """
    :param env: id of the environment
    :param policy: name of the policy
    :param training_seed: of everything that is random in training
    :param algo: name of the algorithm
    :param n_timesteps: of training
    :param hyperparameters: in rl_zoo3's format
    :param evaluation: how it is measured
    :param film: whether
    :param env_folder: of all runs in the environment, where another one has the folder that is named after it
    :raises InputError: if a field is of another type, or something in it cannot be
    """

    env: EnvId
    policy: FolderName
    training_seed: Seed
    algo: Algorithm
    n_timesteps: Positive
    hyperparameters: Settings
    evaluation: Evaluation = field(default_factory=Evaluation)
    film: Bool = False
    env_folder: FolderName | None = None

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def name(self) -> str:
        """Of its folder, in the folder of the experiment."""
        return f"{self.env_folder or slug(self.env)}/{self.policy}/seed_{self.training_seed}"

    @property
    def command(self) -> str:
        """That trains the same with rl_zoo3 alone, in the folder of the run."""
        return f"memaug train --algo {self.algo} --env {self.env} --seed {self.training_seed} --conf-file {CONF_FILE}"

    @property
    def evaluation_kwargs(self) -> dict[str, Any]:
        """Of the environments that it is evaluated in: other tasks than those of training are in them, too."""
        return {name: value for name, value in self.hyperparameters.get("env_kwargs", {}).items() if name != "split"}

    def write(self, folder: Path, experiment: str | None = None) -> None:
        """
        :param folder: of this run
        :param experiment: command that executes all runs of the experiment
        """
        write_yaml(folder / CONF_FILE, {self.env: {**self.hyperparameters, "n_timesteps": self.n_timesteps}})
        told = {"command": self.command, "versions": versions()} | ({"experiment": experiment} if experiment else {})
        plain = {name: value for name, value in asdict(self).items() if name != "env_folder" or value is not None}
        write_yaml(folder / RUN_FILE, {**plain, **told})

    @classmethod
    def read(cls, folder: Path) -> Run:
        """
        :param folder: of a run
        :return: the run
        :raises FileNotFoundError: if there is none
        :raises InputError: if its file is not one that a run has written
        """
        return from_mapping(cls, read_yaml(folder / RUN_FILE), folder / RUN_FILE, more=True)


def versions() -> dict[str, str]:
    """
    :return: of the packages that decide what a run gives
    """
    from importlib.metadata import version

    packages = ("sb3-memaug", "stable-baselines3", "sb3-contrib", "rl-zoo3", "gymnasium", "torch", "numpy")
    return {name: version(name) for name in packages}


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
    :return: how far it is; waiting where it has not begun, and where its file cannot be read, which ``error`` says:
        such a run goes on from its checkpoint
    """
    path = folder / STATUS_FILE
    try:
        return from_mapping(Status, read_json(path, finite=False), path)
    except FileNotFoundError:
        return Status()
    except InputError as error:
        return Status(error=f"unreadable: {error}")
