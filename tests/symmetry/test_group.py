"""Mirrors and the groups that they generate."""

import copy
import itertools
import pickle

import numpy as np
import pytest
import torch as th
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sb3_memaug.symmetry import (
    ImageFlip,
    LabelPermutation,
    Mirror,
    Reflection,
    SignedPermutation,
    SymmetryGroup,
    Term,
    group_of_terms,
)
from tests.symmetry.strategies import commuting_involutions, signed_permutations

SWAP = SignedPermutation([1, 0])
NEGATE = SignedPermutation([0, 1], [-1, -1])
ROTATED = SignedPermutation([1, 0], [1, -1])
FLAT = Mirror(ROTATED, LabelPermutation([1, 2, 0]))
KEYED = Mirror({"camera": ImageFlip(horizontal=True), "joints": ROTATED}, SWAP)


def test_observation_and_action_are_mirrored_each_by_its_own_transform():
    assert FLAT.apply_observation(np.array([1.0, 2.0])).tolist() == [2.0, -1.0]
    assert FLAT.apply_observation(th.tensor([[1.0, 2.0]])).tolist() == [[2.0, -1.0]]
    assert FLAT.apply_action(np.array([0, 2])).tolist() == [1, 0]


def test_dict_observations_are_mirrored_key_by_key():
    camera = np.arange(6).reshape(2, 3, 1)
    seen = KEYED.apply_observation({"joints": np.array([1.0, 2.0]), "camera": camera})
    assert set(seen) == {"camera", "joints"}
    assert seen["joints"].tolist() == [2.0, -1.0]
    assert seen["camera"][:, :, 0].tolist() == [[2, 1, 0], [5, 4, 3]]


def test_an_observation_with_other_keys_is_refused():
    with pytest.raises(ValueError, match=r"keys \['camera', 'joints'\], got \['joints'\]"):
        KEYED.apply_observation({"joints": np.zeros(2)})


@pytest.mark.parametrize("mirror", [FLAT, KEYED])
def test_inverse_undoes_both(mirror):
    assert (mirror @ mirror.inverse()).is_identity
    assert (mirror.inverse() @ mirror).is_identity
    assert mirror.inverse().inverse() == mirror


def test_composition_of_mirrors_composes_both():
    other = Mirror(NEGATE, LabelPermutation([1, 0, 2]))
    assert FLAT @ other == Mirror(ROTATED @ NEGATE, LabelPermutation([1, 2, 0]) @ LabelPermutation([1, 0, 2]))
    by_key = Mirror({"joints": NEGATE, "camera": ImageFlip(vertical=True)}, NEGATE)
    assert KEYED @ by_key == Mirror(
        {"camera": ImageFlip(horizontal=True, vertical=True), "joints": ROTATED @ NEGATE}, SWAP @ NEGATE
    )


@pytest.mark.parametrize(
    "other", [Mirror(SWAP, SWAP), Mirror({"joints": ROTATED}, SWAP), Mirror({"camera": ROTATED, "legs": ROTATED}, SWAP)]
)
def test_mirrors_of_different_observations_do_not_compose(other):
    with pytest.raises(ValueError, match="different observations"):
        KEYED @ other
    with pytest.raises(ValueError, match="different observations"):
        other @ KEYED


def test_identities():
    nothing = SignedPermutation.identity(2)
    assert Mirror(nothing, nothing).is_identity
    assert Mirror({"a": nothing, "b": ImageFlip()}, nothing).is_identity
    unseen = Mirror({"a": nothing}, SWAP)
    assert unseen.observation_is_identity
    assert not unseen.is_identity
    assert not Mirror({"a": nothing, "b": SWAP}, nothing).observation_is_identity


def test_map_observation_keeps_the_structure():
    assert FLAT.map_observation(lambda transform: transform.inverse()) == ROTATED.inverse()
    assert KEYED.map_observation(lambda transform: transform.inverse()) == {
        "camera": ImageFlip(horizontal=True),
        "joints": ROTATED.inverse(),
    }


def test_equality_and_hash_are_by_value_whatever_the_order_of_the_keys():
    reordered = Mirror({"joints": ROTATED, "camera": ImageFlip(horizontal=True)}, SWAP)
    assert reordered == KEYED
    assert hash(reordered) == hash(KEYED)
    assert Mirror(ROTATED, SWAP) != Mirror(ROTATED, NEGATE)
    assert Mirror(ROTATED, SWAP) != Mirror({"": ROTATED}, SWAP)


