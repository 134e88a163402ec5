"""``memaug play``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
from stable_baselines3.common.utils import check_for_correct_spaces

from sb3_memaug.cli.arguments import MISTAKES, add_env_kwargs, environment, names, numbers, positive, seed
from sb3_memaug.envs.legged_env import LeggedEnv
from sb3_memaug.evaluation.agents import Agent, model_agent, random_agent, zero_agent
from sb3_memaug.evaluation.video import VideoFile
from sb3_memaug.models import ALGORITHMS, load_model
from sb3_memaug.vec_env.registry import vec_env_maker
from sb3_memaug.wrappers import JointFailure, Payload


def add_to(commands: Any) -> None:
    """
    :param commands: of the command line
    """
    parser = commands.add_parser(
        "play",
        help="watch an environment, in a window or as a video",
        description="Show an environment in a window, or record it: with a model, with all actions zero, or with "
        "random ones. Works for our environments and any Gymnasium environment that renders; joints of Gymnasium's "
        "MuJoCo robots can fail, and carry a payload, too. Prints each episode's return.",
    )
    parser.add_argument("env", type=environment, metavar="ENV", help="id of an environment, e.g. Ant-v5")
    agent = parser.add_mutually_exclusive_group()
    agent.add_argument("--model", type=Path, metavar="MODEL.zip", help="a saved model, which takes its mean actions")
    agent.add_argument(
        "--agent", choices=["zero", "random"], default="zero", help="without a model (default: %(default)s)"
    )
    parser.add_argument(
        "--algo",
        choices=list(ALGORITHMS),
        help="of the model; by default that of the folder logs/ALGO/… it lies in, else memaug_ppo",
    )
    parser.add_argument(
        "--failed-joint",
        type=names,
        metavar="J[,…]",
        help="whose motors are dead; without it the environment decides",
    )
    parser.add_argument(
        "--payload",
        type=numbers("mass", "x", "y"),
        metavar="MASS,X,Y",
        help="kg on the base, and where in m from its origin; without it the environment decides",
    )
    parser.add_argument(
        "--mirror",
        metavar="NAME",
        help="start the mirror image of each episode, e.g. left_right; for environments of this library",
    )
    parser.add_argument("--episodes", type=positive, default=3, metavar="N", help="(default: %(default)s)")
    parser.add_argument("--seed", type=seed, default=0, help="of the first episode (default: %(default)s)")
    parser.add_argument("--video", type=Path, metavar="FILE", help=".mp4 or .gif to record instead of opening a window")
    add_env_kwargs(parser)
    parser.set_defaults(run=partial(run, parser))


def run(parser: argparse.ArgumentParser, parsed: argparse.Namespace) -> None:
    """
    :param parser: which reports what is wrong with the command line
    :param parsed: its arguments
    """
    if parsed.model is not None and not parsed.model.is_file():
        parser.error(f"there is no model {str(parsed.model)!r}")
    if parsed.algo is not None and parsed.model is None:
        parser.error("--algo tells the algorithm of a model: give one by --model")
    if vec_env_maker(parsed.env) is not None:
        parser.error(f"{parsed.env} is simulated without a renderer: memaug evaluate tells how a model does there")
    screen = sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    if parsed.video is None and not screen:
        parser.error("there is no screen to open a window on: record a video instead, by --video FILE.mp4")
    if not screen:
        # MuJoCo's own choice needs one.
        os.environ.setdefault("MUJOCO_GL", "egl")
    try:
        env, options = _make(parsed)
        env.reset(seed=parsed.seed, options=options)
        env.render()
        agent = _agent(parsed, env)
        video = None if parsed.video is None else VideoFile(parsed.video, env.metadata.get("render_fps", 30))
    except MISTAKES as error:
        parser.error(str(error))
    with closing(env), video or nullcontext():
        for i in range(parsed.episodes):
            print(f"episode {i}: {_episode(env, agent, parsed.seed + i, options, video)}", flush=True)
    if video is not None:
        print(f"video: {video.path}")


def _make(parsed: argparse.Namespace) -> tuple[gym.Env, dict[str, Any]]:
    """The environment, and what its resets are asked for."""
    render_mode = "human" if parsed.video is None else "rgb_array"
    env = gym.make(parsed.env, render_mode=render_mode, **parsed.env_kwargs)
    if env.render_mode != render_mode:
        raise ValueError(f"environment {parsed.env} does not render {render_mode!r}")
    options: dict[str, Any] = {}
    if parsed.failed_joint is not None:
        if not any(isinstance(layer, JointFailure) for layer in _layers(env)):
            env = JointFailure(env, probability=0.0)
        options["failed_joint"] = parsed.failed_joint
    if parsed.payload is not None:
        if not any(isinstance(layer, Payload) for layer in _layers(env)):
            env = Payload(env, **parsed.payload)
        options["payload"] = parsed.payload
    if parsed.mirror is not None:
        if not isinstance(env.unwrapped, LeggedEnv):
            raise ValueError(f"environment {parsed.env} cannot start mirrored episodes; those named MemAug/… can")
        options["mirror"] = parsed.mirror
    return env, options


def _layers(env: gym.Env) -> Iterator[gym.Env]:
    while isinstance(env, gym.Wrapper):
        yield env
        env = env.env


def _agent(parsed: argparse.Namespace, env: gym.Env) -> Agent:
    if parsed.model is None:
        return zero_agent(env.action_space) if parsed.agent == "zero" else random_agent(env.action_space, parsed.seed)
    loaded = load_model(parsed.model, parsed.algo)
    check_for_correct_spaces(env, loaded.model.observation_space, loaded.model.action_space)
    return model_agent(loaded.model, loaded.normalizer)


def _episode(env: gym.Env, agent: Agent, seed: int, options: dict[str, Any], video: VideoFile | None) -> str:
    """What came of it."""
    observation, info = env.reset(seed=seed, options=options)
    total, length, over = 0.0, 0, False
    while not over:
        observation, reward, terminated, truncated, info = env.step(agent(observation, length == 0))
        total += float(reward)
        length += 1
        over = terminated or truncated
        if video is not None:
            video.add(env.render())  # type: ignore[arg-type]
    account = [f"return {total:.2f}", f"{length} steps" + " (ended early)" * terminated]
    if "failed_joint" in info:
        failed = info["failed_joint"] or "none"
        account.append(f"failed joint: {failed if isinstance(failed, str) else ', '.join(failed)}")
    if "payload" in info:
        payload = info["payload"]
        account.append(
            "payload: " + ("none" if payload is None else "{mass:.3g} kg at {x:.3g}, {y:.3g} m".format(**payload))
        )
    return ", ".join(account)
