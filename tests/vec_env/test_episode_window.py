from collections import Counter, deque

import pytest
import torch as th
from hypothesis import given, settings
from hypothesis import strategies as st

from sb3_memaug.vec_env.episode_window import EpisodeWindow

CPU = th.device("cpu")
quick = settings(deadline=None, max_examples=100)


def add(window, *episodes):
    """Of each environment its return, its length and whether it has ended."""
    returns, lengths, ended = zip(*episodes, strict=True)
    window.add(th.tensor(returns), th.tensor(lengths), th.tensor(ended))


@st.composite
def lives(draw, most=5):
    """Steps of some environments: return, length and end of each one's episode."""
    n = draw(st.integers(1, most))
    episode = st.tuples(st.integers(-400, 400).map(lambda quarters: quarters / 4), st.integers(1, 1000), st.booleans())
    return draw(st.lists(st.lists(episode, min_size=n, max_size=n), max_size=12))


def test_nothing_has_ended_at_first():
    window = EpisodeWindow(3, CPU)
    assert window.episodes() == []
    add(window, (1.0, 1, False), (2.0, 1, False))
    assert window.episodes() == []


def test_the_latest_episodes_by_hand():
    window = EpisodeWindow(3, CPU)
    add(window, (1.5, 10, True), (7.0, 99, False))
    add(window, (9.0, 98, False), (2.5, 20, True))
    assert window.episodes() == [{"r": 1.5, "l": 10}, {"r": 2.5, "l": 20}]
    add(window, (3.5, 30, True), (4.5, 40, True))
    assert window.episodes() == [{"r": 2.5, "l": 20}, {"r": 3.5, "l": 30}, {"r": 4.5, "l": 40}]
    add(window, (9.0, 97, False), (9.0, 96, False))
    assert len(window.episodes()) == 3
    assert [type(value) for value in window.episodes()[0].values()] == [float, int]


@quick
@given(lives(), st.integers(5, 8))
def test_it_is_a_queue_that_forgets_the_oldest(life, size):
    window, queue = EpisodeWindow(size, CPU), deque(maxlen=size)
    for step in life:
        add(window, *step)
        queue.extend({"r": r, "l": length} for r, length, ended in step if ended)
        assert window.episodes() == list(queue)


@quick
@given(lives(most=9), st.integers(1, 3))
def test_where_more_end_at_once_than_it_keeps_it_keeps_real_ones(life, size):
    window, real = EpisodeWindow(size, CPU), Counter()
    for step in life:
        add(window, *step)
        real.update((r, length) for r, length, ended in step if ended)
        kept = Counter((episode["r"], episode["l"]) for episode in window.episodes())
        assert kept.total() == min(real.total(), size)
        assert kept <= real


@pytest.mark.parametrize("dtype", [th.float64, th.float16])
def test_rewards_may_have_any_precision(dtype):
    window = EpisodeWindow(2, CPU)
    window.add(th.tensor([0.5], dtype=dtype), th.tensor([3]), th.tensor([True]))
    assert window.episodes() == [{"r": 0.5, "l": 3}]