@pytest.mark.parametrize("mirror", [FLAT, KEYED])
def test_copies_of_mirrors_are_equal(mirror):
    assert copy.deepcopy(mirror) == pickle.loads(pickle.dumps(mirror)) == mirror


quick = settings(deadline=None, max_examples=40)

#: Observations are (forward, left, up) of a velocity, actions the torques of (front left, front right, back left, back
#: right).
LEFT_RIGHT = Mirror(SignedPermutation([0, 1, 2], [1, -1, 1]), SignedPermutation([1, 0, 3, 2]))
FRONT_BACK = Mirror(SignedPermutation([0, 1, 2], [-1, 1, 1]), SignedPermutation([2, 3, 0, 1], [-1] * 4))
QUADRUPED = SymmetryGroup({"left_right": LEFT_RIGHT, "front_back": FRONT_BACK})
HUMANOID = SymmetryGroup({"left_right": LEFT_RIGHT})

TURN = SignedPermutation([1, 2, 0])
CYCLIC = SymmetryGroup({"turn": Mirror(TURN, LabelPermutation([1, 2, 0]))})
#: The symmetries of a square.
SQUARE = SymmetryGroup(
    {
        "diagonal": Mirror(SignedPermutation([1, 0]), SignedPermutation([1, 0])),
        "vertical": Mirror(SignedPermutation([0, 1], [1, -1]), SignedPermutation([0, 1], [1, -1])),
    }
)
BY_KEY = SymmetryGroup(
    {
        "left_right": Mirror(
            {"camera": ImageFlip(horizontal=True), "joints": SignedPermutation([1, 0])}, TURN @ TURN.inverse()
        ),
        "front_back": Mirror(
            {"camera": ImageFlip(vertical=True), "joints": SignedPermutation([0, 1])}, SignedPermutation([1, 0, 2])
        ),
    }
)
GROUPS = {"quadruped": QUADRUPED, "humanoid": HUMANOID, "cyclic": CYCLIC, "square": SQUARE, "by key": BY_KEY}
every_group = pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)


def both(transform):
    return Mirror(transform, transform)


def table_of(group):
    return [[group.product(i, j) for j in range(len(group))] for i in range(len(group))]


def assert_group_axioms(group):
    n = len(group)
    table = table_of(group)
    assert len(set(group)) == len(set(group.names)) == n
    assert group.elements[0].is_identity
    assert table[0] == [row[0] for row in table] == list(range(n))
    for i, j in itertools.product(range(n), repeat=2):
        assert group.elements[table[i][j]] == group.elements[i] @ group.elements[j]
    for i in range(n):
        assert table[i][group.inverse(i)] == table[group.inverse(i)][i] == 0
        assert sorted(table[i]) == list(range(n))
    if n <= 8:
        for i, j, k in itertools.product(range(n), repeat=3):
            assert table[table[i][j]][k] == table[i][table[j][k]]


@every_group
def test_group_axioms(group):
    assert_group_axioms(group)


@every_group
def test_products_are_named_after_their_factors_from_left_to_right(group):
    for name, element in list(zip(group.names, group, strict=True))[1:]:
        first, *others = (group.generators[factor] for factor in name.split("*"))
        for factor in others:
            first = first @ factor
        assert element == first


@quick
@given(commuting_involutions())
def test_commuting_involutions_make_a_group_of_four(pair):
    a, b = pair
    group = SymmetryGroup({"a": both(a), "b": both(b)})
    assert group.names == ("identity", "a", "b", "a*b")
    assert table_of(group) == [[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0]]
    assert_group_axioms(group)


@quick
@given(signed_permutations(3), signed_permutations(3))
def test_any_signed_permutations_of_three_entries_make_a_group(a, b):
    assume(not a.is_identity and not b.is_identity and a != b)
    group = SymmetryGroup({"a": both(a), "b": both(b)})
    assert 48 % len(group) == 0
    assert_group_axioms(group)


@quick
@given(commuting_involutions(), st.data())
def test_a_product_acts_as_its_factors_one_after_another(pair, data):
    group = SymmetryGroup({"a": both(pair[0]), "b": both(pair[1])})
    x = np.array(data.draw(st.lists(st.integers(-9, 9), min_size=pair[0].size, max_size=pair[0].size)))
    orbit = group.observations(x)
    for i, j in itertools.product(range(4), repeat=2):
        np.testing.assert_array_equal(orbit[group.product(i, j)], group.elements[i].apply_observation(orbit[j]))


