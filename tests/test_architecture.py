"""Nothing heavy is imported before it is asked for; which package imports which is checked by `make lint`."""

from __future__ import annotations

import subprocess
import sys


def test_importing_the_library_imports_no_simulator() -> None:
    extras = {"mujoco", "pybullet", "isaaclab", "isaacsim", "ray", "rl_zoo3", "imageio"}
    extras |= {"kaleido", "matplotlib", "pandas", "plotly", "pyarrow", "rliable"}
    code = f"import sys, sb3_memaug, sb3_memaug.envs, sb3_memaug.cli; print(*sorted({extras} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == []
