"""The kinds of input that users give, each as a function that tries one broken by chance."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from sb3_memaug import JointFailure, MirrorSpec, Payload
from sb3_memaug.cli import arguments, main
from sb3_memaug.cli.report import image_formats
from sb3_memaug.cli.robots import angles_of, pose
from sb3_memaug.evaluation import Result, read_results
from sb3_memaug.evaluation.statistics import groups, normalise, score_matrix
from sb3_memaug.evaluation.tables import read_table
from sb3_memaug.experiments.checkpoints import latest_checkpoint, remove_checkpoints, steps_of
from sb3_memaug.experiments.executors import plan
from sb3_memaug.experiments.matrix import Matrix, read_matrix
from sb3_memaug.experiments.progress import estimate_cost
from sb3_memaug.experiments.run import Evaluation, Run, Status, read_status
from sb3_memaug.experiments.settings import check_policies, zoo_settings
from sb3_memaug.models import load_model
from sb3_memaug.report.run_tables import read_run_tables
from sb3_memaug.symmetry import (
    ImageFlip,
    LabelPermutation,
    Mirror,
    Reflection,
    SignedPermutation,
    SymmetryGroup,
    Term,
    Tolerances,
    group_of_terms,
)
from sb3_memaug.wrappers.mirror_file import reflection_from_plain, terms_from_plain

from ..pictures.robots import two_arms
from .mutations import OBJECTS, PLAIN, mutated, mutated_arguments, mutated_bytes, mutated_text
from .toys import ACTION, FEET, JOINTS, MIRRORS, OBSERVATION, REFLECTION, ToyEnv

FAILURE, PAYLOAD = (f"MemAug/MinitaurVelocity{what}-MuJoCo-v0" for what in ("JointFailure", "Payload"))
MATRIX: dict[str, Any] = {
    "envs": [FAILURE, PAYLOAD],
    "policies": {
        "memory-aug": None,
        "mine": {"algo": "ppo_lstm", "gamma": 0.9, "policy_kwargs": "dict(net_arch=[8], activation_fn=nn.ELU)"},
    },
    "seeds": [0, 1],
    "n_timesteps": 1000,
    "settings": {"n_envs": 2, "env_kwargs": {"probability": 0.5}},
    "evaluation": {"n_episodes": 4, "seed": 1000, "videos": 1},
    "steps_per_second": 1000.0,
}
RUN = Run(FAILURE, "mine", 1, "ppo", 1000, {"gamma": 0.5, "env_kwargs": {"split": "all"}}, Evaluation(seed=5))
STATUS = Status("training", 100, 1.5, -3.0, None)
RESULTS = [
    Result("a", "E-v0", "none", "none", 1000, "identity", True, 1.5, 5, False),
    Result("a", "E-v0", "id", "left_hip", 1000, "identity", True, 2.5, 5, True, 0.25, True, 0.5, 12, "zeroed"),
    Result("b", "E-v0", "ood", "right_hip", 1001, "left_right", False, -1.5, 7, False, 1.25, False, 0.5, 3),
]
EPISODES = [{"training_seed": i % 2, **result._asdict()} for i, result in enumerate(RESULTS)]
LEARNING = [
    {**{"env": "E-v0", "policy": "a", "training_seed": 0}, **{"timesteps": 10 * i, "seconds": 0.5 * i}, **rest}
    for i, rest in enumerate([{"split": "id", "episode_return": 1.0}, {"split": "ood", "episode_return": 2.0}])
]

#: Tries one input, writing into an empty folder.
Try = Callable[[random.Random, Path], Any]


class Escape(Exception):
    """A run would have been written to where it must not be."""


def json_bytes(rng: random.Random, value: Any) -> bytes:
    if rng.random() < 0.5:
        return mutated_bytes(rng, json.dumps(value, indent=rng.choice((None, 2))).encode())
    value = mutated(rng, value)
    with contextlib.suppress(TypeError, ValueError):
        return json.dumps(value).encode()
    return str(value).encode("utf-8", "surrogatepass")


def yaml_bytes(rng: random.Random, value: Any) -> bytes:
    if rng.random() < 0.5:
        return mutated_bytes(
            rng, yaml.safe_dump(value, sort_keys=False, default_flow_style=rng.choice((None, True))).encode()
        )
    value = mutated(rng, value)
    with contextlib.suppress(yaml.YAMLError, TypeError, ValueError):
        return yaml.safe_dump(value, sort_keys=False).encode("utf-8", "surrogatepass")
    return str(value).encode("utf-8", "surrogatepass")


def mirror_file(rng: random.Random, folder: Path) -> None:
    path = folder / "mirrors.json"
    path.write_bytes(json_bytes(rng, MIRRORS))
    MirrorSpec(ToyEnv(), file=str(path))


def mirror_spec(rng: random.Random, folder: Path) -> None:
    given = {"observation": OBSERVATION, "action": ACTION, "reflections": {"left_right": REFLECTION}}
    given |= rng.choice(
        (
            {"mirrors": ["left_right"]},
            {"tolerances": {"mass": 0.2, "strict": True}, "pose": {"waist": 0.1}, "locked": ["waist"]},
            {"file": "mirrors.json"},
            {},
        )
    )
    if "pose" in given:
        del given["reflections"]
    MirrorSpec(ToyEnv(), **mutated_arguments(rng, given))


def term(rng: random.Random, folder: Path) -> None:
    if rng.random() < 0.5:
        terms_from_plain(mutated(rng, OBSERVATION, PLAIN + OBJECTS), ToyEnv())
        return
    plain = rng.choice(OBSERVATION)
    arguments = {"name": "a", "kind": "vector", "size": 3, "names": FEET, "shape": (2, 3), **plain}
    made = Term(**mutated_arguments(rng, {**arguments, "names": arguments["names"] if plain.get("names") else ()}))
    hash(made)
    made.transform(Reflection("sagittal", {name: (name, 1) for name in JOINTS}))


def reflection(rng: random.Random, folder: Path) -> None:
    if rng.random() < 0.5:
        made = reflection_from_plain(mutated(rng, REFLECTION, PLAIN + OBJECTS))
    else:
        made = Reflection(**mutated_arguments(rng, REFLECTION))
    made.joint_position_map(JOINTS)
    made.foot_map(FEET)
    made.actuator_map(["drive"])


def transforms(rng: random.Random, folder: Path) -> None:
    swap = SignedPermutation([1, 0], [1, -1])
    kind, given, x = rng.choice(
        (
            (SignedPermutation, {"permutation": [1, 0], "signs": [1, -1], "offset": [0.5, 0.0]}, np.zeros((3, 2))),
            (LabelPermutation, {"labels": [1, 0, 2]}, np.array([0, 1])),
            (LabelPermutation, {"labels": [[1, 0], [0, 1]], "permutation": [1, 0]}, np.array([[0, 1]])),
            (ImageFlip, {"horizontal": True, "vertical": False, "channels_last": True}, np.zeros((4, 4, 3))),
        )
    )
    made = kind(**mutated_arguments(rng, given))
    assert made @ made.inverse() == made.inverse() @ made
    hash(made), repr(made)
    if kind is not SignedPermutation or made.size == 2:
        made.apply(x)
    if rng.random() < 0.3:
        SignedPermutation.concatenate(mutated(rng, [1, 2], (swap, None, 3, "a")))


def mirror_and_group(rng: random.Random, folder: Path) -> None:
    swap, flip = SignedPermutation([1, 0]), SignedPermutation([0, 1], [-1, 1])
    others = (*PLAIN, *OBJECTS, swap, flip, Mirror(swap, swap), ImageFlip(True), LabelPermutation([1, 0]))
    if rng.random() < 0.5:
        made = Mirror(mutated(rng, rng.choice((swap, {"a": swap, "b": flip})), others), mutated(rng, swap, others))
        SymmetryGroup({"left_right": made})
    elif rng.random() < 0.7:
        group = {"left_right": Mirror(swap, swap), "front_back": Mirror(SignedPermutation([0, 1], [-1, -1]), flip)}
        SymmetryGroup(mutated(rng, group, others))
    else:
        terms = [Term("a", "vector", 3)]
        given = {"reflections": {"left_right": Reflection("sagittal")}, "observation": terms, "action": terms}
        group_of_terms(**mutated_arguments(rng, given))


def _refuse_escapes(runs: list[Run], folder: Path) -> None:
    places = [os.path.normpath(folder / run.name) for run in runs]
    if len({place.lower() for place in places}) < len(places):
        raise Escape("two runs share a folder")
    for place in places:
        if not Path(place).is_relative_to(folder) or len(Path(place).relative_to(folder).parts) != 3:
            raise Escape(f"{place!r} is no folder of a run")


def experiment(rng: random.Random, folder: Path) -> None:
    matrix = dict(MATRIX)
    if rng.random() < 0.3:
        (folder / "settings.yml").write_bytes(
            yaml_bytes(rng, {FAILURE: {"n_timesteps": 5e5}, "default": {"n_envs": 1}})
        )
        matrix["conf_files"] = {"memaug_ppo": str(folder / "settings.yml")}
    path = folder / "mine.yml"
    path.write_bytes(yaml_bytes(rng, matrix))
    read = read_matrix(path)
    runs = read.runs()
    estimate_cost(runs, folder / "runs", 2, read.steps_per_second)
    _refuse_escapes(runs, folder / "runs")
    if rng.random() < 0.1:
        plan(runs[:2], folder / "runs")
        assert [Run.read(folder / "runs" / run.name) for run in runs[:2]] == runs[:2]


def matrix(rng: random.Random, folder: Path) -> None:
    given = {**MATRIX, "policies": check_policies(MATRIX["policies"]), "evaluation": Evaluation()}
    _refuse_escapes(Matrix(**mutated_arguments(rng, given)).runs(), folder)


def policies(rng: random.Random, folder: Path) -> None:
    if rng.random() < 0.5:
        check_policies(mutated(rng, rng.choice((MATRIX["policies"], list(MATRIX["policies"]))), PLAIN + OBJECTS))
        return
    path = folder / "settings.yml"
    path.write_bytes(yaml_bytes(rng, {"default": {"n_envs": 2, "policy_kwargs": "dict(a=[nn.ELU, 1])"}, "X-v0": {}}))
    zoo_settings("ppo", rng.choice(("X-v0", "Y-v0")), path)


def run_file(rng: random.Random, folder: Path) -> None:
    plain = {**RUN.__dict__, "evaluation": RUN.evaluation.__dict__, "command": "memaug train"}
    (folder / "run.yml").write_bytes(yaml_bytes(rng, plain))
    run = Run.read(folder)
    assert isinstance(run.name + run.command, str)


def status_file(rng: random.Random, folder: Path) -> None:
    (folder / "status.json").write_bytes(json_bytes(rng, STATUS.__dict__))
    read_status(folder).write(folder)
    assert isinstance(estimate_cost([RUN], folder.parent, 1), str)


def result_file(rng: random.Random, folder: Path) -> None:
    kind = rng.randrange(4)
    if kind == 3:
        read_results(_parquet(rng, folder / "results.parquet", [result._asdict() for result in RESULTS]))
        return
    path = folder / "results.csv"
    path.write_bytes(_csv(rng, [result._asdict() for result in RESULTS]))
    read_results(path) if kind else read_table(path)


def _csv(rng: random.Random, rows: list[dict[str, Any]]) -> bytes:
    if rng.random() < 0.5:
        return mutated_bytes(rng, pd.DataFrame(rows).to_csv(index=False).encode())
    return (
        pd.DataFrame(_rows(rng, rows), dtype=object)
        .to_csv(index=False, errors="surrogatepass")
        .encode("utf-8", "surrogatepass")
    )


def _parquet(rng: random.Random, path: Path, rows: list[dict[str, Any]]) -> Path:
    if rng.random() < 0.5:
        pd.DataFrame(rows).to_parquet(path)
        path.write_bytes(mutated_bytes(rng, path.read_bytes()))
    else:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                pd.DataFrame(_rows(rng, rows)).to_parquet(path)
        except Exception:  # of what Parquet cannot hold there are no files
            path.write_bytes(b"PAR1PAR1")
    return path


def _rows(rng: random.Random, rows: list[dict[str, Any]]) -> list[dict[Any, Any]]:
    if rng.random() < 0.4:  # a column more, less, or of another kind
        column, odd, kind = rng.choice(list(rows[0])), rng.choice(PLAIN), rng.randrange(3)
        if kind == 0:
            return [{name: value for name, value in row.items() if name != column} for row in rows]
        return [{**row, column if kind == 1 else str(odd): odd if kind == 1 else 1} for row in rows]
    changed = mutated(rng, rows)
    return [
        row if isinstance(row, dict) else {"a": row} for row in (changed if isinstance(changed, list) else [changed])
    ]


def run_tables(rng: random.Random, folder: Path) -> None:
    tables = {"episodes": EPISODES, "learning": LEARNING}
    broken = rng.choice((*tables, *tables, "runs.yml"))
    for name, rows in tables.items():
        if name != broken:
            pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)
        elif rng.random() < 0.7:
            (folder / f"{name}.csv").write_bytes(_csv(rng, rows))
        else:
            _parquet(rng, folder / f"{name}.parquet", rows)
    settings = [{"env": "E-v0", "policy": "a", "training_seed": 0, "hyperparameters": {"gamma": 0.5}}]
    (folder / "runs.yml").write_bytes(
        yaml_bytes(rng, settings) if broken == "runs.yml" else yaml.safe_dump(settings).encode()
    )
    read = read_run_tables(folder)
    for _, rows in groups(normalise(read.episodes)):
        score_matrix(rows)
    for run in read.settings:
        assert run["env"] and run["policy"] and run["training_seed"] is not None


def checkpoints(rng: random.Random, folder: Path) -> None:
    for _ in range(3):
        name = mutated_text(rng, "checkpoint_1200").replace("/", "").replace("\ufffd", "")[:60]
        with contextlib.suppress(FileExistsError):
            (folder / f"checkpoint_{name}").mkdir() if rng.random() < 0.7 else (folder / (name or "a")).touch()
    latest = latest_checkpoint(folder)
    assert latest is None or steps_of(latest) >= 0
    remove_checkpoints(folder)


def poses(rng: random.Random, folder: Path) -> None:
    angles_of(pose(mutated_text(rng, "raised,left=0.5,nod=0.1")), two_arms(poses={"raised": {"left": 1.0}}))


def command_line_values(rng: random.Random, folder: Path) -> None:
    read: Callable[[str], Any]
    read, text = rng.choice(
        (
            (arguments.environment, "sb3_memaug:MemAug/MinitaurVelocity-v0"),
            (arguments.environment, "Ant-v5"),
            (arguments.positive, "12"),
            (arguments.names, "hip_1,ankle_1"),
            (arguments.numbers("mass", "x", "y"), "1,0.1,0.05"),
            (arguments.assignments, "mass=0.2,angle=1e-3"),
            (image_formats, "png,pdf"),
            (_env_kwargs, "probability:0.5"),
            (_env_kwargs, "task:{'speed': (0.3, 0.6)}"),
        )
    )
    read(mutated_text(rng, text))


def _env_kwargs(text: str) -> Any:
    parser = argparse.ArgumentParser(exit_on_error=False)
    arguments.add_env_kwargs(parser)
    return parser.parse_args([f"--env-kwargs={text}"])


MJCF = """<mujoco model="a"><worldbody><body><freejoint/><geom size=".1"/>
<body pos="0 .1 0"><joint name="l" axis="1 0 0"/><geom size=".1"/></body>
<body pos="0 -.1 0"><joint name="r" axis="1 0 0"/><geom size=".1"/></body></body></worldbody></mujoco>"""


def command_line(rng: random.Random, folder: Path) -> None:
    for name, content in (("a.xml", MJCF), ("m.zip", "PK"), ("m.yml", yaml.safe_dump(MATRIX)), ("m.json", "{}")):
        (folder / name).write_text(content)
    commands = (
        ["experiment", str(folder / "m.yml"), "--dry-run", "--jobs", "2", "--folder", str(folder / "runs")],
        ["report", str(folder), "--images", "png", "-o", str(folder / "report")],
        ["evaluate", f"a={folder / 'm.zip'}", "--env", "Pendulum-v1", "--episodes", "1", "--algo", "ppo"],
        ["play", "Pendulum-v1", "--model", str(folder / "m.zip"), "--video", str(folder / "a.gif"), "--seed", "1"],
        [
            "mirror",
            "derive",
            str(folder / "a.xml"),
            "--pose",
            "l=0.1",
            "--tolerance",
            "mass=0.2",
            "-o",
            str(folder / "o.json"),
        ],
        ["mirror", "check", "Pendulum-v1", "--file", str(folder / "m.json"), "--states", "1", "--tolerance", "0.1"],
    )
    command = list(rng.choice(commands))
    first = 2 if command[0] == "mirror" else 1
    for _ in range(rng.choice((1, 1, 2))):
        place = rng.randrange(first, len(command))
        if command[place] != "--dry-run" and not command[place].startswith(str(folder)):
            command[place] = mutated_text(rng, command[place])
    errors = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
        main(command)
    assert "Traceback" not in errors.getvalue()


def constructors(rng: random.Random, folder: Path) -> None:
    kind: Callable[..., Any]
    kind, given = rng.choice(
        (
            (Tolerances, {"position": 1e-3, "mass": 0.1, "strict": False}),
            (Evaluation, {"n_episodes": 16, "seed": 1000, "learning_points": 10, "learning_episodes": 4, "videos": 1}),
            (Run, {**RUN.__dict__}),
        )
    )
    made = kind(**mutated_arguments(rng, given))
    if isinstance(made, Run):
        _refuse_escapes([made], folder)


def wrappers(rng: random.Random, folder: Path) -> None:
    joints = {
        "joints": ["left_hip", ["right_hip", "waist"]],
        "probability": 0.5,
        "strength": (0.0, 0.5),
        "mode": "weak",
    }
    load = {"mass": (0.5, 1.0), "probability": 0.5, "inertia": False, "z": 0.1}
    sections = [{"x": (0.0, 0.1), "y": (-0.1, 0.1)}]
    kind: Any
    kind, given, option = rng.choice(
        (
            (JointFailure, {**joints, "n_failures": (1, 2), "onset": (0.0, 1.0), "duration": 0.5}, "failed_joint"),
            (Payload, {**load, "x": (0.0, 0.1), "y": 0.1}, "payload"),
            (Payload, {**load, "sections": sections}, "payload"),
        )
    )
    env = kind(ToyEnv(), **(mutated_arguments(rng, given) if rng.random() < 0.7 else given))
    options = {"failed_joint": ["left_hip", "waist"], "payload": {"mass": 1.0, "x": 0.0, "y": 0.1, "z": 0.0}}
    env.reset(seed=1, options={option: mutated(rng, options[option], PLAIN + OBJECTS)})
    env.step(np.zeros(3))
    env.close()


def models(rng: random.Random, folder: Path) -> None:
    path = folder / "model.zip"
    path.write_bytes(mutated_bytes(rng, _saved_model()))
    load_model(path, rng.choice(("ppo", "sym_ppo", None)))


_MODEL: list[bytes] = []


def _saved_model() -> bytes:
    if not _MODEL:
        from stable_baselines3 import PPO

        buffer = io.BytesIO()
        PPO("MlpPolicy", "Pendulum-v1", policy_kwargs={"net_arch": [2]}, device="cpu").save(buffer)
        _MODEL.append(buffer.getvalue())
    return _MODEL[0]


#: By what they are called in the table; those that take longest are tried less often, by their weights.
INPUTS: dict[str, tuple[Try, float]] = {
    "mirrors in JSON": (mirror_file, 1.0),
    "arguments of MirrorSpec": (mirror_spec, 1.0),
    "terms": (term, 1.0),
    "reflections": (reflection, 1.0),
    "permutations and flips": (transforms, 1.0),
    "mirrors and groups": (mirror_and_group, 1.0),
    "experiments in YAML": (experiment, 1.0),
    "Matrix": (matrix, 0.5),
    "policies and settings": (policies, 1.0),
    "run.yml": (run_file, 1.0),
    "status.json": (status_file, 1.0),
    "tables of results": (result_file, 1.0),
    "tables of runs": (run_tables, 0.5),
    "folders of checkpoints": (checkpoints, 0.5),
    "poses": (poses, 0.5),
    "values on the command line": (command_line_values, 1.0),
    "commands": (command_line, 0.3),
    "Tolerances, Evaluation, Run": (constructors, 1.0),
    "JointFailure, Payload": (wrappers, 1.0),
    "saved models": (models, 0.2),
}
