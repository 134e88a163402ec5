"""How the links of a URDF file hang together, and which of them are the robot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sb3_memaug.robots.urdf_values import Place

#: What links are called that stand for the world around a robot.
SURROUNDINGS = ("world", "ground", "ground_plane", "floor", "map", "odom", "terrain", "environment")
#: Joints by which a base moves about.
FREE = ("floating", "planar")


class Tree:
    """
    Links, and the joints below each.

    :param place: the file
    :param links: names
    :param joints: type, parent and child of each joint, by its name
    :param moving: types of joints with one degree of freedom
    :raises InputError: if an end of a joint is no link, a link hangs on two joints, or links hang in a ring
    """

    def __init__(
        self, place: Place, links: Sequence[str], joints: Mapping[str, tuple[str, str, str]], moving: Sequence[str]
    ) -> None:
        self.place, self.joints, self.moving = place, joints, moving
        self.below: dict[str, list[str]] = {name: [] for name in links}
        above: dict[str, str] = {}
        for name, (_, parent, child) in joints.items():
            here = place.within(f"joint {name!r}")
            for end, link in (("parent", parent), ("child", child)):
                if link not in self.below:
                    raise here.error(
                        f"the {end} of joint {name!r} is {link!r}, which is no link; there are {list(links)}"
                    )
            if child in above:
                raise here.error(f"link {child!r} is the child of two joints, {above[child]!r} and {name!r}")
            above[child] = name
            self.below[parent].append(name)
        self.root = self._root([name for name in links if name not in above])

    def _root(self, roots: list[str]) -> str:
        parts = {name: self.part(name, leave_out=()) for name in roots}
        bare = [name for name in roots if name in SURROUNDINGS and not self._count(parts[name])]
        found = [name for name in roots if name not in bare] or roots
        if len(found) != 1:
            raise self.place.error(
                f"expected one link that is no joint's child, the root, got {found}"
                + (f", and {bare} beside them" if found != roots else "")
            )
        reached = {name for part in parts.values() for name in part}
        if len(reached) < len(self.below):
            raise self.place.error(
                f"links {sorted(self.below.keys() - reached)} do not hang on the root {found[0]!r}, but in a ring"
            )
        return found[0]

    def part(self, base: str, leave_out: Sequence[str]) -> list[str]:
        """
        :param base: name of a link
        :param leave_out: names of joints
        :return: the link and all that hangs on it by other joints, parents first and depth first
        """
        reached, waiting = [], [base]
        while waiting:
            link = waiting.pop()
            reached.append(link)
            waiting += [self.joints[joint][2] for joint in reversed(self.below[link]) if joint not in leave_out]
        return reached

    def _count(self, part: Sequence[str], leave_out: Sequence[str] = ()) -> int:
        """Of the joints within a part by which something moves."""
        joints = [joint for link in part for joint in self.below[link] if joint not in leave_out]
        return sum(self.joints[joint][0] != "fixed" for joint in joints)

    def free_joints(self) -> list[str]:
        """
        :return: names of those that let something move about freely, all of them below the root or what is fixed to it
        :raises InputError: if there are others
        """
        fixed, free = [self.root], []
        for link in fixed:
            for joint in self.below[link]:
                kind, _, child = self.joints[joint]
                if kind == "fixed":
                    fixed.append(child)
                elif kind in FREE:
                    free.append(joint)
        for name, (kind, _, _) in self.joints.items():
            if kind in FREE and name not in free:
                raise self.place.within(f"joint {name!r}").error(
                    f"expected joint {name!r} to be one of {[*self.moving, 'fixed']}, got {kind!r}; a floating or "
                    "planar joint is read where it hangs on the root, or on what is fixed to it"
                )
        return free

    def choose(self, free: Sequence[str]) -> tuple[str, list[str]]:
        """
        :param free: as by :meth:`free_joints`
        :return: the base of the robot, the part in which most joints move, and its links
        """
        parts = [self.part(base, free) for base in (*(self.joints[joint][2] for joint in free), self.root)]
        chosen = max(parts, key=lambda part: self._count(part, free))
        return chosen[0], chosen


def find_robot_links(tree: Tree) -> tuple[tuple[str, ...], bool]:
    """
    :param tree: of all links
    :return: names of those that are the robot, its base first, and whether the base floats
    :raises InputError: if something floats within a robot
    """
    free = tree.free_joints()
    base, links = tree.choose(free)
    return tuple(links), base != tree.root or base != "world"
