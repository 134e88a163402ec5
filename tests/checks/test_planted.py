"""Possible mistakes about Ant, one at a time, are found and named."""

import dataclasses

import gymnasium as gym
import numpy as np
import pytest

from sb3_memaug import MirrorSpec, check_symmetry
from sb3_memaug.symmetry import Term

pytest.importorskip("mujoco")

FEW = {"n_states": 8, "steps": (1, 10)}
ANT = MirrorSpec(gym.make("Ant-v5"))
LEFT_RIGHT = ANT.reflections["left_right"]
OBSERVATION, (CONTROLS,) = {term.name: term for term in ANT.observation_terms}, ANT.action_terms


def ant(env=None, **described):
    """The terms in ``observation`` go in the place of those of the same name, or after all others."""
    terms = {**OBSERVATION, **{term.name: term for term in described.get("observation", ())}}
    action = described.get("action", (CONTROLS,))
    reflection = dataclasses.replace(LEFT_RIGHT, **described.get("reflection", {}))
    return MirrorSpec(
        env or gym.make("Ant-v5"), observation=[*terms.values()], action=action, reflections={"left_right": reflection}
    )


def findings(env, **arguments):
    (element,) = check_symmetry(env, **{**FEW, **arguments}).elements
    assert element.holds == (not element.findings)
    return element.findings


def other_sign(partners, name):
    """Of a part and its partner."""
    pair = (name, partners[name][0])
    return {part: (partner, -sign if part in pair else sign) for part, (partner, sign) in partners.items()}


def swapped(term, first, second):
    names = {first: second, second: first}
    return dataclasses.replace(term, names=tuple(names.get(name, name) for name in term.names))


def test_without_a_mistake_the_mirror_is_exact():
    (element,) = check_symmetry(ant()).elements
    assert element.exact and element.holds
    assert str(element) == "left_right: exact"


def test_the_sign_of_a_joint():
    found = findings(ant(reflection={"joints": other_sign(LEFT_RIGHT.joints, "hip_1")}))
    assert found == ("hip_1: sign, says the robot's geometry", "hip_4: sign, says the robot's geometry")


def test_the_partner_of_a_joint():
    joints = {**LEFT_RIGHT.joints, **{f"ankle_{i}": (f"ankle_{j}", 1) for i, j in ((1, 3), (3, 1), (2, 4), (4, 2))}}
    found = findings(ant(reflection={"joints": joints}))
    assert found[0] == "ankle_1: mirrors ankle_4, not ankle_3, says the robot's geometry"


def test_the_sign_of_an_action_only():
    found = findings(ant(reflection={"actuators": other_sign(LEFT_RIGHT.actuators, "ankle_2")}))
    assert found == ("controls[5] ankle_2: sign", "controls[7] ankle_3: sign")


def test_swapped_actions():
    found = findings(ant(action=[swapped(CONTROLS, "hip_1", "hip_2")]))
    names = CONTROLS.names
    i, j, k = (names.index(name) for name in ("hip_4", "hip_1", "hip_2"))
    # What the description calls hip_2 is hip_1, the partner of hip_4.
    assert f"controls[{i}] hip_4: mirrors -controls[{j}] hip_2, not controls[{k}] hip_1" in found
    assert len(found) == 4


def test_swapped_observations():
    term = swapped(OBSERVATION["joint_velocities"], "ankle_1", "ankle_2")
    found = findings(ant(observation=[term]))
    i, j, k = (term.names.index(name) for name in ("ankle_4", "ankle_2", "ankle_1"))
    name = "joint_velocities"
    assert f"{name}[{i}] ankle_4: mirrors {name}[{j}] ankle_2, not {name}[{k}] ankle_1" in found
    assert len(found) == 4


@pytest.mark.parametrize(
    ("name", "kind", "wrong", "right"),
    [
        ("base_linear_velocity", "scalar", [1], "'vector'"),
        ("base_angular_velocity", "vector", [0, 1, 2], "'axial_vector'"),
        ("base_orientation", "scalar", [1, 3], "'xy' or 'quaternion_wxyz'"),
        ("base_height", "pseudoscalar", [0], "'scalar'"),
    ],
)
def test_a_term_of_the_wrong_kind(name, kind, wrong, right):
    found = findings(ant(observation=[Term(name, kind, OBSERVATION[name].size)]))
    assert set(found) == {
        *(f"{name}[{i}]: sign" for i in wrong),
        f"{name}: mirrors as terms of kind {right} do, not {kind!r}",
    }


def test_a_missing_term():
    terms = [term for term in OBSERVATION.values() if term.name != "base_angular_velocity"]
    with pytest.raises(ValueError, match=r"has 102 entries, .* the shape \(105,\): 3 are not described"):
        MirrorSpec(gym.make("Ant-v5"), observation=terms)