def test_two_mirrors_of_a_quadruped():
    assert QUADRUPED.names == ("identity", "left_right", "front_back", "left_right*front_back")
    assert len(QUADRUPED) == 4
    assert QUADRUPED["left_right"] == LEFT_RIGHT
    assert QUADRUPED["left_right*front_back"] == LEFT_RIGHT @ FRONT_BACK
    assert QUADRUPED.elements == tuple(QUADRUPED) == tuple(QUADRUPED[name] for name in QUADRUPED.names)
    assert table_of(QUADRUPED) == [[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0]]


def test_one_mirror_of_a_humanoid():
    assert HUMANOID.names == ("identity", "left_right")
    assert table_of(HUMANOID) == [[0, 1], [1, 0]]


def test_a_third_of_a_turn():
    assert CYCLIC.names == ("identity", "turn", "turn*turn")
    assert table_of(CYCLIC) == [[0, 1, 2], [1, 2, 0], [2, 0, 1]]
    assert [CYCLIC.inverse(i) for i in range(3)] == [0, 2, 1]
    assert CYCLIC.actions(np.array([0])).tolist() == [[0], [1], [2]]


def test_mirrors_that_do_not_commute():
    assert len(SQUARE) == 8
    assert SQUARE["diagonal*vertical"] != SQUARE["vertical*diagonal"]
    quarter = SQUARE.names.index("diagonal*vertical")
    assert SQUARE.inverse(quarter) == SQUARE.names.index("vertical*diagonal")


def test_a_product_that_is_named_already_keeps_its_name():
    half_turn = LEFT_RIGHT @ FRONT_BACK
    group = SymmetryGroup({"left_right": LEFT_RIGHT, "front_back": FRONT_BACK, "half_turn": half_turn})
    assert group.names == ("identity", "left_right", "front_back", "half_turn")
    also = SymmetryGroup({"left_right": LEFT_RIGHT, "front_back": FRONT_BACK, "left_right*front_back": half_turn})
    assert also == QUADRUPED


def test_all_48_signed_permutations_of_three_entries_are_allowed():
    group = SymmetryGroup(
        {
            "turn": both(TURN),
            "swap": both(SignedPermutation([1, 0, 2])),
            "negate": both(SignedPermutation([0, 1, 2], [-1, 1, 1])),
        }
    )
    assert len(group) == 48


@pytest.mark.parametrize("seed", range(20))
def test_mirrors_about_a_pose_that_is_not_symmetric_close_whatever_the_float_error(seed):
    pose = np.random.default_rng(seed).normal(size=4)

    def about_pose(linear):
        return SignedPermutation(linear.permutation, linear.signs, linear.apply(pose) - pose)

    left_right = Mirror(about_pose(LEFT_RIGHT.action), LEFT_RIGHT.action)
    front_back = Mirror(about_pose(FRONT_BACK.action), FRONT_BACK.action)
    group = SymmetryGroup({"left_right": left_right, "front_back": front_back})
    assert len(group) == 4
    assert_group_axioms(group)


def test_observations_are_stacked_on_a_new_first_axis():
    orbit = QUADRUPED.observations(np.array([1.0, 2.0, 3.0], dtype=np.float32))
    assert orbit.tolist() == [[1, 2, 3], [1, -2, 3], [-1, 2, 3], [-1, -2, 3]]
    assert orbit.dtype == np.float32
    assert QUADRUPED.observations(np.zeros((5, 6, 3))).shape == (4, 5, 6, 3)


def test_actions_are_stacked_on_a_new_first_axis():
    orbit = QUADRUPED.actions(th.tensor([1.0, 2.0, 3.0, 4.0], dtype=th.float64))
    assert orbit.tolist() == [[1, 2, 3, 4], [2, 1, 4, 3], [-3, -4, -1, -2], [-4, -3, -2, -1]]
    assert orbit.dtype == th.float64
    assert QUADRUPED.actions(th.zeros(5, 6, 4)).shape == (4, 5, 6, 4)


def test_numpy_and_torch_agree():
    x, a = np.random.default_rng(0).normal(size=(2, 5, 3)), np.random.default_rng(1).normal(size=(7, 4))
    np.testing.assert_array_equal(QUADRUPED.observations(th.from_numpy(x)).numpy(), QUADRUPED.observations(x))
    np.testing.assert_array_equal(QUADRUPED.actions(th.from_numpy(a)).numpy(), QUADRUPED.actions(a))


