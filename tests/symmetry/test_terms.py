import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sb3_memaug.symmetry import ImageFlip, Mirror, Reflection, SignedPermutation, Term, group_of_terms
from sb3_memaug.symmetry.terms import default_size, observation_transform, vector_transform

quick = settings(deadline=None, max_examples=50)

#: One joint and one foot for each leg: front left, front right, back left, back right.
LEGS = ("FL", "FR", "BL", "BR")


def reflection(plane, partners, sign):
    pairs = dict(zip(LEGS, partners, strict=True))
    joints = {leg: (partner, sign) for leg, partner in pairs.items()}
    return Reflection(plane, joints, pairs, bodies=pairs, actuators=joints, pose={"FL": 0.5, "BR": 0.25})


SAGITTAL = reflection("sagittal", ("FR", "FL", "BR", "BL"), -1)
TRANSVERSE = reflection("transverse", ("BL", "BR", "FL", "FR"), 1)
HALF_TURN = reflection("half_turn", ("BR", "BL", "FR", "FL"), -1)
PLANES = {"sagittal": SAGITTAL, "transverse": TRANSVERSE, "half_turn": HALF_TURN}
every_plane = pytest.mark.parametrize("reflection", PLANES.values(), ids=PLANES)

#: What becomes of 1, 2, 3, … under the sagittal reflection, the transverse one, and the half turn.
EXPECTED = [
    (Term("v", "vector", 3), [1, -2, 3], [-1, 2, 3], [-1, -2, 3]),
    (Term("v", "vector", 6), [1, -2, 3, 4, -5, 6], [-1, 2, 3, -4, 5, 6], [-1, -2, 3, -4, -5, 6]),
    (Term("w", "axial_vector", 3), [-1, 2, -3], [1, -2, -3], [-1, -2, 3]),
    (Term("w", "axial_vector", 6), [-1, 2, -3, -4, 5, -6], [1, -2, -3, 4, -5, -6], [-1, -2, 3, -4, -5, 6]),
    (Term("c", "xy", 2), [1, -2], [-1, 2], [-1, -2]),
    (Term("c", "xy", 4), [1, -2, 3, -4], [-1, 2, -3, 4], [-1, -2, -3, -4]),
    (Term("u", "forward", 2), [1, 2], [-1, -2], [-1, -2]),
    (Term("u", "lateral", 2), [-1, -2], [1, 2], [-1, -2]),
    (Term("r", "roll", 1), [-1], [1], [-1]),
    (Term("p", "pitch", 1), [1], [-1], [-1]),
    (
        Term("R", "rotation_matrix", 9),
        [1, -2, 3, -4, 5, -6, 7, -8, 9],
        [1, -2, -3, -4, 5, 6, -7, 8, 9],
        [1, 2, -3, 4, 5, -6, -7, -8, 9],
    ),
    (Term("R", "rotation_6d", 6), [1, -2, 3, -4, 5, -6], [1, -2, -3, -4, 5, 6], [1, 2, -3, 4, 5, -6]),
    (Term("s", "scalar", 2), [1, 2], [1, 2], [1, 2]),
    (Term("p", "pseudoscalar", 2), [-1, -2], [-1, -2], [1, 2]),
    (Term("q", "quaternion_wxyz", 4), [1, -2, 3, -4], [1, 2, -3, -4], [1, -2, -3, 4]),
    (Term("q", "quaternion_xyzw", 4), [-1, 2, -3, 4], [1, -2, -3, 4], [-1, -2, 3, 4]),
    (Term("q", "joints", 4, LEGS), [-2, -1, -4, -3], [3, 4, 1, 2], [-4, -3, -2, -1]),
    (Term("a", "action", 4, LEGS), [-2, -1, -4, -3], [3, 4, 1, 2], [-4, -3, -2, -1]),
    (Term("f", "feet", 4, LEGS), [2, 1, 4, 3], [3, 4, 1, 2], [4, 3, 2, 1]),
    (
        Term("f", "feet_vectors", 12, LEGS),
        [4, -5, 6, 1, -2, 3, 10, -11, 12, 7, -8, 9],
        [-7, 8, 9, -10, 11, 12, -1, 2, 3, -4, 5, 6],
        [-10, -11, 12, -7, -8, 9, -4, -5, 6, -1, -2, 3],
    ),
    (
        Term("q", "joint_positions", 4, LEGS),
        # 0.5 in front on the left and 0.25 at the back on the right are where the joints stand.
        [-1.5, -0.5, -3.75, -2.75],
        [3.5, 3.75, 0.5, 2.25],
        [-3.25, -3, -2, -0.25],
    ),
    (Term("c", "actuators", 4, LEGS), [-2, -1, -4, -3], [3, 4, 1, 2], [-4, -3, -2, -1]),
    (Term("b", "bodies", 4, LEGS), [2, 1, 4, 3], [3, 4, 1, 2], [4, 3, 2, 1]),
    (
        Term("s", "spatial_vectors", 24, LEGS),
        # Of FL (torque 1, 2, 3 and force 4, 5, 6), FR, BL and BR.
        [-7, 8, -9, 10, -11, 12, -1, 2, -3, 4, -5, 6, -19, 20, -21, 22, -23, 24, -13, 14, -15, 16, -17, 18],
        [13, -14, -15, -16, 17, 18, 19, -20, -21, -22, 23, 24, 1, -2, -3, -4, 5, 6, 7, -8, -9, -10, 11, 12],
        [-19, -20, 21, -22, -23, 24, -13, -14, 15, -16, -17, 18, -7, -8, 9, -10, -11, 12, -1, -2, 3, -4, -5, 6],
    ),
    (Term("g", "grid", 6, shape=(2, 3)), [3, 2, 1, 6, 5, 4], [4, 5, 6, 1, 2, 3], [6, 5, 4, 3, 2, 1]),
    (Term("g", "transposed_grid", 6, shape=(2, 3)), [5, 6, 3, 4, 1, 2], [2, 1, 4, 3, 6, 5], [6, 5, 4, 3, 2, 1]),
]


