"""Height scans in the mirror, whose shape and order the sensor's rays tell."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch as th

from sb3_memaug.envs.isaaclab.mirrors import (
    isaaclab_reflections,
    isaaclab_symmetry_group,
    refuse_asymmetric_observations,
)
from sb3_memaug.envs.isaaclab.terms import observation_terms, register_kinds
from sb3_memaug.symmetry import Reflection

from .shipped_task import shipped_task
from .stand_ins import described, observed, scanner

BODIES = {"base": "base", "left_foot": "right_foot", "right_foot": "left_foot"}
MIRRORS = {
    "left_right": Reflection("sagittal", bodies=BODIES),
    "front_back": Reflection("transverse", bodies={name: name for name in BODIES}),
    "both": Reflection("half_turn", bodies=BODIES),
}
SCANNER = SimpleNamespace(name="scanner")


def points(n_x, n_y, ordering="xy", size=(1.6, 1.0), offset=(0.0, 0.0, 20.0)):
    """Where the rays of a grid start: with Isaac Lab's ordering "xy" neighbors along x stand side by side."""
    x, y = (np.linspace(-s / 2, s / 2, n) * (n > 1) for s, n in zip(size, (n_x, n_y), strict=True))
    x, y = np.meshgrid(x, y, indexing="xy" if ordering == "xy" else "ij")
    return np.stack((x.ravel(), y.ravel(), np.zeros(x.size)), axis=1) + offset


def scanning(starts, times=0, name="height_scan", size=None, **of_sensor):
    term = observed(name, size or len(starts), history=times, sensor_cfg=SCANNER)
    return described({"policy": {"scan": term}}, sensors={"scanner": scanner(starts, **of_sensor)})


@pytest.mark.parametrize("ordering", ["xy", "yx"])
@pytest.mark.parametrize(("n_x", "n_y"), [(17, 11), (4, 4), (1, 5), (6, 1)])
def test_a_scan_is_mirrored_as_the_points_where_its_rays_start(ordering, n_x, n_y):
    starts = points(n_x, n_y, ordering)
    env = scanning(starts)

    (term,) = observation_terms(env, ("policy",))["policy"]

    assert term.shape == (n_x, n_y)
    refuse_asymmetric_observations(env, ("policy",), MIRRORS)
    for reflection in MIRRORS.values():
        partners = list(term.transform(reflection).permutation)
        np.testing.assert_allclose(starts[partners, :2], starts[:, :2] * reflection.axes[:2], atol=1e-12)


@pytest.mark.parametrize("ordering", ["xy", "yx"])
def test_a_pattern_of_isaac_lab_has_the_shape_of_its_configuration(ordering):
    patterns = pytest.importorskip("isaaclab.sensors.ray_caster.patterns")
    cfg = patterns.GridPatternCfg(resolution=0.1, size=(1.6, 1.0), ordering=ordering)
    starts, directions = patterns.grid_pattern(cfg, "cpu")

    env = scanning(starts.double().numpy(), directions=directions.double().numpy())

    (term,) = observation_terms(env, ("policy",))["policy"]
    assert (term.kind, term.shape) == ({"xy": "transposed_grid", "yx": "grid"}[ordering], (17, 11))
    refuse_asymmetric_observations(env, ("policy",), MIRRORS)


def test_a_history_of_scans_mirrors_each():
    terms = observation_terms(scanning(points(3, 2), times=2), ("policy",))["policy"]
    assert [(term.kind, term.size) for term in terms] == [("transposed_grid", 6)] * 2


def test_a_scan_without_a_sensor_has_the_shape_that_it_is_registered_with():
    register_kinds("tests:my_scan", "grid", shape=(3, 2))
    (term,) = observation_terms(described({"policy": {"scan": observed("tests:my_scan", 6)}}), ("policy",))["policy"]
    assert (term.kind, term.shape) == ("grid", (3, 2))
    # What is told last counts.
    register_kinds("tests:my_scan", "grid")
    with pytest.raises(ValueError, match="tell register_kinds its `shape`"):
        observation_terms(described({"policy": {"scan": observed("tests:my_scan", 6)}}), ("policy",))


