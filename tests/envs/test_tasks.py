import pytest

from sb3_memaug.envs.legged.tasks import legged, make_task
from sb3_memaug.envs.minitaur.tasks import minitaur
from sb3_memaug.envs.tasks import PositionTask, VelocityTask


def test_a_goal_selects_its_task():
    assert type(make_task("velocity", 0.3, {})) is VelocityTask
    assert type(make_task("position", 0.3, {})) is PositionTask


@pytest.mark.parametrize("goal", ["Velocity", "run", None])
@pytest.mark.parametrize(
    "make",
    [
        lambda goal: make_task(goal, 0.3, {}),
        lambda goal: legged("no_such_robot.urdf", goal),
        lambda goal: minitaur("mujoco", goal),
    ],
)
def test_an_unknown_goal_is_refused(make, goal):
    with pytest.raises(ValueError, match=rf"`goal` must be one of \['velocity', 'position'\], got {goal!r}"):
        make(goal)
