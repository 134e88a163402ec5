from __future__ import annotations

import pytest
import torch as th

from tests.envs.isaaclab.simulated import simulated

PAYLOAD = {"mass": 25.0, "x": 0.3, "y": 0.05}


@pytest.fixture(scope="module", params=["AnymalD", "G1"])
def env(request):
    with simulated(f"{request.param}-Position-Payload") as env:
        yield env


def event(env):
    return env.event_manager.get_term_cfg("payload").func


def wrench(env):
    """Force and moment on the body's centre of mass in the world, as the simulator is given them."""
    env.scene.write_data_to_sim()
    wrenches = env.scene["robot"].data._sim_bind_body_external_wrench.numpy()[:, event(env).body]
    return th.as_tensor(wrenches[:, :3]), th.as_tensor(wrenches[:, 3:])


def rotate(quaternion, vector):
    axis, w = quaternion[:, :3], quaternion[:, 3:]
    return vector + 2 * th.linalg.cross(axis, th.linalg.cross(axis, vector) + w * vector)


def test_the_force_is_vertical_at_a_point_of_the_body(env):
    env.reset(options={"payload": [PAYLOAD, None, PAYLOAD]})
    action = th.zeros(env.num_envs, env.action_manager.total_action_dim)
    for _ in range(5):
        env.step(action)
    data = env.scene["robot"].data
    orientation = data.body_link_quat_w.torch[:, event(env).body]

    force, moment = wrench(env)

    weight = -25.0 * 9.81
    expected = th.tensor([[0.0, 0.0, weight], [0.0, 0.0, 0.0], [0.0, 0.0, weight]])
    th.testing.assert_close(force, expected, atol=1e-3, rtol=1e-5)
    point = th.tensor([0.3, 0.05, event(env).height]) - data.body_com_pos_b.torch[:, event(env).body]
    th.testing.assert_close(moment, th.linalg.cross(rotate(orientation, point), expected), atol=1e-2, rtol=1e-3)


def test_without_a_payload_nothing_presses(env):
    env.reset(options={"payload": PAYLOAD})
    env.reset(options={"payload": None})
    env.step(th.zeros(env.num_envs, env.action_manager.total_action_dim))

    assert all((part == 0).all() for part in wrench(env))


def test_payloads_are_of_the_split(env):
    _, extras = env.reset()
    mass, x, y, z = extras["payload"].T
    low, high = env.event_manager.get_term_cfg("payload").params["mass"]

    assert ((low <= mass) & (mass <= high)).all() and (z == event(env).height).all()
    (x_low, x_high), (y_low, y_high) = event(env).ranges[0].tolist()
    assert ((x_low <= x) & (x <= x_high) & (y_low <= y) & (y <= y_high)).all()


def test_a_payload_without_a_mass_is_refused(env):
    with pytest.raises(ValueError, match=r"must have the keys \['mass', 'x', 'y'\]"):
        env.reset(options={"payload": {"x": 0.0, "y": 0.0}})
