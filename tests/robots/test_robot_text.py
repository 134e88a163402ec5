"""Whatever a file is called and written in, it is read, or refused with its name and the place."""

from pathlib import Path

import pytest

from sb3_memaug.files import InputError
from sb3_memaug.robots.description.text import expanded_path, read_robot_text
from sb3_memaug.symmetry import derive_symmetry, read_geometry

from .small_urdf import biped_parts, robot

BIPED = robot(biped_parts())
ARM = '<mujoco model="arm"><worldbody><body><joint name="é"/><geom size="1"/></body></worldbody></mujoco>'


@pytest.fixture
def write(tmp_path):
    def write(data, name="robot.urdf"):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return write


def mirrors(source):
    return list(derive_symmetry(source).reflections)


@pytest.mark.parametrize(
    "attributes", ['xmlns="http://drake.mit.edu"', 'xmlns="http://www.ros.org"', 'xmlns:a="http://b"']
)
def test_a_namespace_on_the_robot_changes_nothing(attributes):
    assert mirrors(robot(biped_parts(), attributes=attributes)) == mirrors(BIPED) == ["left_right", "front_back"]


def test_a_namespace_may_be_written_as_a_prefix_or_anew():
    prefixed = BIPED.replace("</", "</ns0:").replace("<", "<ns0:").replace("<ns0:/ns0:", "</ns0:")
    prefixed = prefixed.replace("<ns0:robot", '<ns0:robot xmlns:ns0="http://www.ros.org"')
    assert mirrors(prefixed) == mirrors(BIPED)
    assert mirrors(BIPED.replace('<link name="left_shin"', '<link xmlns="http://a" name="left_shin"')) == mirrors(BIPED)


def test_elements_of_others_are_no_links_even_if_nobody_declares_their_prefix():
    assert len(read_geometry(robot(biped_parts(), '<drake:link name="left_shin"/>')).joints) == 4


def test_a_path_may_start_at_home(write, monkeypatch, tmp_path):
    write(BIPED)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert mirrors("~/robot.urdf") == mirrors(Path("~/robot.urdf")) == mirrors(BIPED)


@pytest.mark.parametrize(
    "before", ["", "\ufeff", "\n\n", "\ufeff \n", '<?xml version="1.0"?>', '\n<?xml version="1.0"?>']
)
@pytest.mark.parametrize("text", [BIPED, ARM])
def test_what_stands_before_the_robot_does_not_matter(write, before, text):
    # MuJoCo reads files by itself.
    assert len(read_geometry(before + text).joints) == len(read_geometry(write(before + text)).joints)


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", None), ("utf-8-sig", None), ("utf-16", None), ("utf-16", "utf-16"), ("utf-32", None),
        ("latin-1", "ISO-8859-1"), ("cp1252", "windows-1252"), ("shift_jis", "Shift_JIS"),
    ],
)  # fmt: skip
def test_files_say_in_which_encoding_they_are(write, encoding, declared):
    name = "足" if encoding == "shift_jis" else "fuß"
    text = BIPED.replace("left_shin", name)
    head = "" if declared is None else f'<?xml version="1.0" encoding="{declared}"?>'
    robot = read_geometry(write((head + text).encode(encoding)))
    assert name in [link.name for link in robot.links]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            BIPED.replace("left_shin", "fuß").encode("latin-1"),
            "expected text in utf-8, got the byte 0xdf.*save it as UTF-8",
        ),
        (
            b'<?xml version="1.0" encoding="klingon"?>' + BIPED.encode(),
            "line 1: .*encoding 'klingon', which is unknown",
        ),
        (b"", "got an empty file"),
        (b"\xef\xbb\xbf  \n", "got an empty file"),
        (bytes(range(1, 128)), "line 1: this is no URDF file or MJCF file"),
        (b"solid leg\nendsolid", "line 1: this is no URDF file or MJCF file"),
        (b"<robot>\n<link></robot>", "line 2: .*mismatched tag"),
        (b'<sdf version="1.6"/>', "expected <mujoco> or <robot> around everything, got <sdf>"),
        (b"<robot>" + b"<link>" * 5000, "line 1: expected elements within elements up to 100 deep"),
        (b"<mujoco>" + b"<body>" * 5000, "line 1: expected elements within elements up to 500 deep"),
    ],
)
def test_other_files_are_refused_with_their_name_and_the_place(write, data, message):
    path = write(data)
    with pytest.raises(InputError, match=rf"(?s)robot\.urdf.*{message}") as refused:
        read_robot_text(path)
    assert refused.value.source == str(path)
    with pytest.raises(InputError, match=message):
        derive_symmetry(path)


def test_entities_are_refused_before_they_expand():
    bomb = '<!DOCTYPE robot [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    with pytest.raises(InputError, match=r"declares the entity 'a'.*write out"):
        read_robot_text(bomb + BIPED.replace("left_shin", "&b;"))
    assert mirrors("<!DOCTYPE robot>" + BIPED) == mirrors(BIPED)


@pytest.mark.parametrize("name", ["nobody.urdf", "", ".", "x" * 5000, "a\0b", "~nobody_by_that_name/x.urdf"])
def test_paths_of_nothing_are_refused(name):
    with pytest.raises(InputError, match=r"expected (the path of )?an MJCF or URDF file"):
        derive_symmetry(name)


def test_a_file_that_may_not_be_read_is_refused(write, monkeypatch):
    path = write(BIPED)

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(InputError, match=r"robot\.urdf: cannot be read: Permission denied"):
        read_robot_text(path)


@pytest.mark.parametrize("path", [5, b"robot.urdf", None])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(TypeError, match="expected the path"):
        expanded_path(path)