@pytest.mark.parametrize(
    ("term", "sagittal", "transverse", "half_turn"), EXPECTED, ids=lambda v: getattr(v, "kind", "")
)
def test_every_kind_by_hand(term, sagittal, transverse, half_turn):
    x = np.arange(1.0, term.size + 1)
    assert term.transform(SAGITTAL).apply(x).tolist() == sagittal
    assert term.transform(TRANSVERSE).apply(x).tolist() == transverse
    assert term.transform(HALF_TURN).apply(x).tolist() == half_turn


@pytest.mark.parametrize(
    ("reflection", "expected"),
    [(SAGITTAL, [[3, 2, 1], [6, 5, 4]]), (TRANSVERSE, [[4, 5, 6], [1, 2, 3]]), (HALF_TURN, [[6, 5, 4], [3, 2, 1]])],
    ids=PLANES,
)
def test_an_image_is_flipped(reflection, expected):
    image = np.arange(1, 7).reshape(2, 3, 1)
    assert Term("camera", "image", 6, shape=(2, 3, 1)).transform(reflection).apply(image)[:, :, 0].tolist() == expected


@every_plane
@pytest.mark.parametrize("term", [row[0] for row in EXPECTED], ids=lambda term: term.kind)
def test_reflecting_twice_changes_nothing(term, reflection):
    assert (term.transform(reflection) @ term.transform(reflection)).is_identity


@pytest.mark.parametrize("term", [row[0] for row in EXPECTED], ids=lambda term: term.kind)
def test_the_half_turn_is_the_product_of_the_reflections(term):
    assert term.transform(SAGITTAL) @ term.transform(TRANSVERSE) == term.transform(HALF_TURN)
    assert term.transform(TRANSVERSE) @ term.transform(SAGITTAL) == term.transform(HALF_TURN)


def rotation(wxyz):
    w, x, y, z = wxyz
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + 2 * w * cross + 2 * cross @ cross


def cross_matrix(v):
    return np.cross(np.eye(3), v)


