"""Mirrors that are derived from MuJoCo models, held up against the physics of the models."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from scipy.spatial.transform import Rotation

from sb3_memaug.checks import check_symmetry
from sb3_memaug.robots import find_robot
from sb3_memaug.symmetry import LabelPermutation, SignedPermutation
from sb3_memaug.wrappers import MirrorSpec

from .bent_dog import Dog, dog, see

mujoco = pytest.importorskip("mujoco")

#: Environments and the mirrors that they have, robot and task together.
GROUPS = {
    "Ant-v5": ["left_right"],
    "Humanoid-v5": ["left_right"],
    "Walker2d-v5": ["left_right"],
    "Swimmer-v5": ["left_right"],
    "InvertedPendulum-v5": ["front_back"],
    "InvertedDoublePendulum-v5": ["front_back"],
}


@pytest.mark.parametrize("name", GROUPS)
def test_gymnasium_environments_describe_themselves(name):
    env = MirrorSpec(gym.make(name))
    assert env.symmetry_group.names == ("identity", *GROUPS[name])
    assert list(env.reflections) == GROUPS[name]
    mirror = env.symmetry_group[GROUPS[name][0]]
    assert (mirror.observation @ mirror.observation).is_identity
    assert (mirror.action @ mirror.action).is_identity


def whole(name, **arguments):
    """With all positions in the observation, so that the mirrored one tells the mirrored state."""
    if "Inverted" not in name:
        arguments["exclude_current_positions_from_observation"] = False
    return gym.make(name, **arguments)


#: A pole that leans by a millimetre, and gravity that leans a little.
NEARLY = {"InvertedPendulum-v5": 0.01, "InvertedDoublePendulum-v5": 1e-4}


def make_even(env):
    """The Humanoid's legs, but for what the derivation tells as near misses, and its contacts, solved one by one."""
    model = env.unwrapped.model
    model.dof_armature[model.joint("right_hip_y").dofadr] = model.dof_armature[model.joint("left_hip_y").dofadr]
    model.jnt_stiffness[model.joint("left_knee").id] = model.jnt_stiffness[model.joint("right_knee").id]
    model.opt.solver = mujoco.mjtSolver.mjSOL_NEWTON
    mujoco.mj_setConst(model, env.unwrapped.data)


@pytest.mark.parametrize(
    ("name", "mirror"),
    [*((name, mirror) for name, mirrors in GROUPS.items() for mirror in mirrors), ("Ant-v5", "front_back")],
)
def test_mirrored_episodes_are_mirror_images(name, mirror):
    env = MirrorSpec(whole(name), mirrors=[mirror])
    if name == "Humanoid-v5":
        make_even(env)
    group, model = env.symmetry_group[mirror], env.unwrapped.model
    random, tolerance = np.random.default_rng(0), NEARLY.get(name, 1e-6)
    for height in (0.0, 0.5):
        start = env.unwrapped.init_qpos.copy()
        if model.nq != model.nv:
            start[2] += height
        qpos = start + random.uniform(-0.1, 0.1, model.nq)
        if model.nq != model.nv:
            qpos[3:7] /= np.linalg.norm(qpos[3:7])
        qvel = random.uniform(-0.3, 0.3, model.nv)
        actions = random.uniform(env.action_space.low, env.action_space.high, (3, model.nu))
        if name == "InvertedDoublePendulum-v5":
            mirrored = -np.concatenate((qpos, qvel))
        else:
            # Behind the state is what Ant and Humanoid see besides.
            seen = np.zeros(group.observation.size)
            seen[: model.nq + model.nv] = np.concatenate((qpos, qvel))
            mirrored = group.observation.apply(seen)
        one = see(env, qpos, qvel, actions)
        other = see(env, *np.split(mirrored[: model.nq + model.nv], [model.nq]), group.action.apply(actions))
        for (observation, reward), (image, mirrored_reward) in zip(one, other, strict=True):
            np.testing.assert_allclose(group.observation.apply(observation), image, rtol=tolerance, atol=tolerance)
            if mirror in GROUPS[name]:
                assert mirrored_reward == pytest.approx(reward, abs=tolerance)


