"""The matrix of an experiment: which policies are trained on which environments with which seeds."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from sb3_memaug.experiments.run import Evaluation, Run
from sb3_memaug.experiments.settings import (
    Algorithm,
    EnvId,
    FolderName,
    Settings,
    check_policies,
    env_folders,
    slug,
    steps_of,
    zoo_settings,
)
from sb3_memaug.files import InputError, located, read_yaml
from sb3_memaug.files.fields import Number, Positive, Seed, Text, check_fields, from_mapping
from sb3_memaug.symmetry.arguments import shown


@dataclass(frozen=True)
class Matrix:
    """
    :param envs: ids of environments
    :param policies: their definitions by name, as in ``zoo_configs/policies.yml``
    :param seeds: of training
    :param n_timesteps: of each training; by default those of the settings
    :param settings: hyperparameters of all runs, in place of those of ``zoo_configs/``
    :param conf_files: files of settings by algorithm, in place of ``zoo_configs/ALGO.yml``
    :param evaluation: how runs are measured
    :param steps_per_second: of training, expected until some is measured
    :raises InputError: if a field is of another type, something in it cannot be, or stands in it twice
    """

    envs: list[EnvId]
    policies: dict[FolderName, Settings]
    seeds: list[Seed]
    n_timesteps: Positive | None = None
    settings: Settings = field(default_factory=dict)
    conf_files: dict[Algorithm, Text] = field(default_factory=dict)
    evaluation: Evaluation = field(default_factory=Evaluation)
    steps_per_second: Annotated[Number, Field(gt=0)] | None = None

    def __post_init__(self) -> None:
        for what in ("envs", "seeds"):
            given = getattr(self, what)
            if not isinstance(given, list | tuple) or not given:
                problem = f"`{what}` must be a list, not empty and without repetition, got {shown(given)}"
                raise InputError("Matrix", problem, what)
        check_fields(self)
        with located("Matrix", "policies"):
            object.__setattr__(self, "policies", check_policies(self.policies))
        for what in ("envs", "seeds"):
            if len(set(getattr(self, what))) < len(getattr(self, what)):
                problem = f"`{what}` must be a list without repetition, got {shown(getattr(self, what))}"
                raise InputError("Matrix", problem, what)

    def runs(self) -> list[Run]:
        """
        :return: all runs: the first seed of every policy comes before the second of any, so that a matrix that is cut
            short is wide rather than deep
        :raises ValueError: if there are no settings for an environment
        """
        folders = {env: None if name == slug(env) else name for env, name in env_folders(self.envs).items()}
        settings = {
            (env, policy): self._hyperparameters(env, definition)
            for env in self.envs
            for policy, definition in self.policies.items()
        }
        return [
            self._run(env, folders[env], policy, seed, hyperparameters, i < self.evaluation.videos)
            for i, seed in enumerate(self.seeds)
            for (env, policy), hyperparameters in settings.items()
        ]

    def _hyperparameters(self, env: str, definition: dict[str, Any]) -> dict[str, Any]:
        definition = dict(definition)
        algo = definition.pop("algo")
        sources = (zoo_settings(algo, env, self.conf_files.get(algo)), self.settings, definition)
        hyperparameters: dict[str, Any] = {}
        env_kwargs: dict[str, Any] = {}
        for source in sources:
            hyperparameters |= source
            env_kwargs |= source.get("env_kwargs", {})
        return hyperparameters | ({"env_kwargs": env_kwargs} if env_kwargs else {})

    def _run(
        self, env: str, env_folder: str | None, policy: str, seed: int, hyperparameters: dict[str, Any], film: bool
    ) -> Run:
        hyperparameters = dict(hyperparameters)
        n_timesteps = self.n_timesteps or steps_of(hyperparameters)
        hyperparameters.pop("n_timesteps", None)
        algo = self.policies[policy]["algo"]
        return Run(env, policy, seed, algo, n_timesteps, hyperparameters, self.evaluation, film, env_folder)


def read_matrix(name: str | Path) -> Matrix:
    """
    :param name: of a file, or of one in ``zoo_configs/experiments/``, such as ``"light"``
    :return: what it says
    :raises InputError: if there is no such file, or something in it cannot be
    """
    ours = files("sb3_memaug.zoo_configs") / "experiments"
    if not isinstance(name, str | Path):
        raise InputError("the name of an experiment", f"expected a text, got {shown(name)}")
    path: Any = Path(name) if Path(name).suffix in (".yml", ".yaml") else ours / f"{name}.yml"
    if not _is_file(path):
        names = ", ".join(sorted(file.name.removesuffix(".yml") for file in ours.iterdir()))
        raise InputError(name, f"there is no experiment {str(name)!r}: name a YAML file, or one of {names}")
    content = read_yaml(path)
    if isinstance(content, dict) and "policies" in content:
        with located(path, "policies"):
            content["policies"] = check_policies(content["policies"])
    return from_mapping(Matrix, content, path)


def _is_file(path: Any) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long to be one
        return False
