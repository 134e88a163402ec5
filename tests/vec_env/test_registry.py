from __future__ import annotations

import gymnasium as gym
import pytest

from sb3_memaug.envs.isaaclab.registration import make_vec_env
from sb3_memaug.vec_env import registry
from sb3_memaug.vec_env.registry import register_vec_env_maker, vec_env_maker


def test_the_first_who_knows_an_environment_makes_it(monkeypatch):
    monkeypatch.setattr(registry, "_MAKERS", [])
    assert vec_env_maker("Pendulum-v1") is None
    register_vec_env_maker(lambda spec: spec.id.startswith("Pendulum"), "of pendulums")
    register_vec_env_maker(lambda spec: True, "of all")
    assert vec_env_maker("Pendulum-v1") == "of pendulums"
    assert vec_env_maker("CartPole-v1") == "of all"


@pytest.mark.parametrize(
    ("env_id", "maker"),
    [
        ("Pendulum-v1", None),
        ("sb3_memaug:MemAug/MinitaurVelocity-MuJoCo-v0", None),
        ("MemAug/G1-Position-v0", make_vec_env),
        ("sb3_memaug:MemAug/AnymalD-Velocity-Payload-v0", make_vec_env),
    ],
)
def test_environments_of_isaac_lab_are_many_in_one_simulation(env_id, maker):
    assert vec_env_maker(env_id) is maker


def test_an_unknown_environment_is_an_error():
    with pytest.raises(gym.error.NameNotFound):
        vec_env_maker("Nothing-v0")
