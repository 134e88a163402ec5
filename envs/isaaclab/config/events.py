"""What happens to a robot: Isaac Lab's randomization of velocity tracking, then failures and payloads."""

from isaaclab.managers import EventTermCfg as EventTerm
from isaaclab.utils import configclass
from isaaclab_tasks.core.velocity.velocity_env_cfg import EventsCfg as VelocityEventsCfg

from ..mdp.joint_failure import JointFailure
from ..mdp.payload import Payload, hold_payloads


@configclass
class EventsCfg(VelocityEventsCfg):
    """Configuration for events. Failures and payloads come last, when the robot stands where it starts."""

    joint_failure: EventTerm | None = None
    payload: EventTerm | None = None
    hold_payloads: EventTerm | None = None


def make_certain(events: EventsCfg) -> None:
    """Make all robots alike and leave them alone: what remains is drawn at resets.

    Args:
        events: The events, which are changed.
    """
    events.add_base_mass = events.base_com = events.base_external_force_torque = events.push_robot = None
    # Not left out, because it also says how rough the ground is.
    for name, limits in events.physics_material.params.items():
        if name.endswith("_range"):
            events.physics_material.params[name] = (sum(limits) / 2,) * 2


def joint_failure(events: EventsCfg, joints: dict[str, list[str]]) -> None:
    """Let joints fail.

    Args:
        events: The events, which are changed.
        joints: Names of the joints that may fail, by split.
    """
    events.joint_failure = EventTerm(
        func=JointFailure, mode="reset", params={"splits": joints, "split": "id", "probability": 0.8}
    )


def payload(
    events: EventsCfg,
    body_name: str,
    mass: tuple[float, float],
    z: float,
    sections: dict[str, list[dict[str, tuple[float, float]]]],
) -> None:
    """Lay payloads on a body.

    Args:
        events: The events, which are changed.
        body_name: The body.
        mass: Range of the mass [kg].
        z: Height of the point above the body's origin [m].
        sections: Ranges of x and y by split [m].
    """
    events.payload = EventTerm(
        func=Payload,
        mode="reset",
        params={
            "body_name": body_name,
            "mass": mass,
            "z": z,
            "splits": sections,
            "split": "id",
            "probability": 1.0,
        },
    )
    events.hold_payloads = EventTerm(
        func=hold_payloads,
        mode="interval",
        interval_range_s=(0.0, 0.0),
        is_global_time=True,
    )
