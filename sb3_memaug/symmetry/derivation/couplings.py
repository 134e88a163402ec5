"""Which coupling of joints is the mirror image of which, and how far from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from sb3_memaug.symmetry.derivation.differences import Residual, Tolerances, property_residuals, range_error, range_text
from sb3_memaug.symmetry.derivation.geometry import Coupling, RobotGeometry
from sb3_memaug.symmetry.derivation.partners import name_mismatch

#: Partner and sign by name, as of joints.
Partners = Mapping[str, tuple[str, int]]


def tendon_partners(tendons: Sequence[Coupling], joints: Partners, plane: str) -> dict[str, tuple[str, int]]:
    """
    :param tendons: couplings of that kind
    :param joints: partner and sign of each joint
    :param plane: of the reflection
    :return: for each tendon the one that joins the partners of its joints and is most alike, and +1 if a longer one
        mirrors to a longer one, else -1
    """
    alike: dict[frozenset[str], list[Coupling]] = {}
    for tendon in tendons:
        alike.setdefault(frozenset(tendon.joints), []).append(tendon)
    found = []
    for i, tendon in enumerate(tendons):
        image = _tendon_image(tendon, joints)
        for other in alike.get(frozenset(image), ()):
            for sign in (1, -1):
                error = round(_tendon_error(image, other, sign), 6)
                names = name_mismatch(tendon.name, other.name, plane)
                found.append((error, names, i, tendon.name, other.name, sign))
    partners: dict[str, tuple[str, int]] = {}
    for *_, name, other_name, sign in sorted(found):
        if name not in partners and other_name not in partners:
            partners[name], partners[other_name] = (other_name, sign), (name, sign)
    return partners


def coupling_residuals(
    geometry: RobotGeometry, joints: Partners, tendons: Partners, tolerances: Tolerances
) -> Iterator[Residual]:
    """
    :param geometry: of the robot
    :param joints: partner and sign of each joint
    :param tendons: partner and sign of each tendon
    :param tolerances: within which couplings are mirror images
    :return: what decides whether what is coupled on one side is coupled alike on the other
    """
    by_name = {tendon.name: tendon for tendon in geometry.tendons}
    for name, tendon in by_name.items():
        if name not in tendons:
            account = f"its coupling of {', '.join(tendon.joints)} has no mirror image"
            yield Residual("coupling", name, name, np.inf, 0.0, account)
        elif name <= tendons[name][0]:
            yield from _tendon_residuals(tendon, by_name[tendons[name][0]], joints, tendons[name][1], tolerances)
    equalities = [coupling for coupling in geometry.couplings if coupling.kind != "tendon"]
    signs = {**joints, **tendons}
    linear = _LinearSystem(equalities)
    compared: set[frozenset[int]] = set()
    for coupling in equalities:
        yield from _equality_residuals(coupling, equalities, signs, linear, tolerances.couplings, compared)


def _equality_residuals(
    coupling: Coupling,
    equalities: Sequence[Coupling],
    signs: Partners,
    linear: _LinearSystem,
    tolerance: float,
    compared: set[frozenset[int]],
) -> Iterator[Residual]:
    image = _image(coupling, signs)
    if image is None:
        account = f"coupled as {_equation(coupling)}, but what it couples has no mirror image"
        yield Residual("coupling", coupling.joints[0], coupling.joints[0], np.inf, 0.0, account)
        return
    # A rigid dependence can be written from either end.
    forms = [form for form in (image, _inverse(image)) if form is not None]
    errors = {
        id(other): (_polynomial_error(form.coefficients, other.coefficients), other)
        for form in forms
        for other in linear.between.get(form.joints, ())
    }
    error, partner = min(errors.values(), key=lambda found: found[0], default=(np.inf, None))
    if error > tolerance:
        # Others together may amount to the same.
        error = min(error, linear.error(image))
    if partner is not None:
        pair = frozenset((id(coupling), id(partner)))
        if pair in compared:
            return
        compared.add(pair)
    is_there = "is missing" if partner is None else f"there is {_equation(partner)}"
    account = f"coupled as {_equation(coupling)}, which mirrors to {_equation(image)}, but {is_there}"
    yield Residual("coupling", coupling.joints[0], image.joints[0], error, tolerance, account)


class _LinearSystem:
    """All couplings, by what they couple, and what the linear ones among them imply together."""

    def __init__(self, couplings: Sequence[Coupling]) -> None:
        self.between: dict[tuple[str, ...], list[Coupling]] = {}
        for coupling in couplings:
            self.between.setdefault(coupling.joints, []).append(coupling)
        self._rows = [row for coupling in couplings if (row := _row(coupling)) is not None]
        names = sorted({name for row in self._rows for name in row})
        self._index = {name: i for i, name in enumerate(names)}
        self._basis: np.ndarray | None = None

    def error(self, coupling: Coupling) -> float:
        """How far a linear coupling is from following from these, relative to its size; infinite where it is not."""
        row = _row(coupling)
        if row is None or not row.keys() <= self._index.keys():
            return np.inf
        if self._basis is None:
            _, sizes, directions = np.linalg.svd(np.array([self._dense(r) for r in self._rows]), full_matrices=False)
            self._basis = directions[sizes > 1e-9 * sizes.max(initial=0.0)]
        dense = self._dense(row)
        return float(np.linalg.norm(dense - self._basis.T @ (self._basis @ dense)) / np.linalg.norm(dense))

    def _dense(self, row: Mapping[str, float]) -> np.ndarray:
        dense = np.zeros(len(self._index))
        for name, value in row.items():
            dense[self._index[name]] = value
        return dense


def _row(coupling: Coupling) -> dict[str, float] | None:
    """Coefficients of ``follower - slope · leader - constant = 0``, the constant under the name ""; None if curved."""
    constant, *higher = coupling.coefficients
    if any(higher[1:]):
        return None
    row = {"": -constant, coupling.joints[0]: 1.0}
    if len(coupling.joints) == 2:
        row[coupling.joints[1]] = -(higher[0] if higher else 0.0)
    return row


def _image(coupling: Coupling, signs: Partners) -> Coupling | None:
    """The mirror image, or None where something that it couples has none."""
    if not all(joint in signs for joint in coupling.joints):
        return None
    (follower, sign), *leaders = (signs[joint] for joint in coupling.joints)
    turn = leaders[0][1] if leaders else 1
    coefficients = tuple(sign * turn**k * value for k, value in enumerate(coupling.coefficients))
    return Coupling(coupling.kind, (follower, *(leader for leader, _ in leaders)), coefficients)


def _inverse(coupling: Coupling) -> Coupling | None:
    """The same, written from the leader's end, where that can be done."""
    constant, slope, *higher = (*coupling.coefficients, 0.0)
    if len(coupling.joints) < 2 or not slope or any(higher):
        return None
    return Coupling(coupling.kind, coupling.joints[::-1], (-constant / slope, 1 / slope))


