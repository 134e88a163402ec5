"""
Break a motor of a robot that is not of this library: Gymnasium's ant.

``JointFailure`` finds the robot of any Gymnasium MuJoCo environment; for other simulators see
``sb3_memaug.robots.register_adapter``.
"""

from __future__ import annotations

import gymnasium as gym

from sb3_memaug import JointFailure
from sb3_memaug.robots import find_robot

env = JointFailure(gym.make("Ant-v5"), joints=["hip_1", "ankle_1"], probability=0.8)
print("motors:", find_robot(env).motor_names)
for seed in range(5):
    _, info = env.reset(seed=seed)
    print(f"episode {seed}: failed joint is {info['failed_joint']}")
_, info = env.reset(options={"failed_joint": "ankle_3"})
print("decided:", info["failed_joint"])
env.close()
