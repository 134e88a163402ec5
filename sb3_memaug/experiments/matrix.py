"""The matrix of an experiment: which policies are trained on which environments with which seeds."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from sb3_memaug.experiments.policies import Settings, check_policies, read_yaml, zoo_settings
from sb3_memaug.experiments.run import Evaluation, Run


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
    """

    envs: list[str]
    policies: dict[str, Settings]
    seeds: list[int]
    n_timesteps: int | None = None
    settings: Settings = field(default_factory=dict)
    conf_files: dict[str, str] = field(default_factory=dict)
    evaluation: Evaluation = field(default_factory=Evaluation)
    steps_per_second: float | None = None

    def runs(self) -> list[Run]:
        """
        :return: all runs: the first seed of every policy comes before the second of any, so that a matrix that is cut
            short is wide rather than deep
        :raises ValueError: if there are no settings for an environment
        """
        settings = {
            (env, policy): self._hyperparameters(env, **definition)
            for env in self.envs
            for policy, definition in self.policies.items()
        }
        return [
            self._run(env, policy, seed, hyperparameters, i < self.evaluation.videos)
            for i, seed in enumerate(self.seeds)
            for (env, policy), hyperparameters in settings.items()
        ]

    def _hyperparameters(self, env: str, algo: str, **definition: Any) -> Settings:
        sources = (zoo_settings(algo, env, self.conf_files.get(algo)), self.settings, definition)
        hyperparameters: Settings = {}
        env_kwargs: Settings = {}
        for source in sources:
            hyperparameters |= source
            env_kwargs |= source.get("env_kwargs", {})
        return hyperparameters | ({"env_kwargs": env_kwargs} if env_kwargs else {})

    def _run(self, env: str, policy: str, seed: int, hyperparameters: Settings, film: bool) -> Run:
        hyperparameters = dict(hyperparameters)
        n_timesteps = self.n_timesteps or int(float(hyperparameters["n_timesteps"]))
        hyperparameters.pop("n_timesteps", None)
        algo = self.policies[policy]["algo"]
        return Run(env, policy, seed, algo, n_timesteps, hyperparameters, self.evaluation, film)


def read_matrix(name: str | Path) -> Matrix:
    """
    :param name: of a file, or of one in ``zoo_configs/experiments/``, such as ``"light"``
    :return: what it says
    :raises ValueError: if there is no such file, or something in it cannot be
    """
    ours = files("sb3_memaug.zoo_configs") / "experiments"
    path: Any = Path(name) if Path(name).suffix in (".yml", ".yaml") else ours / f"{name}.yml"
    if not path.is_file():
        names = ", ".join(sorted(file.name.removesuffix(".yml") for file in ours.iterdir()))
        raise ValueError(f"there is no experiment {str(name)!r}: name a YAML file, or one of {names}")
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise ValueError(f"{path} must hold `envs`, `policies` and `seeds`, got {content!r}")
    _check_names(path, content, Matrix, ("envs", "policies", "seeds"))
    _check_names(f"`evaluation` in {path}", content.get("evaluation", {}), Evaluation)
    for what in ("envs", "seeds"):
        if not isinstance(content[what], list) or not content[what] or len(set(content[what])) < len(content[what]):
            raise ValueError(
                f"`{what}` in {path} must be a list, not empty and without repetition, got {content[what]}"
            )
    return Matrix(
        **{
            **content,
            "policies": check_policies(content["policies"]),
            "evaluation": Evaluation(**content.get("evaluation", {})),
        }
    )


def _check_names(where: Any, content: dict[str, Any], of: type, required: tuple[str, ...] = ()) -> None:
    known = [field.name for field in fields(of)]
    unknown, missing = set(content) - set(known), set(required) - set(content)
    if unknown or missing:
        problem = f"names {sorted(unknown)}" if unknown else f"lacks {sorted(missing)}"
        raise ValueError(f"{where} {problem}; there are {', '.join(known)}")
