"""The same small robot in each simulator: a base whose centre of mass lies elsewhere, and a leg on one motor."""

import tempfile
from pathlib import Path

import numpy as np
import pytest

from sb3_memaug.robots import RobotState

#: kg; m, of the base's centre of mass in the base's own frame, and of the foot below the hip.
BASE_MASS, BODY_MASS, CENTRE, FOOT_DEPTH = 1.9, 2.0, np.array((0.05, -0.1, 0.2)), 0.3
DT, STIFFNESS, DAMPING, LIMIT = 0.001, 3.0, 0.1, 0.5

URDF = f"""
<robot name="hopper">
  <link name="base">
    <inertial>
      <origin xyz="{" ".join(map(str, CENTRE))}" rpy="0 0 0.7"/><mass value="{BASE_MASS}"/>
      <inertia ixx="0.02" iyy="0.02" izz="0.02" ixy="0" ixz="0" iyz="0"/>
    </inertial>
    <collision><geometry><box size="0.1 0.1 0.1"/></geometry></collision>
  </link>
  <link name="leg">
    <inertial><mass value="{BODY_MASS - BASE_MASS}"/><inertia ixx="2e-3" iyy="2e-3" izz="2e-3" ixy="0" ixz="0" iyz="0"/>
    </inertial>
    <collision>
      <origin xyz="0 0 -{FOOT_DEPTH}"/><geometry><sphere radius="0.01"/></geometry>
    </collision>
  </link>
  <link name="antenna">
    <inertial><mass value="1e-6"/><inertia ixx="1e-9" iyy="1e-9" izz="1e-9" ixy="0" ixz="0" iyz="0"/></inertial>
  </link>
  <joint name="hip" type="continuous"><parent link="base"/><child link="leg"/><axis xyz="0 1 0"/></joint>
  <joint name="mount" type="fixed"><parent link="base"/><child link="antenna"/></joint>
</robot>
"""

ACTUATORS = {
    "position": f'<position name="drive" joint="hip" kp="{STIFFNESS}" kv="{DAMPING}" forcerange="-{LIMIT} {LIMIT}"/>',
    "torque": f'<motor name="drive" joint="hip" gear="2" forcerange="-{LIMIT} {LIMIT}"/>',
}


def bullet_hopper(gravity=0.0, motors=("hip",), feet=None):
    pybullet = pytest.importorskip("pybullet")
    from pybullet_utils.bullet_client import BulletClient

    from sb3_memaug.robots.bullet.robot import BulletRobot

    client = BulletClient(pybullet.DIRECT)
    client.setGravity(0, 0, -gravity)
    client.setTimeStep(DT)
    client.createMultiBody(0, client.createCollisionShape(client.GEOM_PLANE))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hopper.urdf"
        path.write_text(URDF)
        body = client.loadURDF(str(path), flags=client.URDF_USE_INERTIA_FROM_FILE)
    for link in (-1, 0, 1):
        client.changeDynamics(body, link, linearDamping=0, angularDamping=0, jointDamping=0)
    return BulletRobot(client, body, motors, feet or {"foot": ["leg"]}, STIFFNESS, DAMPING, LIMIT)


def mujoco_hopper(gravity=0.0, actuator="position", feet=None):
    mujoco = pytest.importorskip("mujoco")
    from sb3_memaug.robots.mujoco.robot import MuJoCoRobot

    model = mujoco.MjModel.from_xml_string(
        f"""
        <mujoco>
          <option timestep="{DT}" gravity="0 0 {-gravity}"/>
          <worldbody>
            <geom type="plane" size="5 5 1"/>
            <body name="base">
              <freejoint/>
              <inertial pos="{" ".join(map(str, CENTRE))}" euler="0 0 40" mass="{BASE_MASS}"
                        diaginertia="0.02 0.02 0.02"/>
              <body name="leg">
                <joint name="hip" axis="0 1 0"/>
                <inertial pos="0 0 0" mass="{BODY_MASS - BASE_MASS}" diaginertia="0.002 0.002 0.002"/>
                <geom name="sole" size="0.01" pos="0 0 -{FOOT_DEPTH}"/>
              </body>
            </body>
          </worldbody>
          <actuator>{ACTUATORS[actuator]}</actuator>
        </mujoco>
        """
    )
    return MuJoCoRobot(model, mujoco.MjData(model), feet or {"foot": ["sole"]})


HOPPERS = {"bullet": bullet_hopper, "mujoco": mujoco_hopper}


def state(height=2.0, orientation=(1, 0, 0, 0), linear=(0, 0, 0), angular=(0, 0, 0), angle=0.0, rate=0.0):
    quaternion = np.array(orientation, float)
    return RobotState(
        np.array((0.3, -0.2, height)),
        quaternion / np.linalg.norm(quaternion),
        np.array(linear, float),
        np.array(angular, float),
        np.array((angle,)),
        np.array((rate,)),
    )


MOVING = state(orientation=(0.9, 0.1, -0.3, 0.2), linear=(1, 2, 3), angular=(0.4, -0.5, 0.6), angle=0.3, rate=-0.7)
