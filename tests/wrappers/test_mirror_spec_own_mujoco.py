"""An environment of one's own on MuJoCo, of which only the terms are told."""

import numpy as np
import pytest

from sb3_memaug.symmetry import SignedPermutation
from sb3_memaug.wrappers import MirrorSpec

from .bent_dog import Dog, dog, see

TERMS = [
    {"name": "orientation", "kind": "quaternion_wxyz"},
    {"name": "joint_angles", "kind": "joint_positions", "names": "joints"},
    {"name": "joint_velocities", "kind": "joints", "names": "joints"},
]


@pytest.mark.parametrize("servos", [False, True])
def test_an_environment_of_ones_own_only_lists_its_terms(tmp_path, servos):
    path = tmp_path / "dog.xml"
    path.write_text(dog(servos))
    env = MirrorSpec(Dog(str(path)), observation=TERMS)
    assert env.symmetry_group.names == ("identity", "left_right", "front_back", "left_right*front_back")
    # Right and left; the gear of FL is negative.
    assert env.symmetry_group["left_right"].action == SignedPermutation(
        [6, 7, 4, 5, 2, 3, 0, 1], [1, 1, -1, -1, -1, -1, 1, 1]
    )
    # The controls of servos are angles, and those of the back legs are not symmetric about 0.
    assert (env.symmetry_group["front_back"].action.offset is not None) == servos

    # Servos run into their stops, which MuJoCo scales by the inertia in the pose of the file: it has no such mirror.
    atol = 1e-3 if servos else 1e-6
    random = np.random.default_rng(0)
    for mirror in env.symmetry_group.names[1:]:
        acts = env.symmetry_group[mirror]
        qpos = env.unwrapped.model.key_qpos[0].copy()
        qpos[2:] += random.uniform(-0.05, 0.05, 13)
        qpos[2] += 0.1
        qpos[3:7] /= np.linalg.norm(qpos[3:7])
        actions, velocities = random.uniform(-1, 1, (5, 8)), random.uniform(-1, 1, 8)
        seen = np.concatenate((qpos[3:], velocities))
        image = acts.observation.apply(seen)
        one = see(env, qpos, np.concatenate((np.zeros(6), velocities)), actions)
        mirrored = np.concatenate((qpos[:3], image[:12]))
        other = see(env, mirrored, np.concatenate((np.zeros(6), image[12:])), acts.action.apply(actions))
        for (observation, _), (twin, _) in zip(one, other, strict=True):
            np.testing.assert_allclose(acts.observation.apply(observation), twin, atol=atol)


def test_names_that_a_robot_does_not_have_are_refused(tmp_path):
    path = tmp_path / "dog.xml"
    path.write_text(dog())
    for names, message in (
        ("wheels", r"`names` must be a list or one of \['motors', .*, got 'wheels'"),
        ("feet", "positive multiple of 1"),
        (["FL_hip", "FR_hip", "wing"], "joint 'wing' has no partner"),
    ):
        with pytest.raises(ValueError, match=message):
            MirrorSpec(Dog(str(path)), observation=[{"name": "joints", "kind": "joints", "names": names}])
