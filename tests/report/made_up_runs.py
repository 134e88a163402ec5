"""The tables of an experiment that never was: six policies, four environments, two seeds, shaped as real ones."""

from __future__ import annotations

from itertools import product

import numpy as np

from sb3_memaug.evaluation.tables import write_table

POLICIES = ("memory-aug", "memory-id", "memory-rand", "baseline-aug", "baseline-id", "baseline-rand")
ENVS = tuple(
    f"MemAug/Minitaur{task}{what}-MuJoCo-v0"
    for task, what in product(("Velocity", "Position"), ("JointFailure", "Payload"))
)
SEEDS = (0, 1)
LEGS = tuple(f"{end}_{side}" for end, side in product(("front", "back"), ("left", "right")))
MIRRORS = ("identity", "left_right", "front_back", "half_turn")


def variations(env):
    """Split and name of each."""
    names = [f"motor_{leg}{motor}_joint" for leg in LEGS for motor in "LR"]
    names = [f"payload_{leg}" for leg in LEGS] if "Payload" in env else names
    return [("none", "none"), *(("id" if "front_left" in name else "ood", name) for name in names)]


def quality(policy, split):
    """Between 0 and 1."""
    memory, trained_on = policy.split("-")
    return (0.85 if memory == "memory" else 0.6) * (0.6 if trained_on == "id" and split == "ood" else 1)


def episodes(env, policy, training_seed, rng):
    """Rows of a table, as dicts."""
    rows = []
    for memory in ("kept", "zeroed") if policy.startswith("memory") else ("kept",):
        for (split, variation), mirror in product(variations(env), MIRRORS):
            share = quality(policy, split) * (0.7 if memory == "zeroed" else 1)
            distance = 2 * (1 - share) + rng.uniform(0, 0.2) if "Position" in env else np.nan
            rows.append(
                {
                    **{"env": env, "policy": policy, "training_seed": training_seed, "split": split},
                    **{"variation": variation, "seed": 1000, "mirror": mirror, "deterministic": True},
                    **{"memory": memory, "episode_return": 40 * share + rng.normal(0, 3), "length": 250},
                    **{"terminated": bool(rng.random() < 0.1), "distance": distance},
                    "success": distance < 0.5 if "Position" in env else None,
                    **{"air_time": rng.uniform(5, 9), "touchdowns": int(rng.integers(40, 90))},
                }
            )
    return rows


def learning(env, policy, training_seed, rng):
    return [
        {
            **{"env": env, "policy": policy, "training_seed": training_seed, "timesteps": 30_000 * i},
            **{"seconds": 21.5 * i, "split": split},
            "episode_return": 40 * quality(policy, split) * (1 - np.exp(-i / 3)) + rng.normal(0, 1),
        }
        for i in range(11)
        for split in ("none", "id", "ood")
    ]


def trajectories(env, policy, training_seed, rng, n_steps=60):
    rows = []
    for split, variation in variations(env):
        turn, phase = rng.normal(0, 0.4), rng.uniform(0, 2 * np.pi)
        for time in np.arange(n_steps) * 0.04:
            heading = turn * time
            x, y = 0.5 * time * np.cos(heading), 0.5 * time * np.sin(heading)
            row = {
                **{"env": env, "policy": policy, "training_seed": training_seed, "split": split},
                **{"variation": variation, "seed": 1000, "mirror": "identity", "time": time},
                **{"x": x, "y": y, "heading": heading},
            }
            for i, leg in enumerate(LEGS):
                row |= {
                    f"contact_{leg}": bool(np.sin(12 * time + phase + np.pi * (i in (1, 2))) > -0.2),
                    f"x_{leg}": x + (0.15 if "front" in leg else -0.15),
                    f"y_{leg}": y + (0.1 if "left" in leg else -0.1),
                }
            target = (2.0, 0.5) if "Position" in env else (np.nan, np.nan)
            rows.append({**row, "target_x": target[0], "target_y": target[1]})
    return rows


def latents(env, policy, training_seed, rng, n_steps=40):
    rows = []
    for i, (split, variation) in enumerate(variations(env) if policy.startswith("memory") else ()):
        angle = 2 * np.pi * i / 8
        rows += [
            {
                **{"env": env, "policy": policy, "training_seed": training_seed, "split": split},
                **{"variation": variation, "seed": 1000, "mirror": "identity", "step": step},
                **{"pc1": 3 * np.cos(angle) + rng.normal(0, 0.5), "pc2": 3 * np.sin(angle) + rng.normal(0, 0.5)},
            }
            for step in range(n_steps)
        ]
    return rows


def latent_symmetry(env, policy, training_seed, rng):
    return [
        {
            **{"env": env, "policy": policy, "training_seed": training_seed, "mirror": mirror},
            **{"asymmetry": rng.uniform(0, 0.4), "explained_variance": 0.7},
        }
        for mirror in (MIRRORS[1:] if policy.startswith("memory") else ())
    ]


def settings(env, policy, training_seed):
    """What a run writes about itself."""
    return {
        **{"env": env, "policy": policy, "training_seed": training_seed, "n_timesteps": 300_000},
        "hyperparameters": {"n_envs": 64, "learning_rate": 0.001, "policy_kwargs": "dict(lstm_hidden_size=64)"},
        "command": f"memaug train --env {env} --seed {training_seed} --conf-file hyperparameters.yml",
        "versions": {"sb3-memaug": "0.1.0", "torch": "2.13.0"},
    }


#: What makes each table.
TABLES = {made.__name__: made for made in (episodes, learning, trajectories, latents, latent_symmetry)}


def write_run(folder, run, suffix=".parquet"):
    """The files that a run leaves."""
    import pandas as pd
    import yaml

    folder.mkdir(parents=True)
    rng = np.random.default_rng([ENVS.index(run[0]), POLICIES.index(run[1]), run[2]])
    for name, made in TABLES.items():
        if rows := made(*run, rng):
            write_table(pd.DataFrame(rows), folder / f"{name}{suffix}")
    (folder / "run.yml").write_text(yaml.safe_dump(settings(*run), sort_keys=False))
