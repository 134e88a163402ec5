import pytest

from sb3_memaug.envs.splits import of_split


def test_a_split_is_looked_up_and_an_unknown_one_named():
    splits = {"id": [1], "ood": [2]}
    assert of_split(splits, "ood") == [2]
    with pytest.raises(ValueError, match=r"`split` must be one of \['id', 'ood'\], got 'test'"):
        of_split(splits, "test")