def test_the_ant_by_hand():
    env = MirrorSpec(gym.make("Ant-v5", include_cfrc_ext_in_observation=False))
    mirror = env.symmetry_group["left_right"]
    # Hips and ankles of legs 1 to 4, of which 1 and 4 are in front.
    legs, signs = [6, 7, 4, 5, 2, 3, 0, 1], [-1, 1] * 4
    positions = SignedPermutation([0, 1, 2, 3, 4, *(5 + i for i in legs)], [1, 1, -1, 1, -1, *signs])
    velocities = SignedPermutation([0, 1, 2, 3, 4, 5, *(6 + i for i in legs)], [1, -1, 1, -1, 1, -1, *signs])
    assert mirror.observation == SignedPermutation.concatenate([positions, velocities])
    # Actuators begin with those of the fourth leg.
    assert mirror.action == SignedPermutation([2, 3, 0, 1, 6, 7, 4, 5], signs)


def test_the_walker_by_hand():
    env = MirrorSpec(gym.make("Walker2d-v5"))
    mirror = env.symmetry_group["left_right"]
    assert mirror.observation == SignedPermutation([0, 1, 5, 6, 7, 2, 3, 4, 8, 9, 10, 14, 15, 16, 11, 12, 13])
    assert mirror.action == SignedPermutation([3, 4, 5, 0, 1, 2])


def test_contact_forces_are_mirrored_body_by_body():
    env = MirrorSpec(gym.make("Ant-v5"))
    (term,) = (term for term in env.observation_terms if term.kind == "spatial_vectors")
    block = term.transform(env.reflections["left_right"])
    forces = np.arange(78.0)
    torso, leg = term.names.index("torso"), term.names.index("front_left_leg")
    image = term.names.index("right_back_leg")
    mirrored = block.apply(forces).reshape(13, 6)
    rows, signs = forces.reshape(13, 6), (-1, 1, -1, 1, -1, 1)
    assert mirrored[torso].tolist() == (rows[torso] * signs).tolist()
    assert mirrored[leg].tolist() == (rows[image] * signs).tolist()


@pytest.mark.parametrize(
    ("name", "account"),
    [
        ("HalfCheetah-v5", "broken by: bfoot and ffoot: axis 133.4 mm from its mirror image"),
        ("Hopper-v5", "left-right: changes nothing that the robot does"),
        (
            "HumanoidStandup-v5",
            r"right_hip_y and left_hip_y: limits \[-1.92, 0.349\] mirror to \[-1.92, 0.349\], but are \[-2.09, 0.349\]",
        ),
    ],
)
def test_robots_without_mirrors_are_refused_with_an_account(name, account):
    with pytest.raises(ValueError, match=rf"(?s)the robot of .*{name}.* does not have a mirror .*{account}"):
        MirrorSpec(gym.make(name))


def test_tolerances_forgive():
    env = MirrorSpec(gym.make("HumanoidStandup-v5"), tolerances={"limits": 0.2})
    assert env.symmetry_group.names == ("identity", "left_right")
    with pytest.raises(ValueError, match=r"armature 0\.008 and 0\.01"):
        MirrorSpec(gym.make("HumanoidStandup-v5"), tolerances={"limits": 0.2, "strict": True})


def test_the_ant_may_be_told_to_run_backwards():
    group = MirrorSpec(gym.make("Ant-v5"), mirrors=["left_right", "front_back"]).symmetry_group
    assert group.names == ("identity", "left_right", "front_back", "left_right*front_back")
    with pytest.raises(ValueError, match=r"does not have the mirrors \['front_back'\]"):
        MirrorSpec(gym.make("Humanoid-v5"), mirrors=["front_back"])
    with pytest.raises(ValueError, match=r"does not have the mirrors \['left'\]"):
        MirrorSpec(gym.make("Ant-v5"), mirrors=["left"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tolerances": {"limit": 0.2}}, r"expected a mapping with some of \['position', .*'limit'"),
        ({"tolerances": {"limits": 0}}, "tolerance `limits` must be positive, got 0"),
        ({"tolerances": {}, "reflections": {"left_right": {"plane": "sagittal"}}}, "are for a derivation"),
        ({"observation": [{"name": "where", "kind": "vector"}]}, "observation of mirror 'left_right' has 3 entries"),
    ],
)
def test_what_is_wrong_is_told(arguments, message):
    with pytest.raises(ValueError, match=message):
        MirrorSpec(gym.make("Ant-v5"), **arguments)


def test_another_wrapper_that_changes_the_observation_is_noticed():
    with pytest.raises(ValueError, match="the shape"):
        MirrorSpec(gym.wrappers.TimeAwareObservation(gym.make("Ant-v5")))


def test_the_spec_makes_the_same_wrapper_again():
    env = MirrorSpec(gym.make("Ant-v5"), mirrors=["front_back"], tolerances={"mass": 0.2})
    for spec in (env.spec, EnvSpec.from_json(env.spec.to_json())):
        again = gym.make(spec)
        assert type(again) is MirrorSpec
        assert again.symmetry_group == env.symmetry_group


def test_what_is_given_is_not_looked_for():
    """A ball joint has no signs that we know, but who knows them may tell them."""
    env = gym.make("Swimmer-v5").unwrapped
    env.model = mujoco.MjModel.from_xml_string(
        "<mujoco><worldbody><body><joint type='ball'/><geom size='1'/></body></worldbody></mujoco>"
    )
    ball = [{"name": "state", "kind": "scalar", "size": 7}, {"name": "turn", "kind": "pseudoscalar"}]
    torques = [{"name": "torques", "kind": "pseudoscalar", "size": 2}]
    group = MirrorSpec(env, None, ball, torques, {"left_right": {"plane": "sagittal"}}).symmetry_group
    assert group["left_right"].action == SignedPermutation([0, 1], [-1, -1])
    with pytest.raises(ValueError, match="got the ball joint 'joint_0': pass MirrorSpec your own terms"):
        MirrorSpec(env, action=torques)


class SideBySide(gym.ObservationWrapper):
    """Angle and velocity of one joint after another; the orientation as a matrix; components of velocities alone."""

    def __init__(self, env):
        super().__init__(env)
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, (31,))

    def observation(self, observation):
        height, wxyz, angles, linear, angular, velocities = np.split(observation, (1, 5, 13, 16, 19))
        orientation = Rotation.from_quat(np.roll(wxyz, -1)).as_matrix().ravel()
        joints = np.stack((angles, velocities), axis=1).ravel()
        return np.concatenate((height, orientation, joints, linear[1:2], linear[::2], angular[[1, 0]]))


