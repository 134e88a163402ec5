"""What `check_symmetry` reports and refuses, for a board that is its own mirror image to the last bit."""

import re

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from stable_baselines3.common.vec_env import DummyVecEnv

from sb3_memaug import check_symmetry
from sb3_memaug.robots import Robot
from sb3_memaug.symmetry import Reflection, Term
from sb3_memaug.wrappers import MirrorSpec

from .skater import (
    ACTION,
    FEW,
    LEFT_RIGHT,
    OBSERVATION,
    REFLECTIONS,
    WHEELS,
    Extended,
    Skater,
    SkaterRobot,
    Weak,
    element,
    extended,
    mirrored,
)

HALF_TURN = {"half_turn": Reflection("half_turn", {"left": ("right", -1), "right": ("left", -1)})}


def test_all_elements_of_the_group_are_checked():
    report = check_symmetry(mirrored(Skater()))
    assert [each.name for each in report.elements] == ["left_right", "front_back", "left_right*front_back"]
    assert report.holds and all(each.exact for each in report.elements)
    assert [(e.first, e.last, e.episodes) for e in report.elements[0].errors] == [(1, 1, 16), (2, 10, 16), (11, 50, 4)]
    assert report.unmoved == ()


def test_the_report_is_a_table():
    title, legend, header, *rows = str(check_symmetry(mirrored(Skater()), **FEW)).splitlines()
    assert title == "<Skater instance>: largest errors of mirrored episodes, relative to how large a number is"
    assert legend == "(in brackets those of episodes that are not mirrored, but perturbed by 1e-6)"
    assert re.split(r"  +", header) == ["mirror", "steps", "episodes", "observation", "reward", "state", "ended apart"]
    assert re.fullmatch(r"left_right +1 +8 +0\.0e\+00 \(\S+\) +0\.0e\+00 \(\S+\) +0\.0e\+00 \(\S+\) +0", rows[0])
    assert rows[1].split()[:2] == ["2-10", "8"]
    assert rows[-3:] == ["left_right: exact", "front_back: exact", "left_right*front_back: exact"]


def test_a_half_turn_alone():
    assert element(mirrored(Skater(), reflections=HALF_TURN)).exact
    wrong = (Term("velocity", "scalar", 2), *OBSERVATION[1:])
    found = element(mirrored(Skater(), reflections=HALF_TURN, observation=wrong)).findings
    assert set(found) == {
        "velocity[0]: sign",
        "velocity[1]: sign",
        "velocity: mirrors as terms of kind 'xy' do, not 'scalar'",
    }


def test_a_mistake_in_one_generator_is_one_in_its_products():
    def reflection(sign):
        return Reflection("transverse", {name: (name, -1) for name in WHEELS}, actuators={n: (n, sign) for n in WHEELS})

    action = [Term("torques", "actuators", 2, WHEELS)]
    actuators = {"left": ("right", 1), "right": ("left", 1)}
    left_right = Reflection("sagittal", LEFT_RIGHT["left_right"].joints, actuators=actuators)
    env = mirrored(Skater(), action=action, reflections={"left_right": left_right, "front_back": reflection(1)})
    report = check_symmetry(env, **FEW)
    signs = ("torques[0] left: sign", "torques[1] right: sign")
    assert [each.findings for each in report.elements] == [(), signs, signs]
    assert not report.holds and report.elements[0].holds


def test_the_same_seed_gives_the_same_report():
    env = mirrored(Skater())

    def numbers(seed):
        return str(check_symmetry(env, **FEW, seed=seed))

    assert numbers(1) == numbers(1) != numbers(2)


def test_an_orientation_has_two_quaternions():
    class Positive(SkaterRobot):
        def get_state(self):
            state = super().get_state()
            positive = state.base_orientation[3] > 0
            return state if positive else state._replace(base_orientation=-state.base_orientation)

    env = Skater()
    env.robot = Positive()
    assert all(each.exact for each in check_symmetry(mirrored(env)).elements)


