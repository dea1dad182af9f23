"""The environment: every setting, what is said about bad ones, and the key that is kept."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import PREFIX, GroupRole, Settings, read, with_secret_key

KEY = "k" * 32
GOOD = {
    "DATABASE_URL": ("postgresql://bot:secret@db.example/neuvokas", None),
    "HOST": ("0.0.0.0", None),
    "PORT": ("8081", 8081),
    "PUBLIC_URL": ("https://neuvokas.example.fi/", "https://neuvokas.example.fi"),
    "TOWN": ("espoo", None),
    "CONTENT_DIR": ("/", Path("/")),
    "ENCODER_DIR": ("/", Path("/")),
    "FILES_DIR": ("/no/such/folder/yet", Path("/no/such/folder/yet")),
    "FILE_MB": ("5", 5),
    "MESSAGE_MB": ("15", 15),
    "TICKET_MB": ("1000", 1000),
    "TELEGRAM_TOKEN": ("123456:AbC-d_e", None),
    "TELEGRAM_API_URL": ("http://localhost:8082/", "http://localhost:8082"),
    "TELEGRAM_WEBHOOK_SECRET": ("AbC_-9", None),
    "STAFF_GROUP": (
        "-1001234567890, events=-1009876543210",
        (("", -1001234567890), ("events", -1009876543210)),
    ),
    "SECRET_KEY": (KEY, None),
    "METRICS_TOKEN": ("sixteen-letters-x", None),
    "REQUIRE_TOTP": ("leads", None),
    "OIDC_ISSUER": ("https://login.example.fi/realms/town/", None),
    "OIDC_CLIENT_ID": ("neuvokas", None),
    "OIDC_CLIENT_SECRET": ("s3cret", None),
    "OIDC_ROLES": (
        "CN=Bosses,OU=x=lead; help desk = staff : general, events ;editors=editor;",
        (
            GroupRole("CN=Bosses,OU=x", "lead"),
            GroupRole("help desk", "staff", ("general", "events")),
            GroupRole("editors", "editor"),
        ),
    ),
    "OIDC_CLAIM": ("roles", None),
}
# None of these means anything without the others.
PROVIDER = {
    "NEUVOKAS_OIDC_ISSUER": "https://login.example.fi",
    "NEUVOKAS_OIDC_CLIENT_ID": "x",
    "NEUVOKAS_OIDC_ROLES": "x=lead",
}
BAD = {
    "DATABASE_URL": [
        "mysql://bot:secret@db/neuvokas",
        "secret",
        "sqlite://",
        "sqlite:///",
        "sqlite://secret.db",
        "sqlite:///:memory:",
        "sqlite+aiosqlite:///secret.db",
        "postgresql://bot:secret@db",
        "postgresql://bot:secret@db/",
        "postgresql://bot:secret@db:port/neuvokas",
        "postgres://bot:secret@[db/neuvokas",
    ],
    "PORT": ["0", "65536", "-1", "80a", "8080.0", "²"],
    "PUBLIC_URL": [
        "neuvokas.example.fi",
        "ftp://neuvokas.example.fi",
        "https://",
        "https://[",
        "https://neuvokas.example.fi:port",
    ],
    "TOWN": ["Helsinki", "turku", "helsinki,espoo"],
    "CONTENT_DIR": ["/no/such/folder", __file__],
    "ENCODER_DIR": ["/no/such/folder", __file__],
    "FILES_DIR": [__file__],
    "FILE_MB": ["0", "-1", "1.5", "ten", "1001", "²"],
    "MESSAGE_MB": ["0"],
    "TICKET_MB": ["10 MB"],
    "TELEGRAM_TOKEN": ["secret", "123456", "123456:", "123456:sec ret", ":secret"],
    "TELEGRAM_API_URL": ["api.telegram.org", "https://:443"],
    "TELEGRAM_WEBHOOK_SECRET": ["sec ret", "secret!", "ä", "s" * 257],
    "STAFF_GROUP": [
        "1234",
        "-1234567",
        "staff",
        "events=",
        "events -1001234567890",
        "-1001234567890,-100",
        "-1001234567890,-1001234567891",
        ",",
    ],
    "SECRET_KEY": ["secret", "s" * 31],
    "METRICS_TOKEN": ["secret", "s" * 15, "ä" * 20],
    "REQUIRE_TOTP": ["yes", "1", "staff", "Leads"],
    "OIDC_ISSUER": [
        "login.example.fi",
        "http://login.example.fi",
        "ftp://login.example.fi",
        "https://",
    ],
    "OIDC_ROLES": [
        "bosses",
        "bosses=king",
        "=lead",
        "helpdesk=staff",
        "helpdesk=staff:",
        "helpdesk=staff: ,",
        "bosses=lead:general",
        "bosses=lead;helpdesk",
    ],
}
SECRETS = (
    "DATABASE_URL",
    "TELEGRAM_TOKEN",
    "TELEGRAM_WEBHOOK_SECRET",
    "SECRET_KEY",
    "METRICS_TOKEN",
)


def test_defaults():
    """With an empty environment everything has a value that works on a developer's machine."""
    settings = read({})
    assert settings == Settings()
    assert settings.base_url == settings.local_url == "http://localhost:8080"
    assert settings.database_url == "sqlite:///var/neuvokas.db"
    assert settings.town == "helsinki"
    assert settings.telegram_token is None
    assert (settings.content_dir / "entries.yaml").is_file()


