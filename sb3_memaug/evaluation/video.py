"""Videos of policies side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import gymnasium as gym
import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm

from sb3_memaug.evaluation.agents import model_agent
from sb3_memaug.evaluation.runners import Episode
from sb3_memaug.evaluation.video_file import VideoFile


def record_side_by_side(
    models: Mapping[str, BaseAlgorithm],
    env_id: str,
    episodes: Sequence[Episode],
    path: str | Path,
    every: int = 1,
) -> Path:
    """
    Film the same episodes under each model, mean actions, the models beside one another.

    :param models: by the names that are written above their pictures
    :param env_id: of a registered environment that renders ``"rgb_array"``
    :param episodes: one after another
    :param path: of the video to write (.mp4 or .gif); it appears complete or not at all
    :param every: so many steps a picture is taken, shown at the speed of life
    :return: the path
    """
    env = gym.make(env_id, render_mode="rgb_array")
    with VideoFile(path, env.metadata["render_fps"] / every) as video:
        films = [_film(model, env, episodes, name, every) for name, model in models.items()]
        env.close()
        length = max(len(film) for film in films)
        films = [np.concatenate((film, np.repeat(film[-1:], length - len(film), axis=0))) for film in films]
        for pictures in zip(*films, strict=True):
            video.add(np.concatenate(pictures, axis=1))
    return video.path


def _film(model: BaseAlgorithm, env: gym.Env, episodes: Sequence[Episode], title: str, every: int) -> np.ndarray:
    agent = model_agent(model)
    frames = []
    for episode in episodes:
        observation, _ = env.reset(seed=episode.seed, options=episode.options)
        step, over = 0, False
        while not over:
            observation, _, terminated, truncated, _ = env.step(agent(observation, step == 0))
            step, over = step + 1, terminated or truncated
            if step % every == 0 or over:
                frames.append(_titled(np.asarray(env.render()), title))
    return np.stack(frames)


def _titled(frame: np.ndarray, title: str) -> np.ndarray:
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(frame)
    ImageDraw.Draw(image).text((12, 8), title, fill=(20, 20, 20), font=ImageFont.load_default(22))
    return np.asarray(image)
