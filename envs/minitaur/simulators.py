import mujoco
from .mujoco_model import minitaur_xml
from .anatomy import LEGS, SIDES
from sb3_memaug.robots.mujoco_robot import MuJoCoRobot
def make_robot(s):
    m=mujoco.MjModel.from_xml_string(minitaur_xml(0.004,8.,.2,3.5)); d=mujoco.MjData(m)
    return MuJoCoRobot(m,d,{leg:[f"foot_{leg}{s}" for s in SIDES] for leg in LEGS})