def other_model(change):
    env = gym.make("Ant-v5")
    change(env.unwrapped.model)
    return ant(env)


def test_an_asymmetric_joint_limit():
    def widen(model):
        model.jnt_range[model.joint("ankle_1").id] = (0.3, 1.22)

    found = findings(other_model(widen))
    assert found[0].startswith("the robot is not symmetric: ankle_1 and ankle_4: limits [0.3, 1.22] mirror to")


def test_an_asymmetric_mass():
    def burden(model):
        model.body_mass[model.body("aux_1").id] *= 1.5

    found = findings(other_model(burden))
    assert found[0] == "the robot is not symmetric: aux_1 and aux_4: masses 0.05874 and 0.03916 kg"


def test_a_mass_that_is_asymmetric_by_a_few_grams_is_tolerated_and_reported():
    def burden(model):
        model.body_mass[model.body("front_left_leg").id] *= 1.2

    (element,) = check_symmetry(other_model(burden), **FEW).elements
    assert element.holds and not element.exact
    assert element.remarks == ("the robot is not quite symmetric: torso: centre of mass 1.6 mm off the plane",)
    assert element.remarks[0] in str(element)


class LeftTurns(gym.Wrapper):
    def step(self, action):
        observation, reward, terminated, truncated, info = self.env.step(action)
        turn = 0.2 * self.unwrapped.data.qvel[5]
        return observation, reward + turn, terminated, truncated, {**info, "reward_turn": turn}


def test_a_reward_that_prefers_left_turns():
    (found,) = findings(ant(LeftTurns(gym.make("Ant-v5"))))
    assert found.startswith("reward: off by ") and found.endswith(", most of it reward_turn")


class LeftEnd(gym.Wrapper):
    def step(self, action):
        observation, reward, terminated, truncated, info = self.env.step(action)
        return observation, reward, bool(terminated or self.unwrapped.data.qpos[1] > 0.3), truncated, info


def test_a_termination_that_looks_to_one_side_only():
    (found,) = findings(ant(LeftEnd(gym.make("Ant-v5"))))
    assert found.startswith("termination: ") and found.endswith(" of 8 episodes end in one of the two only")


class Extended(gym.Wrapper):
    """Observes one number more, a command that is drawn at reset if no option decides it."""

    def __init__(self, number=None):
        env = gym.make("Ant-v5")
        super().__init__(env)
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, (env.observation_space.shape[0] + 1,))
        self.number = number

    def reset(self, **kwargs):
        observation, info = self.env.reset(**kwargs)
        self.command = self.np_random.uniform(-1, 1)
        return self.extended(observation), info

    def step(self, action):
        observation, *rest = self.env.step(action)
        return self.extended(observation), *rest

    def extended(self, observation):
        return np.append(observation, self.command if self.number is None else self.number(self.unwrapped.data))


def test_an_absolute_position_that_leaks():
    env = ant(Extended(lambda data: data.qpos[1]), observation=[Term("leak", "scalar", 1)])
    assert findings(env)[0] == "leak[0]: sign"


def test_a_number_with_an_offset():
    env = ant(Extended(lambda data: data.qvel[1] + 3), observation=[Term("sideways", "pseudoscalar", 1)])
    assert findings(env) == ("sideways[0]: offset by 6",)


def test_a_number_that_is_no_mirror_image_of_anything():
    env = ant(Extended(lambda data: np.cos(9 * data.qpos[1] + 1)), observation=[Term("odd", "scalar", 1)])
    (found,) = findings(env)
    assert found.startswith("odd[0]: off by ") and found.endswith(", and like no other number")


def mirror_command(env, element):
    while not isinstance(env, Extended):
        env = env.env
    env.command *= {"left_right": -1}[element]


def test_a_command_that_is_drawn_and_not_mirrored():
    env = ant(Extended(), observation=[Term("turn_command", "pseudoscalar", 1)])
    assert findings(env) == ("turn_command[0]: sign; if it is drawn at reset, pass `mirror_command`",)
    assert findings(env, mirror_command=mirror_command) == ()


def test_a_wrong_action_does_not_hide_what_is_wrong_with_the_observation():
    env = ant(
        reflection={"actuators": other_sign(LEFT_RIGHT.actuators, "ankle_2")},
        observation=[Term("base_linear_velocity", "scalar", 3)],
    )
    assert findings(env) == (
        "controls[5] ankle_2: sign",
        "controls[7] ankle_3: sign",
        "base_linear_velocity[1]: sign",
        "base_linear_velocity: mirrors as terms of kind 'vector' do, not 'scalar'",
    )
