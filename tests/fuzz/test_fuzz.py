"""What chance has broken ends in an error of ours: some hundreds of cases; `python -m tests.fuzz` tries more."""

from __future__ import annotations

import pytest

for extra in ("yaml", "pandas", "pyarrow", "pydantic", "rich", "mujoco"):
    pytest.importorskip(extra)

from sb3_memaug.files import InputError  # noqa: E402

from .fuzz import fuzz  # noqa: E402
from .inputs import INPUTS  # noqa: E402
from .verdict import bare  # noqa: E402


def test_no_input_ends_in_a_bare_error() -> None:
    tried, found = fuzz(800, seed=1)
    assert set(tried) == set(INPUTS)
    assert not found


def _error(call) -> BaseException:
    with pytest.raises(BaseException) as caught:  # noqa: PT011
        call()
    return caught.value


@pytest.mark.parametrize(
    ("code", "counted"),
    [
        ("raise InputError('a.yml', 'expected a list')", None),
        ("SignedPermutation([0, 0])", None),
        ("read_text('/nothing/at/all')", None),
        ("raise SystemExit(2)", None),
        ("raise SystemExit(3)", "exit status 3"),
        ("raise ValueError('not from here')", "ValueError"),
        ("arguments.assignments(None)", "AttributeError"),
        ("{}['a']", "KeyError"),
    ],
)
def test_an_error_is_ours_where_our_code_has_raised_it(code: str, counted: str | None) -> None:
    from sb3_memaug.cli import arguments
    from sb3_memaug.files import read_text
    from sb3_memaug.symmetry import SignedPermutation

    names = {
        **{"InputError": InputError, "read_text": read_text},
        **{"SignedPermutation": SignedPermutation, "arguments": arguments},
    }
    assert bare(_error(lambda: exec(code, names))) == counted