def _polynomial_error(coefficients: Sequence[float], others: Sequence[float]) -> float:
    """Largest difference, relative to the largest of them."""
    size = max(len(coefficients), len(others))
    a, b = (np.array([*values, *[0.0] * (size - len(values))]) for values in (coefficients, others))
    largest = max(np.abs(a).max(), np.abs(b).max())
    return float(np.abs(a - b).max() / largest) if largest else 0.0


def _equation(coupling: Coupling) -> str:
    leader = coupling.joints[1] if len(coupling.joints) == 2 else ""
    powers = ("", f" · {leader}", *(f" · {leader}{power}" for power in "²³⁴"))
    terms = [f"{value:.4g}{power}" for value, power in zip(coupling.coefficients, powers, strict=False) if value]
    return f"{coupling.joints[0]} = {' + '.join(terms) or '0'}"


def _tendon_image(tendon: Coupling, joints: Partners) -> dict[str, float]:
    """Coefficients of the mirror image by joint; none where a joint has no partner."""
    if not all(joint in joints for joint in tendon.joints):
        return {}
    pairs = zip(tendon.joints, tendon.coefficients, strict=True)
    return {joints[joint][0]: joints[joint][1] * coefficient for joint, coefficient in pairs}


def _tendon_error(image: Mapping[str, float], other: Coupling, sign: int) -> float:
    mirrored = [sign * image[joint] for joint in other.joints]
    return _polynomial_error(mirrored, other.coefficients)


def _tendon_residuals(
    tendon: Coupling, partner: Coupling, joints: Partners, sign: int, tolerances: Tolerances
) -> Iterator[Residual]:
    names = tendon.name, partner.name
    image = _tendon_image(tendon, joints)
    texts = (
        " + ".join(f"{value:.4g} · {joint}" for joint, value in sorted(coefficients.items()))
        for coefficients in (
            {joint: sign * value for joint, value in image.items()},
            dict(zip(partner.joints, partner.coefficients, strict=True)),
        )
    )
    account = "its coupling mirrors to {}, but there is {}".format(*texts)
    yield Residual("coupling", *names, _tendon_error(image, partner, sign), tolerances.couplings, account)
    for what, own, others in (("limits", tendon.limits, partner.limits), ("rest", tendon.rest, partner.rest)):
        mirrored = sorted(sign * value for value in own)
        account = f"its {what} {range_text(own)} mirror to {range_text(mirrored)}, but are {range_text(others)}"
        yield Residual(f"tendon {what}", *names, range_error(mirrored, others), tolerances.limits, account)
    yield from property_residuals(names, tendon.properties, partner.properties, tolerances.couplings, decisive=True)
