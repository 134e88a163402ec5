"""Videos of policies side by side, written one picture at a time."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import gymnasium as gym
import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm

from sb3_memaug.evaluation.agents import model_agent
from sb3_memaug.evaluation.episodes import Episode

#: What a video may be called.
SUFFIXES = (".mp4", ".gif")


class VideoFile:
    """
    A context in which pictures are added to a video. It appears complete, when the context ends, or not at all.

    :param path: to write, .mp4 or .gif
    :param fps: pictures per second
    :raises ValueError: if the path ends otherwise
    :raises ImportError: if imageio is not installed
    """

    def __init__(self, path: str | Path, fps: float) -> None:
        self.path = Path(path)
        if self.path.suffix not in SUFFIXES:
            raise ValueError(f"the name of a video must end in {' or '.join(SUFFIXES)}, got {str(path)!r}")
        try:
            import imageio.v2 as imageio
        except ImportError as error:
            raise ImportError('videos need imageio: pip install "sb3-memaug[plot]"') from error
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._part = self.path.with_name(f"part.{self.path.name}")
        if self.path.suffix == ".mp4":
            self._writer = imageio.get_writer(self._part, fps=fps, codec="libx264", macro_block_size=8)
        else:
            self._writer = imageio.get_writer(self._part, duration=1000 / fps, loop=0)

    def add(self, picture: np.ndarray) -> None:
        """
        :param picture: the next, (height, width, 3) in uint8
        """
        self._writer.append_data(picture)

    def __enter__(self) -> VideoFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._writer.close()
        if error is None:
            os.replace(self._part, self.path)
        else:
            self._part.unlink(missing_ok=True)


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
    :param every: so many steps a picture is taken, shown in real time
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