def test_a_registered_shape_that_is_not_the_sensors_order_is_refused():
    register_kinds("tests:wrong_scan", "grid", shape=(3, 2))
    env = scanning(points(3, 2, "xy"), name="tests:wrong_scan")
    with pytest.raises(ValueError, match="not their own mirror image, or listed in another order"):
        refuse_asymmetric_observations(env, ("policy",), MIRRORS)


@pytest.mark.parametrize("starts", [np.random.default_rng(0).normal(size=(6, 3)), points(3, 2)[[1, 0, 2, 3, 4, 5]]])
def test_rays_that_are_no_grid_are_refused(starts):
    with pytest.raises(ValueError, match=r"policy/scan .* the 6 rays of its sensor 'scanner' start at no grid"):
        observation_terms(scanning(starts), ("policy",))


@pytest.mark.parametrize(
    ("env", "mirror", "message"),
    [
        # A size of 1.0 with a resolution of 0.3 begins at one edge and does not reach the other.
        (scanning(points(4, 4, offset=(0.05, 0.05, 0.0))), "left_right", "points where its sensor's rays start"),
        (scanning(points(4, 4, offset=(0.3, 0.0, 0.0))), "front_back", "points where its sensor's rays start"),
        (scanning(points(4, 4), directions=(0.3, 0.0, -1.0)), "front_back", "directions of its sensor's rays"),
        (scanning(points(4, 4), body="left_foot"), "left_right", "hangs on left_foot, which is not its own mirror"),
        (scanning(points(4, 4), size=8, times=1), "left_right", "has 8 entries, but the kinds"),
    ],
)
def test_a_scan_that_is_not_its_own_mirror_image_is_refused(env, mirror, message):
    with pytest.raises(ValueError, match=message):
        refuse_asymmetric_observations(env, ("policy",), {mirror: MIRRORS[mirror]})


def test_a_scan_ahead_of_the_robot_is_right_where_only_left_and_right_change_places():
    env = scanning(points(4, 4, offset=(0.3, 0.0, 0.0)))
    refuse_asymmetric_observations(env, ("policy",), {"left_right": MIRRORS["left_right"]})


def test_the_shipped_rough_task_scans_the_ground_that_its_mirrors_say():
    def rough(cfg):
        from isaaclab_tasks.core.velocity.config.anymal_d.rough_env_cfg import AnymalDRoughEnvCfg

        from sb3_memaug.envs.isaaclab.scene import uneven_ground

        shipped = AnymalDRoughEnvCfg()
        cfg.scene.height_scanner = shipped.scene.height_scanner
        # Converted bodies lie within each other.
        cfg.scene.height_scanner.prim_path = "{ENV_REGEX_NS}/Robot/Geometry/base"
        cfg.observations.policy.height_scan = shipped.observations.policy.height_scan
        cfg.scene.ground, cfg.scene.terrain = None, uneven_ground((0.0, 0.2))
        solver = cfg.sim.physics.solver_cfg
        solver.njmax, solver.nconmax = 200, 100

    env = shipped_task(2, rough)
    try:
        group = isaaclab_symmetry_group(env)
        observation, _ = env.reset()
        sensor = env.scene.sensors["height_scanner"]
        hits = sensor.data.ray_hits_w.torch
        heights = observation["policy"][:, -187:]
        expected = sensor.data.pos_w.torch[:, 2:] - hits[..., 2] - 0.5
        th.testing.assert_close(heights, expected.clamp(-1.0, 1.0))
        assert heights.std(dim=1).min() > 0.01
        # Where the ground was hit, as the robot sees it.
        x, y, z, w = env.scene["robot"].data.root_quat_w.torch.T
        yaw = th.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))[:, None]
        d_x, d_y = (hits[..., i] - sensor.data.pos_w.torch[:, i : i + 1] for i in (0, 1))
        seen = th.stack((yaw.cos() * d_x + yaw.sin() * d_y, yaw.cos() * d_y - yaw.sin() * d_x), dim=-1)
        for name, reflection in isaaclab_reflections(env).items():
            partners = [i - 48 for i in group[name].observation.permutation[-187:]]
            axes = th.tensor(reflection.axes[:2])
            th.testing.assert_close(seen[:, partners], seen * axes, atol=1e-3, rtol=0)
            mirrored = group[name].observation.apply(observation["policy"])[:, -187:]
            th.testing.assert_close(mirrored, heights[:, partners])
    finally:
        env.close()
