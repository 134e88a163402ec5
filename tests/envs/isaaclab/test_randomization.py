from __future__ import annotations

import pytest
import torch as th

from tests.envs.isaaclab.simulated import simulated


def differences(**kwargs):
    """By how much robots differ in mass, and an observation from the next of the same state."""
    with simulated("AnymalD-Velocity-Payload", **kwargs) as env:
        data = env.scene["robot"].data
        masses, centres = data.body_mass.torch[:, 0], data.body_com_pos_b.torch[:, 0]
        first = env.reset(seed=0)[0]["policy"].clone()
        again = env.observation_manager.compute()["policy"]
        drawn = env.extras["payload"]
        assert not th.equal(drawn[0], drawn[1]) and not th.allclose(first[0, -3:], first[1, -3:])
        return [float((values - values[0]).abs().max()) for values in (masses, centres)] + [
            float((again - first).abs().max())
        ]


def test_robots_differ_and_observations_are_noisy_unless_it_is_switched_off():
    assert all(difference > 0 for difference in differences())
    assert differences(randomize=False) == [0, 0, 0]


def test_nothing_befalls_robots_but_at_resets_when_it_is_switched_off():
    pytest.importorskip("isaaclab")
    from sb3_memaug.envs.isaaclab.config.anymal_d import AnymalDPositionJointFailureEnvCfg

    cfg = AnymalDPositionJointFailureEnvCfg()
    cfg.events.physics_material.params["static_friction_range"] = (0.6, 1.0)
    cfg.randomize = False
    cfg.settle()

    left = {name: event.mode for name, event in vars(cfg.events).items() if event is not None}
    assert left == {"physics_material": "startup"} | dict.fromkeys(
        ("reset_base", "reset_robot_joints", "joint_failure"), "reset"
    )
    assert cfg.events.physics_material.params["static_friction_range"] == (0.8, 0.8)
