"""
What a user installs: built from a clean copy of the sources, into an environment that has nothing else.

The environment is a real one, with torch and all, and does not borrow this one's site-packages: only so does a
dependency that setup.cfg forgets make the test fail. It has a gigabyte, which takes half a minute to write and may take
longer to delete, so it stays in .cache/ for the next run, until setup.cfg or constraints.txt change. Where torch has to
be downloaded first, ``pytest -m "not packaging"`` leaves the test out.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LOOK = """
import sys

import gymnasium as gym
import sb3_memaug

print("from", sb3_memaug.__file__)
print("simulators", *sorted({"mujoco", "pybullet", "isaaclab"} & set(sys.modules)))

env = gym.make("sb3_memaug:MemAug/MinitaurVelocity-MuJoCo-v0")
env.reset(seed=0)
observation, *_ = env.step(env.action_space.sample())
assert env.observation_space.contains(observation)
print("environments", *sorted(env_id for env_id in gym.registry if env_id.startswith("MemAug/")))

try:
    gym.make("MemAug/MinitaurVelocity-v0")
except Exception as error:
    print("without PyBullet", repr(error))
"""


def run(*command: str | Path, cwd: Path) -> str:
    result = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert result.returncode == 0, f"{command} failed:\n{result.stdout}\n{result.stderr}"
    return result.stdout


def copy_sources(to: Path) -> None:
    """What a commit of everything would hold: nothing that git ignores."""
    listed = run(
        "git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT
    )
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, to / name)


@pytest.fixture
def venv() -> Path:
    """An environment with nothing but what this setup.cfg may have asked for in an earlier run."""
    folder = ROOT / ".cache" / "packaging"
    made_for = folder / "made-for.txt"
    recipe = "\n".join([sys.version, *((ROOT / name).read_text("utf-8") for name in ("setup.cfg", "constraints.txt"))])
    if not made_for.exists() or made_for.read_text("utf-8") != recipe:
        run(sys.executable, "-m", "venv", "--clear", folder, cwd=ROOT)
        made_for.write_text(recipe, "utf-8")
    return folder


@pytest.mark.packaging
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs git to know which files belong to the project")
def test_wheel_works_in_an_empty_environment(tmp_path: Path, venv: Path) -> None:
    sources, dist = tmp_path / "sources", tmp_path / "dist"
    copy_sources(sources)

    # The wheel is built from the source archive, so that archive is complete too.
    run(sys.executable, "-m", "build", "--outdir", dist, sources, cwd=tmp_path)
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        files = set(archive.namelist())
    for path in (ROOT / "zoo_configs").glob("*.yml"):
        assert f"sb3_memaug/zoo_configs/{path.name}" in files
    assert {"sb3_memaug/py.typed", "sb3_memaug/envs/__init__.py"} <= files
    for package, lies_in in (("sb3_memaug", "sb3_memaug"), ("sb3_memaug/envs", "envs")):
        for path in (sources / lies_in).rglob("*.py"):
            assert f"{package}/{path.relative_to(sources / lies_in).as_posix()}" in files
    assert not [name for name in files if name.startswith(("tests/", "envs/", "docs/"))]

    scripts = venv / ("Scripts" if sys.platform == "win32" else "bin")
    # -I: neither PYTHONPATH nor the current folder may lend what the wheel lacks.
    python = (scripts / "python", "-I")
    pip = (*python, "-m", "pip", "--disable-pip-version-check", "--quiet")
    run(*pip, "uninstall", "--yes", "sb3-memaug", cwd=tmp_path)
    run(*pip, "install", "-c", ROOT / "constraints.txt", f"{wheel}[mujoco]", cwd=tmp_path)
    run(*pip, "check", cwd=tmp_path)

    seen = dict(line.partition(" ")[::2] for line in run(*python, "-c", LOOK, cwd=tmp_path).splitlines() if line)
    assert Path(seen["from"]).is_relative_to(venv)
    assert seen["simulators"] == ""
    assert {"MemAug/MinitaurVelocity-v0", "MemAug/MinitaurVelocity-MuJoCo-v0"} <= set(seen["environments"].split())
    assert "sb3-memaug[bullet]" in seen["without"]
    assert "train" in run(scripts / "memaug", "--help", cwd=tmp_path)
