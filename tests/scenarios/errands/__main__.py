"""What halls find without each mechanism: `python -m tests.scenarios.errands [N]`."""

import sys
from collections import Counter

from tests.scenarios.errands.mutants import MUTANTS
from tests.scenarios.errands.world import run


def main(halls: int) -> None:
    """A row a mutant: in how many of so many halls its promise broke, how often."""
    seeds = range(1, halls + 1)
    shipped = sum((run(seed) for seed in seeds), Counter[str]())
    print(f"| shipped | {dict(shipped) or 'nothing'} |")  # noqa: T201 -- a table for people
    for name, mutant in MUTANTS.items():
        found = [run(seed, mutant.without)[mutant.promise] for seed in seeds]
        many = f"{sum(found)} in {sum(map(bool, found))} halls"
        print(f"| {name} | {mutant.promise}: {many} |")  # noqa: T201 -- a table for people


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 40)