@st.composite
def motions(draw):
    """A random orientation of the base, as a unit quaternion, and two random vectors."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    q = rng.normal(size=4)
    return q / np.linalg.norm(q), rng.normal(size=3), rng.normal(size=3)


@every_plane
@quick
@given(motion=motions())
def test_kinds_agree_with_the_reflection_of_the_world(reflection, motion):
    """Reflect positions in the world by a matrix, and look at the reflected base from its own frame."""
    quaternion, velocity, angular_velocity = motion
    matrix = np.diag(reflection.axes)
    orientation = rotation(quaternion)
    reflected = matrix @ orientation @ matrix
    wxyz = Term("q", "quaternion_wxyz", 4).transform(reflection).apply(quaternion)
    np.testing.assert_allclose(rotation(wxyz), reflected, atol=1e-12)
    xyzw = Term("q", "quaternion_xyzw", 4).transform(reflection).apply(np.roll(quaternion, -1))
    np.testing.assert_allclose(np.roll(xyzw, 1), wxyz, atol=0)

    seen = orientation.T @ velocity
    seen_reflected = reflected.T @ (matrix @ velocity)
    np.testing.assert_allclose(Term("v", "vector", 3).transform(reflection).apply(seen), seen_reflected, atol=1e-12)

    # An orientation that turns by ω follows Ṙ = [ω]× R in the world and Ṙ = R [ω]× in the base frame.
    turning = matrix @ cross_matrix(angular_velocity) @ orientation @ matrix
    in_base = Term("w", "axial_vector", 3).transform(reflection).apply(orientation.T @ angular_velocity)
    np.testing.assert_allclose(reflected @ cross_matrix(in_base), turning, atol=1e-12)
    in_world = np.linalg.det(matrix) * matrix @ angular_velocity
    np.testing.assert_allclose(cross_matrix(in_world) @ reflected, turning, atol=1e-12)
    np.testing.assert_allclose(in_base, reflected.T @ in_world, atol=1e-12)


@every_plane
@quick
@given(motion=motions())
def test_planar_kinds_are_those_of_vectors_on_the_ground(reflection, motion):
    _, command, turn = motion
    matrix = np.diag(reflection.axes)
    planar = Term("c", "xy", 2).transform(reflection).apply(command[:2])
    np.testing.assert_allclose(planar, (matrix @ command)[:2], atol=0)
    yaw_rate = Term("p", "pseudoscalar", 1).transform(reflection).apply(turn[2:])
    np.testing.assert_allclose(yaw_rate, (np.linalg.det(matrix) * matrix @ turn)[2:], atol=1e-12)


def euler_matrix(roll, pitch, yaw):
    """Yaw about z, then pitch about the new y, then roll about the new x."""
    (cr, cp, cy), (sr, sp, sy) = np.cos((roll, pitch, yaw)), np.sin((roll, pitch, yaw))
    about_x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    about_y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


@every_plane
@quick
@given(motion=motions())
def test_orientations_are_those_of_the_reflected_base(reflection, motion):
    _, angles, velocity = motion
    matrix = np.diag(reflection.axes)
    orientation = euler_matrix(*angles)
    reflected = matrix @ orientation @ matrix

    def image(kind, values):
        return Term("t", kind, len(values)).transform(reflection).apply(values)

    roll, pitch, _ = angles
    mirrored = (image("roll", np.array([roll])), image("pitch", np.array([pitch])), image("pseudoscalar", angles[2:]))
    np.testing.assert_allclose(euler_matrix(*np.concatenate(mirrored)), reflected, atol=1e-12)
    np.testing.assert_array_equal(image("axial_vector", angles), np.concatenate(mirrored))

    np.testing.assert_array_equal(image("rotation_matrix", orientation.ravel()), reflected.ravel())
    np.testing.assert_array_equal(image("rotation_matrix", orientation.T.ravel()), reflected.T.ravel())
    np.testing.assert_array_equal(image("rotation_6d", orientation[:2].ravel()), reflected[:2].ravel())
    np.testing.assert_array_equal(image("rotation_6d", orientation.T[:2].ravel()), reflected.T[:2].ravel())

    seen, seen_reflected = orientation.T @ velocity, reflected.T @ matrix @ velocity
    np.testing.assert_allclose(image("forward", seen[:1]), seen_reflected[:1], atol=1e-12)
    np.testing.assert_allclose(image("lateral", seen[1:2]), seen_reflected[1:2], atol=1e-12)


@every_plane
def test_a_quantity_may_be_spread_over_an_observation(reflection):
    terms = [Term("height", "scalar", 1)]
    for leg in LEGS:
        terms += [
            Term("angle", "joint_positions", 1, (leg,)),
            Term("velocity", "joints", 1, (leg,)),
            Term("contact", "feet", 1, (leg,)),
        ]
    angles, velocities, contacts = np.arange(1.0, 5.0), np.arange(11.0, 15.0), np.arange(21.0, 25.0)

    def apply(term, values):
        return term.transform(reflection).apply(values)

    spread = vector_transform(terms, reflection).apply(
        np.concatenate([[7.0], np.stack((angles, velocities, contacts), axis=1).ravel()])
    )
    expected = (
        apply(Term("a", "joint_positions", 4, LEGS), angles),
        apply(Term("v", "joints", 4, LEGS), velocities),
        apply(Term("c", "feet", 4, LEGS), contacts),
    )
    np.testing.assert_array_equal(spread, np.concatenate([[7.0], np.stack(expected, axis=1).ravel()]))


def test_parts_of_a_quantity_have_one_name_and_one_kind():
    with pytest.raises(
        ValueError, match="'FL' is listed without its mirror partner 'FR': list both in one term, or in"
    ):
        vector_transform([Term("left", "feet", 1, ("FL",)), Term("right", "feet", 1, ("FR",))], SAGITTAL)
    with pytest.raises(ValueError, match="without its mirror partner"):
        vector_transform([Term("foot", "feet", 1, ("FL",)), Term("foot", "bodies", 1, ("FR",))], SAGITTAL)


def test_a_history_of_a_quantity_mirrors_time_by_time():
    twice = [Term("q", "joints", 4, LEGS), Term("v", "vector", 3)] * 2
    once = vector_transform(twice[:2], SAGITTAL)
    assert vector_transform(twice, SAGITTAL) == SignedPermutation.concatenate([once, once])


@every_plane
@pytest.mark.parametrize(("kind", "order"), [("grid", "C"), ("transposed_grid", "F")])
def test_a_grid_scans_the_reflected_ground(reflection, kind, order):
    def ground(x, y):
        return np.sin(x) + x * y + y**2 - 2 * y

    x, y = np.meshgrid(np.linspace(-0.8, 0.8, 5), np.linspace(-0.5, 0.5, 4), indexing="ij")
    scanned = ground(x, y).ravel(order)
    # The reflected ground is as high at a point as the ground is at the point's image.
    sign_x, sign_y, _ = reflection.axes
    reflected = ground(sign_x * x, sign_y * y).ravel(order)
    mirrored = Term("g", kind, 20, shape=(5, 4)).transform(reflection).apply(scanned)
    np.testing.assert_allclose(mirrored, reflected, atol=1e-12)


@every_plane
@pytest.mark.parametrize(
    ("kind", "width"),
    [
        *((kind, 1) for kind in ("joints", "joint_positions", "action", "actuators", "feet", "bodies")),
        *(("feet_vectors", 3), ("spatial_vectors", 6), ("inertias", 10)),
    ],
)
@quick
@given(order=st.permutations(range(4)))
def test_names_decide_not_their_order(kind, width, reflection, order):
    values = np.arange(1, 4 * width + 1).reshape(4, width)
    names = [LEGS[i] for i in order]
    usual = Term("t", kind, 4 * width, LEGS).transform(reflection).apply(values.ravel()).reshape(4, width)
    shuffled = Term("t", kind, 4 * width, names).transform(reflection).apply(values[order].ravel()).reshape(4, width)
    np.testing.assert_array_equal(shuffled, usual[order])


@every_plane
@quick
@given(motion=motions())
def test_inertias_are_those_of_the_reflected_bodies(reflection, motion):
    """As MuJoCo keeps them: about a point of the world, with mass times the centre of mass."""
    _, centre, arm = motion
    mass = 1.5
    tensor = mass * (arm @ arm * np.eye(3) - np.outer(arm, arm))
    matrix = np.diag(reflection.axes)

    def numbers(tensor, centre):
        upper = [tensor[i, j] for i, j in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))]
        return np.array([*upper, *(mass * centre), mass])

    one = Term("i", "inertias", 10, ("FL",))
    alone = Reflection(reflection.plane, bodies={"FL": "FL"})
    np.testing.assert_allclose(
        one.transform(alone).apply(numbers(tensor, centre)), numbers(matrix @ tensor @ matrix, matrix @ centre), atol=0
    )


def test_inertias_change_places_with_their_bodies():
    values = np.arange(40.0)
    mirrored = Term("i", "inertias", 40, LEGS).transform(SAGITTAL).apply(values)
    assert mirrored[:10].tolist() == [10, 11, 12, -13, 14, -15, 16, -17, 18, 19]
    mirrored = Term("i", "inertias", 40, LEGS).transform(HALF_TURN).apply(values)
    assert mirrored[:10].tolist() == [30, 31, 32, 33, -34, -35, -36, -37, 38, 39]


def test_terms_of_a_vector_follow_one_another():
    terms = [Term("v", "vector", 3), Term("q", "joints", 4, LEGS), Term("s", "scalar", 1)]
    assert vector_transform(terms, SAGITTAL) == SignedPermutation(
        [0, 1, 2, 4, 3, 6, 5, 7], [1, -1, 1, -1, -1, -1, -1, 1]
    )
    assert observation_transform(terms, SAGITTAL) == vector_transform(terms, SAGITTAL)


def test_terms_by_key_make_transforms_by_key():
    terms = {
        "camera": [Term("camera", "image", 12, shape=(2, 2, 3))],
        "state": [Term("c", "xy", 2), Term("s", "scalar", 1)],
    }
    assert observation_transform(terms, SAGITTAL) == {
        "camera": ImageFlip(horizontal=True),
        "state": SignedPermutation([0, 1, 2], [1, -1, 1]),
    }


def test_an_image_among_other_terms_is_refused():
    with pytest.raises(ValueError, match="term 'camera' is an image and cannot share a vector with others"):
        vector_transform([Term("camera", "image", 12, shape=(2, 2, 3)), Term("s", "scalar", 1)], SAGITTAL)


def test_group_of_terms():
    group = group_of_terms(
        {"left_right": SAGITTAL, "front_back": TRANSVERSE}, [Term("v", "vector", 3)], [Term("a", "action", 4, LEGS)]
    )
    assert group.names == ("identity", "left_right", "front_back", "left_right*front_back")
    assert group["left_right*front_back"] == Mirror(
        SignedPermutation([0, 1, 2], [-1, -1, 1]), SignedPermutation([3, 2, 1, 0], [-1] * 4)
    )


def test_group_of_terms_by_key():
    group = group_of_terms(
        {"left_right": SAGITTAL},
        {"a": [Term("c", "xy", 2)], "b": [Term("s", "scalar", 1)]},
        [Term("p", "pseudoscalar", 1)],
    )
    assert group["left_right"] == Mirror(
        {"a": SignedPermutation([0, 1], [1, -1]), "b": SignedPermutation([0])}, SignedPermutation([0], [-1])
    )


def test_names_and_shape_can_be_lists_as_in_json():
    assert Term("q", "joints", 2, ["a", "b"]) == Term("q", "joints", 2, ("a", "b"))
    assert Term("g", "grid", 6, shape=[2, 3]) == Term("g", "grid", 6, shape=(2, 3))
    assert hash(Term("q", "joints", 2, ["a", "b"])) == hash(Term("q", "joints", 2, ("a", "b")))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("t", "speed", 1), r"term 't': `kind` must be one of \['vector', .*\], got 'speed'"),
        (("t", "vector", 4), "term 't' of kind 'vector' needs a positive multiple of 3 entries, got 4"),
        (("t", "xy", 3), "multiple of 2"),
        (("t", "quaternion_wxyz", 3), "multiple of 4"),
        (("t", "scalar", 0), "positive multiple of 1 entries, got 0"),
        (("t", "scalar", -1), "positive multiple"),
        (("t", "joints", 3, LEGS), r"term 't' of kind 'joints' has size 3, but its names .* make 4"),
        (("t", "joints", 3), r"its names \[\] and shape \(\) make 0"),
        (("t", "joints", 0), "positive multiple"),
        (("t", "action", 5, LEGS), "make 4"),
        (("t", "feet", 5, LEGS), "make 4"),
        (("t", "feet_vectors", 4, LEGS), "make 12"),
        (("t", "spatial_vectors", 4, LEGS), "make 24"),
        (("t", "inertias", 4, LEGS), "make 40"),
        (("t", "joint_positions", 5, LEGS), "make 4"),
        (("t", "actuators", 5, LEGS), "make 4"),
        (("t", "bodies", 5, LEGS), "make 4"),
        (("t", "grid", 5, (), (2, 3)), "make 6"),
        (("t", "grid", 6, (), (6,)), r"needs a `shape` of 2 dimensions, got \(6,\)"),
        (("t", "grid", 1), r"needs a `shape` of 2 dimensions, got \(\)"),
        (("t", "transposed_grid", 6, (), (6,)), r"needs a `shape` of 2 dimensions, got \(6,\)"),
        (("t", "image", 6, (), (2, 3)), "needs a `shape` of 3 dimensions"),
        (("t", "image", 5, (), (2, 3, 1)), "make 6"),
    ],
)
def test_terms_that_contradict_themselves_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Term(*arguments)


def test_a_term_of_parts_that_the_reflection_does_not_know_is_refused():
    with pytest.raises(ValueError, match="joint 'arm' has no partner"):
        Term("q", "joints", 1, ("arm",)).transform(SAGITTAL)
    with pytest.raises(ValueError, match="foot 'FL' is listed without its mirror partner 'FR'"):
        Term("f", "feet", 1, ("FL",)).transform(SAGITTAL)


@pytest.mark.parametrize(
    ("kind", "names", "shape", "size"),
    [
        ("vector", (), (), 3),
        ("quaternion_wxyz", (), (), 4),
        ("joint_positions", LEGS, (), 4),
        ("feet_vectors", LEGS, (), 12),
        ("inertias", LEGS, (), 40),
        ("joints", (), (), 0),
        ("grid", (), (2, 3), 6),
        ("transposed_grid", (), (2, 3), 6),
        ("image", (), (2, 3, 4), 24),
        ("speed", LEGS, (), 0),
    ],
)
def test_default_sizes(kind, names, shape, size):
    assert default_size(kind, names, shape) == size
