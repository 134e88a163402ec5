"""MJCF files whose meshes and pictures are elsewhere, or of no use."""

import struct
import warnings

import numpy as np
import pytest

from sb3_memaug.files import InputError
from sb3_memaug.symmetry import derive_symmetry, read_geometry

mujoco = pytest.importorskip("mujoco")

from sb3_memaug.robots.description.mjcf import read_mjcf  # noqa: E402

INERTIAL = '<inertial pos="0 0 -0.1" mass="1.5" diaginertia="0.01 0.01 0.01"/>'
BOX = '<geom name="trunk" type="box" size="0.2 0.1 0.05"/>'


def robot(
    assets='<mesh name="leg_l" file="leg_l.stl"/><mesh name="leg_r" file="leg_r.stl"/>',
    leg=INERTIAL + '<geom name="leg_{s}" type="mesh" mesh="leg_{s}"/>',
    trunk=BOX,
    rest="",
    compiler='<compiler meshdir="meshes" texturedir="pictures"/>',
    world="",
):
    legs = "".join(
        f'<body name="leg_{s}" pos="0 {y} 0"><joint name="hip_{s}" axis="0 1 0"/>{leg.format(s=s)}</body>'
        for s, y in (("l", 0.1), ("r", -0.1))
    )
    return (
        f'<mujoco model="small">{compiler}<asset>{assets}</asset><worldbody>{world}'
        f'<body name="base"><freejoint/>{trunk}{legs}</body></worldbody>{rest}</mujoco>'
    )


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "robot.xml"
        path.write_text(text)
        return path

    return write


def stl(path, faces=4):
    """A tetrahedron."""
    corners = np.array(((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)), dtype="<f4") / 10
    path.parent.mkdir(parents=True, exist_ok=True)
    data = b"".join(
        b"\0" * 12 + corners[list(face)].tobytes() + b"\0\0" for face in ((0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3))
    )
    path.write_bytes(b"\0" * 80 + struct.pack("<I", faces) + data)


def test_a_robot_without_its_meshes_has_its_masses_and_its_mirrors(write):
    path = write(robot())
    with pytest.warns(UserWarning, match=r"robot\.xml.*'leg_l\.stl' is missing, 'leg_r\.stl' is missing$"):
        derived = derive_symmetry(path)
    assert "left_right" in derived.reflections
    assert [link.mass for link in derived.geometry.links[1:]] == [1.5, 1.5]
    np.testing.assert_allclose(derived.geometry.links[1].centre, (0, 0.1, -0.1))
    # A shape that is not known touches nothing.
    assert [len(link.shapes) for link in derived.geometry.links] == [1, 0, 0]


def test_what_is_there_is_kept(write, tmp_path):
    path = write(robot())
    stl(tmp_path / "meshes" / "leg_l.stl")
    with pytest.warns(UserWarning, match="leg_r") as told:
        _, model = read_mjcf(path)
    assert "leg_l" not in str(told[0].message)
    assert [model.mesh(i).name for i in range(model.nmesh)] == ["leg_l"]
    stl(tmp_path / "meshes" / "leg_r.stl")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_mjcf(path)[1].nmesh == 2


