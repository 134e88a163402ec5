import json
import warnings
from typing import ClassVar

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv

from sb3_memaug.envs.minitaur.minitaur_env import MinitaurEnv
from sb3_memaug.envs.tasks import VelocityTask
from sb3_memaug.symmetry import Mirror, Reflection, SignedPermutation, Term
from sb3_memaug.vec_env.equivariance import check_wrappers
from sb3_memaug.wrappers import MirrorSpec


class Cart(gym.Env):
    """Sees the velocity of its base and the speeds of its wheels, and drives the wheels."""

    def __init__(self, action_low=(-1.0, -1.0), by_key=False):
        state = spaces.Box(-np.inf, np.inf, (4,), np.float32)
        self.observation_space = spaces.Dict(state=state, height=spaces.Box(0, 1, (1,))) if by_key else state
        self.action_space = spaces.Box(np.array(action_low, dtype=np.float32), np.ones(2, dtype=np.float32))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.observation_space.sample(), {}

    def step(self, action):
        return self.observation_space.sample(), 0.0, False, False, {}


class SelfDescribingCart(Cart):
    observation_terms = (Term("base_velocity", "xy", 2), Term("wheel_speeds", "joints", 2, ("left", "right")))
    action_terms = (Term("torques", "action", 2, ("left", "right")),)
    reflections: ClassVar = {"left_right": Reflection("sagittal", {"left": ("right", 1), "right": ("left", 1)})}


#: The same in plain mappings, as from YAML or JSON.
STATE = [
    {"name": "base_velocity", "kind": "xy", "size": 2},
    {"name": "wheel_speeds", "kind": "joints", "size": 2, "names": ["left", "right"]},
]
ACTION = [{"name": "torques", "kind": "action", "size": 2, "names": ["left", "right"]}]
REFLECTIONS = {
    "left_right": {"plane": "sagittal", "joints": {"left": ["right", 1], "right": ["left", 1]}},
    "front_back": {"plane": "transverse", "joints": {"left": ["left", -1], "right": ["right", -1]}},
}
DESCRIPTION = {"observation": STATE, "action": ACTION, "reflections": REFLECTIONS}

LEFT_RIGHT = Mirror(SignedPermutation([0, 1, 3, 2], [1, -1, 1, 1]), SignedPermutation([1, 0]))
FRONT_BACK = Mirror(SignedPermutation([0, 1, 2, 3], [-1, 1, -1, -1]), SignedPermutation([0, 1], [-1, -1]))


@pytest.fixture(scope="module")
def minitaur():
    pytest.importorskip("mujoco")
    env = MinitaurEnv("mujoco", VelocityTask())
    yield env
    env.close()


@pytest.fixture
def registered():
    gym.register("Cart-v0", entry_point=f"{__name__}:Cart", max_episode_steps=5)
    yield "Cart-v0"
    del gym.registry["Cart-v0"]


def test_the_minitaur_describes_itself(minitaur):
    group = MirrorSpec(minitaur).symmetry_group
    assert group.names == ("identity", "left_right", "front_back", "left_right*front_back")
    # Motors of the front left, back left, front right and back right leg, L and R of each.
    assert group["left_right"].action == SignedPermutation([5, 4, 7, 6, 1, 0, 3, 2], [-1] * 8)
    assert group["front_back"].action == SignedPermutation([2, 3, 0, 1, 6, 7, 4, 5], [-1] * 8)
    assert group["left_right"].observation.size == minitaur.observation_space.shape[0]
    signs, start = {}, 0
    for term in minitaur.observation_terms:
        signs[term.name] = group["left_right"].observation.signs[start : start + term.size]
        start += term.size
    assert signs["base_linear_velocity"] == signs["projected_gravity"] == (1, -1, 1)
    assert signs["base_angular_velocity"] == (-1, 1, -1)
    assert signs["velocity_command"] == (1, -1)
    assert signs["yaw_rate_command"] == (-1,)


def test_an_environment_can_describe_itself():
    assert MirrorSpec(SelfDescribingCart()).symmetry_group["left_right"] == LEFT_RIGHT


