"""Unitree G1: its commands, its failures and its payloads."""

import re

from isaaclab.utils import configclass

from ... import splits
from ..robots import G1_FINGERS, g1
from .events import joint_failure, payload
from .g1_rewards import G1PositionRewardsCfg, G1VelocityRewardsCfg
from .position import PositionEnvCfg
from .velocity import VelocityEnvCfg

TORSO = "torso_link"


class G1:
    """Makes the robot of a configuration a Unitree G1."""

    def __post_init__(self):
        super().__post_init__()
        # Converted shapes touch the ground at more points than the few that Isaac Lab's has.
        solver = self.sim.physics.newton_mjwarp.solver_cfg
        solver.njmax, solver.nconmax = 200, 40
        self.terminations.base_contact.params["sensor_cfg"].body_names = TORSO
        self.events.add_base_mass.params["asset_cfg"].body_names = TORSO
        self.events.base_external_force_torque.params["asset_cfg"].body_names = TORSO
        self.events.base_com = None
        self.events.reset_robot_joints.params["position_range"] = (1.0, 1.0)

    def use_robot(self, file: str | None):
        self.scene.robot = g1(file)
        names = [name for motors in self.scene.robot.actuators.values() for name in motors.joint_names_expr]
        if file is not None and not any(re.fullmatch(G1_FINGERS, name) for name in names):
            self.rewards.fingers_deviation = None

    def let_joints_fail(self):
        """Let joints of the left hip fail, or of the right one, by split."""
        joint_failure(self.events, splits.G1_JOINTS)

    def lay_payloads(self):
        """Lay payloads on the left shoulder, or on the right one, by split."""
        payload(self.events, TORSO, splits.G1_PAYLOAD_MASS, splits.G1_PAYLOAD_Z, splits.G1_SECTIONS)


@configclass
class G1VelocityEnvCfg(G1, VelocityEnvCfg):
    """Configuration for velocity tracking."""

    rewards: G1VelocityRewardsCfg = G1VelocityRewardsCfg()

    def __post_init__(self):
        super().__post_init__()
        self.commands.base_velocity.ranges.lin_vel_x = (0.0, 1.0)
        self.commands.base_velocity.ranges.lin_vel_y = (0.0, 0.0)


@configclass
class G1PositionEnvCfg(G1, PositionEnvCfg):
    """Configuration for position tracking."""

    rewards: G1PositionRewardsCfg = G1PositionRewardsCfg()


@configclass
class G1VelocityJointFailureEnvCfg(G1VelocityEnvCfg):
    """Configuration for velocity tracking where joints fail."""

    def __post_init__(self):
        super().__post_init__()
        self.let_joints_fail()


@configclass
class G1VelocityPayloadEnvCfg(G1VelocityEnvCfg):
    """Configuration for velocity tracking under payloads."""

    def __post_init__(self):
        super().__post_init__()
        self.lay_payloads()


@configclass
class G1PositionJointFailureEnvCfg(G1PositionEnvCfg):
    """Configuration for position tracking where joints fail."""

    def __post_init__(self):
        super().__post_init__()
        self.let_joints_fail()


@configclass
class G1PositionPayloadEnvCfg(G1PositionEnvCfg):
    """Configuration for position tracking under payloads."""

    def __post_init__(self):
        super().__post_init__()
        self.lay_payloads()
