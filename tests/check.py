"""What `./run check` does: lints, types, imports, the book, the catalogues, and the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# A folder in memory, where there is one; bytes it must have free (a container's has 64 MB).
MEMORY = Path("/dev/shm")  # noqa: S108 - only our own folders are made in it
ROOM = 4 * 2**30
# What is checked before the tests, the longest first.
CHECKS = (
    ("types", "mypy"),
    # Learnt once here, not by every worker of the tests at the same time.
    ("matcher", "neuvokas", "ask", "hei"),
    ("book", "neuvokas", "check-content", "--quick"),
    ("lint", "ruff", "check"),
    ("format", "ruff", "format", "--check"),
    ("imports", "lint-imports"),
)
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main(arguments: list[str]) -> int:
    """Run every check, all of them even when one fails; return 0 when all are well.

    `--slow` runs only the soak and chaos tests; other arguments go to pytest.
    """
    if not find_chromium():
        return 1
    _spare_the_disk()
    if "--slow" in arguments:
        rest = [argument for argument in arguments if argument != "--slow"]
        return _run("slow tests", "pytest", "-m", "slow", *rest, is_shown=True)
    # Types and the book keep one core busy each; the rest of these is done in a moment.
    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(lambda check: _run(*check), CHECKS))
    # Two workers a core, since many tests wait: for pages, for Telegram, for a restart.
    # Who is done takes tests from who is not: some take a hundred times as long as others.
    workers = ("-n", str(2 * (os.cpu_count() or 1)), "--dist", "worksteal")
    statuses.append(_run("tests", "pytest", "-q", *workers, *arguments, is_shown=True))
    names = [name for name, *_ in CHECKS] + ["tests"]
    failed = [name for name, status in zip(names, statuses, strict=True) if status]
    print(f"check: {'failed: ' + ', '.join(failed) if failed else 'all well'}")
    return 1 if failed else 0


def find_chromium() -> str | None:
    """Return a Chromium for the browser tests, installed if need be; None, with the reason told."""
    given = os.environ.get("CHROMIUM")
    found = given or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found:
        os.environ["CHROMIUM"] = found
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("check: installing Chromium for the browser tests (once) ...", flush=True)
        quiet = {
            "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            "stdout": subprocess.DEVNULL,
        }
        for command in (
            ["update", "-qq"],
            ["install", "-qq", "-y", "chromium", "fonts-dejavu-core"],
        ):
            subprocess.run(["apt-get", *command], check=False, **quiet)  # type: ignore[call-overload]
        found = shutil.which("chromium")
        if found:
            os.environ["CHROMIUM"] = found
            return found
    print(
        "check: the browser tests need Chromium. Install it (Debian: apt install chromium) or name"
        " one in CHROMIUM.",
        file=sys.stderr,
    )
    return None


def _spare_the_disk() -> None:
    """Let the tests' databases lie in memory, and Python keep what it has compiled."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if (
        "TMPDIR" not in os.environ
        and os.access(MEMORY, os.W_OK)
        and shutil.disk_usage(MEMORY).free >= ROOM
    ):
        os.environ["TMPDIR"] = str(MEMORY)


def _run(name: str, *command: str, is_shown: bool = False) -> int:
    """Run one command and return its status; what it says is shown at once or when it has ended."""
    began = time.monotonic()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    heading = f"--- {name}: {' '.join(command)}\n"
    if is_shown:
        print(heading, end="", flush=True)
    ended = subprocess.run(
        [Path(sys.executable).parent / command[0], *command[1:]],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        check=False,
        stdout=None if is_shown else subprocess.PIPE,
        stderr=None if is_shown else subprocess.STDOUT,
        text=True,
    )
    result = "well" if ended.returncode == 0 else "FAILED"
    said = "" if is_shown else heading + ended.stdout
    # In one piece, since two may end together.
    print(f"{said}--- {name}: {result} ({time.monotonic() - began:.0f} s)\n", end="", flush=True)
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
