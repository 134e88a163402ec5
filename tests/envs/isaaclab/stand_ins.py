"""As much of a manager-based environment as is looked at, where Isaac Lab is not installed."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import torch as th
from gymnasium import spaces

#: A robot that stands on three legs, of which the middle one is its own mirror image.
JOINTS = ("left", "right", "middle")
OBSERVATIONS = "isaaclab.envs.mdp.observations"


def made_by(address):
    """A function that could be one of Isaac Lab's, by ``"module:name"`` or the name of an observation."""
    module, _, name = address.rpartition(":")

    def function():
        raise AssertionError("nobody calls it")

    function.__module__, function.__qualname__ = module or OBSERVATIONS, name
    return function


def of_class(name, module="isaaclab.envs.mdp.actions.joint_actions", **attributes):
    return type(name, (), {"__module__": module, **attributes})()


def observed(name, size, scale=None, clip=None, history=0, **params):
    """A term of an observation with the name of its function."""
    cfg = SimpleNamespace(func=made_by(name), params=params, scale=scale, clip=clip, history_length=history)
    return cfg, (size * max(1, history),)


def joint_action(kind="JointPositionAction", scale=0.5, offset=0.0, joints=JOINTS, clip=None):
    bounds = None if clip is None else th.tensor(clip).expand(1, len(joints), 2)
    return of_class(
        kind,
        _joint_names=list(joints),
        action_dim=len(joints),
        _scale=scale,
        _offset=offset,
        _clip=bounds,
        cfg=SimpleNamespace(clip=clip),
    )


def scanner(starts, directions=(0.0, 0.0, -1.0), body="base"):
    """A sensor that casts rays, those of two environments."""
    rays = [th.as_tensor(np.broadcast_to(rows, (2, *np.shape(starts))).copy()) for rows in (starts, directions)]
    return SimpleNamespace(
        ray_starts=SimpleNamespace(torch=rays[0]),
        ray_directions=SimpleNamespace(torch=rays[1]),
        cfg=SimpleNamespace(prim_path=f"/World/envs/env_.*/Robot/{body}"),
    )


class Scene(dict):
    """Robots by name, and sensors."""

    sensors: dict = {}


def described(groups, actions=None, commands=None, apart=(), time_major=(), sensors=None):
    """An environment that has these managers, with terms by group and name."""
    actions = {"joint_pos": joint_action()} if actions is None else actions
    observation_manager = SimpleNamespace(
        active_terms={group: list(terms) for group, terms in groups.items()},
        group_obs_term_dim={group: [shape for _, shape in terms.values()] for group, terms in groups.items()},
        group_obs_concatenate={group: group not in apart for group in groups},
        _group_obs_term_cfgs={group: [cfg for cfg, _ in terms.values()] for group, terms in groups.items()},
        _group_obs_time_major={group: group in time_major for group in groups},
    )
    env = SimpleNamespace(
        observation_manager=observation_manager,
        action_manager=SimpleNamespace(active_terms=list(actions), get_term=actions.__getitem__),
        command_manager=SimpleNamespace(get_term=(commands or {}).__getitem__),
        scene=Scene(robot=SimpleNamespace(joint_names=list(JOINTS), body_names=["base", "left_foot", "right_foot"])),
    )
    env.scene.sensors = sensors or {}
    env.unwrapped = env
    return env


class Counter:
    """
    An environment whose observations count steps, from 0 at the start of an episode; it writes into the same tensors
    over and over, as Isaac Lab's managers do.

    :param ends: pairs of a step and an environment where an episode ends
    :param cut: likewise, where it is cut short
    """

    render_mode = None

    def __init__(self, n_envs=2, ends=(), cut=(), finite=False, apart=False):
        self.unwrapped = self
        self.observation_manager = self.action_manager = self.reward_manager = None
        self.num_envs, self.device = n_envs, "cpu"
        self.ends, self.cut, self.apart = ends, cut, apart
        self.cfg = SimpleNamespace(compute_final_obs=False, is_finite_horizon=finite)
        box = spaces.Box(-np.inf, np.inf, (1,), np.float32)
        policy = spaces.Dict(count=box, twice=box) if apart else box
        self.single_observation_space = spaces.Dict(policy=policy, critic=box)
        self.single_action_space = spaces.Box(-np.inf, np.inf, (3,), np.float32)
        self.count = th.zeros(n_envs)
        self.rewards = th.zeros(n_envs)
        self.terminated, self.truncated = (th.zeros(n_envs, dtype=th.bool) for _ in range(2))
        self.extras = {}
        self.clock, self.taken, self.resets, self.closed = 0, [], [], False

    def _observe(self):
        count = self.count[:, None].clone()
        return {"policy": {"count": count, "twice": 2 * count} if self.apart else count, "critic": -count}

    def reset(self, *, seed=None, options=None):
        self.resets.append((seed, options))
        self.count[:] = 0
        self.extras["log"] = {"Episode_Reward/speed": th.tensor(0.0)}
        return self._observe(), self.extras

    def step(self, actions):
        self.taken.append(actions)
        self.count += 1
        self.rewards[:] = self.count
        for marks, pairs in ((self.terminated, self.ends), (self.truncated, self.cut)):
            marks[:] = False
            for step, env in pairs:
                marks[env] |= step == self.clock
        self.clock += 1
        done = self.terminated | self.truncated
        if done.any():
            if self.cfg.compute_final_obs:
                self.extras["final_obs"] = self._observe()
            self.extras["log"] = {"Episode_Reward/speed": self.count[done].mean(), "Curriculum/level": self.clock}
            self._reset_idx(done)
        return self._observe(), self.rewards, self.terminated, self.truncated, self.extras

    def _reset_idx(self, env_ids):
        self.count[env_ids] = 0

    def close(self):
        self.closed = True
