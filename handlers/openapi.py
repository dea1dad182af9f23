"""The OpenAPI document of both APIs; a test holds it against the routes."""

from __future__ import annotations
from aiohttp import web

ROUTES = web.RouteTableDef()
