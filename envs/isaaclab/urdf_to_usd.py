"""Isaac Lab's conversion of a URDF file, in a process of its own.

USD learns its schemas once in a process, and those of the converter only from it: after any other use it is too late.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from .urdf import moving_joints, restore_fixed

#: What installs the importer. Of Isaac Lab's own extra, two packages ask for different versions of a third.
IMPORTER = (
    "`pip install --no-deps isaacsim-asset-isolated==6.2.0.0 isaacsim-robot-schema==6.2.0.0 urdf-usd-converter==0.3.2 "
    "mujoco-usd-converter==0.6.1 numpy-stl tinyobjloader==2.0.0rc13 python-utils`"
)


def urdf_to_usd(path: Path, folder: Path, kept: Sequence[str] = ()) -> Path:
    """
    Merge what fixed joints hold, and convert the file.

    :param path: of the URDF file, as :func:`~sb3_memaug.envs.isaaclab.urdf.prepare_urdf` leaves it
    :param folder: in which the USD file and all that belongs to it is written
    :param kept: joints to make fixed after the merger
    :return: path of the USD file
    :raises ImportError: if Isaac Lab's converter is not installed
    :raises ValueError: if it cannot convert the file
    """
    if find_spec("isaacsim") is None or find_spec("isaacsim.asset") is None:
        raise ImportError(
            f"converting {path.name} needs the importer of Isaac Lab: {IMPORTER}; or give the path of a USD file"
        )
    arguments = json.dumps([str(path), str(folder), list(kept)])
    child = subprocess.run(
        [sys.executable, "-m", __spec__.name, arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if child.returncode != 0:
        raise ValueError(f"Isaac Lab cannot convert {path.name}:\n{child.stderr.strip()[-2000:]}")
    return Path(child.stdout.splitlines()[-1])


def _convert(path: Path, folder: Path, kept: Sequence[str]) -> Path:
    from isaaclab.sim.converters import UrdfConverter, UrdfConverterCfg
    from isaacsim.asset.importer.urdf.impl.urdf_utils import merge_fixed_joints

    merged = folder / path.name
    merge_fixed_joints(str(path), str(merged))
    restore_fixed(merged, kept)
    if not moving_joints(merged):
        raise SystemExit(f"{path.name} has no joint that moves")
    gains = UrdfConverterCfg.JointDriveCfg.PDGainsCfg(stiffness=0.0, damping=0.0)
    converter = UrdfConverter(
        UrdfConverterCfg(
            asset_path=str(merged),
            usd_dir=str(folder),
            force_usd_conversion=True,
            fix_base=False,
            merge_fixed_joints=False,
            # The actuators of the configuration drive the joints.
            joint_drive=UrdfConverterCfg.JointDriveCfg(gains=gains),
        )
    )
    return Path(converter.usd_path).resolve()


if __name__ == "__main__":
    _path, _folder, _kept = json.loads(sys.argv[1])
    print(_convert(Path(_path), Path(_folder), _kept))
