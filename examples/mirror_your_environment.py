"""
Describe an environment that has no mirrors of its own, and train on it: Gymnasium's pendulum.

A pendulum that swings left is the mirror image of one that swings right: its sine, its velocity and its torque change
sign, its cosine does not.
"""

from __future__ import annotations

import gymnasium as gym
import numpy as np

from sb3_memaug import MemAugRecurrentPPO, MirrorSpec

env = MirrorSpec(
    gym.make("Pendulum-v1"),
    observation=[
        {"name": "cosine", "kind": "scalar", "size": 1},
        {"name": "sine", "kind": "pseudoscalar", "size": 1},
        {"name": "velocity", "kind": "pseudoscalar", "size": 1},
    ],
    action=[{"name": "torque", "kind": "pseudoscalar", "size": 1}],
    reflections={"left_right": {"plane": "sagittal"}},
)
mirror = env.symmetry_group["left_right"]
print("mirrored observation:", mirror.apply_observation(np.array([0.8, 0.6, 1.0])))
print("mirrored action:     ", mirror.apply_action(np.array([0.5])))

model = MemAugRecurrentPPO("MlpLstmPolicy", env, n_steps=200, batch_size=200, seed=0)
model.learn(2_000)
for name, value in model.logger.name_to_value.items():
    if name.startswith("train/mirror_"):
        print(f"{name}: {value:.3f}")
