"""sb3-contrib's own recurrent tests, with our algorithm in the place of theirs."""

import subprocess
import sys
import tarfile
from importlib.metadata import version

import pytest

PLUGIN = """
import warnings
import sb3_contrib
from sb3_memaug import MemAugRecurrentPPO

sb3_contrib.RecurrentPPO = MemAugRecurrentPPO
"""


@pytest.fixture(scope="module")
def their_tests(tmp_path_factory):
    """The tests are not in the wheel: take them from the source distribution of the installed version."""
    folder = tmp_path_factory.mktemp("sb3_contrib")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-build-isolation", "--no-binary=:all:"]
    result = subprocess.run(
        [*pip, f"sb3-contrib=={version('sb3-contrib')}", "--dest", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        pytest.skip(f"sb3-contrib's source distribution cannot be had: {result.stderr[-300:]}")
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    (folder / "swap_recurrent_ppo.py").write_text(PLUGIN)
    return next(folder.glob("*/tests"))


def run(tests, *arguments):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "swap_recurrent_ppo", "-p", "no:cacheprovider", *arguments]
    environment = {"PYTHONPATH": str(tests.parent.parent), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    result = subprocess.run(command, cwd=tests, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-2000:]
    return result.stdout


def test_recurrent_tests_pass(their_tests):
    assert " passed" in run(their_tests, "test_lstm.py", "-m", "not slow")


def test_the_swap_is_real(their_tests, tmp_path):
    probe = their_tests / "test_probe.py"
    probe.write_text(
        "from sb3_contrib import RecurrentPPO\n\n"
        "def test_it():\n"
        "    assert RecurrentPPO.__module__.startswith('sb3_memaug')\n"
    )
    run(their_tests, "test_probe.py")


def test_other_tests_of_recurrent_ppo_pass(their_tests):
    assert " passed" in run(their_tests, "test_cnn.py", "test_deterministic.py", "-k", "RecurrentPPO")


@pytest.mark.slow
def test_memory_is_learned_as_they_ask(their_tests):
    run(their_tests, "test_lstm.py", "-m", "slow")
