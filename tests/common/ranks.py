"""What one rank does in the tests of data-parallel training: ``torchrun … -m tests.common.ranks TASK FOLDER``."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from pathlib import Path

import torch as th

from sb3_memaug.common.distributed import leave, rank
from sb3_memaug.common.vec_normalize import SymmetricVecNormalize
from sb3_memaug.envs.rower import Rower
from tests.common.test_data_parallel import N_ENVS, N_STEPS, fill, flat_parameters, make


def update(folder: Path, algorithm: str) -> dict:
    model = make(algorithm, N_ENVS)
    fill(model, slice(rank() * N_ENVS, (rank() + 1) * N_ENVS))
    start = th.tensor(json.loads((folder / "start.json").read_text()))
    th.nn.utils.vector_to_parameters(start, model.policy.parameters())
    model.train()
    return {"rate": model.adaptive_rate.rate, "log": model.logger.name_to_value, **parameters(model)}


def learn(folder: Path) -> dict:
    env = SymmetricVecNormalize(Rower(N_ENVS))
    model = make("MemAugRecurrentPPO", N_ENVS, env)
    model.verbose = 1
    printed = io.StringIO()
    logs = {}
    with contextlib.redirect_stdout(printed):
        model.learn(3 * N_STEPS * N_ENVS * 2, callback=lambda local, _: logs.update(model.logger.name_to_value) or True)
    model.save(folder / "robot")
    buffer = model.rollout_buffer
    return {
        "rate": model.adaptive_rate.rate,
        "log": {name: value for name, value in logs.items() if name.startswith("train/")},
        "mean": env.obs_rms.mean.tolist(),
        "var": env.obs_rms.var.tolist(),
        "count": env.obs_rms.count,
        "num_timesteps": model.num_timesteps,
        "printed": printed.getvalue(),
        "first_actions": buffer.actions[0].tolist(),
        "first_observations": buffer.observations[0].tolist(),
        **parameters(model),
    }


def differ(_: Path) -> dict:
    make("SymmetricPPO", N_ENVS + int(os.environ["RANK"])).learn(10)
    return {}


def parameters(model) -> dict:
    return {"parameters": flat_parameters(model)}


if __name__ == "__main__":
    task, folder, *arguments = sys.argv[1:]
    found = {"update": update, "learn": learn, "differ": differ}[task](Path(folder), *arguments)
    (Path(folder) / f"{rank()}.json").write_text(json.dumps(found, default=float))
    leave()
    # Not by way of the interpreter's end, where PyTorch's threads abort a process now and then.
    os._exit(0)
