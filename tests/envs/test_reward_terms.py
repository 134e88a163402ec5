import copy
import pickle

from sb3_memaug.envs.tasks import RewardTerms


def test_copies_are_equal_and_apart():
    terms = RewardTerms(progress=0.5, fall=-2.0)
    info = {"rewards": terms}
    for copied in (copy.deepcopy(info)["rewards"], pickle.loads(pickle.dumps(info))["rewards"], copy.copy(terms)):
        assert type(copied) is RewardTerms
        assert copied == terms == {"progress": 0.5, "fall": -2.0}
        copied["progress"] = 0.0
        assert terms["progress"] == 0.5
