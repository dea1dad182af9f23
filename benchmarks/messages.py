"""Measures messages in → replies committed: both channels, both databases, beside a bare echo.

`python -m benchmarks.messages` prints what it measured on and a table; `--help` tells the rest.
Everything stays on this machine: the server in one process, as in production, the load in another.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import servers
from benchmarks.load import Client, saturate, steady
from benchmarks.residents import Echoed, Telegram, Web

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.load import Timings
    from benchmarks.servers import Server

CONVERSATIONS = 300
# What one process shall carry on SQLite, in messages a second, and how fast it answers half of it.
AIM = 150.0
HALF = AIM / 2
AIM_P95_MS = 100.0
AT_ONCE = 16
WARM_UP_SECONDS = 1.5
DATABASES = {"sqlite": servers.sqlite, "postgresql": servers.postgresql}
DOORS = ("web", "telegram")


@dataclass(frozen=True)
class Row:
    """What was measured at one channel on one database; times in milliseconds.

    Attributes:
        rate: Messages a second at saturation.
        half_p50: At a steady rate of half the aim; likewise the others.
        cpu: Processor time of the server for each message at saturation.
        echo: Messages a second that a bare echo of the same bodies takes, in the same minute.
        echo_cpu: Processor time of the echo for each; the ratio is taken from processor times,
            since what other programs leave of a processor changes from one minute to the next.
    """

    door: str
    database: str
    rate: float
    p50: float
    p95: float
    p99: float
    half_p50: float
    half_p95: float
    half_p99: float
    cpu: float
    echo: float
    echo_cpu: float


def main() -> int:
    """Measure, print, and return 0 when the aim is met on SQLite."""
    options = _options()
    facts = _facts(options.folder)
    print(" · ".join(f"{name} {value}" for name, value in facts.items()), flush=True)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="benchmark-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own.
        with servers.stubs(folder) as stubs:
            for database in options.databases.split(","):
                with DATABASES[database](folder) as url:
                    rows += asyncio.run(_measure(database, url, stubs, folder, options))
    print(f"\n{_table(rows)}\n")
    if options.json:
        found = {"facts": facts, "rows": [asdict(row) for row in rows]}
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0 if _meets_aim(rows) else 1


async def _measure(
    database: str, url: str, stubs: Server, folder: Path, options: argparse.Namespace
) -> list[Row]:
    rows: list[Row] = []
    # Each channel gets a fresh process, so that neither pays for what the other left behind.
    for door in options.doors.split(","):
        already = await servers.heard(url) if rows else 0
        with servers.neuvokas(url, f"http://127.0.0.1:{stubs.port}", folder) as server:
            client = Client(server.port)
            residents: Web | Telegram = (
                await Web.arrive(client, options.conversations)
                if door == "web"
                else Telegram(options.conversations, servers.SECRET)
            )
            warm = await saturate(client, residents, WARM_UP_SECONDS, AT_ONCE)
            half = await steady(client, residents, options.seconds, HALF)
            before = server.cpu_seconds()
            full = await saturate(client, residents, options.seconds, AT_ONCE)
            cpu = 1000 * (server.cpu_seconds() - before) / len(full.each)
            await client.close()
        acknowledged = sum(len(timings.each) for timings in (warm, half, full))
        kept = await servers.heard(url) - already
        if kept != acknowledged:
            raise RuntimeError(f"{acknowledged} messages acknowledged, {kept} kept")
        echo, echo_cpu = await _echo(residents, stubs, options.seconds)
        rows.append(
            Row(
                door,
                database,
                full.rate,
                *_percentiles(full),
                *_percentiles(half),
                cpu,
                echo,
                echo_cpu,
            )
        )
        print(f"{door} on {database}: {full.rate:.0f}/s, {half.percentile(95):.0f} ms", flush=True)
    return rows


async def _echo(residents: Web | Telegram, stubs: Server, seconds: float) -> tuple[float, float]:
    """Return what the echo takes of the same bodies, a second, and its milliseconds for each."""
    client, echoed = Client(stubs.port), Echoed(residents)
    probe = echoed.next(0)
    if await client.post(probe) != probe.body:
        raise RuntimeError("the echo does not return what it was sent")
    before = stubs.cpu_seconds()
    timings = await saturate(client, echoed, min(seconds, 5.0), AT_ONCE)
    cpu = 1000 * (stubs.cpu_seconds() - before) / len(timings.each)
    await client.close()
    return timings.rate, cpu


def _percentiles(timings: Timings) -> tuple[float, float, float]:
    return timings.percentile(50), timings.percentile(95), timings.percentile(99)


def _table(rows: Sequence[Row]) -> str:
    titles = (
        "Channel",
        "Database",
        "Messages/s",
        "p50 / p95 / p99 ms, saturated",
        f"p50 / p95 / p99 ms at {HALF:.0f}/s",
        "CPU ms/message",
        "Echo/s",
        "CPU, echo = 1",
    )
    lines = [titles, ("---", "---", *["--:"] * (len(titles) - 2))]
    for row in rows:
        full = f"{row.p50:.0f} / {row.p95:.0f} / {row.p99:.0f}"
        half = f"{row.half_p50:.0f} / {row.half_p95:.0f} / {row.half_p99:.0f}"
        ratio = f"{row.cpu / row.echo_cpu:.0f}" if row.echo_cpu else "-"
        numbers = (f"{row.rate:.0f}", full, half, f"{row.cpu:.1f}", f"{row.echo:.0f}", ratio)
        lines.append((row.door, row.database, *numbers))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _meets_aim(rows: Sequence[Row]) -> bool:
    """Say for each channel on SQLite whether the aim is met, and return whether it is for all."""
    met = True
    for row in rows:
        if row.database == "sqlite":
            good = row.rate >= AIM and row.half_p95 < AIM_P95_MS
            met = met and good
            print(
                f"{'met' if good else 'MISSED'}: {row.door} on SQLite, {AIM:.0f} messages/s and a"
                f" p95 under {AIM_P95_MS:.0f} ms at {HALF:.0f}/s:"
                f" {row.rate:.0f}/s, {row.half_p95:.0f} ms"
            )
    return met


def _facts(folder: Path) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    return {
        "cores": str(os.cpu_count()),
        "load before": f"{os.getloadavg()[0]:.1f}",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "aiohttp": version("aiohttp"),
        "SQLAlchemy": version("SQLAlchemy"),
        "fsync": f"{servers.fsync_milliseconds(folder):.2f} ms",
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.messages", description=main.__doc__)
    add = parser.add_argument
    add("--seconds", type=float, default=10.0, help="how long each measurement lasts")
    add("--conversations", type=int, default=CONVERSATIONS, help="how many residents write")
    add("--databases", default=",".join(DATABASES), help="which, separated by commas")
    add("--doors", default=",".join(DOORS), help="which channels, separated by commas")
    add("--json", type=Path, metavar="FILE", help="also write the results there")
    add("--folder", type=Path, default=servers.ROOT / "var", help="the disk to measure on")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
