"""Mirrors of a robot whose base has another axis than z up, proved in the simulator."""

import pytest

pytest.importorskip("mujoco")

from sb3_memaug import MirrorSpec, check_symmetry

from .sideways import TERMS, Sideways

#: How the base's frame is turned in the world, and which of its axes point forward and up.
TURNS = {
    "1 0 0 0": {},
    "0.7071067811865476 0.7071067811865476 0 0": {"forward": "x", "up": "y"},
    "0.7071067811865476 0 0 0.7071067811865476": {"forward": "-y", "up": "z"},
    "0.5 0.5 0.5 0.5": {"forward": "z", "up": "y"},
}


@pytest.mark.parametrize("quat", TURNS)
def test_a_turned_base_has_its_mirror_in_the_simulator(quat):
    env = MirrorSpec(Sideways(quat), mirrors=["left_right"], axes=TURNS[quat], **TERMS)
    assert env.reflections["left_right"].joints["lf_roll"] == ("rf_roll", -1)
    report = check_symmetry(env, 4)
    assert report.holds, str(report)


def test_without_its_axes_there_is_none():
    with pytest.raises(ValueError, match=r"another plane fits: z = 0 m .* pass axes=\{'up': 'y'\}"):
        MirrorSpec(Sideways(list(TURNS)[1]), mirrors=["left_right"], **TERMS)


@pytest.mark.parametrize("at_origin", [False, True])
def test_an_origin_beside_the_middle(at_origin):
    """The mirror goes through the middle; how an origin beside it moves does not follow from the signs of a vector."""
    env = Sideways(origin="0 0.1 0", at_origin=at_origin)
    report = check_symmetry(MirrorSpec(env, mirrors=["left_right"], axes={"origin": [0, -0.1, 0]}, **TERMS), 4)
    assert report.holds is not at_origin, str(report)
    assert not at_origin or "velocity[" in str(report)
