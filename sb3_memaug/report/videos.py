"""Videos of a page."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from sb3_memaug.report.figures.legs import label_of
from sb3_memaug.report.html_tables import policy_label
from sb3_memaug.report.run_tables import copy_videos
from sb3_memaug.report.style import env_title

#: Bytes of videos that a page may hold: browsers get slow with more.
MOST_EMBEDDED = 64_000_000


def html_videos(videos: Sequence[Path], colours: Mapping[str, str], folder: Path, most: int = MOST_EMBEDDED) -> str:
    """
    :param videos: of the runs
    :param colours: of policies, in their order
    :param folder: of the page, where videos are copied to that are too large for it
    :param most: bytes of videos that the page may hold
    :return: the videos, those of the same task side by side
    """
    size = sum(path.stat().st_size for path in videos)
    links = dict.fromkeys(videos, "")
    if size > most:
        copies = copy_videos(list(videos), folder / "videos")
        links = {path: quote(copy.relative_to(folder).as_posix()) for path, copy in zip(videos, copies, strict=True)}
    tasks: dict[str, list[tuple[int, str]]] = {}
    for path in videos:
        env, policy, variation = _read_name(path.stem, colours)
        task = f"{env_title(env)}: {label_of(variation)}" if policy else "Others"
        label = policy_label(policy, colours) if policy else escape(path.stem)
        source = links[path] or f"data:video/mp4;base64,{b64encode(path.read_bytes()).decode()}"
        video = f'<video controls loop muted playsinline preload="metadata" src="{source}"></video>'
        place = list(colours).index(policy) if policy else len(colours)
        tasks.setdefault(task, []).append((place, f"<figure>{video}<figcaption>{label}</figcaption></figure>"))
    where = "in this page" if size <= most else "beside this page, in the folder <code>videos</code>"
    parts = [f"<p>{len(videos)} videos, {size / 1e6:.1f} MB, {where}.</p>"]
    for task, found in sorted(tasks.items()):
        pictures = "".join(video for _, video in sorted(found, key=lambda pair: pair[0]))
        parts.append(f'<h3>{escape(task)}</h3><div class="videos">{pictures}</div>')
    return "\n".join(parts)


def _read_name(stem: str, policies: Mapping[str, str]) -> tuple[str, str, str]:
    """Environment, policy and variation; the policy is empty where the name has none."""
    for policy in sorted(policies, key=len, reverse=True):
        env, found, variation = stem.partition(f"_{policy}_")
        if found:
            return env, policy, variation
    return "", "", ""
