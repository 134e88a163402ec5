"""Nothing heavy is imported before it is asked for; which package imports which is checked by `make lint`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_importing_the_library_imports_no_simulator() -> None:
    extras = {"mujoco", "pybullet", "isaaclab", "isaacsim", "ray", "rl_zoo3", "imageio"}
    extras |= {"kaleido", "matplotlib", "pandas", "plotly", "pyarrow", "rliable"}
    code = f"import sys, sb3_memaug, sb3_memaug.envs, sb3_memaug.cli; print(*sorted({extras} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == []


def test_files_that_the_documentation_names_are_there() -> None:
    missing = []
    for page in ("docs/architecture.md", "docs/method.md", "CONTRIBUTING.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for path in re.findall(r"`((?:\w+/)+(?:\w+\.\w+)?)`", text):
            if not any((folder / path).exists() for folder in (ROOT, ROOT / "sb3_memaug", ROOT / "envs/isaaclab")):
                missing.append(f"{page}: {path}")
    assert missing == []
