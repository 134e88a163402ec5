"""
The whole loop, rollout and update, in environment steps per second, in Isaac Lab: MemAugRecurrentPPO without mirrors
and with those of the robot, sb3-contrib's RecurrentPPO through Isaac Lab's wrapper, and rsl_rl's recurrent PPO where
rsl-rl-lib is installed, all in one and the same simulation, and that simulation alone, given noise for actions. Only
ours has final observations taken, as only it asks.

LSTMs of 256 units, heads of 128-128-128 units, 24 steps, 5 epochs of 4 minibatches, float32, for all the loss and the
fixed rate of sb3-contrib's defaults. They take turns, so that a machine whose speed drifts slows all alike; each begins
its turn with a reset, off the clock. Prints a table and writes JSON.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium as gym
import torch as th
from loop import HEADS, HIDDEN, N_EPOCHS, N_MINIBATCHES, N_STEPS, make
from measuring import interleaved, machine, markdown_table, medians, write_result
from sb3_contrib import RecurrentPPO
from stable_baselines3.common.vec_env import VecEnv
from torch.distributions import Distribution

from sb3_memaug import MemAugRecurrentPPO
from sb3_memaug.envs.isaaclab.vec_env import IsaacLabVecEnv


class Contender(NamedTuple):
    """
    :param prepare: begins an episode in every environment
    :param loop: a rollout and an update
    :param n_parameters: of actor and critic, 0 without
    """

    prepare: Callable[[], Any]
    loop: Callable[[], Any]
    n_parameters: int


def of_sb3(algorithm: type[RecurrentPPO], env: VecEnv, device: str, **kwargs: Any) -> Contender:
    cfg: Any = env.env.unwrapped.cfg  # type: ignore[attr-defined]
    model = make(algorithm, env, device, **kwargs)
    _, callback = model._setup_learn(10**9)

    def prepare() -> None:
        cfg.compute_final_obs = isinstance(env, IsaacLabVecEnv)
        model._last_obs = env.reset()  # type: ignore[assignment]

    def loop() -> None:
        model.collect_rollouts(env, callback, model.rollout_buffer, N_STEPS)
        model.train()

    return Contender(prepare, loop, n_parameters(model.policy))


def of_rsl_rl(env: gym.Env, env_id: str, device: str) -> Contender:
    from isaaclab_rl.rsl_rl import RslRlVecEnvWrapper, create_rsl_rl_runner, handle_deprecated_rsl_rl_cfg
    from isaaclab_tasks.utils import load_cfg_from_registry

    registered = load_cfg_from_registry(env_id, "rsl_rl_cfg_entry_point")
    cfg = handle_deprecated_rsl_rl_cfg(registered, version("rsl-rl-lib"))
    cfg.num_steps_per_env, cfg.device = N_STEPS, device
    for network in (cfg.actor, cfg.critic):
        network.rnn_hidden_dim, network.hidden_dims = HIDDEN, HEADS
    algorithm = cfg.algorithm
    algorithm.num_learning_epochs, algorithm.num_mini_batches = N_EPOCHS, N_MINIBATCHES
    algorithm.learning_rate, algorithm.schedule = 3e-4, "fixed"
    algorithm.use_clipped_value_loss, algorithm.normalize_advantage_per_mini_batch = False, True
    algorithm.value_loss_coef, algorithm.entropy_coef, algorithm.max_grad_norm = 0.5, 0.0, 0.5
    runner = create_rsl_rl_runner(RslRlVecEnvWrapper(env), cfg)
    # It has turned off, for all, a check of torch that SB3 leaves on: only itself shall go without.
    Distribution.set_default_validate_args(True)

    def prepare() -> None:
        env.unwrapped.cfg.compute_final_obs = False  # type: ignore[attr-defined]
        env.reset()

    def loop() -> None:
        Distribution.set_default_validate_args(False)
        runner.learn(1)
        Distribution.set_default_validate_args(True)

    return Contender(prepare, loop, n_parameters(runner.alg.actor) + n_parameters(runner.alg.critic))


def of_nobody(env: gym.Env) -> Contender:
    inner: Any = env.unwrapped
    actions = th.randn(N_STEPS, inner.num_envs, inner.action_manager.total_action_dim, device=inner.device)

    def prepare() -> None:
        inner.cfg.compute_final_obs = False
        env.reset()

    def loop() -> None:
        for action in actions:
            env.step(action)

    return Contender(prepare, loop, 0)


def n_parameters(network: th.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="MemAug/AnymalD-Velocity-JointFailure-v0", help="default: %(default)s")
    parser.add_argument("--robot", help="path of a USD or URDF file; by default Isaac Lab's robot, which is downloaded")
    parser.add_argument("--n-envs", type=int, default=4096, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="of which the median is shown (default: %(default)s)")
    parser.add_argument("--device", default="cuda", choices=("cpu", "cuda"), help="default: %(default)s")
    result = Path("benchmarks/results/isaaclab_loop.json")
    parser.add_argument("--json", type=Path, default=result, help="file to write")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=UserWarning, module="stable_baselines3")
    device = "cuda:0" if options.device == "cuda" else "cpu"
    if device == "cpu":
        th.set_num_threads(1)

    env = gym.make(options.env, num_envs=options.n_envs, robot=options.robot, device=device, seed=0)
    # After the simulation has started, which brings modules that must not be imported before.
    from isaaclab_rl.sb3 import Sb3VecEnvWrapper

    tensors = IsaacLabVecEnv(env)
    contenders = {
        "sb3-contrib, numpy": of_sb3(RecurrentPPO, Sb3VecEnvWrapper(env), device),
        "ours, no mirrors": of_sb3(MemAugRecurrentPPO, tensors, device, symmetry=False),
        f"ours, |G| = {len(tensors.symmetry_group)}": of_sb3(MemAugRecurrentPPO, tensors, device),
    }
    if find_spec("rsl_rl") is not None:
        contenders["rsl_rl"] = of_rsl_rl(env, options.env, device)
    contenders["simulation alone"] = of_nobody(env)
    times = interleaved(
        {name: contender.loop for name, contender in contenders.items()},
        options.rounds,
        device,
        {name: contender.prepare for name, contender in contenders.items()},
    )
    speeds = {name: options.n_envs * N_STEPS / taken for name, taken in medians(times).items()}
    reference = speeds["sb3-contrib, numpy"]
    rows = [(name, f"{speed:.0f}", f"{speed / reference:.2f}") for name, speed in speeds.items()]
    # Where a robot's file lies is private.
    arguments = [Path(argument).name if argument == options.robot else argument for argument in sys.argv]
    write_result(
        options.json,
        {
            "command": " ".join(["python", *arguments]),
            "machine": machine(device),
            "parameters": {name: contender.n_parameters for name, contender in contenders.items()},
            "seconds": times,
            "steps_per_second": speeds,
        },
        markdown_table(("algorithm", "steps/s", "relative"), rows),
    )
    env.close()


if __name__ == "__main__":
    main()
