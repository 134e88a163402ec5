import sys
from types import SimpleNamespace

import pytest

from sb3_memaug.envs.legged.robot_files import find_robot_file
from sb3_memaug.files import InputError


class MenagerieError(Exception):
    pass


@pytest.fixture
def menagerie(monkeypatch, tmp_path):
    """A menagerie that has the first of its robots only."""
    names = ["anybotics_anymal_b", "anybotics_anymal_c", "unitree_go1", "unitree_go2"]
    there = tmp_path / "unitree_go1" / "go1.xml"
    there.parent.mkdir()
    there.write_text("<mujoco/>")

    def get(name):
        def xml(entry):
            assert entry == "main"
            if name != "unitree_go1":
                raise MenagerieError("no network")
            return there

        return SimpleNamespace(
            name=name, default_model="main", xml=xml, entry=lambda _: SimpleNamespace(file=f"{name[-3:]}.xml")
        )

    module = SimpleNamespace(names=lambda: names, get=get, MenagerieError=MenagerieError)
    monkeypatch.setitem(sys.modules, "mujoco_menagerie", module)
    return there


@pytest.mark.parametrize("ending", [".urdf", ".xml", ".mjcf", ".URDF"])
def test_a_path_is_taken_as_it_is(tmp_path, ending):
    path = tmp_path / f"my robot{ending}"
    path.write_text("")
    assert find_robot_file(path) == find_robot_file(str(path)) == path.resolve()


@pytest.mark.parametrize("name", ["unitree_go1", "go1", "Go-1", "unitree go1"])
def test_names_of_the_menagerie_need_not_be_whole(menagerie, name):
    assert find_robot_file(name) == menagerie


def test_a_name_of_several_robots_is_refused(menagerie):
    with pytest.raises(ValueError, match=r"may be any of \['anybotics_anymal_b', 'anybotics_anymal_c'\]"):
        find_robot_file("anymal")


def test_a_misspelt_name_is_met_with_near_ones(menagerie):
    with pytest.raises(ValueError, match=r"neither a file nor a robot .* did you mean 'unitree_go1'"):
        find_robot_file("unitree_gol1")
    with pytest.raises(ValueError, match="Its robots are"):
        find_robot_file("xyzzy")


def test_without_network_the_file_to_give_is_named(menagerie):
    with pytest.raises(FileNotFoundError, match=r"no network.*path of its file unitree_go2/go2.xml.*MENAGERIE_ROOT"):
        find_robot_file("go2")


def test_a_name_without_the_menagerie_tells_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "mujoco_menagerie", None)
    with pytest.raises(ImportError, match=r"'go1' is no file.*sb3-memaug\[menagerie\]"):
        find_robot_file("go1")


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere/robot.urdf', which does not exist"):
        find_robot_file(tmp_path / "nowhere" / "robot.urdf")
    with pytest.raises(FileNotFoundError, match=r"robot.xml', which does not exist"):
        find_robot_file("robot.xml")
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(ValueError, match=r"ends in \.urdf, \.xml, \.mjcf, got .*notes.txt"):
        find_robot_file(tmp_path / "notes.txt")


@pytest.mark.parametrize("path", ["x" * 5000, "a\0b.xml", "~nobody_by_that_name/robot.urdf"])
def test_paths_that_nothing_can_have_are_refused(path):
    with pytest.raises(InputError, match="expected the path of an MJCF or URDF file, which this is not"):
        find_robot_file(path)


def test_what_is_no_path_is_refused():
    with pytest.raises(TypeError, match="expected the path of an MJCF or URDF file, got 5"):
        find_robot_file(5)


def test_a_folder_is_met_with_the_robots_in_it(tmp_path):
    (tmp_path / "urdf").mkdir()
    (tmp_path / "urdf" / "dog.urdf").write_text("")
    with pytest.raises(ValueError, match=r"got the folder .*; robot files in it: \['.*urdf/dog.urdf'\]"):
        find_robot_file(tmp_path)


def test_the_real_menagerie_knows_what_is_asked_of_it(monkeypatch, tmp_path):
    mujoco_menagerie = pytest.importorskip("mujoco_menagerie")
    monkeypatch.setenv("MENAGERIE_ROOT", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"unitree_go1/go1\.xml"):
        find_robot_file("go1")
    path = tmp_path / "unitree_go1" / mujoco_menagerie.get("unitree_go1").entry("go1").file
    path.parent.mkdir()
    path.write_text("<mujoco/>")
    assert find_robot_file("go1") == path
