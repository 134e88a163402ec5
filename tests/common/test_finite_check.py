"""A number that is none stops the training before anything is learned from it."""

from __future__ import annotations

import pytest
import torch as th

from sb3_memaug.envs.rower import Rower
from tests.common.test_sources import Hidden, both, make


@both
@pytest.mark.parametrize("hide", [lambda env: env, Hidden], ids=["tensors", "arrays"])
def test_the_observation_after_the_last_step_is_looked_at_too(algorithm, hide):
    class Diverges(Rower):
        clock = 0

        def _step(self, actions):
            step, self.clock = super()._step(actions), self.clock + 1
            if self.clock == 8:
                step.observations[2] = th.nan
            return step

    model = make(algorithm, hide(Diverges(4)), n_steps=8)
    before = [parameter.clone() for parameter in model.policy.parameters()]
    with pytest.raises(ValueError, match=r"the observation of environment \[2\] is not finite"):
        model.learn(32)
    assert all(th.equal(a, b) for a, b in zip(before, model.policy.parameters(), strict=True))
