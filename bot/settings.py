"""The environment, read once into one frozen dataclass."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.errors import SettingsError
from bot.files import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "NEUVOKAS_"
TOWNS = ("helsinki", "espoo", "vantaa")
VAR = Path("var")
BOOK = Path(__file__).resolve().parent.parent / "faq"
TELEGRAM_API = "https://api.telegram.org"
# The Bot API allows these characters in a secret token, 1-256 of them.
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
_HIGHEST_PORT = 65_535
# Supergroups, the only groups with topics, have such ids.
_GROUP = re.compile(r"(?:([A-Za-z0-9_-]+)=)?(-100\d{5,13})")
_MOST_MEGABYTES = 1_000
# The values of `bot.models.Role`; reading settings needs no database.
_ROLES = ("staff", "lead", "admin", "editor")


@dataclass(frozen=True)
class GroupRole:
    """What a group of the town's provider may do here.

    Attributes:
        role: A value of `bot.models.Role`.
        queues: Ids of the queues its people work in; only for the role `staff`.
    """

    group: str
    role: str
    queues: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """How this process runs; secrets are left out of repr.

    Attributes:
        database_url: `sqlite:///path` or `postgresql://user@host/name`, without a driver.
        public_url: Where residents reach the service, without a trailing slash; None when unknown.
        files_dir: Where files that people send are kept; made when the first one comes.
        file_mb: How many megabytes a file may have; message_mb, ticket_mb: all files of one together.
        encoder_dir: A folder with a sentence model; None for the matcher alone.
        telegram_token: None when Telegram is not served.
        metrics_token: What opens /metrics; None opens it to this machine only.
        staff_group: Where staff answer in Telegram: queue → the group's id; "" for all other queues.
        secret_key: At least 32 characters; the webhook's secret is derived from it.
        require_totp: Who must sign in with a code as well: `leads` (and admins), `all`, or None.
        oidc_issuer: The town's OpenID provider, as it names itself; None when there is none.
        oidc_roles: What a group of the provider means here, the most important first.
        oidc_claim: Where the provider's answer names a person's groups.
    """

    database_url: str = field(default=f"sqlite:///{VAR}/neuvokas.db", repr=False)
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str | None = None
    town: str = "helsinki"
    content_dir: Path = BOOK
    encoder_dir: Path | None = None
    files_dir: Path = VAR / "files"
    file_mb: int = Limits.file
    message_mb: int = Limits.message
    ticket_mb: int = Limits.ticket
    telegram_token: str | None = field(default=None, repr=False)
    telegram_api_url: str = TELEGRAM_API
    telegram_webhook_secret: str | None = field(default=None, repr=False)
    staff_group: tuple[tuple[str, int], ...] = ()
    secret_key: str = field(default="", repr=False)
    metrics_token: str | None = field(default=None, repr=False)
    require_totp: str | None = None
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = field(default=None, repr=False)
    oidc_roles: tuple[GroupRole, ...] = ()
    oidc_claim: str = "groups"

    @property
    def local_url(self) -> str:
        """Return the address to open on this machine."""
        host = "localhost" if self.host in {"127.0.0.1", "0.0.0.0", "::"} else self.host  # noqa: S104 - only compared
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def limits(self) -> Limits:
        """Return how much people may send."""
        return Limits(self.file_mb, self.message_mb, self.ticket_mb)

    @property
    def base_url(self) -> str:
        """Return the address that people outside use, or the local one."""
        return self.public_url or self.local_url


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings from the environment; an empty value counts as not set.

    Raises:
        SettingsError: A name that starts with NEUVOKAS_ is unknown, or a value is malformed.
    """
    given = dict(os.environ if environ is None else environ)
    readers = {
        "DATABASE_URL": _database_url,
        "HOST": _text,
        "PORT": _port,
        "PUBLIC_URL": _url,
        "TOWN": _town,
        "CONTENT_DIR": _folder,
        "ENCODER_DIR": _folder,
        "FILES_DIR": _place,
        "FILE_MB": _megabytes,
        "MESSAGE_MB": _megabytes,
        "TICKET_MB": _megabytes,
        "TELEGRAM_TOKEN": _telegram_token,
        "TELEGRAM_API_URL": _url,
        "TELEGRAM_WEBHOOK_SECRET": _webhook_secret,
        "STAFF_GROUP": _staff_group,
        "SECRET_KEY": _secret_key,
        "METRICS_TOKEN": _metrics_token,
        "REQUIRE_TOTP": _require_totp,
        "OIDC_ISSUER": _issuer,
        "OIDC_CLIENT_ID": _text,
        "OIDC_CLIENT_SECRET": _text,
        "OIDC_ROLES": _group_roles,
        "OIDC_CLAIM": _text,
    }
    values: dict[str, object] = {}
    for name, value in given.items():
        if not name.startswith(PREFIX) or not value.strip():
            continue
        short = name.removeprefix(PREFIX)
        if short not in readers:
            known = ", ".join(PREFIX + known for known in readers)
            raise SettingsError(f"{name} is not a setting; the settings are {known}")
        try:
            values[short.lower()] = readers[short](value.strip())
        except ValueError as fault:
            raise SettingsError(f"{name}: {fault}") from None
    _check_oidc(values)
    return Settings(**values)  # type: ignore[arg-type]  # each reader returns its field's type