def test_every_setting_is_tested():
    """Each field of the settings can be set by its name, and is tested here."""
    assert {field.name.upper() for field in fields(Settings)} == set(GOOD)


@pytest.mark.parametrize("name", GOOD)
def test_good(name):
    """A well-formed value is taken as it is, spaces around it left out."""
    given, expected = GOOD[name]
    others = PROVIDER if name.startswith("OIDC_") else {}
    settings = read({**others, PREFIX + name: f"  {given} "})
    assert getattr(settings, name.lower()) == (given if expected is None else expected)
    unchanged = {field.name for field in fields(Settings)} - {name.lower()}
    assert all(getattr(settings, field) == getattr(read(others), field) for field in unchanged)


def test_client_secret_is_hidden():
    """What the provider knows us by is not shown with the settings."""
    assert "s3cret" not in repr(read({**PROVIDER, "NEUVOKAS_OIDC_CLIENT_SECRET": "s3cret"}))


@pytest.mark.parametrize("missing", PROVIDER)
def test_half_a_provider(missing):
    """Half of what the town's provider needs is refused with what is missing."""
    half = {name: value for name, value in PROVIDER.items() if name != missing}
    for given in (half, {**half, "NEUVOKAS_OIDC_CLIENT_SECRET": "s3cret"}):
        with pytest.raises(SettingsError, match=missing):
            read(given)


@pytest.mark.parametrize("host", ["localhost:8090", "127.0.0.1", "[::1]:1"])
def test_provider_on_this_machine(host):
    """A provider on the same machine may do without TLS, as in a developer's trial."""
    issuer = f"http://{host}/realm"
    assert read({**PROVIDER, "NEUVOKAS_OIDC_ISSUER": issuer}).oidc_issuer == issuer


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in BAD for value in BAD[name]])
def test_bad(name, value):
    """A malformed value is refused in one line that names the setting, and never shows a secret."""
    with pytest.raises(SettingsError) as caught:
        read({PREFIX + name: value})
    message = str(caught.value)
    assert message.startswith(f"{PREFIX}{name}: ")
    assert "\n" not in message
    assert len(message) > len(f"{PREFIX}{name}: ") + 15
    if name in SECRETS:
        assert "secret" not in message.replace("postgresql://user:password", "")


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", ["", "  "])
def test_empty_is_not_set(name, value):
    """An empty value counts as not set, as compose files write it."""
    assert read({PREFIX + name: value}) == Settings()


