import copy
import pickle

import pytest

from sb3_memaug.wrappers.disturbance import assignments


class Thing:
    def __init__(self):
        self.a = 1

    def rename(self, value):
        self.b = value
        return type(self).__name__


class Slotted:
    __slots__ = ("a",)


class Guarded(Thing):
    def __setattr__(self, name, value):
        super().__setattr__(name, 2 * value)


class Registered(Thing):
    known: list = []

    def __init_subclass__(cls):
        raise RuntimeError("no class derives from this")


def test_assignments_are_reported_for_the_length_of_the_block_alone():
    thing, reported = Thing(), []
    thing.a = 2
    with assignments(thing, lambda: reported.append(dict(vars(thing)))):
        thing.a = 3
        assert thing.rename(4) == "Thing"
    thing.a = 5
    assert reported == [{"a": 3}, {"a": 3, "b": 4}]
    assert type(thing) is Thing


def test_blocks_within_blocks_each_tell():
    thing, reported = Thing(), []
    with assignments(thing, lambda: reported.append("outer")):
        with assignments(thing, lambda: reported.append("inner")):
            thing.a = 1
        thing.a = 1
    assert reported == ["outer", "inner", "outer"]
    assert type(thing) is Thing


def test_other_objects_of_the_class_are_silent():
    thing, other, reported = Thing(), Thing(), []
    with assignments(thing, lambda: reported.append(1)):
        other.a = 2
        assert type(other) is Thing
    assert reported == []


def test_the_class_comes_back_after_an_error():
    thing = Thing()
    with pytest.raises(ZeroDivisionError), assignments(thing, lambda: 1 / 0):
        thing.a = 7
    assert type(thing) is Thing
    assert thing.a == 7


def test_what_the_class_itself_does_with_assignments_is_done():
    thing, reported = Guarded(), []
    with assignments(thing, lambda: reported.append(thing.a)):
        thing.a = 4
    assert reported == [8]


@pytest.mark.parametrize("kind", [Slotted, Registered])
def test_what_cannot_tell_stays_silent(kind):
    thing, reported = kind(), []
    with assignments(thing, lambda: reported.append(1)):
        thing.a = 2
        assert type(thing) is kind
    assert thing.a == 2


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))])
def test_a_copy_within_the_block_is_of_the_class_itself_and_silent(how):
    thing, reported = Thing(), []
    with assignments(thing, lambda: reported.append(1)):
        twin = how(thing)
        twin.a = 9
        assert type(twin) is Thing
        assert reported == []
        thing.a = 2
        assert reported == [1]
    assert (thing.a, twin.a) == (2, 9)
