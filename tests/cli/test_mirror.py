import json

import gymnasium as gym
import numpy as np
import pytest

from sb3_memaug.cli import main
from sb3_memaug.symmetry import SymmetryGroup
from sb3_memaug.wrappers import MirrorSpec

from .robot_files import two_arms
from .shown_env import ID


@pytest.fixture
def mirror(capsys):
    """Runs a command, and returns its exit status, its output and its complaints."""

    def mirror(*arguments):
        status = 0
        try:
            main(["mirror", *map(str, arguments)])
        except SystemExit as exit_:
            status = exit_.code
        captured = capsys.readouterr()
        # A text is what an interpreter prints as it ends with status 1.
        return (1, captured.out, status) if isinstance(status, str) else (status, captured.out, captured.err)

    return mirror


@pytest.fixture
def robot(tmp_path):
    """Writes the robot's file, and returns its path."""

    def robot(**kwargs):
        (tmp_path / "robot.urdf").write_text(two_arms(**kwargs))
        return tmp_path / "robot.urdf"

    return robot


@pytest.fixture
def _coarse(monkeypatch):
    pytest.importorskip("matplotlib")
    from sb3_memaug.pictures import mirror_figure

    monkeypatch.setattr(mirror_figure, "DPI", 40)


@pytest.mark.usefixtures("_coarse")
class TestShow:
    def test_a_robot_of_a_file_is_drawn_into_the_working_folder(self, mirror, robot, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        status, out, _ = mirror("show", robot())
        assert status == 0
        assert "left-right: holds, 2 of 2 joints change places" in out
        assert "within 0.00 mm" in out
        assert out.splitlines()[-1] == "picture: two_arms_mirror.png"
        assert (tmp_path / "two_arms_mirror.png").stat().st_size > 5000

    def test_the_meshes_of_an_mjcf_file_need_not_be_there(self, mirror, tmp_path):
        leg = (
            '<body name="{s}" pos="0 {y} 0"><joint name="{s}_hip" axis="0 1 0"/><geom type="mesh" mesh="leg_{s}"/>'
            '<inertial pos="0 0 -.1" mass="1" diaginertia=".01 .01 .01"/></body>'
        )
        (tmp_path / "robot.xml").write_text(
            '<mujoco><asset><mesh name="leg_l" file="l.stl"/><mesh name="leg_r" file="r.stl"/></asset><worldbody>'
            '<body name="trunk"><freejoint/><geom type="box" size=".2 .1 .05"/>'
            f"{leg.format(s='l', y=0.1)}{leg.format(s='r', y=-0.1)}</body></worldbody></mujoco>"
        )
        with pytest.warns(UserWarning, match=r"'l\.stl' is missing, 'r\.stl' is missing"):
            status, out, _ = mirror("show", tmp_path / "robot.xml", "-o", tmp_path / "robot.png")
        assert status == 0
        assert "left-right: holds, 2 of 2 joints change places" in out
        assert (tmp_path / "robot.png").stat().st_size > 5000

    def test_a_seed_and_a_pose_make_other_pictures(self, mirror, robot, tmp_path):
        pictures = []
        for i, arguments in enumerate([(), (), ("--seed", 1), ("--pose", "left_joint=1.5")]):
            assert mirror("show", robot(), "-o", tmp_path / f"{i}.png", *arguments)[0] == 0
            pictures.append((tmp_path / f"{i}.png").read_bytes())
        assert pictures[0] == pictures[1]
        assert len(set(pictures)) == 3

    def test_an_environment_is_drawn_in_the_mirror_that_is_asked_for(self, mirror, tmp_path):
        pytest.importorskip("mujoco")
        status, out, _ = mirror("show", "Ant-v5", "--plane", "front_back", "-o", tmp_path / "ant.png")
        assert status == 0
        assert out.startswith("front-back: holds, 8 of 8 joints change places")
        assert (tmp_path / "ant.png").is_file()

    def test_a_mirror_that_does_not_hold_is_drawn_and_told(self, mirror, robot, tmp_path):
        status, out, _ = mirror("show", robot(left_mass=2.0), "-o", tmp_path / "broken.png")
        assert status == 0
        assert "broken by: left_arm and right_arm: mass" in out
        assert (tmp_path / "broken.png").is_file()

    def test_a_mirror_that_is_not_there_cannot_be_drawn(self, mirror, robot, tmp_path):
        status, _, complaint = mirror("show", robot(), "--plane", "front_back", "-o", tmp_path / "none.png")
        assert status == 1
        assert complaint.startswith("front-back: the robot has no such mirror image")
        assert not (tmp_path / "none.png").exists()


class TestDerive:
    def test_the_account_of_a_file_and_its_mirrors(self, mirror, robot, tmp_path):
        status, out, _ = mirror("derive", robot(), "-o", tmp_path / "mirrors.json")
        assert status == 0
        assert out.startswith("two arms\nleft-right: holds")
        assert out.endswith(f"written: {tmp_path / 'mirrors.json'}\n")

    def test_an_environments_file_is_read_by_mirror_spec(self, mirror, tmp_path):
        pytest.importorskip("mujoco")
        assert mirror("derive", "Ant-v5", "-o", tmp_path / "ant.json")[0] == 0
        read = MirrorSpec(gym.make("Ant-v5"), file=str(tmp_path / "ant.json")).symmetry_group
        derived = MirrorSpec(gym.make("Ant-v5")).symmetry_group
        assert isinstance(read, SymmetryGroup)
        assert read.names == derived.names
        observation = np.arange(105.0)
        np.testing.assert_array_equal(read.observations(observation), derived.observations(observation))

    def test_what_breaks_a_mirror_is_told_by_the_status_too(self, mirror, robot):
        status, out, _ = mirror("derive", robot(left_mass=2.0))
        assert status == 1
        assert "broken by: left_arm and right_arm: mass" in out

    def test_tolerances_forgive(self, mirror, robot):
        arguments = ("derive", robot(left_mass=1.3))
        assert mirror(*arguments)[0] == 1
        assert mirror(*arguments, "--tolerance", "mass=0.5,inertia=0.5")[0] == 0

    def test_a_pose_can_break_a_mirror(self, mirror, robot):
        assert mirror("derive", robot(), "--pose", "left_joint=0.5,right_joint=-0.5")[0] == 0
        status, out, _ = mirror("derive", robot(), "--pose", "left_joint=0.5")
        assert status == 1
        assert "left-right: holds" not in out


@pytest.mark.parametrize("command", ["show", "derive"])
class TestMistakes:
    def test_files_that_are_not_there(self, command, mirror, tmp_path):
        status, _, complaint = mirror(command, tmp_path / "robot.urdf")
        assert status == 2
        assert "does not exist" in complaint

    def test_environments_that_are_not_registered(self, command, mirror):
        status, _, complaint = mirror(command, "ant-v5")
        assert status == 2
        assert "did you mean Ant-v5" in complaint

    def test_environments_without_a_robot(self, command, mirror):
        status, _, complaint = mirror(command, ID)
        assert status == 2
        assert "no robot found in ShownEnv" in complaint

    def test_arguments_of_environments_for_files(self, command, mirror, robot):
        status, _, complaint = mirror(command, robot(), "--env-kwargs", "split:1")
        assert status == 2
        assert "--env-kwargs are for environments" in complaint

    def test_unknown_joints(self, command, mirror, robot):
        status, _, complaint = mirror(command, robot(), "--pose", "left_joind=1")
        assert status == 2
        assert "two arms has no joint 'left_joind'; did you mean 'left_joint'" in complaint


def test_a_picture_needs_a_name_that_tells_its_kind(mirror, robot):
    pytest.importorskip("matplotlib")
    status, _, complaint = mirror("show", robot(), "-o", "picture.doc")
    assert status == 2
    assert "must end in .png" in complaint


def test_an_unknown_tolerance_is_told_with_those_there_are(mirror, robot):
    status, _, complaint = mirror("derive", robot(), "--tolerance", "mas=1")
    assert status == 2
    assert "there is no 'mas'; there are position, angle, mass" in complaint


def test_the_axes_of_the_base_are_read_and_written(mirror, tmp_path):
    """The same robot with y up and z to the right."""
    text = two_arms().replace('xyz="1 0 0.5"', 'xyz="1 0.5 0"')
    text = text.replace('xyz="0 0.2 0"', 'xyz="0 0 -0.2"').replace('xyz="0 -0.2 0"', 'xyz="0 0 0.2"')
    path, written = tmp_path / "turned.urdf", tmp_path / "mirror.json"
    path.write_text(text)
    status, out, _ = mirror("derive", path, "--axes", "forward=x,up=y,origin=0:0:0", "-o", written)
    assert status == 0
    assert out.splitlines()[1].startswith("left-right: holds, 2 of 2 joints change places")
    assert json.loads(written.read_text())["reflections"]["left_right"]["base"] == {"up": "y"}


@pytest.mark.parametrize("axes", ["up=w", "up=x", "left=y", "origin=0:0", "y"])
def test_axes_that_are_none_are_told(axes, mirror, robot):
    status, _, complaints = mirror("derive", robot(), "--axes", axes)
    assert status == 2
    assert "argument --axes: " in complaints


@pytest.mark.parametrize("command", ["derive", "show"])
@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "robot.urdf is no robot that can be read: expected <mujoco> or <robot>"),
        ("<robot>\n<link></robot>", "robot.urdf is no robot that can be read, line 2"),
        ('<robot><link name="a"/><link name="b"/></robot>', "the root, got ['a', 'b']"),
    ],
)
def test_files_that_hold_no_robot_are_refused_in_one_line(mirror, tmp_path, monkeypatch, command, text, complaint):
    (tmp_path / "robot.urdf").write_text(text)
    monkeypatch.setenv("HOME", str(tmp_path))
    status, _, err = mirror(command, "~/robot.urdf")
    assert status == 2
    assert complaint in err
