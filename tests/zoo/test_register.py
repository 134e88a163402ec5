import sys

import pytest

from sb3_memaug.models import ALGORITHMS, OURS
from sb3_memaug.zoo import register
from sb3_memaug.zoo.samplers import SAMPLERS, convert


def test_rl_zoo3_knows_our_algorithms(registered):
    import rl_zoo3
    from rl_zoo3.exp_manager import ALGOS, HYPERPARAMS_CONVERTER, HYPERPARAMS_SAMPLER

    assert {name: rl_zoo3.ALGOS[name] for name in ALGORITHMS} == ALGORITHMS
    assert ALGOS is rl_zoo3.ALGOS
    assert {name: HYPERPARAMS_SAMPLER[name] for name in OURS} == {name: SAMPLERS[name] for name in OURS}
    assert {HYPERPARAMS_CONVERTER[name] for name in OURS} == {convert}


def test_peers_keep_the_ranges_of_rl_zoo3_unless_told_otherwise(registered):
    from rl_zoo3.hyperparams_opt import (
        HYPERPARAMS_CONVERTER,
        HYPERPARAMS_SAMPLER,
        convert_onpolicy_params,
        sample_ppo_lstm_params,
        sample_ppo_params,
    )

    assert HYPERPARAMS_SAMPLER["ppo"] is sample_ppo_params
    assert HYPERPARAMS_SAMPLER["ppo_lstm"] is sample_ppo_lstm_params
    assert HYPERPARAMS_CONVERTER["ppo"] is HYPERPARAMS_CONVERTER["ppo_lstm"] is convert_onpolicy_params
    registered(peers=True)
    assert {name: HYPERPARAMS_SAMPLER[name] for name in ALGORITHMS} == SAMPLERS
    assert HYPERPARAMS_CONVERTER["ppo"] is HYPERPARAMS_CONVERTER["ppo_lstm"] is convert


def test_without_rl_zoo3_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "rl_zoo3", None)
    monkeypatch.setitem(sys.modules, "rl_zoo3.exp_manager", None)
    with pytest.raises(ImportError, match=r'pip install "sb3-memaug\[zoo\]"'):
        register()
