"""``python -m tests.fuzz``: a table of bare errors by kind of input; exit status 1 if there is one."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from .fuzz import fuzz
from .inputs import INPUTS


def main() -> None:
    parser = argparse.ArgumentParser(description="Try inputs that chance has broken, and count bare errors.")
    parser.add_argument("--cases", type=int, default=2000, help="how many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of chance (default: %(default)s)")
    parser.add_argument("--only", metavar="TEXT", help="kinds of input with this in their names")
    parser.add_argument("--show", type=int, default=10, metavar="N", help="errors to show (default: %(default)s)")
    parser.add_argument("--case", metavar="SEED", help="try this one alone, and show where it fails")
    parsed = parser.parse_args()
    if parsed.case is not None:
        with tempfile.TemporaryDirectory() as folder:
            INPUTS[parsed.case.rsplit(" ", 2)[0]][0](random.Random(parsed.case), Path(folder))
        return
    tried, found = fuzz(parsed.cases, parsed.seed, parsed.only)
    print("| input | cases | bare errors | of these |", "| --- " * 4 + "|", sep="\n")
    for name in tried:
        kinds = Counter(one.error for one in found if one.kind == name)
        told = ", ".join(f"{n} {error}" for error, n in kinds.most_common())
        print(f"| {name} | {tried[name]} | {kinds.total()} | {told} |")
    print(f"| all | {tried.total()} | {len(found)} | |")
    shown: Counter[tuple[str, str]] = Counter()
    for one in found:
        shown[one.kind, one.error] += 1
        if shown[one.kind, one.error] == 1 and len(shown) <= parsed.show:
            print(f"{one.seed}: {one.error}: {one.message[:200]}", file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