def test_a_description_in_plain_mappings():
    group = MirrorSpec(Cart(), **DESCRIPTION).symmetry_group
    assert group.names == ("identity", "left_right", "front_back", "left_right*front_back")
    assert group["left_right"] == LEFT_RIGHT
    assert group["front_back"] == FRONT_BACK


def test_terms_and_reflections_can_be_given_as_such():
    terms = SelfDescribingCart
    env = MirrorSpec(
        Cart(), observation=terms.observation_terms, action=terms.action_terms, reflections=terms.reflections
    )
    assert env.symmetry_group["left_right"] == LEFT_RIGHT


def test_what_is_given_goes_before_what_the_environment_says():
    assert MirrorSpec(SelfDescribingCart(), reflections=REFLECTIONS).symmetry_group["front_back"] == FRONT_BACK


def test_dict_observations_are_described_by_key():
    height = [{"name": "height", "kind": "scalar", "size": 1}]
    env = MirrorSpec(
        Cart(by_key=True),
        mirrors=["left_right"],
        observation={"state": STATE, "height": height},
        action=ACTION,
        reflections=REFLECTIONS,
    )
    assert env.symmetry_group["left_right"].observation == {
        "state": LEFT_RIGHT.observation,
        "height": SignedPermutation([0]),
    }


def test_some_of_the_mirrors_can_be_chosen(minitaur):
    both = MirrorSpec(minitaur).symmetry_group
    group = MirrorSpec(minitaur, mirrors=["left_right"]).symmetry_group
    assert group.names == ("identity", "left_right")
    assert group["left_right"] == both["left_right"]
    assert MirrorSpec(minitaur, mirrors=["front_back", "left_right"]).symmetry_group.names[1:3] == (
        "front_back",
        "left_right",
    )


def test_the_group_is_found_through_other_wrappers():
    env = gym.wrappers.TimeLimit(MirrorSpec(Cart(), **DESCRIPTION), 10)
    assert env.has_wrapper_attr("symmetry_group")
    assert env.get_wrapper_attr("symmetry_group")["left_right"] == LEFT_RIGHT


def test_the_group_is_found_through_a_vec_env():
    venv = DummyVecEnv([lambda: gym.wrappers.TimeLimit(MirrorSpec(Cart(), **DESCRIPTION), 10)] * 2)
    groups = venv.get_attr("symmetry_group")
    assert venv.has_attr("symmetry_group")
    assert groups == [MirrorSpec(Cart(), **DESCRIPTION).symmetry_group] * 2


def test_spaces_and_steps_are_left_alone():
    env = MirrorSpec(Cart(), **DESCRIPTION)
    assert env.observation_space == Cart().observation_space
    assert env.action_space == Cart().action_space
    assert env.reset(seed=0)[0] in env.observation_space
    assert env.step(env.action_space.sample())[1:] == (0.0, False, False, {})


@pytest.mark.parametrize(
    ("missing", "attribute"),
    [("reflections", "reflections"), ("observation", "observation_terms"), ("action", "action_terms")],
)
def test_an_environment_that_is_not_described_is_refused(missing, attribute):
    description = {name: value for name, value in DESCRIPTION.items() if name != missing}
    with pytest.raises(
        ValueError, match=f"does not describe itself: it has no attribute `{attribute}`. Pass MirrorSpec"
    ):
        MirrorSpec(Cart(), **description)


def test_an_unknown_mirror_is_refused():
    with pytest.raises(ValueError, match=r"described reflections \['left_right', 'front_back'\], got .*'up_down'"):
        MirrorSpec(Cart(), **DESCRIPTION, mirrors=["left_right", "up_down"])


def test_sizes_that_disagree_are_refused():
    with pytest.raises(ValueError, match=r"observation of mirror 'left_right' has 2 entries, .* the shape \(4,\)"):
        MirrorSpec(Cart(), **{**DESCRIPTION, "observation": STATE[:1]})
    with pytest.raises(ValueError, match=r"action of mirror 'left_right' has 4 entries, .* the shape \(2,\)"):
        MirrorSpec(Cart(), **{**DESCRIPTION, "action": ACTION * 2})


