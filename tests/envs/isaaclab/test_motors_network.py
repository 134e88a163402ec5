"""ANYmal's own motors, which a network computes: a small one of the same shape, as its own has to be downloaded."""

from __future__ import annotations

import numpy as np
import pytest
import torch as th

from .raw_steps import RawSteps
from .simulated import simulated

DEAD = "LF_HFE"


class Network(th.nn.Module):
    """Error of the position and velocity of a joint in, its torque out; far beyond what the motor gives at times."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = th.nn.LSTM(2, 8, num_layers=2, batch_first=True)
        self.torque = th.nn.Linear(8, 1)

    def forward(
        self, x: th.Tensor, states: tuple[th.Tensor, th.Tensor]
    ) -> tuple[th.Tensor, tuple[th.Tensor, th.Tensor]]:
        out, states = self.lstm(x, states)
        return 300.0 * self.torque(out[:, -1]), states


@pytest.fixture(scope="module")
def env_and_network(tmp_path_factory):
    pytest.importorskip("isaaclab")
    from isaaclab.utils import replace
    from isaaclab_assets.robots.anymal import ANYDRIVE_3_LSTM_ACTUATOR_CFG

    th.manual_seed(0)
    network = Network()
    path = tmp_path_factory.mktemp("network") / "net.pt"
    th.jit.save(th.jit.script(network), path)

    def use_network(robot):
        robot.actuators = {"legs": replace(ANYDRIVE_3_LSTM_ACTUATOR_CFG, network_file=str(path))}

    with simulated("AnymalD-Position-JointFailure", change=use_network, randomize=False) as env:
        yield env, network, RawSteps(env)


def play(env, network, raw, failed_joint):
    """
    Yields, after each of some control steps, what the network asked the motors for in the last physics step, what they
    gave, what of it they can give at their speed, and the penalty.
    """
    joints = env.scene["robot"].joint_names
    default = env.scene["robot"].data.default_joint_pos.torch
    env.reset(options={"failed_joint": failed_joint})
    states = tuple(th.zeros(2, 3 * len(joints), 8) for _ in range(2))
    index = env.reward_manager.active_terms.index("applied_torque_limits")
    for step in range(10):
        action = 2.0 * th.randn(3, len(joints), generator=th.Generator().manual_seed(step))
        q, qd = env.scene["robot"].data.joint_pos.torch.clone(), env.scene["robot"].data.joint_vel.torch.clone()
        seen = [(q, qd)]
        look = raw._look

        def look_and_remember(dt, look=look, seen=seen):
            look(dt)
            seen.append((th.tensor(raw.steps[-1].positions), th.tensor(raw.steps[-1].velocities)))

        raw._look = look_and_remember
        _, _, terminated, *_ = env.step(action)
        raw._look = look
        assert not terminated.any()
        for q, qd in seen[:-1]:
            x = th.stack((default + 0.5 * action - q, qd), dim=-1).reshape(-1, 1, 2)
            with th.no_grad():
                asked, states = network(x, states)
        asked = asked.reshape(3, -1).numpy()
        speed = np.clip(seen[-2][1].numpy() / 7.5, -5 / 3, 5 / 3)
        able = np.clip(asked, np.maximum(-80, 120 * (-1 - speed)), np.minimum(80, 120 * (1 - speed)))
        yield asked, raw.steps[-1].torques, able, env.reward_manager._step_reward[:, index].numpy().copy() / -0.2


def test_sound_motors_give_what_the_network_asks_as_far_as_they_can(env_and_network):
    overload = 0.0
    for asked, given, able, penalty in play(*env_and_network, None):
        np.testing.assert_allclose(given, able, rtol=1e-3, atol=1e-2)
        np.testing.assert_allclose(penalty, np.abs(asked - able).sum(axis=1), rtol=1e-3, atol=1e-2)
        overload = max(overload, penalty.max())
    assert overload > 1


def test_a_dead_motor_gives_nothing_and_owes_nothing_while_the_network_goes_on_asking(env_and_network):
    env = env_and_network[0]
    joint = env.scene["robot"].joint_names.index(DEAD)
    sound = np.ones((3, 12), dtype=bool)
    sound[:2, joint] = False
    for asked, given, able, penalty in play(*env_and_network, [DEAD, DEAD, None]):
        assert (given[:2, joint] == 0).all() and (np.abs(asked[:, joint]) > 1e-3).all()
        np.testing.assert_allclose(given, np.where(sound, able, 0.0), rtol=1e-3, atol=1e-2)
        np.testing.assert_allclose(penalty, (np.abs(asked - able) * sound).sum(axis=1), rtol=1e-3, atol=1e-2)


def test_a_motor_that_recovers_gives_what_it_gave(env_and_network):
    before = [given for _, given, _, _ in play(*_seeded(env_and_network), None)]
    list(play(*_seeded(env_and_network), DEAD))
    after = [given for _, given, _, _ in play(*_seeded(env_and_network), None)]
    np.testing.assert_array_equal(after, before)
    assert (np.array(before)[..., env_and_network[0].scene["robot"].joint_names.index(DEAD)] != 0).all()


def _seeded(env_and_network):
    env_and_network[0].seed(0)
    return env_and_network
