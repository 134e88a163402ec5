"""What a task looks at, :class:`sb3_memaug.robots.Motion`: the robot's state, seen from its base."""

from __future__ import annotations

from sb3_memaug.robots import Motion as Motion
