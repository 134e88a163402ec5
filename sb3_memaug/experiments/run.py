"""One run: a policy, trained on an environment with a seed, and evaluated."""

from __future__ import annotations

import os
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sb3_memaug.experiments.policies import Settings, read_yaml

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
    """

    n_episodes: int = 16
    seed: int = 1000
    learning_points: int = 10
    learning_episodes: int = 4
    videos: int = 1


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
    """

    env: str
    policy: str
    training_seed: int
    algo: str
    n_timesteps: int
    hyperparameters: Settings
    evaluation: Evaluation = field(default_factory=Evaluation)
    film: bool = False

    @property
    def name(self) -> str:
        """Of its folder, in the folder of the experiment."""
        return f"{slug(self.env)}/{self.policy}/seed_{self.training_seed}"

    @property
    def command(self) -> str:
        """That trains the same with rl_zoo3 alone, in the folder of the run."""
        return f"memaug train --algo {self.algo} --env {self.env} --seed {self.training_seed} --conf-file {CONF_FILE}"

    @property
    def evaluation_kwargs(self) -> Settings:
        """Of the environments that it is evaluated in: other tasks than those of training are in them, too."""
        return {name: value for name, value in self.hyperparameters.get("env_kwargs", {}).items() if name != "split"}

    def write(self, folder: Path, experiment: str | None = None) -> None:
        """
        :param folder: of this run
        :param experiment: command that performs all runs of the experiment
        """
        folder.mkdir(parents=True, exist_ok=True)
        write_yaml({self.env: {**self.hyperparameters, "n_timesteps": self.n_timesteps}}, folder / CONF_FILE)
        told = {"command": self.command, "versions": versions()} | ({"experiment": experiment} if experiment else {})
        write_yaml({**asdict(self), **told}, folder / RUN_FILE)

    @classmethod
    def read(cls, folder: Path) -> Run:
        """
        :param folder: of a run
        :return: the run
        """
        found = read_yaml(folder / RUN_FILE)
        fields = {name: found[name] for name in cls.__dataclass_fields__}
        return cls(**{**fields, "evaluation": Evaluation(**fields["evaluation"])})


def slug(env_id: str) -> str:
    """
    :param env_id: such as ``"MemAug/MinitaurVelocity-v0"``
    :return: the same as the name of a folder, ``"MinitaurVelocity-v0"``
    """
    return re.sub(r"[^\w.-]+", "_", env_id.removeprefix("MemAug/"))


def versions() -> dict[str, str]:
    """
    :return: of the packages that decide what a run gives
    """
    from importlib.metadata import version

    packages = ("sb3-memaug", "stable-baselines3", "sb3-contrib", "rl-zoo3", "gymnasium", "torch", "numpy")
    return {name: version(name) for name in packages}


def write_yaml(content: Any, path: Path) -> None:
    """
    :param content: plain data
    :param path: to write; it appears complete or not at all
    """
    import yaml

    part = path.with_name(f".part.{path.name}")
    part.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    os.replace(part, path)
