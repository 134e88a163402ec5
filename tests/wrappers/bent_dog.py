"""A MuJoCo environment that somebody else wrote: a dog whose legs mirror each other in one pose only."""

import gymnasium as gym
import numpy as np
import pytest

pytest.importorskip("mujoco")

from gymnasium.envs.mujoco import MujocoEnv

#: A leg bends in its knee by half a radian to the front.
SIN, COS = 0.2 * np.sin(0.5), 0.2 * np.cos(0.5)
#: Base, legs in front and legs at the back, whose knees are turned to the other side.
CROSSED = "0 0 0.4 1 0 0 0  0 0 0 0  1 -2 1 -2"


def dog(servos=False):
    """Four legs of two links, all knees bent to the front, with a keyframe in which those at the back are not."""
    legs = ""
    for name, x, y in (("FL", 0.3, 0.2), ("FR", 0.3, -0.2), ("RL", -0.3, 0.2), ("RR", -0.3, -0.2)):
        # The stops are mirror images in the keyframe.
        thigh, shank = ((-1, 1), (-1, 1)) if x > 0 else ((0, 2), (-3, -1))
        legs += f"""
        <body name="{name}_thigh" pos="{x} {y} 0">
          <joint name="{name}_hip" axis="0 1 0" range="{thigh[0]} {thigh[1]}"/>
          <geom type="capsule" size="0.02" fromto="0 0 0 {SIN} 0 {-COS}"/>
          <body name="{name}_shank" pos="{SIN} 0 {-COS}">
            <joint name="{name}_knee" axis="0 1 0" range="{shank[0]} {shank[1]}"/>
            <geom type="capsule" size="0.02" fromto="0 0 0 {-SIN} 0 {-COS}"/>
          </body>
        </body>"""
    motors = ""
    for leg, gear in (("RR", 0.5), ("FL", -0.5), ("FR", 0.5), ("RL", 0.5)):
        for joint, crossed in (("knee", -2), ("hip", 1)):
            kind, middle = ('position kp="1"', gear * crossed * (leg[0] == "R")) if servos else ("motor", 0)
            limits = f"{middle - 1} {middle + 1}"
            motors += f'<{kind} name="{leg}_{joint}_motor" joint="{leg}_{joint}" gear="{gear}" ctrlrange="{limits}"/>'
    return f"""
    <mujoco model="dog">
      <compiler angle="radian"/>
      <option timestep="0.002"/>
      <worldbody>
        <geom type="plane" size="5 5 1"/>
        <body name="trunk" pos="0 0 0.4"><freejoint/><geom type="box" size="0.3 0.1 0.05"/>{legs}</body>
      </worldbody>
      <actuator>{motors}</actuator>
      <keyframe><key name="crossed" qpos="{CROSSED}"/></keyframe>
    </mujoco>
    """


class Dog(MujocoEnv):
    """Sees its base's orientation, its joints and their velocities; what it is made of is for the wrapper to know."""

    metadata = {"render_modes": ["human", "rgb_array", "depth_array", "rgbd_tuple"], "render_fps": 50}

    def __init__(self, path):
        super().__init__(path, 10, gym.spaces.Box(-np.inf, np.inf, (20,), np.float64))

    def seen(self):
        return np.concatenate((self.data.qpos[3:], self.data.qvel[6:]))

    def step(self, action):
        self.do_simulation(action, self.frame_skip)
        return self.seen(), 0.0, False, False, {}

    def reset_model(self):
        self.set_state(self.model.key_qpos[0], np.zeros(14))
        return self.seen()


def see(env, qpos, qvel, actions):
    """Observations and rewards from a state on."""
    env.reset(seed=0)
    env.unwrapped.set_state(qpos, qvel)
    env.unwrapped.data.qacc_warmstart[:] = 0
    return [env.step(action)[:2] for action in actions]
