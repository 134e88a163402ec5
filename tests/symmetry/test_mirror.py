import copy
import pickle

import numpy as np
import pytest
import torch as th

from sb3_memaug.symmetry import ImageFlip, LabelPermutation, Mirror, SignedPermutation

SWAP = SignedPermutation([1, 0])
NEGATE = SignedPermutation([0, 1], [-1, -1])
TURN = SignedPermutation([1, 0], [1, -1])
FLAT = Mirror(TURN, LabelPermutation([1, 2, 0]))
BY_KEY = Mirror({"camera": ImageFlip(horizontal=True), "joints": TURN}, SWAP)


def test_observation_and_action_are_mirrored_each_by_its_own_transform():
    assert FLAT.apply_observation(np.array([1.0, 2.0])).tolist() == [2.0, -1.0]
    assert FLAT.apply_observation(th.tensor([[1.0, 2.0]])).tolist() == [[2.0, -1.0]]
    assert FLAT.apply_action(np.array([0, 2])).tolist() == [1, 0]


def test_dict_observations_are_mirrored_key_by_key():
    camera = np.arange(6).reshape(2, 3, 1)
    seen = BY_KEY.apply_observation({"joints": np.array([1.0, 2.0]), "camera": camera})
    assert set(seen) == {"camera", "joints"}
    assert seen["joints"].tolist() == [2.0, -1.0]
    assert seen["camera"][:, :, 0].tolist() == [[2, 1, 0], [5, 4, 3]]


def test_an_observation_with_other_keys_is_refused():
    with pytest.raises(ValueError, match=r"keys \['camera', 'joints'\], got \['joints'\]"):
        BY_KEY.apply_observation({"joints": np.zeros(2)})


@pytest.mark.parametrize("mirror", [FLAT, BY_KEY])
def test_inverse_undoes_both(mirror):
    assert (mirror @ mirror.inverse()).is_identity
    assert (mirror.inverse() @ mirror).is_identity
    assert mirror.inverse().inverse() == mirror


def test_composition_composes_both():
    other = Mirror(NEGATE, LabelPermutation([1, 0, 2]))
    assert FLAT @ other == Mirror(TURN @ NEGATE, LabelPermutation([1, 2, 0]) @ LabelPermutation([1, 0, 2]))
    by_key = Mirror({"joints": NEGATE, "camera": ImageFlip(vertical=True)}, NEGATE)
    assert BY_KEY @ by_key == Mirror(
        {"camera": ImageFlip(horizontal=True, vertical=True), "joints": TURN @ NEGATE}, SWAP @ NEGATE
    )


@pytest.mark.parametrize(
    "other", [Mirror(SWAP, SWAP), Mirror({"joints": TURN}, SWAP), Mirror({"camera": TURN, "legs": TURN}, SWAP)]
)
def test_mirrors_of_different_observations_do_not_compose(other):
    with pytest.raises(ValueError, match="different observations"):
        BY_KEY @ other
    with pytest.raises(ValueError, match="different observations"):
        other @ BY_KEY


def test_identities():
    nothing = SignedPermutation.identity(2)
    assert Mirror(nothing, nothing).is_identity
    assert Mirror({"a": nothing, "b": ImageFlip()}, nothing).is_identity
    unseen = Mirror({"a": nothing}, SWAP)
    assert unseen.observation_is_identity
    assert not unseen.is_identity
    assert not Mirror({"a": nothing, "b": SWAP}, nothing).observation_is_identity


def test_map_observation_keeps_the_structure():
    assert FLAT.map_observation(lambda transform: transform.inverse()) == TURN.inverse()
    assert BY_KEY.map_observation(lambda transform: transform.inverse()) == {
        "camera": ImageFlip(horizontal=True),
        "joints": TURN.inverse(),
    }


def test_equality_and_hash_are_by_value_whatever_the_order_of_the_keys():
    reordered = Mirror({"joints": TURN, "camera": ImageFlip(horizontal=True)}, SWAP)
    assert reordered == BY_KEY
    assert hash(reordered) == hash(BY_KEY)
    assert Mirror(TURN, SWAP) != Mirror(TURN, NEGATE)
    assert Mirror(TURN, SWAP) != Mirror({"": TURN}, SWAP)


@pytest.mark.parametrize("mirror", [FLAT, BY_KEY])
def test_copies_are_equal(mirror):
    assert copy.deepcopy(mirror) == pickle.loads(pickle.dumps(mirror)) == mirror
