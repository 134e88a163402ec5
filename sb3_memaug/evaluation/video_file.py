"""A video, written picture by picture."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

import numpy as np

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