@pytest.mark.parametrize(
    "data",
    [b"", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n" * 3, b"solid leg\nendsolid\n" * 20],
)
def test_a_mesh_that_is_no_mesh_is_left_out_with_the_reason(write, tmp_path, data):
    path = write(robot())
    stl(tmp_path / "meshes" / "leg_l.stl")
    (tmp_path / "meshes" / "leg_r.stl").write_bytes(data)
    with pytest.warns(UserWarning, match=r"'leg_r\.stl' is of no use \(.*STL file"):
        assert read_mjcf(path)[1].nmesh == 1


ALL = (
    '<mesh name="leg_l" file="a/leg.stl"/><mesh file="leg_r.obj"/><texture name="t" type="2d" file="t.png"/>'
    '<texture name="c" type="cube" fileup="up.png" filedown="down.png"/><texture type="skybox" file="sky.png"/>'
    '<material name="m" texture="t"/><material name="n" texture="c"/><hfield name="h" file="h.png" size="1 1 1 1"/>'
)


def test_every_kind_of_file_may_be_missing(write):
    leg = INERTIAL + '<geom name="leg_{s}" type="mesh" mesh="leg_{s}" material="m"/>'
    rest = (
        '<contact><pair geom1="leg_l" geom2="trunk"/><exclude body1="leg_l" body2="base"/></contact>'
        '<sensor><touch site="s"/><framepos objtype="geom" objname="leg_r"/></sensor>'
        '<deformable><skin name="s" file="s.skn"/></deformable>'
    )
    trunk = BOX + '<site name="s"/><geom type="box" mesh="leg_l" material="n" mass="0"/>'
    path = write(robot(ALL, leg, trunk, rest, world='<geom type="hfield" hfield="h"/>'))
    with pytest.warns(UserWarning, match="read without") as told:
        derived = derive_symmetry(path)
    assert "left_right" in derived.reflections
    names = ("a/leg.stl", "leg_r.obj", "t.png", "up.png", "sky.png", "h.png", "s.skn")
    message = str(told[0].message)
    assert [name for name in names if repr(name) not in message] == []
    with pytest.warns(UserWarning, match="read without"):
        _, model = read_mjcf(path)
    assert (model.nmesh, model.nhfield, model.nskin, model.npair) == (0, 0, 0, 0)
    assert (model.ntex, model.nmat, model.ngeom, model.nsensor) == (3, 2, 5, 2)


def test_meshes_of_included_files_and_attached_models_may_be_missing(write, tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "assets.xml").write_text(
        '<mujoco><asset><mesh name="leg_l" file="leg_l.stl"/></asset></mujoco>'
    )
    (tmp_path / "parts" / "tail.xml").write_text(
        '<mujoco><compiler meshdir="here"/><asset><mesh name="t" file="tail.stl"/></asset><worldbody><body name="tail">'
        f'<joint name="wag"/>{INERTIAL}<geom type="mesh" mesh="t"/></body></worldbody></mujoco>'
    )
    text = robot(
        '<mesh name="leg_r" file="leg_r.stl"/><model name="tail" file="parts/tail.xml"/>',
        trunk=BOX + '<attach model="tail" body="tail" prefix="my_"/>',
    )
    path = write(text.replace("<asset>", '<include file="parts/assets.xml"/><asset>'))
    with pytest.warns(UserWarning, match="read without") as told:
        geometry = read_geometry(path)
    assert [joint.name for joint in geometry.joints] == ["my_wag", "hip_l", "hip_r"]
    message = str(told[0].message)
    assert [name for name in ("leg_l", "leg_r", "tail") if f"{name}.stl' is missing" not in message] == [], message


@pytest.mark.parametrize("compiler", ["", '<compiler inertiafromgeom="true"/>'])
def test_a_mass_that_only_a_missing_mesh_tells_is_an_error(write, compiler):
    leg = INERTIAL if compiler else ""
    with pytest.raises(
        InputError, match=r"robot\.xml.*its mass is only known from 'leg_l\.stl'.*<inertial>"
    ) as refused:
        read_mjcf(write(robot(leg=leg + '<geom type="mesh" mesh="leg_{s}"/>', compiler=compiler)))
    assert refused.value.place == "body 'leg_l'"


def test_a_mass_that_is_known_in_part_is_warned_of(write):
    leg = '<geom type="mesh" mesh="leg_{s}"/><geom size="0.05" mass="2"/>'
    with pytest.warns(UserWarning, match="their mass is missing in the bodies 'leg_l', 'leg_r'"):
        _, model = read_mjcf(write(robot(leg=leg)))
    assert model.body("leg_l").mass[0] == 2


@pytest.mark.parametrize("attributes", ['mass="0"', 'density="0"', 'group="2"'])
def test_meshes_to_look_at_weigh_nothing(write, attributes):
    leg = '<geom type="mesh" mesh="leg_{s}" ' + attributes + '/><geom size="0.05" mass="2"/>'
    compiler = '<compiler inertiagrouprange="0 1"/>'
    with pytest.warns(UserWarning, match="read without") as told:
        read_mjcf(write(robot(leg=leg, compiler=compiler)))
    assert "mass" not in str(told[0].message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('<mujoco><include file="more.xml"/></mujoco>', r"MuJoCo cannot read the robot in it: .*more\.xml"),
        ('<mujoco><asset><model name="a" file="more.xml"/></asset></mujoco>', r"MuJoCo cannot read .*more\.xml"),
        (robot(leg='<geom type="mesh" mesh="lug_{s}" mass="1"/>'), "MuJoCo cannot read .*mesh 'lug_l' not found"),
        # The mesh of that name is not what is wrong.
        (robot(leg='<geom name="leg_{s}" size="-1" mass="1"/>'), "MuJoCo cannot read .*leg_l"),
        (robot(leg=INERTIAL.replace("1.5", "1e11")), r"body 'leg_l': expected numbers of up to 1e\+10 as its mass"),
    ],
)
def test_what_mujoco_cannot_read_is_refused(write, tmp_path, text, message):
    for side in "lr":
        stl(tmp_path / "meshes" / f"leg_{side}.stl")
    with pytest.raises(InputError, match=rf"robot\.xml.*{message}"):
        derive_symmetry(write(text))


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_other_encodings_than_mujocos_are_refused(write, encoding):
    path = write("")
    text = robot("", leg=INERTIAL).replace("hip_l", "hüfte")
    path.write_bytes((f'<?xml version="1.0" encoding="{encoding}"?>' + text).encode(encoding))
    with pytest.raises(InputError, match=r"robot\.xml.*expected text in UTF-8"):
        derive_symmetry(path)


def test_names_of_included_files_are_in_utf_8_too(write, tmp_path):
    leg = f'<mujocoinclude><body name="häß">{INERTIAL}<joint name="ö"/></body></mujocoinclude>'
    (tmp_path / "leg.xml").write_bytes(leg.encode("latin-1"))
    path = write(robot("", leg=INERTIAL, trunk=BOX + '<include file="leg.xml"/>'))
    with pytest.raises(InputError, match=r"robot\.xml.*expected names in UTF-8, also in the files that it includes"):
        derive_symmetry(path)


def test_masses_within_frames_are_known_too(write):
    frame = (
        '<frame pos="0 0 1"><geom type="mesh" mesh="leg_{s}"/><body name="pad_{s}"><geom size="0.1"/></body></frame>'
    )
    with pytest.warns(UserWarning, match="their mass is missing in the bodies 'leg_l', 'leg_r'"):
        read_mjcf(write(robot(leg=frame)))


def test_a_description_is_prepared_before_it_is_compiled(write):
    def rename(spec):
        for body in spec.bodies:
            if body.name == "base":
                body.name = "trunk"

    with pytest.warns(UserWarning, match="missing"):
        spec, model = read_mjcf(write(robot()), rename)
    assert model.body(1).name == spec.worldbody.bodies[0].name == "trunk"
