"""Small MuJoCo models, and what a model holds."""

import numpy as np
import pytest


def arrays(model):
    """Copies of everything in a model."""
    copies = {name: getattr(model, name) for name in dir(model) if not name.startswith("_")}
    copies = {name: value.copy() for name, value in copies.items() if isinstance(value, np.ndarray)}
    stat = {name: np.copy(getattr(model.stat, name)) for name in dir(model.stat) if not name.startswith("_")}
    return copies | stat


def changed(model, before):
    return sorted(name for name, value in arrays(model).items() if not np.array_equal(value, before[name]))


def one_joint(actuators, joint="", option=""):
    """A base without a free joint: a bar on a hinge."""
    mujoco = pytest.importorskip("mujoco")
    return mujoco.MjModel.from_xml_string(
        f"""
        <mujoco>
          <compiler angle="radian"/>
          <option timestep="0.002" gravity="0 0 -10" {option}/>
          <worldbody>
            <body name="bar">
              <joint name="swing" axis="0 1 0" {joint}/>
              <geom name="rod" type="capsule" size="0.02" fromto="0 0 0 0.4 0 0" mass="1"/>
              <body name="tip" pos="0.4 0 0">
                <joint name="bend" axis="0 1 0"/>
                <geom type="capsule" size="0.02" fromto="0 0 0 0.2 0 0" mass="0.5"/>
              </body>
            </body>
          </worldbody>
          <tendon><fixed name="both"><joint joint="swing" coef="1"/><joint joint="bend" coef="1"/></fixed></tendon>
          <actuator>{actuators}</actuator>
        </mujoco>
        """
    )
