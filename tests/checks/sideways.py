"""A quadruped in MuJoCo whose base has another axis than z up, or its origin beside the middle."""

import gymnasium as gym
import mujoco
import numpy as np

_LEG = """
<body name="{s}{e}_thigh" pos="{x} {y} 0">
  <joint name="{s}{e}_roll" axis="1 0 0" range="-0.6 0.6" damping="0.5"/>
  <joint name="{s}{e}_pitch" axis="0 1 0" range="-0.9 0.9" damping="0.5"/>
  <geom type="capsule" fromto="0 0 0 {bend} 0 -0.3" size="0.03"/>
</body>
"""
_LEGS = "".join(
    _LEG.format(s=s, e=e, x=x, y=y, bend=0.05 if e == "f" else 0.02)
    for s, y in (("l", 0.15), ("r", -0.15))
    for e, x in (("f", 0.2), ("b", -0.25))
)
_MOTORS = "".join(
    f'<motor name="{s}{e}_{j}" joint="{s}{e}_{j}" gear="3" ctrlrange="-1 1"/>'
    for s in "lr"
    for e in "fb"
    for j in ("roll", "pitch")
)


def _model(quat: str, origin: str) -> str:
    """The base's body is turned and moved in the world, and all that it consists of back again."""
    w, x, y, z = (float(value) for value in quat.split())
    at = " ".join(str(-float(value)) for value in origin.split())
    return f"""
    <mujoco><option timestep="0.005"/><worldbody><geom type="plane" size="20 20 1"/>
      <body name="trunk" pos="0 0 0.5" quat="{quat}"><freejoint/>
        <frame pos="{at}"><frame quat="{w} {-x} {-y} {-z}">
          <geom type="box" size="0.3 0.15 0.06"/>{_LEGS}
        </frame></frame>
      </body>
    </worldbody><actuator>{_MOTORS}</actuator></mujoco>
    """


class Sideways(gym.Env):
    """
    :param quat: of the base's frame when the robot stands upright and looks along x
    :param origin: minus where the base's frame has the robot's middle, along its axes
    :param at_origin: whether it observes how fast the origin moves, not the middle
    """

    metadata = {"render_modes": []}

    def __init__(self, quat: str = "1 0 0 0", origin: str = "0 0 0", at_origin: bool = False) -> None:
        self._middle = -np.array(origin.split(), float)
        self._at_origin = at_origin
        self.model = mujoco.MjModel.from_xml_string(_model(quat, origin))
        self.data = mujoco.MjData(self.model)
        self.action_space = gym.spaces.Box(-1, 1, (8,), np.float64)
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, (29,), np.float64)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[7:] += self.np_random.uniform(-0.1, 0.1, 8)
        mujoco.mj_forward(self.model, self.data)
        return self._observation(), {}

    def step(self, action):
        self.data.ctrl[:] = action
        mujoco.mj_step(self.model, self.data, 2)
        height = self.data.qpos[2] + (self._axes() @ self._middle)[2]
        return self._observation(), float(height), False, False, {}

    def _axes(self):
        axes = np.zeros(9)
        mujoco.mju_quat2Mat(axes, self.data.qpos[3:7])
        return axes.reshape(3, 3)

    def _observation(self):
        data, axes = self.data, self._axes()
        rates = data.qvel[3:6]
        velocity = axes.T @ data.qvel[:3] + (0 if self._at_origin else np.cross(rates, self._middle))
        return np.concatenate((data.qpos[3:7], axes.T @ (0, 0, -1), velocity, rates, data.qpos[7:], data.qvel[6:]))


TERMS = {
    "observation": [
        {"name": "orientation", "kind": "quaternion_wxyz"},
        {"name": "gravity", "kind": "vector"},
        {"name": "velocity", "kind": "vector"},
        {"name": "rates", "kind": "axial_vector"},
        {"name": "angles", "kind": "joint_positions", "names": "joints"},
        {"name": "speeds", "kind": "joints", "names": "joints"},
    ],
    "action": [{"name": "torques", "kind": "actuators", "names": "actuators"}],
}
