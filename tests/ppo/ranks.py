"""What one rank does in the tests of data-parallel training: ``torchrun … -m tests.ppo.ranks TASK FOLDER``."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from pathlib import Path

import pytest
import torch as th

from sb3_memaug.envs.rower import Rower
from sb3_memaug.vec_env.distributed import rank, share_state, shutdown
from sb3_memaug.vec_env.normalize import SymmetricVecNormalize
from tests.ppo.test_data_parallel import N_ENVS, N_STEPS, fill, flat_parameters, make
from tests.vec_env.test_steppers import Hidden, act_asynchronously


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


def refuse(_: Path) -> dict:
    return {
        "steps": [refuse_step(blindly) for blindly in (False, True)],
        "rollouts": [refuse_rollout(hide) for hide in (Hidden, lambda env: env)],
    }


def refuse_step(blindly: bool) -> dict:
    """The last rank has an observation that is none."""
    model = make("MemAugRecurrentPPO", N_ENVS)
    fill(model, slice(rank() * N_ENVS, (rank() + 1) * N_ENVS))
    before = flat_parameters(model)
    if rank() == 1:
        model.rollout_buffer.observations[2, 3] = th.nan
    with pytest.MonkeyPatch.context() as patch:
        if blindly:
            act_asynchronously(patch)
        return {"message": message_of(model.train), "same": flat_parameters(model) == before}


def refuse_rollout(hide) -> dict:
    """The last rank is given a reward that is infinite; all of them go on after that."""

    class Diverges(Rower):
        clock = 0

        def _step(self, actions):
            step, self.clock = super()._step(actions), self.clock + 1
            if self.clock == 5 and rank() == 1:
                step.rewards[3] = th.inf
            return step

    model = make("SymmetricPPO", N_ENVS, SymmetricVecNormalize(hide(Diverges(N_ENVS))))
    share_state(model.policy)
    before = flat_parameters(model)
    message = message_of(lambda: model.learn(N_STEPS * N_ENVS * 2))
    same = flat_parameters(model) == before
    model.learn(N_STEPS * N_ENVS * 2, reset_num_timesteps=False)
    return {"message": message, "same": same, "var": model.env.obs_rms.var.tolist(), **parameters(model)}


def message_of(function) -> str:
    try:
        function()
    except ValueError as error:
        return str(error)
    return ""


def differ(_: Path) -> dict:
    make("SymmetricPPO", N_ENVS + int(os.environ["RANK"])).learn(10)
    return {}


def parameters(model) -> dict:
    return {"parameters": flat_parameters(model)}


if __name__ == "__main__":
    task, folder, *arguments = sys.argv[1:]
    tasks = (update, learn, differ, refuse)
    found = {function.__name__: function for function in tasks}[task](Path(folder), *arguments)
    (Path(folder) / f"{rank()}.json").write_text(json.dumps(found, default=float))
    shutdown()
    # Not by way of the interpreter's end, where PyTorch's threads abort a process now and then.
    os._exit(0)
