"""
The whole loop, rollout and update, in environment steps per second, in Isaac Lab: MemAugRecurrentPPO without mirrors
and with those of the robot, sb3-contrib's RecurrentPPO through Isaac Lab's wrapper, and rsl_rl's recurrent PPO where
rsl-rl-lib is installed, all in one and the same simulation. Only ours has final observations taken, as only it asks.

LSTMs of 256 units, heads of 128-128-128 units, 24 steps, 5 epochs of 4 minibatches, float32. They take turns, so that a
machine whose speed drifts slows all alike; each begins its turn with a reset, off the clock. Prints a table and writes
JSON.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium as gym
import torch as th
from measuring import interleaved, machine, markdown_table, medians, write_result
from sb3_contrib import RecurrentPPO
from stable_baselines3.common.logger import configure
from stable_baselines3.common.vec_env import VecEnv

from sb3_memaug import MemAugRecurrentPPO
from sb3_memaug.envs.isaaclab.vec_env import IsaacLabVecEnv

N_STEPS, N_MINIBATCHES, N_EPOCHS = 24, 4, 5
HIDDEN, HEADS = 256, [128, 128, 128]


class Contender(NamedTuple):
    """
    :param prepare: begins an episode in every environment
    :param loop: a rollout and an update
    """

    prepare: Callable[[], Any]
    loop: Callable[[], Any]


def of_sb3(algorithm: type[RecurrentPPO], env: VecEnv, device: str, **kwargs: Any) -> Contender:
    cfg: Any = env.env.unwrapped.cfg  # type: ignore[attr-defined]
    model = algorithm(
        "MlpLstmPolicy",
        env,
        n_steps=N_STEPS,
        n_epochs=N_EPOCHS,
        batch_size=env.num_envs * N_STEPS // N_MINIBATCHES,
        seed=0,
        device=device,
        policy_kwargs={"lstm_hidden_size": HIDDEN, "net_arch": HEADS, "activation_fn": th.nn.ELU},
        **kwargs,
    )
    model.set_logger(configure(None, []))
    _, callback = model._setup_learn(10**9)

    def prepare() -> None:
        cfg.compute_final_obs = isinstance(env, IsaacLabVecEnv)
        model._last_obs = env.reset()

    def loop() -> None:
        model.collect_rollouts(env, callback, model.rollout_buffer, N_STEPS)
        model.train()

    return Contender(prepare, loop)


def of_rsl_rl(env: gym.Env, device: str) -> Contender:
    from isaaclab_rl.rsl_rl import RslRlVecEnvWrapper
    from isaaclab_tasks.core.velocity.config.anymal_d.agents.rsl_rl_ppo_cfg import AnymalDFlatPPORunnerRecurrentCfg
    from rsl_rl.runners import OnPolicyRunner

    cfg = AnymalDFlatPPORunnerRecurrentCfg()
    cfg.num_steps_per_env, cfg.device = N_STEPS, device
    cfg.algorithm.num_learning_epochs, cfg.algorithm.num_mini_batches = N_EPOCHS, N_MINIBATCHES
    for network in (cfg.actor, cfg.critic):
        network.rnn_hidden_dim, network.hidden_dims = HIDDEN, HEADS
    runner = OnPolicyRunner(RslRlVecEnvWrapper(env), cfg.to_dict(), log_dir=None, device=device)

    def prepare() -> None:
        env.unwrapped.cfg.compute_final_obs = False  # type: ignore[attr-defined]
        env.reset()

    return Contender(prepare, lambda: runner.learn(1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="MemAug/AnymalD-Velocity-JointFailure-v0", help="default: %(default)s")
    parser.add_argument("--robot", help="path of a USD or URDF file; by default Isaac Lab's robot, which is downloaded")
    parser.add_argument("--n-envs", type=int, default=4096, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="of which the median is told (default: %(default)s)")
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
        contenders["rsl_rl"] = of_rsl_rl(env, device)
    times = interleaved(
        {name: contender.loop for name, contender in contenders.items()},
        options.rounds,
        device,
        {name: contender.prepare for name, contender in contenders.items()},
    )
    speeds = {name: options.n_envs * N_STEPS / taken for name, taken in medians(times).items()}
    slowest = speeds["sb3-contrib, numpy"]
    rows = [(name, f"{speed:.0f}", f"{speed / slowest:.2f}") for name, speed in speeds.items()]
    write_result(
        options.json,
        {
            "command": " ".join(["python", *sys.argv]),
            "machine": machine(device),
            "seconds": times,
            "steps_per_second": speeds,
        },
        markdown_table(("algorithm", "steps/s", "relative"), rows),
    )
    env.close()


if __name__ == "__main__":
    main()