def test_keys_that_disagree_are_refused():
    with pytest.raises(ValueError, match="the observation space is no Dict"):
        MirrorSpec(Cart(), **{**DESCRIPTION, "observation": {"state": STATE}})


def test_bounds_that_are_not_symmetric_are_refused():
    with pytest.raises(ValueError, match=r"action of mirror 'left_right' maps entry 1 onto entry 0, whose bounds"):
        MirrorSpec(Cart(action_low=(-1.0, -2.0)), **DESCRIPTION)
    with pytest.raises(
        ValueError, match=r"action of mirror 'front_back' maps entry 0 onto entry 0, whose bounds \[0, 1\]"
    ):
        MirrorSpec(Cart(action_low=(0.0, 0.0)), **DESCRIPTION)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"observation": [{"name": "v", "kind": "velocity", "size": 4}]}, "`kind` must be one of"),
        ({"reflections": {"left_right": {"plane": "frontal"}}}, "`plane` must be one of"),
        ({"reflections": {"left_right": {"plane": "sagittal"}}}, "joint 'left' has no partner"),
        ({"reflections": {}}, "one or more of the described reflections"),
        ({"mirrors": []}, "one or more of the described reflections"),
    ],
)
def test_a_description_with_a_mistake_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        MirrorSpec(Cart(), **{**DESCRIPTION, **change})


def test_a_description_survives_json():
    group = MirrorSpec(Cart(), **json.loads(json.dumps(DESCRIPTION))).symmetry_group
    assert group == MirrorSpec(Cart(), **DESCRIPTION).symmetry_group


def test_a_configuration_of_the_zoo(registered):
    utils, yaml = pytest.importorskip("rl_zoo3.utils"), pytest.importorskip("yaml")
    hyperparams = yaml.safe_load(
        """
        env_wrapper:
          - sb3_memaug.wrappers.MirrorSpec:
              mirrors: [left_right]
              observation:
                - {name: base_velocity, kind: xy}
                - {name: wheel_speeds, kind: joints, names: [left, right]}
              action: [{name: torques, kind: action, names: [left, right]}]
              reflections:
                left_right: {plane: sagittal, joints: {left: [right, 1], right: [left, 1]}}
        """
    )
    env = utils.get_wrapper_class(hyperparams)(gym.make(registered))
    assert env.symmetry_group.names == ("identity", "left_right")
    assert env.symmetry_group["left_right"] == LEFT_RIGHT


def test_the_spec_makes_the_same_wrapper_again(registered):
    env = MirrorSpec(gym.make(registered), mirrors=["front_back"], **DESCRIPTION)
    for spec in (env.spec, EnvSpec.from_json(env.spec.to_json())):
        again = gym.make(spec)
        assert type(again) is MirrorSpec
        assert again.symmetry_group == env.symmetry_group
        assert again.symmetry_group.names == ("identity", "front_back")


def exchanged(env):
    return gym.wrappers.TransformObservation(env, lambda x: x[[2, 3, 0, 1]], None)


def test_wrappers_inside_commute_where_the_terms_come_from_further_inside():
    MirrorSpec(gym.wrappers.TransformObservation(SelfDescribingCart(), lambda x: 2 * x, None))
    MirrorSpec(gym.wrappers.RescaleAction(SelfDescribingCart(), np.float32(-2), np.float32(2)))
    message = (
        r"TransformObservation stands between MirrorSpec and the environment that tells its terms .* entry 2 "
        r"\(wheel_speeds, left\) of the observation .* Pass MirrorSpec the terms of what comes out"
    )
    scaled = gym.wrappers.TransformObservation(SelfDescribingCart(), lambda x: x * np.array([1, 1, 1, 2]), None)
    with pytest.raises(ValueError, match=message):
        MirrorSpec(scaled)
    with pytest.raises(ValueError, match=r"TransformAction .* entry \d \(torques, (left|right)\) of the action"):
        MirrorSpec(gym.wrappers.TransformAction(SelfDescribingCart(), lambda a: a * np.array([1, 0.5]), None))
    with pytest.raises(ValueError, match=r"FrameStackObservation stands .* changes a space .*4 are not described"):
        MirrorSpec(gym.wrappers.FrameStackObservation(SelfDescribingCart(), 2))
    with pytest.raises(ValueError, match="TransformObservation stands"):
        MirrorSpec(exchanged(MirrorSpec(SelfDescribingCart())))