class DictSkater(Skater):
    def __init__(self):
        super().__init__()
        box = self.observation_space
        picture = spaces.Box(0, 255, (4, 4, 1), np.uint8)
        self.observation_space = spaces.Dict(body=spaces.Box(-9, 9, (3,)), picture=picture, wheels=box)

    def observe(self):
        numbers = super().observe()
        picture = np.zeros((4, 4, 1), dtype=np.uint8)
        return {"body": numbers[:3], "picture": picture, "wheels": numbers[3:]}


def test_dict_observations_without_their_images():
    def findings(body):
        terms = {"wheels": OBSERVATION[2:], "picture": [Term("camera", "image", 16, shape=(4, 4, 1))], "body": body}
        env = DictSkater()
        env.observation_space["wheels"] = spaces.Box(-np.inf, np.inf, (4,), np.float32)
        return element(mirrored(env, observation=terms, reflections=LEFT_RIGHT)).findings

    assert findings(OBSERVATION[:2]) == ()
    assert findings([OBSERVATION[0], Term("yaw_rate", "scalar", 1)])[0] == "body/yaw_rate[0]: sign"


class AtOnce(Skater):
    def terminated(self):
        return True


@pytest.mark.parametrize("env", [AtOnce(), gym.wrappers.TimeLimit(Skater(), 1)], ids=["terminated", "truncated"])
def test_an_environment_that_ends_at_once(env):
    report = check_symmetry(mirrored(env), **FEW)
    assert all(each.exact for each in report.elements)
    assert [errors.episodes for errors in report.elements[0].errors] == [8, 0]
    assert str(report).splitlines()[4].split() == ["2-10", "0", *["-", "(-)"] * 3, "0"]


def test_a_number_that_never_moves_is_told():
    report = check_symmetry(extended(lambda env: 1.0), **FEW)
    assert report.holds
    assert report.unmoved == ("extra[0]",)


def test_a_number_that_is_wrong_in_a_symmetric_pose_only():
    env = extended(lambda env: float(np.linalg.norm(env.robot.state.joint_velocities) < 1e-9), "pseudoscalar")
    (found,) = element(env).findings
    assert re.fullmatch(r"extra\[0\]: off by \S+ of its size in a pose that is its own mirror image", found)


def test_noise_is_no_mirror_image():
    rng = np.random.default_rng(0)
    (found,) = element(extended(lambda env: rng.normal())).findings
    assert re.fullmatch(r"extra\[0\]: off by \S+ of its size in \S+ steps, and like no other number", found)


def test_a_mistake_that_shows_late_only():
    class Late(Skater):
        def reset(self, **kwargs):
            self.age = 0
            return super().reset(**kwargs)

        def reward(self):
            self.age += 1
            return super().reward() + (self.age > 4) * self.robot.state.base_angular_velocity[2]

    (found,) = element(mirrored(Late(), reflections=LEFT_RIGHT)).findings
    assert found.startswith("reward: off by ") and found.endswith(" of its size in 10 steps")


def test_wrappers_on_top_are_stepped_too():
    class Backwards(gym.ActionWrapper):
        def action(self, action):
            return action[::-1] * (1, 0.5)

    env = Backwards(MirrorSpec(Skater(), observation=OBSERVATION, action=ACTION, reflections=LEFT_RIGHT))
    assert not check_symmetry(env, **FEW).holds


class Commanded(Extended):
    """Draws a command; mirrors it if it can, and has no other option."""

    reflections = REFLECTIONS

    def __init__(self, options=("mirror",)):
        super().__init__(lambda env: env.command)
        self.options = options

    def reset(self, *, seed=None, options=None):
        if set(options or {}) - set(self.options):
            raise TypeError(f"unknown options {options}")
        self.command = 0.0
        super().reset(seed=seed)
        self.command = self.np_random.uniform(-1, 1) * (-1 if (options or {}).get("mirror") == "left_right" else 1)
        return self.observe(), {}


