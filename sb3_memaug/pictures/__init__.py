"""Pictures of robots, drawn from their geometry alone."""

from sb3_memaug.pictures.mirror_figure import draw_mirror
from sb3_memaug.pictures.poses import MirroredPose, random_pose

__all__ = ["MirroredPose", "draw_mirror", "random_pose"]
