import pytest

from sb3_memaug.envs.legged.stance import choose_default_pose, find_legs, find_stance

from .robots import leg_geometry

GEOMETRY = leg_geometry(0.2, 0.2)
LEGS = find_legs(GEOMETRY)
STANCE = find_stance(GEOMETRY, LEGS)
SITTING = {name: angle if name[-1] in "01" else 1.3 * angle for name, angle in STANCE.items()}
STANDING = {name: 0.5 * angle for name, angle in STANCE.items()}
LYING = {name: 3.1 if name.startswith("hip") else 0.0 for name in STANCE}


def choose(keyframes=None, pose=None):
    return choose_default_pose(GEOMETRY, LEGS, keyframes or {}, pose)


def test_without_keyframes_it_is_the_stance():
    assert choose() == STANCE


@pytest.mark.parametrize("name", ["home", "Stand", "standing", "default"])
def test_a_keyframe_of_the_standing_robot_goes_before(name):
    assert choose({"down": LYING, name: STANDING}) == STANDING


@pytest.mark.parametrize("keyframes", [{"jump": STANDING}, {"home": SITTING}, {"home": LYING}])
def test_keyframes_in_which_it_does_not_stand_on_all_feet_do_not(keyframes):
    assert choose(keyframes) == STANCE


def test_angles_that_are_given_replace_those_of_the_stance():
    expected = {name: 0.4 if name.startswith("hip") else angle for name, angle in STANCE.items()}
    assert choose({"home": STANDING}, {"hip_.*": 0.4}) == expected


def test_a_keyframe_can_be_asked_for():
    assert choose({"home": STANDING, "sit": SITTING}, "sit") == SITTING
    with pytest.raises(ValueError, match=r"`pose` is 'lie', but the keyframes of 'legs' are \['home'\]"):
        choose({"home": STANDING}, "lie")


def test_joints_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="`pose` names 'elbow', which matches none of the joints"):
        choose(pose={"elbow": 1.0})