def test_layouts_of_others_are_proved_in_the_simulator():
    env = SideBySide(gym.make("Ant-v5", include_cfrc_ext_in_observation=False))
    joints = find_robot(env).joint_names
    side_by_side = [
        {"name": name, "kind": kind, "names": [joint]}
        for joint in joints
        for name, kind in (("angle", "joint_positions"), ("velocity", "joints"))
    ]
    before = [{"name": "height", "kind": "scalar"}, {"name": "orientation", "kind": "rotation_matrix"}]
    after = [
        {"name": "lateral speed", "kind": "lateral"},
        {"name": "forward speed", "kind": "forward"},
        {"name": "climb", "kind": "scalar"},
        {"name": "pitch rate", "kind": "pitch"},
        {"name": "roll rate", "kind": "roll"},
    ]
    described = MirrorSpec(env, mirrors=["left_right", "front_back"], observation=[*before, *side_by_side, *after])
    report = check_symmetry(described)
    # The task rewards running ahead, so its front-back mirror has another reward and the same observations.
    assert [(element.name, element.wrong("observation")) for element in report.elements] == [
        ("left_right", []),
        ("front_back", []),
        ("left_right*front_back", []),
    ]
    wrong = [*before, *side_by_side, *after[:3], *reversed(after[3:])]
    assert not check_symmetry(MirrorSpec(env, mirrors=["left_right"], observation=wrong)).holds


def test_labels_in_the_order_of_their_meaning_are_reversed():
    class Gaits(gym.ActionWrapper):
        """Each hip backwards, at rest or forwards; knees rest."""

        def __init__(self, env):
            super().__init__(env)
            self.action_space = gym.spaces.MultiDiscrete([3, 3, 3, 3])

        def action(self, action):
            torques = np.zeros(8)
            torques[[2, 4, 6, 0]] = 0.5 * (np.asarray(action) - 1)
            return torques

    hips = [{"name": "hips", "kind": "actuators", "names": ["hip_1", "hip_2", "hip_3", "hip_4"]}]
    env = MirrorSpec(Gaits(gym.make("Ant-v5", include_cfrc_ext_in_observation=False)), action=hips)
    mirror = env.symmetry_group["left_right"]
    assert mirror.action == LabelPermutation([[2, 1, 0]] * 4, mirror.action.components.permutation)

    random = np.random.default_rng(0)
    observation = env.reset(seed=0)[0]
    image = mirror.observation.apply(observation)
    actions = random.integers(0, 3, (20, 4))
    trace = see(env, np.concatenate((np.zeros(2), observation[:13])), observation[13:], actions)
    mirrored = see(env, np.concatenate((np.zeros(2), image[:13])), image[13:], mirror.action.apply(actions))
    for (one, _), (other, _) in zip(trace, mirrored, strict=True):
        np.testing.assert_allclose(mirror.observation.apply(one), other, atol=1e-9)


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
