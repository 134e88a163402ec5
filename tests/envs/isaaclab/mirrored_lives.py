"""Two robots side by side in Isaac Lab, one of which lives the mirror image of the other's life."""

from __future__ import annotations

from typing import Any

import torch as th

from sb3_memaug.symmetry import Mirror, Reflection

#: m above the ground: nothing touches it in the first steps.
HEIGHT = 2.0


def mirrored_lives(env: Any, reflection: Reflection, mirror: Mirror, n_steps: int = 3) -> tuple[th.Tensor, th.Tensor]:
    """
    Put the first robot into a random state in the air and the second into its mirror image, and let them take random
    actions and their mirror images.

    :param env: with two environments, of which nothing but the state differs
    :param reflection: of the robot
    :param mirror: of the environment, which is examined
    :param n_steps: number of steps
    :return: the mirror images of what the first observes, and what the second does, (n_steps, size)
    """
    env.reset()
    robot = env.scene["robot"]
    axes = th.tensor(reflection.axes, dtype=th.float32)
    axial = reflection.determinant * axes
    position = th.tensor([0.0, 0.0, HEIGHT])
    turn = th.nn.functional.normalize(th.tensor([0.1, -0.2, 0.15, 1.0]), dim=0)
    pose = th.stack((th.cat((position, turn)), th.cat((position * axes, turn * th.cat((axial, th.ones(1)))))))
    pose[:, :3] += env.scene.env_origins
    velocity = th.tensor([0.5, -0.3, 0.2, 0.4, 0.6, -0.5])
    names = robot.joint_names
    joints = robot.data.default_joint_pos.torch[0] + 0.1 * th.randn(len(names))
    speeds = 0.5 * th.randn(len(names))
    robot.write_root_pose_to_sim_index(root_pose=pose)
    robot.write_root_velocity_to_sim_index(root_velocity=th.stack((velocity, velocity * th.cat((axes, axial)))))
    robot.write_joint_position_to_sim_index(
        position=th.stack((joints, reflection.joint_position_map(names).apply(joints)))
    )
    robot.write_joint_velocity_to_sim_index(velocity=th.stack((speeds, reflection.joint_map(names).apply(speeds))))
    command = env.command_manager.get_term("base_velocity")
    command.vel_command_b[:] = th.tensor([0.5, 0.3, 0.2]) * th.stack((th.ones(3), th.cat((axes[:2], axial[2:]))))
    command.heading_target[:] = th.tensor([0.7, 0.7 * reflection.determinant])
    command.is_heading_env[:], command.is_standing_env[:] = True, False

    expected, found = [], []
    for _ in range(n_steps):
        action = th.randn(env.action_manager.total_action_dim)
        observation = env.step(th.stack((action, mirror.apply_action(action))))[0]["policy"]
        expected.append(mirror.apply_observation(observation[0]))
        found.append(observation[1])
    return th.stack(expected), th.stack(found)
