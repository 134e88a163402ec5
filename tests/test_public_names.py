"""What README and docs import can be imported, by the names and from the places that they give."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
#: What the README's table and the reference call by their names alone.
TOP_LEVEL = (
    *("MemAugRecurrentPPO", "SymmetricPPO", "MirrorSpec", "JointFailure", "Payload"),
    *("SymmetricVecNormalize", "check_symmetry", "derive_symmetry"),
)


def imports_of(page: Path) -> list[tuple[str, str]]:
    """Modules and names of this library in a page's Python blocks."""
    found = []
    for block in re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        try:
            nodes = list(ast.walk(ast.parse(block)))
        except SyntaxError:  # a sketch with an ellipsis in an odd place
            continue
        found += [
            (node.module, alias.name)
            for node in nodes
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "sb3_memaug"
            for alias in node.names
        ]
    return found


IMPORTS = sorted({imported for page in PAGES for imported in imports_of(page)})


def test_pages_are_read() -> None:
    assert ("sb3_memaug", "MemAugRecurrentPPO") in IMPORTS


@pytest.mark.parametrize(("module", "name"), IMPORTS)
def test_what_pages_import_exists(module: str, name: str) -> None:
    try:
        found = import_module(module)
    except ImportError as error:
        if error.name and error.name.split(".")[0] not in {"sb3_memaug"}:
            pytest.skip(f"needs {error.name}")
        raise
    assert hasattr(found, name)


@pytest.mark.parametrize("name", TOP_LEVEL)
def test_the_most_used_names_are_at_the_top(name: str) -> None:
    library = import_module("sb3_memaug")
    assert name in library.__all__
    assert callable(getattr(library, name))