def _check_oidc(values: Mapping[str, object]) -> None:
    """Refuse half of what the town's provider needs.

    Raises:
        SettingsError: Something is missing.
    """
    needed = ("oidc_issuer", "oidc_client_id", "oidc_roles")
    given = [name for name in values if name.startswith("oidc_")]
    missing = [PREFIX + name.upper() for name in needed if name not in values]
    if given and missing:
        raise SettingsError(f"to sign in with the town's provider, also set {', '.join(missing)}")


def with_secret_key(settings: Settings, var: Path = VAR) -> Settings:
    """Return the settings with a secret key, kept under `var` when the environment names none.

    Raises:
        SettingsError: None can be kept there, or what is kept is no good key.
    """
    if settings.secret_key:
        return settings
    kept = var / "secret_key"
    try:
        if not kept.exists():
            _keep(kept, secrets.token_urlsafe(48))
        return replace(settings, secret_key=_secret_key(kept.read_text().strip()))
    except OSError as error:
        raise SettingsError(
            f"no secret key can be kept in {kept} ({error.strerror}); set {PREFIX}SECRET_KEY"
        ) from None
    except ValueError as fault:
        raise SettingsError(f"{kept}: {fault}, or remove the file") from None


def _keep(kept: Path, secret: str) -> None:
    """Write a secret for this system user only, unless there is one by now."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    # Written beside and then linked: two processes that start at once agree on one whole key.
    handle, beside = tempfile.mkstemp(dir=kept.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secret)
        with suppress(FileExistsError):
            os.link(beside, kept)
    finally:
        Path(beside).unlink()


def _text(value: str) -> str:
    return value


def _database_url(value: str) -> str:
    scheme = value.partition("://")[0]
    if scheme == "postgres":
        scheme, value = "postgresql", "postgresql" + value.removeprefix("postgres")
    if scheme not in {"sqlite", "postgresql"}:
        raise ValueError("write sqlite:///path/to/file.db or postgresql://user:password@host/name")
    if scheme == "sqlite":
        file = value.removeprefix("sqlite:///")
        # A database in memory would be another one for each connection.
        if file in {"", value, ":memory:"}:
            raise ValueError("name a file: sqlite:///path/to/file.db")
        return value
    try:
        parts = urlsplit(value)
        complete = parts.path.strip("/") and (parts.port or True)
    except ValueError:
        complete = False
    # The value itself stays out of the message, since it may hold a password.
    if not complete:
        raise ValueError("write postgresql://user:password@host/name, with the database's name")
    return value


def _port(value: str) -> int:
    if not value.isdecimal() or not 0 < int(value) <= _HIGHEST_PORT:
        raise ValueError(f"write a port number from 1 to 65535, not {value!r}")
    return int(value)


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        complete = parts.scheme in {"http", "https"} and parts.hostname and (parts.port or True)
    except ValueError:
        complete = False
    if not complete:
        raise ValueError(f"write an address such as https://neuvokas.example.fi, not {value!r}")
    return value.rstrip("/")


def _town(value: str) -> str:
    if value not in TOWNS:
        raise ValueError(f"write one of {', '.join(TOWNS)}, not {value!r}")
    return value


def _folder(value: str) -> Path:
    folder = Path(value)
    if not folder.is_dir():
        raise ValueError(f"there is no folder {value!r}")
    return folder


def _place(value: str) -> Path:
    """Return where a folder is or will be made."""
    place = Path(value)
    if place.exists() and not place.is_dir():
        raise ValueError(f"{value!r} is not a folder")
    return place


def _megabytes(value: str) -> int:
    if not value.isascii() or not value.isdecimal() or not 0 < int(value) <= _MOST_MEGABYTES:
        raise ValueError(f"write whole megabytes, from 1 to {_MOST_MEGABYTES}, not {value!r}")
    return int(value)


def _telegram_token(value: str) -> str:
    # The value itself stays out of the message, since it may be a slip of the real secret.
    if not _TOKEN.fullmatch(value):
        raise ValueError("write the token as BotFather gave it: digits, a colon, letters")
    return value


def _webhook_secret(value: str) -> str:
    if not _WEBHOOK_SECRET.fullmatch(value):
        raise ValueError("use 1-256 of the characters A-Z a-z 0-9 _ -")
    return value


def _metrics_token(value: str) -> str:
    # The value itself stays out of the message.
    if len(value) < 16 or not value.isascii() or not value.isprintable():  # noqa: PLR2004 - said in the message
        raise ValueError("use at least 16 random characters, letters and digits")
    return value


def _staff_group(value: str) -> tuple[tuple[str, int], ...]:
    found = [_GROUP.fullmatch(part.strip()) for part in value.split(",") if part.strip()]
    groups = {part[1] or "": int(part[2]) for part in found if part}
    if not groups or len(groups) < len(found):
        raise ValueError(
            "write the group's id, such as -1001234567890, or one for each queue:"
            " digital-support=-1001234567890,events=-1009876543210"
        )
    return tuple(groups.items())


def _secret_key(value: str) -> str:
    if len(value) < 32:  # noqa: PLR2004 - said in the message
        raise ValueError("use at least 32 random characters")
    return value


def _require_totp(value: str) -> str:
    if value not in {"leads", "all"}:
        raise ValueError(f"write leads or all, not {value!r}")
    return value


def _issuer(value: str) -> str:
    # A slash at the end belongs to the name: providers compare it letter by letter.
    parts = urlsplit(_url(value))
    if parts.scheme != "https" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise ValueError("what comes from the provider is believed, so it needs https")
    return value


def _group_roles(value: str) -> tuple[GroupRole, ...]:
    return tuple(_group_role(part.strip()) for part in value.split(";") if part.strip())


def _group_role(value: str) -> GroupRole:
    group, _, rest = value.rpartition("=")
    role, _, listed = rest.partition(":")
    group, role = group.strip(), role.strip()
    queues = tuple(queue.strip() for queue in listed.split(",") if queue.strip())
    if not group or role not in _ROLES:
        raise ValueError(
            f"write group=role or group=staff:queue,queue with a role of {', '.join(_ROLES)}"
            f" and semicolons between, not {value!r}"
        )
    if bool(queues) != (role == "staff"):
        raise ValueError(f"name queues for the role staff and for no other, unlike {value!r}")
    return GroupRole(group, role, queues)
