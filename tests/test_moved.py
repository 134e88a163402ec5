"""What earlier versions have saved, and code that was written for them, finds its classes."""

from __future__ import annotations

import pickle
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from sb3_memaug import SymmetricVecNormalize
from sb3_memaug._moved import MOVED
from sb3_memaug.envs.rower import Rower

#: Of what earlier versions pickled, or showed in their documentation.
CLASSES = {
    "common.adaptive_rate": ["AdaptiveLearningRate"],
    "common.distributed": ["is_distributed", "rank"],
    "common.policies": ["MlpLstmPolicy", "CnnLstmPolicy", "MultiInputLstmPolicy"],
    "common.running_statistics": ["OrbitMeanStd", "TensorOrbitMeanStd"],
    "common.tensor_rollout_buffer": ["TensorRolloutBuffer"],
    "common.tensor_vec_env": ["TensorVecEnv", "TensorStep"],
    "common.vec_env_makers": ["register_vec_env_maker", "vec_env_maker"],
    "common.vec_normalize": ["SymmetricVecNormalize", "SymmetricTensorVecNormalize"],
    "memaug_ppo": ["MemAugRecurrentPPO"],
    "memaug_ppo.memaug_ppo": ["MemAugRecurrentPPO"],
    "sym_ppo": ["SymmetricPPO"],
    "sym_ppo.sym_ppo": ["SymmetricPPO"],
    "symmetry.base_axes": ["BaseAxes"],
    "symmetry.compatibility": ["check_group_fits", "with_labels"],
    "symmetry.derivation": ["derive_symmetry"],
    "symmetry.derived_symmetry": ["DerivedReflection", "DerivedSymmetry"],
    "symmetry.geometry": ["Actuator", "Body", "Closure", "Coupling", "Joint", "Link", "RobotGeometry", "Shape"],
    "symmetry.geometry_readers": ["read_geometry", "register_geometry_reader"],
    "symmetry.group": ["SymmetryGroup"],
    "symmetry.image_flip": ["ImageFlip"],
    "symmetry.kinematics": ["posed", "seen_from"],
    "symmetry.label_permutation": ["LabelPermutation"],
    "symmetry.mirror": ["Mirror"],
    "symmetry.reflection": ["Reflection"],
    "symmetry.residual": ["Residual"],
    "symmetry.rigid_motion": ["RigidMotion"],
    "symmetry.signed_permutation": ["SignedPermutation"],
    "symmetry.terms": ["Term"],
    "symmetry.tolerances": ["Tolerances"],
    "symmetry.transform": ["Transform"],
}


@pytest.mark.parametrize("module", CLASSES)
def test_classes_are_found_in_their_old_modules(module: str) -> None:
    old = import_module(f"sb3_memaug.{module}")
    for name in CLASSES[module]:
        assert getattr(old, name).__name__ == name
    with pytest.raises(AttributeError):
        old.NoSuchName  # noqa: B018


def test_the_table_holds_no_other_modules() -> None:
    assert MOVED.keys() - {"common"} == CLASSES.keys()
    with pytest.raises(ModuleNotFoundError):
        import_module("sb3_memaug.common.no_such_module")


def test_a_normalizer_that_an_earlier_version_saved_is_loaded(tmp_path: Path) -> None:
    saved = SymmetricVecNormalize(Rower(4))
    saved.reset()
    pickled = pickle.dumps(saved, protocol=0)  # the one with names as they are
    modules = {"vec_env.normalize": "common.vec_normalize", "vec_env.statistics": "common.running_statistics"}
    for today, old in modules.items():
        assert f"sb3_memaug.{today}\n".encode() in pickled
        pickled = pickled.replace(f"sb3_memaug.{today}\n".encode(), f"sb3_memaug.{old}\n".encode())
    (tmp_path / "old.pkl").write_bytes(pickled)
    loaded = SymmetricVecNormalize.load(str(tmp_path / "old.pkl"), Rower(4))
    assert type(loaded) is type(saved)
    np.testing.assert_array_equal(loaded.obs_rms.mean, saved.obs_rms.mean)