def test_terms_that_are_given_describe_what_comes_out():
    observation = [SelfDescribingCart.observation_terms[1], SelfDescribingCart.observation_terms[0]]
    env = MirrorSpec(exchanged(SelfDescribingCart()), observation=observation)
    check_wrappers(env.symmetry_group, DummyVecEnv([lambda: env]))
    # Those of the action still come from inside.
    with pytest.raises(ValueError, match="TransformAction stands between MirrorSpec"):
        MirrorSpec(
            gym.wrappers.TransformAction(env.env, lambda a: a * np.array([1, 0.5]), None), observation=observation
        )


class Running(gym.ObservationWrapper):
    """Takes away the mean of all that it has seen, of some numbers or of all."""

    def __init__(self, env, kept=4):
        super().__init__(env)
        self.seen, self.kept = [], kept
        self.observation_space = spaces.Box(-np.inf, np.inf, (kept,), np.float32)

    def observation(self, observation):
        self.seen.append(observation)
        return (observation - np.mean(self.seen, axis=0))[: self.kept]


@pytest.mark.parametrize("given", [{}, DESCRIPTION], ids=["terms from inside", "terms that are given"])
@pytest.mark.parametrize("wrap", [gym.wrappers.NormalizeObservation, Running])
def test_running_statistics_inside_are_refused_by_those_who_learn_from_them(wrap, given):
    env = MirrorSpec(wrap(SelfDescribingCart()), **given)
    for vec_env in (DummyVecEnv, lambda functions: SubprocVecEnv(functions, start_method="fork")):
        venv = vec_env([lambda: env])
        with pytest.raises(
            ValueError, match=rf"{wrap.__name__} .*running statistics.*sb3_memaug\.SymmetricVecNormalize"
        ):
            check_wrappers(env.symmetry_group, venv)
        venv.close()


def test_statistics_inside_that_are_frozen_are_tried():
    env = gym.wrappers.NormalizeObservation(SelfDescribingCart())
    env.update_running_mean = False
    env.obs_rms.mean, env.obs_rms.var = np.array([1, 0, 2, 2]), np.array([1, 2, 3, 3])
    known = MirrorSpec(env, mirrors=["left_right"], **DESCRIPTION)
    check_wrappers(known.symmetry_group, DummyVecEnv([lambda: known]))
    env.obs_rms.var[3] = 4
    with pytest.raises(ValueError, match=r"NormalizeObservation .* entry [23] \(wheel_speeds, (left|right)\)"):
        check_wrappers(known.symmetry_group, DummyVecEnv([lambda: known]))


def test_running_statistics_of_other_numbers_cannot_be_told():
    env = MirrorSpec(
        Running(SelfDescribingCart(), kept=2), observation=[STATE[0]], action=ACTION, reflections=REFLECTIONS
    )
    with pytest.warns(UserWarning, match=r"Running .* depends on earlier episodes.*check_symmetry"):
        check_wrappers(env.symmetry_group, DummyVecEnv([lambda: env]))


def test_one_of_two_may_be_told_from_inside_whatever_becomes_of_the_other():
    def seen(env):
        return gym.wrappers.TransformObservation(env, lambda x: x[:2], spaces.Box(-np.inf, np.inf, (2,), np.float32))

    def acted(env, factors):
        return gym.wrappers.TransformAction(env, lambda a: a * np.array(factors), None)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MirrorSpec(acted(seen(SelfDescribingCart()), [2, 2]), observation=[STATE[0]])
    with pytest.raises(ValueError, match="TransformAction stands between MirrorSpec"):
        MirrorSpec(acted(seen(SelfDescribingCart()), [1, 2]), observation=[STATE[0]])
    with pytest.raises(ValueError, match="TransformAction stands between MirrorSpec"):
        MirrorSpec(seen(acted(SelfDescribingCart(), [1, 2])), observation=[STATE[0]])
