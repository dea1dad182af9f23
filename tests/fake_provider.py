"""A small OpenID provider over HTTP, with real keys: strict with whoever asks, and able to misbehave."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

if TYPE_CHECKING:
    from tests.conftest import Clock

CLIENT_ID = "neuvokas"
CLIENT_SECRET = "a client secret"


@cache
def _key(kid: str, _which: str = "") -> RSAKey:
    """A real key; made once, since making one takes longer than most tests."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


@dataclass
class Resident:
    """Somebody who has an account at the provider."""

    sub: str = "aino-1"
    name: Any = "Aino Aalto"
    groups: Any = field(default_factory=lambda: ["helpdesk"])
    is_cut_off: bool = False


class FakeProvider:
    """The town's provider.

    Attributes:
        person: Who is signed in there at the moment.
        claims: What the id_token says otherwise than it should; None leaves a claim out.
        faults: What else goes wrong: see the methods that look for it.
        codes: Codes that can still be exchanged, with what was asked for with them.
        asked: The queries with which browsers came.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.person = Resident()
        self.claims: dict[str, Any] = {}
        self.faults: set[str] = set()
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[dict[str, str]] = []
        self.keys_asked = 0
        self.key, self.other_key = _key("one"), _key("one", "another")
        self.issuer = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._describe)
        app.router.add_get("/keys", self._keys)
        app.router.add_get("/authorize", self._authorize)
        app.router.add_post("/token", self._token)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.issuer = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Be away."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    def new_key(self) -> None:
        """Sign with a new key from now on, as providers do now and then."""
        self.key = _key("two")

    async def _describe(self, _request: web.Request) -> web.Response:
        if "description: not JSON" in self.faults:
            return web.Response(text="<html>maintenance")
        if "description: a list" in self.faults:
            return web.json_response([])
        if "description: error" in self.faults:
            return web.json_response({}, status=500)
        described = {
            "issuer": self.issuer,
            "authorization_endpoint": self.issuer + "/authorize",
            "token_endpoint": self.issuer + "/token",
            "jwks_uri": self.issuer + "/keys",
            "scopes_supported": ["openid", "profile", "groups"],
        }
        if "description: another issuer" in self.faults:
            described["issuer"] = "https://evil.example"
        if "description: incomplete" in self.faults:
            del described["jwks_uri"]
        return web.json_response(described)

    async def _keys(self, _request: web.Request) -> web.Response:
        self.keys_asked += 1
        if "keys: nonsense" in self.faults:
            return web.json_response({"keys": [{"kty": "?"}]})
        if "keys: error" in self.faults:
            return web.Response(status=503)
        return web.json_response(KeySet([self.key]).as_dict(private=False))

    async def _authorize(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        self.asked.append(query)
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        assert {"openid", "profile", "groups"} == set(query["scope"].split())
        back: dict[str, str] = {"state": query["state"]}
        if self.person.is_cut_off:
            back["error"] = "access_denied"
        else:
            back["code"] = secrets.token_urlsafe(16)
            self.codes[back["code"]] = query
        return web.Response(
            status=302, headers={"Location": f"{query['redirect_uri']}?{urlencode(back)}"}
        )

    async def _token(self, request: web.Request) -> web.Response:
        if "token: not JSON" in self.faults:
            return web.Response(text="<html>")
        if "token: error" in self.faults:
            return web.Response(status=502)
        if "token: a list" in self.faults:
            return web.json_response([])
        form = await request.post()
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        known = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if kind != "Basic" or given != known:
            return web.json_response({"error": "invalid_client"}, status=401)
        # A code is good once.
        asked = self.codes.pop(str(form.get("code")), None)
        challenge = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        plain = base64.urlsafe_b64encode(challenge).decode().rstrip("=")
        if (
            asked is None
            or asked["code_challenge"] != plain
            or form.get("redirect_uri") != asked["redirect_uri"]
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = {"access_token": "x", "token_type": "Bearer", "expires_in": 60}
        if "token: no id_token" not in self.faults:
            token["id_token"] = self._signed(asked["nonce"])
        return web.json_response(token)

    def _signed(self, nonce: str) -> str:
        now = int(self.clock().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": self.person.sub,
            "name": self.person.name,
            "groups": self.person.groups,
            "locale": "sv-FI",
            "nonce": nonce,
            "iat": now,
            "exp": now + 300,
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        if "signature: garbage" in self.faults:
            return "not.a.token"
        if "signature: none" in self.faults:
            head = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
            body = jwt.encode({"alg": "RS256"}, claims, self.key).split(".")[1]
            return f"{head}.{body}."
        if "signature: secret" in self.faults:
            shared = OctKey.import_key(CLIENT_SECRET + "0" * 32)
            return jwt.encode({"alg": "HS256", "kid": "one"}, claims, shared)
        key = self.other_key if "signature: another key" in self.faults else self.key
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)