@pytest.mark.parametrize("name", ["NEUVOKAS_PROT", "NEUVOKAS_port", "NEUVOKAS_"])
def test_unknown(name):
    """A misspelt setting is refused with the known ones, instead of being ignored."""
    with pytest.raises(SettingsError) as caught:
        read({name: "8080"})
    message = str(caught.value)
    assert message.startswith(name)
    assert all(PREFIX + known in message for known in GOOD)
    assert "\n" not in message


def test_others_are_left_alone():
    """Variables of other programs do not matter."""
    assert read({"PORT": "x", "PATH": "/bin", "MY_NEUVOKAS_PORT": "x"}) == Settings()


def test_environment_is_read(monkeypatch):
    """Without an argument the process's own environment counts."""
    monkeypatch.setenv("NEUVOKAS_TOWN", "vantaa")
    assert read().town == "vantaa"


def test_short_scheme():
    """The short form postgres:// that many hosts give is understood."""
    url = "postgres://bot@db/neuvokas"
    assert read({"NEUVOKAS_DATABASE_URL": url}).database_url == "postgresql://bot@db/neuvokas"
    socket = "postgresql:///neuvokas?host=/var/run/postgresql"
    assert read({"NEUVOKAS_DATABASE_URL": socket}).database_url == socket


def test_secrets_are_not_shown():
    """Neither repr nor str shows a secret."""
    settings = read({PREFIX + name: GOOD[name][0] for name in GOOD})
    for name in SECRETS:
        assert GOOD[name][0] not in f"{settings!r} {settings}"
    assert "espoo" in repr(settings)


def test_settings_stay_as_read():
    """Settings cannot be changed while the process runs."""
    with pytest.raises(FrozenInstanceError):
        Settings().port = 80  # type: ignore[misc]


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "localhost"),
        ("0.0.0.0", "localhost"),
        ("::", "localhost"),
        ("10.0.0.7", "10.0.0.7"),
        ("neuvokas.local", "neuvokas.local"),
        ("::1", "[::1]"),
    ],
)
def test_local_url(host, shown):
    """The address shown on this machine can be opened in a browser."""
    assert Settings(host=host, port=8081).local_url == f"http://{shown}:8081"
    public = Settings(host=host, public_url="https://neuvokas.example.fi")
    assert public.base_url == "https://neuvokas.example.fi"


def test_secret_key_is_kept(tmp_path):
    """Without one in the environment a key is made once and kept, readable by its owner only."""
    var = tmp_path / "deep" / "var"
    first = with_secret_key(Settings(), var)
    assert len(first.secret_key) >= 32
    assert with_secret_key(Settings(), var).secret_key == first.secret_key
    [kept] = var.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert replace(first, secret_key="") == Settings()


def test_given_secret_key_wins(tmp_path):
    """A key from the environment is used as it is, and nothing is written."""
    settings = Settings(secret_key=KEY)
    assert with_secret_key(settings, tmp_path) is settings
    assert list(tmp_path.iterdir()) == []


def test_secret_key_of_many_at_once(tmp_path):
    """Processes that start at the same moment agree on one whole key."""
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: with_secret_key(Settings(), tmp_path).secret_key, range(64)))
    assert len(keys) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["secret_key"]


@pytest.mark.parametrize("kept", ["", "short", "\n"])
def test_secret_key_that_is_no_good(tmp_path, kept):
    """A kept key that is cut short is refused with a clear line instead of being used."""
    (tmp_path / "secret_key").write_text(kept)
    with pytest.raises(SettingsError, match="secret_key.*remove the file") as caught:
        with_secret_key(Settings(), tmp_path)
    assert "\n" not in str(caught.value)


def test_secret_key_that_cannot_be_kept(tmp_path):
    """Where nothing can be written, the line says which setting helps."""
    (tmp_path / "var").write_text("a file")
    with pytest.raises(SettingsError, match="NEUVOKAS_SECRET_KEY"):
        with_secret_key(Settings(), tmp_path / "var")
