import pytest

pytest.importorskip("mujoco")

import mujoco

from sb3_memaug.robots.mujoco.geometry import mujoco_geometry
from sb3_memaug.robots.mujoco.robot import MuJoCoRobot

BALL = '<body name="ball"><freejoint/><geom size="0.1"/></body>'
HOPPER = """
<body name="hopper">
  {root}<geom size="0.1"/>
  <body name="leg"><joint name="hip" axis="0 1 0"/><geom size="0.1" pos="0 0 -0.3"/></body>
</body>
"""
MOTOR = '<actuator><motor name="drive" joint="hip"/></actuator>'


def model(*bodies, actuators=MOTOR):
    return mujoco.MjModel.from_xml_string(f"<mujoco><worldbody>{''.join(bodies)}</worldbody>{actuators}</mujoco>")


@pytest.mark.parametrize("actuators", ["", MOTOR])
@pytest.mark.parametrize("ball_first", [False, True])
def test_a_ball_that_lies_about_is_no_robot(ball_first, actuators):
    bodies = [HOPPER.format(root="<freejoint/>"), BALL][:: -1 if ball_first else 1]
    geometry = mujoco_geometry(model(*bodies, actuators=actuators))
    assert [link.name for link in geometry.links] == ["hopper", "leg"]
    assert geometry.floating


def test_a_robot_that_stands_fast_is_not_mistaken_for_the_ball_before_it():
    fixed = model(BALL, HOPPER.format(root=""))
    assert not mujoco_geometry(fixed).floating
    assert fixed.body(MuJoCoRobot(fixed, mujoco.MjData(fixed)).base_body).name == "leg"
