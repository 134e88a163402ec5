"""Values of Python in texts, as settings of rl_zoo3 have them, read without running them."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from typing import Any

from torch import nn

from sb3_memaug.files import InputError

#: What a message says of them.
EXPECTED = "literals, dict(…) of such, and names of PyTorch's modules such as nn.ELU"

#: Hyperparameters whose texts rl_zoo3 evaluates.
EVALUATED = ("policy_kwargs", "normalize", "monitor_kwargs", "replay_buffer_class", "replay_buffer_kwargs")


def python_settings(settings: Mapping[str, Any], source: Any) -> dict[str, Any]:
    """
    :param settings: by their names
    :param source: of them
    :return: the values of those of :data:`EVALUATED` that are texts
    :raises InputError: as :func:`python_value` does
    """
    texts = {name: settings[name] for name in EVALUATED if isinstance(settings.get(name), str)}
    return {name: python_value(text, source, name) for name, text in texts.items()}


def python_value(text: str, source: Any, place: str = "") -> Any:
    """
    :param text: such as ``"dict(net_arch=[64, 64], activation_fn=nn.ELU)"``
    :param source: that it stands in
    :param place: in the source
    :return: the value
    :raises InputError: if there is anything in it but literals, ``dict(…)`` and ``nn.…``
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what Python would rather have written otherwise
            return _value(ast.parse(text.strip(), mode="eval").body)
    except InputError as error:
        raise InputError(source, f"{error.problem}, in {text[:200]!r}", place) from None
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        told = error.msg if isinstance(error, SyntaxError) else str(error)
        raise InputError(source, f"expected {EXPECTED}, got {text[:200]!r}: {told}", place) from error


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args:
        # `dict(**a)` has a keyword without a name.
        if all(keyword.arg is not None for keyword in node.keywords):
            return {keyword.arg: _value(keyword.value) for keyword in node.keywords}
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "nn":
        module = getattr(nn, node.attr, None)
        if isinstance(module, type) and issubclass(module, nn.Module):
            return module
    if isinstance(node, ast.Dict) and None not in node.keys:
        keys = [_value(key) for key in node.keys if key is not None]
        return dict(zip(keys, map(_value, node.values), strict=True))
    if isinstance(node, ast.List | ast.Tuple):
        made = [_value(one) for one in node.elts]
        return made if isinstance(node, ast.List) else tuple(made)
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError) as error:
        raise InputError("", f"expected {EXPECTED}, got {ast.unparse(node)[:100]!r}") from error