@pytest.mark.parametrize("convert", [np.asarray, th.from_numpy])
def test_dict_observations_are_stacked_key_by_key(convert):
    x = {"joints": convert(np.array([[1, 2]])), "camera": convert(np.arange(4).reshape(1, 2, 2, 1))}
    orbit = BY_KEY.observations(x)
    assert list(orbit) == ["joints", "camera"]
    assert orbit["joints"].tolist() == [[[1, 2]], [[2, 1]], [[1, 2]], [[2, 1]]]
    assert orbit["camera"].reshape(4, 4).tolist() == [[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0]]


def test_channels_first_flips_transposed_images():
    x = {"joints": np.zeros((5, 2)), "camera": np.random.default_rng(0).integers(0, 255, (5, 3, 4, 2))}
    transposed = {**x, "camera": np.moveaxis(x["camera"], -1, -3)}
    orbit = BY_KEY.channels_first().observations(transposed)
    np.testing.assert_array_equal(orbit["camera"], np.moveaxis(BY_KEY.observations(x)["camera"], -1, -3))
    assert BY_KEY.channels_first().names == BY_KEY.names
    assert BY_KEY.channels_first() != BY_KEY
    assert QUADRUPED.channels_first() == QUADRUPED


@every_group
def test_copies_of_groups_are_equal(group):
    for other in (copy.deepcopy(group), pickle.loads(pickle.dumps(group))):
        assert other == group
        assert other.names == group.names
        assert hash(other) == hash(group)


def test_equality_is_by_names_and_maps_in_their_order():
    half_turn = LEFT_RIGHT @ FRONT_BACK
    mirrors = {"left_right": LEFT_RIGHT, "front_back": FRONT_BACK, "half_turn": half_turn}
    group = SymmetryGroup(mirrors)
    assert group == SymmetryGroup(mirrors)
    assert group != SymmetryGroup(dict(reversed(mirrors.items())))
    assert group != QUADRUPED
    assert SymmetryGroup({"mirror": LEFT_RIGHT}) != HUMANOID
    assert SymmetryGroup({"left_right": FRONT_BACK}) != HUMANOID


def test_no_mirror_at_all_is_refused():
    with pytest.raises(ValueError, match="at least one mirror"):
        SymmetryGroup({})


@pytest.mark.parametrize(
    "generators",
    [
        {"nothing": Mirror(SignedPermutation.identity(3), SignedPermutation.identity(4))},
        {"left_right": LEFT_RIGHT, "nothing": LEFT_RIGHT @ LEFT_RIGHT},
        {"identity": LEFT_RIGHT},
    ],
)
def test_the_identity_is_no_generator(generators):
    with pytest.raises(ValueError, match="is the identity"):
        SymmetryGroup(generators)


def test_the_same_mirror_twice_is_refused():
    with pytest.raises(ValueError, match="'left_right' and 'sagittal' are the same map"):
        SymmetryGroup({"left_right": LEFT_RIGHT, "front_back": FRONT_BACK, "sagittal": LEFT_RIGHT})


def test_a_name_of_a_product_that_it_is_not_is_refused():
    with pytest.raises(ValueError, match=r"'a\*b' is not the product of 'a' and 'b'"):
        SymmetryGroup(
            {
                "a": both(SignedPermutation([0, 1, 2], [-1, 1, 1])),
                "b": both(SignedPermutation([0, 1, 2], [1, -1, 1])),
                "a*b": both(SignedPermutation([0, 1, 2], [1, 1, -1])),
            }
        )


@pytest.mark.parametrize(
    "generators",
    [
        {"shift": both(SignedPermutation([0], offset=[0.1]))},
        {
            "a": both(SignedPermutation([0], [-1], [0.0])),
            "b": both(SignedPermutation([0], [-1], [0.1])),
        },
        {"a": both(SignedPermutation([1, 2, 3, 0])), "b": both(SignedPermutation([1, 0, 2, 3], [-1, 1, 1, 1]))},
    ],
    ids=["a shift", "reflections about different points", "more than 48 elements"],
)
def test_mirrors_that_do_not_close_are_refused(generators):
    with pytest.raises(ValueError, match="do not close to a group of at most 48 elements"):
        SymmetryGroup(generators)


