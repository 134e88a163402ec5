from sb3_memaug.experiments.progress import estimate_cost
from sb3_memaug.experiments.run import Run, Status


def runs(policy, n):
    return [Run("E", policy, seed, "ppo", 3600, {}) for seed in range(n)]


def test_what_is_done_tells_how_long_the_rest_takes(tmp_path):
    planned = [*runs("a", 3), *runs("b", 1)]
    for run, status in zip(planned, [Status("finished", 3600, 3600.0), Status("training", 1800, 1800.0)], strict=False):
        (tmp_path / run.name).mkdir(parents=True)
        status.write(tmp_path / run.name)
    *table, _, total = estimate_cost(planned, tmp_path, jobs=2, expected=2.0).splitlines()
    assert table[2:] == [
        "| E | a | 3 | 2 | 5.4e+03 | 1 | 1.50 |",
        "| E | b | 1 | 1 | 3.6e+03 | 2 (expected) | 0.50 |",
    ]
    assert total == "4 runs, 9e+03 steps to do; 2.0 hours of training, 1.0 with 2 at a time"


def test_what_is_not_known_is_not_guessed(tmp_path):
    told = estimate_cost(runs("a", 2), tmp_path, jobs=1)
    assert "| E | a | 2 | 2 | 7.2e+03 | ? | ? |" in told
    assert "the time is not known" in told
