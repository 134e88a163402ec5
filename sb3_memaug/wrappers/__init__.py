"""Gymnasium wrappers that make an environment one of this library's tasks."""

from sb3_memaug.wrappers.joint_failure import JointFailure
from sb3_memaug.wrappers.mirror_spec import MirrorSpec
from sb3_memaug.wrappers.payload import Payload

__all__ = ["JointFailure", "MirrorSpec", "Payload"]
