"""Asks the pages that answers rest on whether they are still there."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Iterable

AT_ONCE = 8
SECONDS = 20.0
# These say that programs are not welcome, not that the page is gone.
_UNTOLD = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}


async def dead(addresses: Iterable[str], seconds: float = SECONDS) -> dict[str, str]:
    """Return the addresses that do not answer with a page, each with what came instead.

    Args:
        seconds: How long to wait for one.
    """
    room = asyncio.Semaphore(AT_ONCE)
    # Some sites answer only what looks like a reader's own program.
    headers = {"User-Agent": "Mozilla/5.0 (compatible; Neuvokas check-content)"}
    timeout = aiohttp.ClientTimeout(total=seconds)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as http:

        async def ask(address: str) -> str:
            async with room:
                try:
                    async with http.get(address) as answer:
                        if answer.ok or answer.status in _UNTOLD:
                            return ""
                        return f"answers {answer.status} {answer.reason}"
                except TimeoutError:
                    return f"did not answer in {seconds:.0f} seconds"
                except (aiohttp.ClientError, ValueError, OSError) as error:
                    return f"cannot be reached: {type(error).__name__}"

        asked = sorted(set(addresses))
        found = await asyncio.gather(*map(ask, asked))
    return {address: fault for address, fault in zip(asked, found, strict=True) if fault}
