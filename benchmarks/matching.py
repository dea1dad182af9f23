"""Measures the matcher: building, starting from the cache, answering; beside RapidFuzz alone.

`python -m benchmarks.matching` prints what it measured on and a table. Each size is measured in a
process of its own, on one core, so that memory and caches of one do not help another.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from faq.book import Book

ROOT = Path(__file__).resolve().parent.parent
# The size whose growth is judged, beside the shipped book.
LARGE = 100_000
QUERIES = 600
# RapidFuzz alone takes much longer, so that fewer do.
FUZZY_QUERIES = 60
# Milliseconds, seconds and megabytes that the matcher must stay below: shipped, and at LARGE.
AIMS = {
    "shipped": {"p99": 5.0, "build": 20.0, "start": 2.0},
    "large": {"p99": 15.0, "build": 60.0, "memory": 300.0},
}
_SEED = 7


@dataclass(frozen=True)
class Row:
    """What was measured at one size: times in milliseconds, but building and starting in seconds.

    Attributes:
        start: Reading the book and fetching what was learnt from the cache.
        memory: What the matcher adds to the process, in megabytes.
        fuzzy_p50: RapidFuzz `process.extractOne` with WRatio over the same utterances; likewise p99.
    """

    size: str
    utterances: int
    build: float
    start: float
    memory: float
    p50: float
    p99: float
    fuzzy_p50: float
    fuzzy_p99: float


def main() -> int:
    """Measure, print, and return 0 when the aims are met."""
    parser = argparse.ArgumentParser(prog="benchmarks.matching", description=main.__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    parser.add_argument("--one", choices=AIMS, help=argparse.SUPPRESS)
    parser.add_argument("--cache", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(asdict(_measure(options.one, options.cache))))
        return 0
    facts = {
        "cores": str(os.cpu_count()),
        "load before": f"{os.getloadavg()[0]:.1f}",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "numpy": version("numpy"),
        "RapidFuzz": version("rapidfuzz"),
    }
    print(" · ".join(f"{name} {value}" for name, value in facts.items()), flush=True)
    rows = [_in_own_process(size) for size in AIMS]
    print(f"\n{_table(rows)}\n")
    if options.json:
        found = {"facts": facts, "rows": [asdict(row) for row in rows]}
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0 if _meets_aims(rows) else 1


def _in_own_process(size: str) -> Row:
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    with tempfile.TemporaryDirectory(prefix="benchmark-") as cache:
        command = [sys.executable, "-m", "benchmarks.matching", "--one", size, "--cache", cache]
        # The first run builds, the second starts from the cache as a server does.
        runs = [
            json.loads(
                subprocess.run(
                    command,
                    cwd=ROOT,
                    env={**os.environ, **threads},
                    check=True,
                    stdout=subprocess.PIPE,
                ).stdout
            )
            for _ in range(2)
        ]
    return Row(**{**runs[1], "build": runs[0]["start"]})


def _measure(size: str, cache: Path) -> Row:
    from faq import book  # noqa: PLC0415 - starting is measured with what it must import
    from faq.matching import Matcher  # noqa: PLC0415

    # Only the first process on this machine may use one core; later ones are alike.
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    begun = time.perf_counter()
    content = book.load(ROOT / "faq")
    if size == "large":
        content = _grown(content, LARGE)
        begun = time.perf_counter()
    before = _megabytes()
    matcher = Matcher(content, cache)
    start = time.perf_counter() - begun
    random_ = random.Random(_SEED)  # noqa: S311 - no secret
    said = [
        text
        for locale in content.utterances.values()
        for lines in locale.values()
        for text in lines
    ]
    # Nobody writes an utterance exactly as it stands in the book.
    queries = [_changed(text, random_) for text in random_.sample(said, QUERIES)]
    for text in queries[:50]:
        matcher.match(text)
    # As the server does; see `bot.app`.
    gc.collect()
    gc.freeze()
    took = _times(matcher.match, queries)
    memory = _megabytes() - before
    from rapidfuzz import fuzz, process  # noqa: PLC0415 - no part of what is measured above

    fuzzy = _times(
        lambda text: process.extractOne(text, said, scorer=fuzz.WRatio), queries[:FUZZY_QUERIES]
    )
    return Row(
        size, len(said), 0.0, start, memory,
        *(_percentile(took, p) for p in (50, 99)), *(_percentile(fuzzy, p) for p in (50, 99)),
    )  # fmt: skip


def _times(answer: Callable[[str], object], queries: Iterable[str]) -> list[float]:
    found = []
    for text in queries:
        took = []
        # The best of three: what other programs took of the core is not the matcher's time.
        for _ in range(3):
            begun = time.perf_counter()
            answer(text)
            took.append(1000 * (time.perf_counter() - begun))
        found.append(min(took))
    return sorted(found)


def _percentile(times: list[float], percent: int) -> float:
    return times[min(len(times) - 1, len(times) * percent // 100)]


def _grown(content: Book, count: int) -> Book:
    """Return the book with changed copies of its utterances, until there are so many."""
    random_ = random.Random(_SEED)  # noqa: S311 - no secret
    there = sum(len(lines) for said in content.utterances.values() for lines in said.values())
    share = (count - there) / there
    grown = {
        locale: {
            id_: (*lines, *(_changed(random_.choice(lines), random_) for _ in range(round(len(lines) * share))))
            for id_, lines in said.items()
            if lines
        }
        for locale, said in content.utterances.items()
    }  # fmt: skip
    return replace(content, utterances=grown, digest=f"{content.digest} {count}")


def _changed(text: str, random_: random.Random) -> str:
    """Return a text with words left out, moved, or mistyped, as the next person would write it."""
    words = text.split()
    if len(words) > 3 and random_.random() < 0.5:
        words.pop(random_.randrange(len(words)))
    if len(words) > 2 and random_.random() < 0.3:
        i = random_.randrange(len(words) - 1)
        words[i], words[i + 1] = words[i + 1], words[i]
    i = random_.randrange(len(words))
    if len(words[i]) > 4:
        j = random_.randrange(1, len(words[i]) - 1)
        words[i] = words[i][:j] + random_.choice("aeinstk") + words[i][j + 1 :]
    return " ".join(words)


def _megabytes() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def _table(rows: list[Row]) -> str:
    titles = (
        "Book", "Utterances", "Build s", "Start s", "Memory MB", "p50 / p99 ms", "RapidFuzz p50 / p99 ms", "p50 ratio",
    )  # fmt: skip
    lines = [titles, ("---", *["--:"] * (len(titles) - 1))]
    for row in rows:
        cells = [
            row.size, f"{row.utterances:,}", f"{row.build:.1f}", f"{row.start:.1f}", f"{row.memory:.0f}",
            f"{row.p50:.1f} / {row.p99:.1f}", f"{row.fuzzy_p50:.0f} / {row.fuzzy_p99:.0f}",
            f"{row.fuzzy_p50 / row.p50:.0f}",
        ]  # fmt: skip
        lines.append(tuple(cells))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _meets_aims(rows: list[Row]) -> bool:
    """Say for each aim whether it is met, and return whether all are."""
    met = True
    for row in rows:
        for name, aim in AIMS[row.size].items():
            found = float(getattr(row, name))
            met = met and found < aim
            print(
                f"{'met' if found < aim else 'MISSED'}: {row.size} {name} {found:.1f}, below {aim:.0f}"
            )
    return met


if __name__ == "__main__":
    sys.exit(main())
