"""The town's OpenID provider: the way there, and who it says has come back.

Sources: OpenID Connect Core 1.0, sections 3.1.2 and 3.1.3.7; PKCE is RFC 7636.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import math
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from bot.errors import ProviderAway, SignInRefused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from bot.settings import GroupRole, Settings

log = logging.getLogger(__name__)

# Signatures that only the provider can make; never "none", nor one made with a shared secret.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
_SECONDS = 10.0
# How far the provider's clock may be off, in seconds.
_LEEWAY = 60
_DESCRIPTION_LASTS = 3600.0
# An unknown key may be a new one, but must not make us ask at every attempt.
_KEYS_AGAIN = 30.0
_LARGEST = 512 * 1024


@dataclass(frozen=True)
class Visitor:
    """Who the provider says has come.

    Attributes:
        account: SHA-256 of the provider and its unchanging name for the person.
        name: As people read it; empty when the provider did not say.
        locale: A language tag, or empty.
    """

    account: str
    name: str
    groups: frozenset[str]
    locale: str = ""


@dataclass(frozen=True)
class Way:
    """What belongs to one attempt to sign in; all of it follows from `state` and the service's key.

    Attributes:
        nonce: Comes back inside the signed answer.
        verifier: Proves that who fetches the answer is who asked.
    """

    state: str
    nonce: str
    verifier: str


def way(key: str, state: str) -> Way:
    """Return what belongs to a state."""
    made = (
        hmac.new(key.encode(), f"oidc {name} {state}".encode(), hashlib.sha256).hexdigest()
        for name in ("nonce", "verifier")
    )
    return Way(state, *made)


def rights_of(groups: frozenset[str], meanings: Sequence[GroupRole]) -> GroupRole | None:
    """Return what somebody in these groups may do; None when they mean nothing here.

    The first group of the setting decides the role; members of staff work in the queues of all
    their groups.
    """
    mine = [meaning for meaning in meanings if meaning.group in groups]
    if not mine:
        return None
    first = mine[0]
    queues = dict.fromkeys(
        queue for meaning in mine if meaning.role == first.role for queue in meaning.queues
    )
    return type(first)(first.group, first.role, tuple(queues))


class Provider:
    """The town's provider, asked over HTTP; what it says of itself is kept for an hour."""

    def __init__(self, settings: Settings) -> None:
        self._issuer = settings.oidc_issuer or ""
        self._client_id = settings.oidc_client_id or ""
        self._client_secret = settings.oidc_client_secret
        self._claim = settings.oidc_claim
        self._lock = asyncio.Lock()
        self._description: dict[str, Any] = {}
        self._described_at = -math.inf
        self._keys: KeySet | None = None
        self._keys_at = -math.inf

    async def address(self, attempt: Way, back: str) -> str:
        """Return where the browser goes to sign in.

        Args:
            back: The address that the provider sends it back to.

        Raises:
            ProviderAway: The provider cannot be reached.
        """
        description = await self._described()
        async with self._client(description, back) as client:
            address, _state = client.create_authorization_url(
                description["authorization_endpoint"],
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
            )
        return str(address)

    async def visitor(self, attempt: Way, back: str, code: str, now: datetime) -> Visitor:
        """Return who came back with a code.

        Raises:
            ProviderAway: The provider cannot be reached.
            SignInRefused: The code, or what the provider gave for it, is not good.
        """
        description = await self._described()
        async with self._client(description, back) as client:
            try:
                token = await client.fetch_token(
                    description["token_endpoint"], code=code, code_verifier=attempt.verifier
                )
            except AuthlibBaseError as error:
                raise SignInRefused(f"the code was refused: {_plain(error.error)}") from None
        signed = token.get("id_token") if isinstance(token, dict) else None
        if not isinstance(signed, str):
            raise SignInRefused("no id_token came")
        return self._visitor(await self._claims(signed, attempt, now))

    def _visitor(self, claims: dict[str, Any]) -> Visitor:
        account = hashlib.sha256(f"{self._issuer}\0{claims['sub']}".encode()).hexdigest()
        groups = claims.get(self._claim, ())
        if isinstance(groups, str):
            groups = [groups]
        if not isinstance(groups, list | tuple):
            groups = ()
        name, locale = (claims.get(key) for key in ("name", "locale"))
        name = name or claims.get("preferred_username")
        return Visitor(
            account=account,
            name=name if isinstance(name, str) else "",
            groups=frozenset(group for group in groups if isinstance(group, str)),
            locale=locale if isinstance(locale, str) else "",
        )

    async def _claims(self, signed: str, attempt: Way, now: datetime) -> dict[str, Any]:
        """Return what an id_token says, once everything about it is right.

        Raises:
            ProviderAway: The keys cannot be fetched.
            SignInRefused: It is not.
        """
        claims = (await self._decoded(signed)).claims
        rules = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": attempt.nonce},
        )
        try:
            rules.validate(claims)
        except (JoseError, TypeError, ValueError) as error:
            raise SignInRefused(f"the id_token is not good: {_plain(error)}") from None
        audience = claims["aud"]
        is_shared = isinstance(audience, list) and len(audience) > 1
        if is_shared and claims.get("azp") != self._client_id:
            raise SignInRefused("the id_token is for somebody else")
        return dict(claims)

    async def _decoded(self, signed: str) -> jwt.Token:
        try:
            return jwt.decode(signed, await self._signing_keys(), algorithms=_ALGORITHMS)
        except (JoseError, ValueError, TypeError, KeyError):
            # The provider may have new keys since.
            fresh = await self._signing_keys(anew=True)
        try:
            return jwt.decode(signed, fresh, algorithms=_ALGORITHMS)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise SignInRefused(f"the id_token cannot be believed: {_plain(error)}") from None

    async def _described(self) -> dict[str, Any]:
        async with self._lock:
            if _age(self._described_at) > _DESCRIPTION_LASTS:
                address = self._issuer.rstrip("/") + "/.well-known/openid-configuration"
                found = await self._fetched(address)
                self._check(found)
                self._description, self._described_at = found, _now()
            return self._description

    def _check(self, found: dict[str, Any]) -> None:
        """Refuse a description that is another provider's or lacks what is needed.

        Raises:
            ProviderAway: It cannot be used.
        """
        if found.get("issuer") != self._issuer:
            log.warning("the provider calls itself otherwise than NEUVOKAS_OIDC_ISSUER")
            raise ProviderAway("another issuer")
        is_local = self._issuer.startswith("http:")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            parts = urlsplit(str(found.get(name, "")))
            if not parts.hostname or (parts.scheme != "https" and not is_local):
                raise ProviderAway(f"no {name}")

    async def _signing_keys(self, *, anew: bool = False) -> KeySet:
        description = await self._described()
        async with self._lock:
            age = _age(self._keys_at)
            if self._keys is None or age > _DESCRIPTION_LASTS or (anew and age > _KEYS_AGAIN):
                found = await self._fetched(description["jwks_uri"])
                try:
                    self._keys = KeySet.import_key_set(found)  # type: ignore[arg-type]  # it checks
                except (JoseError, ValueError, TypeError, KeyError, AttributeError):
                    raise ProviderAway("the keys cannot be read") from None
                self._keys_at = _now()
            return self._keys

    async def _fetched(self, address: str) -> dict[str, Any]:
        try:
            async with httpx2.AsyncClient(timeout=_SECONDS) as http:
                answer = await http.get(address, headers={"Accept": "application/json"})
            if answer.status_code != HTTPStatus.OK or len(answer.content) > _LARGEST:
                raise ProviderAway(f"status {answer.status_code}")
            found = answer.json()
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, RecursionError) as error:
            raise ProviderAway(type(error).__name__) from None
        if not isinstance(found, dict):
            raise ProviderAway("no JSON object")
        return found

    @asynccontextmanager
    async def _client(
        self, description: dict[str, Any], back: str
    ) -> AsyncIterator[AsyncOAuth2Client]:
        ways = description.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        way_in = "client_secret_basic" if "client_secret_basic" in ways else "client_secret_post"
        known = description.get("scopes_supported") or ()
        client = AsyncOAuth2Client(
            client_id=self._client_id,
            client_secret=self._client_secret,
            token_endpoint_auth_method=way_in if self._client_secret else "none",
            scope=" ".join(["openid", "profile", *([self._claim] if self._claim in known else [])]),
            redirect_uri=back,
            code_challenge_method="S256",
            timeout=_SECONDS,
        )
        try:
            async with client:
                yield client
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, RecursionError) as error:
            raise ProviderAway(type(error).__name__) from None


def _plain(error: object) -> str:
    """Return an error's code, or its kind; descriptions may hold what somebody wrote."""
    return error[:60] if isinstance(error, str) and error.isidentifier() else type(error).__name__


def _now() -> float:
    return asyncio.get_running_loop().time()


def _age(since: float) -> float:
    return _now() - since
