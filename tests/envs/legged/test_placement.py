import numpy as np
import pytest

mujoco = pytest.importorskip("mujoco")

from sb3_memaug.envs.legged.scene import bottoms, place  # noqa: E402

SHAPES = {
    "sphere": 'size="0.1"',
    "capsule": 'size="0.1 0.2"',
    "ellipsoid": 'size="0.1 0.2 0.3"',
    "cylinder": 'size="0.1 0.2"',
    "box": 'size="0.1 0.2 0.3"',
    "mesh": 'mesh="wedge"',
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", SHAPES)
def test_a_shape_reaches_as_deep_as_mujoco_says_when_it_touches_the_ground(kind, seed):
    rng = np.random.default_rng(seed)
    model = mujoco.MjModel.from_xml_string(
        f"""
        <mujoco>
          <asset><mesh name="wedge" vertex="0 0 0  0.3 0 0  0 0.2 0  0 0 0.1  0.2 0.2 0.3"/></asset>
          <worldbody>
            <geom type="plane" size="1 1 1" margin="5" contype="0" conaffinity="1"/>
            <body><freejoint/>
              <geom type="{kind}" {SHAPES[kind]} pos="0.1 0.2 0.3" contype="1" conaffinity="0"/>
              <geom size="3" contype="0" conaffinity="0"/>
            </body>
          </worldbody>
        </mujoco>
        """
    )
    data = mujoco.MjData(model)
    turn = rng.normal(size=4)
    data.qpos[:] = (0, 0, 1, *(turn / np.linalg.norm(turn)))
    mujoco.mj_forward(model, data)
    assert bottoms(model, data) == {1: pytest.approx(data.contact.dist.min(), abs=1e-6)}


def test_a_robot_is_placed_level_at_the_origin():
    model = mujoco.MjModel.from_xml_string(
        """
        <mujoco><worldbody><body pos="1 2 3" euler="10 20 30"><freejoint/><geom size="0.1"/>
          <body><joint name="hip" axis="0 1 0"/><geom type="capsule" fromto="0 0 0 0 0 -0.5" size="0.05"/></body>
        </body></worldbody></mujoco>
        """
    )
    data = place(model, {"hip": np.pi / 2})
    np.testing.assert_array_equal(data.qpos, (0, 0, 0, 1, 0, 0, 0, np.pi / 2))
    np.testing.assert_allclose(sorted(bottoms(model, data).values()), [-0.1, -0.05])
