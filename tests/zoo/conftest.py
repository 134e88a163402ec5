from __future__ import annotations

import pytest

from sb3_memaug.zoo import register


@pytest.fixture
def registered(monkeypatch):
    """rl_zoo3 with our algorithms, for the time of a test; tells how to register the peers, too."""
    exp_manager = pytest.importorskip("rl_zoo3.exp_manager")
    for name in ("ALGOS", "HYPERPARAMS_SAMPLER", "HYPERPARAMS_CONVERTER"):
        table = getattr(exp_manager, name)
        for algo in ("memaug_ppo", "sym_ppo", "ppo_lstm", "ppo"):
            # Whatever a test makes of it, it is afterwards what it was.
            monkeypatch.setitem(table, algo, table.get(algo))
    monkeypatch.setattr(exp_manager, "ExperimentManager", exp_manager.ExperimentManager)
    register()
    return register
