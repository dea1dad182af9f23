"""The OpenAPI document of both APIs; a test holds it against the routes and real answers."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.yaml_files import read_yaml

ROUTES = web.RouteTableDef()
_DOCUMENT = Path(__file__).with_suffix(".yaml")


@cache
def document() -> dict[str, Any]:
    """Return the document, read once; its version is the package's."""
    content: dict[str, Any] = read_yaml(_DOCUMENT)
    content["info"]["version"] = version("neuvokas")
    return content


@ROUTES.get("/api/openapi.json")
async def described(_request: web.Request) -> web.Response:
    """Return the description of both APIs."""
    return web.json_response(document())
