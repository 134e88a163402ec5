"""Mirrors in Isaac Lab: those of its own task against those that it ships."""

import pytest
import torch as th

from sb3_memaug.envs.isaaclab.mirrors import isaaclab_reflections, isaaclab_symmetry_group
from sb3_memaug.symmetry import check_group_fits

from .mirrored_lives import mirrored_lives
from .shipped_task import shipped_task


@pytest.fixture(scope="module", params=["newton", "physx"])
def env(request):
    def order(cfg):
        cfg.scene.robot.joint_ordering = None if request.param == "newton" else "physx"
        cfg.events.physics_material = cfg.events.add_base_mass = cfg.events.base_com = cfg.events.push_robot = None

    env = shipped_task(2, order)
    env.joint_order = request.param
    yield env
    env.close()


def test_joints_are_in_the_order_that_was_asked_for(env):
    kinds = [name.split("_")[1] for name in env.scene["robot"].joint_names]
    assert kinds == (["HAA", "HFE", "KFE"] * 4 if env.joint_order == "newton" else sorted(kinds))


def test_mirrors_are_those_that_isaac_lab_ships(env):
    from isaaclab_tasks.core.velocity.mdp.symmetry.anymal import compute_symmetric_states
    from tensordict import TensorDict

    group = isaaclab_symmetry_group(env)
    check_group_fits(group, env.single_observation_space["policy"], env.single_action_space)
    observations, actions = th.randn(5, 48), th.randn(5, 12)
    mirrored, mirrored_actions = compute_symmetric_states(env, TensorDict({"policy": observations}, [5]), actions)
    assert group.names == ("identity", "left_right", "front_back", "left_right*front_back")
    assert th.equal(group.observations(observations).flatten(0, 1), mirrored["policy"])
    assert th.equal(group.actions(actions).flatten(0, 1), mirrored_actions)


def test_mirrors_may_be_chosen(env):
    assert isaaclab_symmetry_group(env, mirrors=["front_back"]).names == ("identity", "front_back")
    with pytest.raises(ValueError, match=r"does not have the mirrors \['upside_down'\]"):
        isaaclab_reflections(env, mirrors=["upside_down"])


def test_the_pose_that_mirrors_keep_is_the_default_one(env):
    robot = env.scene["robot"]
    default = robot.data.default_joint_pos.torch
    for reflection in isaaclab_reflections(env).values():
        kept = reflection.joint_position_map(robot.joint_names).apply(default)
        assert th.allclose(kept, default, atol=1e-6)


@pytest.mark.parametrize("name", ["left_right", "front_back"])
def test_mirrored_robots_live_mirrored_lives(env, name):
    th.manual_seed(0)
    mirror = isaaclab_symmetry_group(env)[name]
    expected, found = mirrored_lives(env, isaaclab_reflections(env)[name], mirror)
    # Its front and hind legs are not quite alike.
    assert (found - expected).abs().max() < 0.1
    # What is mirrored back is what the first robot observed: another life.
    assert (found - mirror.apply_observation(expected)).abs().max() > 1
