"""Random transforms. Offsets are multiples of 1/4, so that sums of a few are exact."""

from hypothesis import strategies as st

from sb3_memaug.symmetry import LabelPermutation, SignedPermutation


@st.composite
def signed_permutations(draw, size, offset=False):
    permutation = draw(st.permutations(range(size)))
    signs = draw(st.lists(st.sampled_from([1, -1]), min_size=size, max_size=size))
    quarters = draw(st.lists(st.integers(-8, 8), min_size=size, max_size=size)) if offset else [0] * size
    return SignedPermutation(permutation, signs, [quarter / 4 for quarter in quarters])


def several_signed_permutations(count, offset=False, max_size=6):
    """Tuples of signed permutations of the same size."""
    return st.integers(1, max_size).flatmap(lambda n: st.tuples(*[signed_permutations(n, offset)] * count))


@st.composite
def several_label_permutations(draw, count, multi):
    """Tuples of label permutations of the same space."""
    if not multi:
        labels = range(draw(st.integers(1, 6)))
        return tuple(LabelPermutation(draw(st.permutations(labels))) for _ in range(count))
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    made = []
    for _ in range(count):
        permutation = [0] * len(sizes)
        for size in set(sizes):
            alike = [i for i, n in enumerate(sizes) if n == size]
            for i, source in zip(alike, draw(st.permutations(alike)), strict=True):
                permutation[i] = source
        made.append(LabelPermutation([draw(st.permutations(range(size))) for size in sizes], permutation))
    return tuple(made)


@st.composite
def commuting_involutions(draw):
    """
    A pair of signed permutations of the same size that are involutions, commute, and differ from one another and
    from the identity: some actions of the group of four side by side, seen in a random signed basis.
    """
    sign = st.sampled_from([1, -1])
    firsts, seconds = [SignedPermutation([0, 1], [-1, 1])], [SignedPermutation([0, 1], [1, -1])]
    for kind in draw(
        st.lists(st.sampled_from(["single", "first swaps", "second swaps", "both swap", "four"]), max_size=3)
    ):
        a, b = draw(sign), draw(sign)
        if kind == "single":
            pair = SignedPermutation([0], [a]), SignedPermutation([0], [b])
        elif kind == "first swaps":
            pair = SignedPermutation([1, 0], [a, a]), SignedPermutation([0, 1], [b, b])
        elif kind == "second swaps":
            pair = SignedPermutation([0, 1], [a, a]), SignedPermutation([1, 0], [b, b])
        elif kind == "both swap":
            pair = SignedPermutation([1, 0], [a, a]), SignedPermutation([1, 0], [b, b])
        else:
            pair = SignedPermutation([1, 0, 3, 2], [a] * 4), SignedPermutation([2, 3, 0, 1], [b] * 4)
        firsts.append(pair[0])
        seconds.append(pair[1])
    first, second = SignedPermutation.concatenate(firsts), SignedPermutation.concatenate(seconds)
    basis = draw(signed_permutations(first.size))
    return basis.inverse() @ first @ basis, basis.inverse() @ second @ basis
