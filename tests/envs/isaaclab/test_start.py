from __future__ import annotations

import pytest
import torch as th

from sb3_memaug.envs.isaaclab.mirrors import isaaclab_symmetry_group
from tests.envs.isaaclab.simulated import simulated

TASKS = {
    "AnymalD-Position-Payload": ["identity", "left_right", "front_back", "left_right*front_back"],
    "G1-Velocity-JointFailure": ["identity", "left_right", "left_right", "identity"],
}


@pytest.fixture(scope="module", params=TASKS)
def env(request):
    with simulated(request.param, num_envs=4, randomize=False) as env:
        env.elements = TASKS[request.param]
        yield env


def observed(env, **options):
    return env.reset(seed=0, options=options)[0]["policy"].clone()


def images(env, observation):
    """Of one observation, under each of the elements."""
    group = isaaclab_symmetry_group(env)
    return th.stack([group[name].apply_observation(observation) for name in env.elements])


def test_mirrored_starts_are_mirror_images_in_the_first_observation_and_after_a_step(env):
    first = observed(env, start=3, mirror=env.elements)
    assert (first - images(env, first[0])).abs().max() < 1e-5
    assert (first[1] - first[0]).abs().max() > 0.1

    group, action = isaaclab_symmetry_group(env), th.randn(env.action_manager.total_action_dim)
    second = env.step(th.stack([group[name].apply_action(action) for name in env.elements]))[0]["policy"]
    # The robot from the wheel has front and hind legs not quite alike, and the ground pushes back in single precision.
    assert (second - images(env, second[0])).abs().max() < 0.2


def test_starts_with_the_same_number_are_those_of_the_first_of_them(env):
    drawn = observed(env)
    alike = observed(env, start=[7, 8, 7, 8])

    assert th.equal(alike[:2], drawn[:2])
    th.testing.assert_close(alike[2:], drawn[:2], atol=1e-5, rtol=0)
    assert not th.allclose(drawn[2:], drawn[:2], atol=0.1)


def test_the_first_observation_shows_the_command_of_its_episode(env):
    observed(env)
    (command,) = (env.command_manager.get_term(name) for name in env.command_manager.active_terms)
    seen = env.reset(seed=1)[0]["policy"][:, -command.command.shape[1] :].clone()
    command._update_command()
    assert th.equal(seen, command.command)


def test_the_mirror_image_is_about_the_origin_of_the_environment(env):
    robot, origins = env.scene["robot"].data, env.scene.env_origins
    observed(env, start=3)
    before = robot.root_link_pos_w.torch - origins
    observed(env, start=3, mirror="left_right")
    after = robot.root_link_pos_w.torch - origins

    th.testing.assert_close(after, before * th.tensor((1.0, -1.0, 1.0)), atol=1e-5, rtol=0)


def test_what_chance_lets_befall_the_robot_is_mirrored_too(env):
    name = "failed_joint" if "JointFailure" in type(env.cfg).__name__ else "payload"
    observed(env, start=3, mirror=env.elements)
    told = env.extras[name]

    if name == "payload":
        signs = th.tensor(((1.0, 1, 1, 1), (1, 1, -1, 1), (1, -1, 1, 1), (1, -1, -1, 1)))
        assert told[0].abs().min() > 0 and th.equal(told, told[0] * signs)
    else:
        names = env.scene["robot"].joint_names
        left, right = (names[told[i]] for i in (0, 1))
        assert left.startswith("left_") and right == left.replace("left_", "right_")
        assert told.tolist() == [told[0], told[1], told[1], told[0]]


def test_what_an_option_decides_stays_as_it_does(env):
    name, given = ("payload", {"mass": 20.0, "x": 0.1, "y": 0.05})
    if "JointFailure" in type(env.cfg).__name__:
        name, given = "failed_joint", env.scene["robot"].joint_names[2]
    observed(env, start=3, mirror=env.elements, **{name: given})

    assert (env.extras[name] == env.extras[name][0]).all()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"mirror": "upside_down"}, r"product of \['left_right'.*got 'upside_down'"),
        ({"mirror": ["identity"]}, "one entry for each of 4"),
        ({"start": "first"}, "whole numbers, got 'first'"),
    ],
)
def test_options_that_make_no_sense_are_refused(env, options, complaint):
    with pytest.raises(ValueError, match=complaint):
        observed(env, **options)


def test_a_command_of_another_class_is_refused(env, monkeypatch):
    monkeypatch.setattr("sb3_memaug.envs.isaaclab.start.COMMANDS", {})
    with pytest.raises(ValueError, match="of the class"):
        observed(env, mirror="left_right")
