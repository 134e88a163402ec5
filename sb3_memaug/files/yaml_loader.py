"""PyYAML's safe loader, without what it lets through: repeated keys, bombs of aliases, errors of Python."""

from __future__ import annotations

import math
from typing import Any

import yaml

from sb3_memaug.files.reading import MOST


class Loader(yaml.SafeLoader):
    """What it refuses, it refuses with an error of YAML and its place."""

    def get_single_node(self) -> Any:
        node = super().get_single_node()
        if node is not None:
            self._refuse_bombs(node)
        return node

    def _refuse_bombs(self, root: Any) -> None:
        """An alias repeats all that it stands for; one that stands for itself never ends."""
        sizes: dict[int, int] = {}
        begun: set[int] = set()
        stack = [root]
        while stack:
            node = stack[-1]
            below = _below(node)
            if id(node) in sizes:
                stack.pop()
            elif id(node) in begun:
                if any(id(child) not in sizes for child in below):
                    raise yaml.composer.ComposerError(None, None, "found an alias to itself", node.start_mark)
                sizes[id(node)] = 1 + sum(sizes[id(child)] for child in below)
                if sizes[id(node)] > MOST:
                    raise yaml.composer.ComposerError(None, None, f"found more than {MOST} values", node.start_mark)
                stack.pop()
            else:
                begun.add(id(node))
                for child in below:
                    if id(child) in begun and id(child) not in sizes:
                        raise yaml.composer.ComposerError(None, None, "found an alias to itself", child.start_mark)
                stack += [child for child in below if id(child) not in sizes]

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[tuple[str, Any]] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if (key.tag, key.value) in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"found the key {key.value!r} twice", key.start_mark
                    )
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            value = super().construct_object(node, deep)
        except (yaml.YAMLError, RecursionError):
            raise
        except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
            raise yaml.constructor.ConstructorError(
                None,
                None,
                f"found {str(node.value)[:50]!r}, which is no {node.tag.rpartition(':')[2]}",
                node.start_mark,
            ) from error
        if isinstance(value, float) and math.isnan(value):
            raise yaml.constructor.ConstructorError(None, None, "found NaN, which is no number", node.start_mark)
        return value


def _below(node: Any) -> list[Any]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