def commanded(**arguments):
    terms = (*OBSERVATION, Term("command", "pseudoscalar", 1))
    return mirrored(Commanded(**arguments), observation=terms, mirrors=["left_right"])


def test_a_command_is_mirrored_by_the_reset_option():
    assert element(commanded()).exact


def test_an_environment_may_know_no_reset_options():
    hint = "if it is drawn at reset, pass `mirror_command`"
    assert element(commanded(options=())).findings == (f"command[0]: sign; {hint}",)


def test_a_command_is_known_by_its_staying_as_it_is_also_where_robots_differ_a_little():
    env = Commanded(options=())
    env.robot = Weak(0.99)
    terms = (*OBSERVATION, Term("command", "pseudoscalar", 1))
    found = element(mirrored(env, observation=terms, mirrors=["left_right"])).findings
    assert found == ("command[0]: sign; if it is drawn at reset, pass `mirror_command`",)


def test_a_command_is_mirrored_by_a_function():
    elements = []

    def mirror_command(env, name):
        elements.append(name)
        env.unwrapped.command *= -1

    assert element(commanded(options=()), mirror_command=mirror_command).exact
    assert set(elements) == {"left_right"}


def test_an_environment_that_does_not_repeat_itself_is_refused():
    class Restless(SkaterRobot):
        rng = np.random.default_rng(0)

        def advance(self, n_steps):
            self.targets = self.rng.normal(size=2)
            super().advance(n_steps)

    env = Skater()
    env.robot = Restless()
    with pytest.raises(ValueError, match=r"does not repeat itself: .* elsewhere after one step in \d of 8 cases"):
        check_symmetry(mirrored(env), **FEW)


def test_numbers_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="observes or rewards something that is not finite, one step after RobotState"):
        check_symmetry(extended(lambda env: np.nan), **FEW)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_states": 0}, "n_states=0"),
        ({"steps": (0, 10)}, r"steps=\(0, 10\)"),
        ({"tolerance": 0.0}, r"tolerance=0\.0"),
    ],
)
def test_senseless_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"expected at least one state, .*{message}"):
        check_symmetry(mirrored(Skater()), **arguments)


def test_an_environment_without_mirrors_is_refused():
    with pytest.raises(ValueError, match="has no attribute `symmetry_group`: wrap it in MirrorSpec first"):
        check_symmetry(Skater())


def test_several_environments_at_once_are_refused():
    with pytest.raises(ValueError, match="expected one Gymnasium environment, and not several in a vector"):
        check_symmetry(DummyVecEnv([lambda: mirrored(Skater())]))


def test_an_environment_without_a_robot_is_refused():
    env = mirrored(Skater())
    del env.unwrapped.robot
    with pytest.raises(ValueError, match=r"(?s)no robot found in Skater: .*register_adapter"):
        check_symmetry(env)


def test_an_adapter_that_cannot_set_a_state_is_refused():
    env = Skater()
    env.robot.set_state = lambda state: Robot.set_state(env.robot, state)
    env.reset = lambda **kwargs: (env.observe(), {})
    with pytest.raises(
        NotImplementedError, match="the adapter SkaterRobot cannot put the robot into a state: implement"
    ):
        check_symmetry(mirrored(env))


def test_actions_that_are_no_box_are_refused():
    env = mirrored(Skater())
    env.action_space = spaces.Discrete(3)
    with pytest.raises(ValueError, match=r"actions that move motors, in a Box, got the action space Discrete\(3\)"):
        check_symmetry(env)


def test_a_mirror_without_a_reflection_is_refused():
    env = mirrored(Skater())
    env.reflections = LEFT_RIGHT
    with pytest.raises(
        ValueError, match=r"has the mirrors \['front_back'\], but no reflections of its robot of that name"
    ):
        check_symmetry(env)
