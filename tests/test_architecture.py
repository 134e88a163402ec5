"""Imports point one way, floor by floor, and nothing heavy is imported before it is asked for."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = {"sb3_memaug": ROOT / "sb3_memaug", "sb3_memaug.envs": ROOT / "envs"}

#: From the ground up. A package imports from the floors below its own, never from its neighbours.
FLOORS = (
    {"files", "symmetry"},
    {"vec_env", "robots"},
    {"disturbances"},
    {"ppo", "evaluation", "pictures", "wrappers"},
    {"checks", "envs", "models"},
    {"zoo"},
    {"experiments", "report"},
    {""},  # sb3_memaug/__init__.py, which shows what lies below it
    {"cli"},
    {"__main__"},
)
FLOOR = {package: floor for floor, packages in enumerate(FLOORS) for package in packages}

#: What lies below and is yet none of their business: algorithms know no robot, tasks know no algorithm.
STRANGERS = {
    "ppo": {"robots", "disturbances"},
    "envs": {"ppo", "evaluation", "pictures"},
}


@cache
def modules() -> dict[str, Path]:
    """Every source file by the name that it is imported under."""
    found = {}
    for package, folder in FOLDERS.items():
        for path in folder.rglob("*.py"):
            name = ".".join((package, *path.relative_to(folder).with_suffix("").parts))
            found[name.removesuffix(".__init__")] = path
    return found


def imports(module: str, path: Path) -> list[tuple[int, str]]:
    """Line and full name of what a file imports of this library, wherever in the file it does."""
    package = module.split(".")[: None if path.name == "__init__.py" else -1]
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = package[: len(package) - node.level + 1] if node.level else []
            prefix = ".".join([*origin, *filter(None, [node.module])])
            found += [(node.lineno, f"{prefix}.{alias.name}") for alias in node.names]
    return [(line, name) for line, name in found if name.split(".")[0] == "sb3_memaug"]


def package_of(name: str) -> str:
    """The package that a module or a name of this library belongs to; names like MemAugRecurrentPPO to the root."""
    package = f"{name}.".split(".")[1]
    return package if f"sb3_memaug.{package}" in modules() else ""


def may_import(package: str, other: str) -> bool:
    if other in (package, "_version"):
        return True
    return FLOOR.get(other, len(FLOORS)) < FLOOR[package] and other not in STRANGERS.get(package, ())


@pytest.mark.parametrize("module", sorted(modules().keys() - {"sb3_memaug._version"}))
def test_imports_point_down(module: str) -> None:
    package = package_of(module)
    assert package in FLOOR, f"give `{package}` a floor in tests/test_architecture.py"
    path = modules()[module]
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for line, name in imports(module, path)
        if not may_import(package, package_of(name))
    ]
    assert not wrong, f"`{package}` reaches up or aside: {wrong}"


def test_imports_are_read_in_all_their_forms(tmp_path: Path) -> None:
    source = tmp_path / "legged_env.py"
    source.write_text(
        "import math, sb3_memaug.cli\n"
        "from sb3_memaug import robots\n"
        "from .task import Task\n"
        "def late():\n"
        "    from ..symmetry import Term\n"
    )
    names = [name for _, name in imports("sb3_memaug.envs.legged_env", source)]
    assert names == ["sb3_memaug.cli", "sb3_memaug.robots", "sb3_memaug.envs.tasks.Task", "sb3_memaug.symmetry.Term"]
    assert package_of("sb3_memaug.MemAugRecurrentPPO") == package_of("sb3_memaug") == ""
    assert not may_import("vec_env", "")
    assert not may_import("envs", "cli")
    assert not may_import("envs", "ppo")
    assert not may_import("vec_env", "robots")
    assert may_import("envs", "symmetry")


def test_importing_the_library_imports_no_simulator() -> None:
    extras = {"mujoco", "pybullet", "isaaclab", "isaacsim", "onnx", "onnxruntime", "ray", "rl_zoo3", "imageio"}
    extras |= {"kaleido", "pandas", "plotly", "pyarrow", "rliable"}
    code = f"import sys, sb3_memaug, sb3_memaug.envs; print(*sorted({extras} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == []
