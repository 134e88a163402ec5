"""Videos of policies side by side."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import gymnasium as gym
import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm

from sb3_memaug.evaluation.episodes import Episode


def record_side_by_side(
    models: Mapping[str, BaseAlgorithm],
    env_id: str,
    episodes: Sequence[Episode],
    path: str | Path,
) -> Path:
    """
    Film the same episodes under each model, mean actions, the models beside one another.

    :param models: by the names that are written above their pictures
    :param env_id: of a registered environment that renders ``"rgb_array"``
    :param episodes: one after another
    :param path: of the video to write (.mp4 or .gif); it appears complete or not at all
    :return: the path
    """
    import imageio.v3 as imageio

    films = [_film(model, env_id, episodes, name) for name, model in models.items()]
    length = max(len(film) for film in films)
    films = [np.concatenate((film, np.repeat(film[-1:], length - len(film), axis=0))) for film in films]
    env = gym.make(env_id)
    fps = env.metadata["render_fps"]
    env.close()
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"part.{path.name}")
    options = (
        {"fps": fps, "codec": "libx264", "macro_block_size": 8}
        if path.suffix == ".mp4"
        else {"duration": 1000 / fps, "loop": 0}
    )
    imageio.imwrite(part, np.concatenate(films, axis=2), **options)
    os.replace(part, path)
    return path


def _film(model: BaseAlgorithm, env_id: str, episodes: Sequence[Episode], title: str) -> np.ndarray:
    env = gym.make(env_id, render_mode="rgb_array")
    frames = []
    for episode in episodes:
        observation, _ = env.reset(seed=episode.seed, options=episode.options)
        state, start, over = None, np.array([True]), False
        while not over:
            action, state = model.predict(observation[None], state=state, episode_start=start, deterministic=True)
            start = np.array([False])
            observation, _, terminated, truncated, _ = env.step(action[0])
            frames.append(_titled(np.asarray(env.render()), title))
            over = terminated or truncated
    env.close()
    return np.stack(frames)


def _titled(frame: np.ndarray, title: str) -> np.ndarray:
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(frame)
    ImageDraw.Draw(image).text((12, 8), title, fill=(20, 20, 20), font=ImageFont.load_default(22))
    return np.asarray(image)