@pytest.mark.parametrize(
    ("generators", "names"),
    [
        (
            {
                "a": Mirror(SignedPermutation([1, 0]), SignedPermutation([0], [-1])),
                "b": Mirror(SignedPermutation([1, 0]), SignedPermutation([0])),
            },
            "'a' and 'b'",
        ),
        ({"a": Mirror(SignedPermutation([0, 1]), SignedPermutation([0], [-1]))}, "'identity' and 'a'"),
        # Seen twice, this mirror gives the observation back, but not the action.
        ({"a": Mirror(SignedPermutation([1, 0]), LabelPermutation([1, 2, 0]))}, r"'identity' and 'a\*a'"),
        ({"a": Mirror({"x": SignedPermutation([0])}, SignedPermutation([0], [-1]))}, "'identity' and 'a'"),
    ],
)
def test_different_actions_for_the_same_observation_are_refused(generators, names):
    with pytest.raises(ValueError, match=f"{names} act alike on observations but not on actions"):
        SymmetryGroup(generators)


@pytest.mark.parametrize(
    "other",
    [
        Mirror(SignedPermutation([1, 0]), LEFT_RIGHT.action),
        Mirror(LEFT_RIGHT.observation, SignedPermutation([1, 0])),
        Mirror(LEFT_RIGHT.observation, LabelPermutation([1, 0])),
        Mirror({"x": LEFT_RIGHT.observation}, LEFT_RIGHT.action),
    ],
)
def test_mirrors_of_different_spaces_are_refused(other):
    with pytest.raises(ValueError, match="cannot compose"):
        SymmetryGroup({"left_right": LEFT_RIGHT, "other": other})


REFLECTIONS = {
    "left_right": Reflection("sagittal", {"fl": ("fr", 1), "fr": ("fl", 1), "bl": ("br", 1), "br": ("bl", 1)}),
    "front_back": Reflection("transverse", {"fl": ("bl", -1), "bl": ("fl", -1), "fr": ("br", -1), "br": ("fr", -1)}),
}
HALF_TURN = Reflection("half_turn", {"fl": ("br", -1), "br": ("fl", -1), "fr": ("bl", -1), "bl": ("fr", -1)})
OF_ROBOT = SymmetryGroup(QUADRUPED.generators, REFLECTIONS)


def test_a_group_holds_the_reflections_of_all_its_elements():
    assert QUADRUPED.reflections is None
    assert tuple(OF_ROBOT.reflections) == OF_ROBOT.names
    assert OF_ROBOT.reflections["left_right*front_back"] == HALF_TURN
    assert OF_ROBOT.reflections["identity"].is_identity
    terms = [Term("velocity", "vector", 3)], [Term("torques", "action", 4, ["fl", "fr", "bl", "br"])]
    for name, reflection in OF_ROBOT.reflections.items():
        element = group_of_terms(REFLECTIONS, *terms)[name]
        assert element == OF_ROBOT[name]
        assert element.action == terms[1][0].transform(reflection)


def test_reflections_are_no_part_of_a_groups_value():
    assert OF_ROBOT == QUADRUPED
    assert hash(OF_ROBOT) == hash(QUADRUPED)
    assert OF_ROBOT.names == QUADRUPED.names


@pytest.mark.parametrize("copy_of", [copy.deepcopy, lambda group: pickle.loads(pickle.dumps(group))])
def test_copies_keep_the_reflections(copy_of):
    assert copy_of(OF_ROBOT).reflections == OF_ROBOT.reflections
    assert OF_ROBOT.channels_first().reflections == OF_ROBOT.reflections
    assert QUADRUPED.channels_first().reflections is None


def test_a_group_without_reflections_is_pickled_by_its_mirrors_alone():
    # As before groups held any: such pickles are read, too.
    assert QUADRUPED.__reduce__() == (SymmetryGroup, (QUADRUPED.generators,))


@pytest.mark.parametrize(
    ("reflections", "message"),
    [
        ({"left_right": REFLECTIONS["left_right"]}, r"one for each mirror, but \['front_back'\] have none"),
        ({**REFLECTIONS, "left_right": "sagittal"}, "'left_right' must be a Reflection, got 'sagittal'"),
        (
            {**REFLECTIONS, "left_right": Reflection("sagittal", base={"up": "y"})},
            "'left_right' and 'front_back' have no product: cannot compose reflections of different bases",
        ),
    ],
)
def test_reflections_that_do_not_fit_the_mirrors_are_refused(reflections, message):
    with pytest.raises(ValueError, match=message):
        SymmetryGroup(QUADRUPED.generators, reflections)
