"""Throw damaged files at the whole path, for as long as one likes.

    python -m benchmarks.fuzz --count 100000 [--first N] [--keep DIR]

Every file comes from its number alone, so a problem is found again by it. A file that takes longer
than a minute ends the run with a traceback.
"""

from __future__ import annotations

import argparse
import faulthandler
import sys
import time
from pathlib import Path

from photo_service.service import warm_up
from tests.fuzzing import problem
from tests.mutations import mutated
from tests.test_fuzz import fuzz_seeds

SLOWEST_S = 2.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="write files that showed a problem here")
    options = parser.parse_args()
    warm_up()
    seeds = fuzz_seeds()
    found, started = 0, time.monotonic()
    for number in range(options.first, options.first + options.count):
        faulthandler.dump_traceback_later(60, exit=True)
        data = mutated(seeds, number)
        try:
            trouble = problem(data, SLOWEST_S)
        except Exception as error:  # noqa: BLE001 - that none comes is what is tested
            trouble = f"raised {error!r}"
        faulthandler.cancel_dump_traceback_later()
        if trouble:
            found += 1
            print(f"{number}: {trouble}", flush=True)
            if options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / f"{number}.bin").write_bytes(data)
        if number % 5000 == 4999:
            minutes = (time.monotonic() - started) / 60
            print(f"{number + 1} files, {found} problems, {minutes:.1f} min", flush=True)
    print(f"{options.count} files, {found} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
