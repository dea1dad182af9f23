"""The folder of files: whole or not at all, nothing outside it, nothing left behind."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import FileRefused
from bot.files import FileStore, new_key, taken_in
from bot.texts import texts
from tests import samples

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    return FileStore(tmp_path / "files")


def everything(store):
    return [path for path in store._folder.rglob("*") if path.is_file()]


def arrived(store, content):
    incoming = store.incoming(NOW)
    incoming.write_bytes(content)
    return incoming


def test_taken_in(store):
    """A file lies under its key, readable by the service alone, with its digest and size."""
    incoming = arrived(store, samples.PDF)
    key = new_key()
    file = taken_in(store, incoming, "a.pdf", key, NOW, 10**7, texts("fi"))
    assert store.path(key).read_bytes() == samples.PDF
    assert stat.S_IMODE(store.path(key).stat().st_mode) == 0o600
    assert (file.name, file.size, len(file.sha256)) == ("a.pdf", len(samples.PDF), 64)
    assert everything(store) == [store.path(key)]


def test_only_the_new_drawing_is_kept(store):
    """Of a picture nothing lies on the disk but what was drawn anew."""
    incoming = arrived(store, samples.photo_with_place())
    file = taken_in(store, incoming, "", new_key(), NOW, 10**7, texts("fi"))
    incoming.unlink()
    [kept] = everything(store)
    assert kept == store.path(file.key)
    assert b"Secret Phone" not in kept.read_bytes()
    assert file.name.endswith(".jpg")


@pytest.mark.parametrize("content", [b"", samples.PROGRAM, samples.bomb(), b"\xff\xd8\xff"])
def test_refused_leaves_nothing(store, content):
    """Of what is refused nothing stays but what arrived, which the caller removes."""
    incoming = arrived(store, content)
    with pytest.raises(FileRefused):
        taken_in(store, incoming, "../x.exe", new_key(), NOW, 10**7, texts("fi"))
    assert everything(store) == [incoming]


@pytest.mark.parametrize(
    "key", ["", "x", "../secret", "a" * 31, "a" * 33, "A" * 32, "a" * 31 + "/"]
)
def test_no_way_out_of_the_folder(store, key):
    """Nothing but a key becomes part of a path."""
    with pytest.raises(ValueError, match="not a key"):
        store.path(key)
    with pytest.raises(ValueError, match="not a key"):
        store.remove(key)


def test_keys_differ():
    """No two keys are the same."""
    assert len({new_key() for _ in range(1_000)}) == 1_000


def test_an_empty_folder(store):
    """Before the first file there is no folder, and nothing fails."""
    assert list(store.kept_before(NOW)) == []
    assert store.clear_incoming(NOW) == 0
    store.remove(new_key())


def test_kept_before(store):
    """Files are told apart by when they were kept, by the clock that was given."""
    keys = []
    for hours in (0, 2):
        incoming = arrived(store, samples.PDF)
        keys.append(new_key())
        store.keep(incoming, keys[-1], NOW - timedelta(hours=hours))
    assert list(store.kept_before(NOW - timedelta(hours=1))) == [keys[1]]
    (store.path(keys[0]).parent / "odd").write_text("not ours")
    assert set(store.kept_before(NOW + timedelta(hours=1))) == set(keys)


def test_unfinished(store):
    """What was begun and never finished goes after a while."""
    arrived(store, b"half")
    (store._folder / "incoming" / "odd").write_text("not ours")
    assert store.clear_incoming(NOW) == 0
    assert store.clear_incoming(NOW + timedelta(hours=1)) == 1
    assert [path.name for path in everything(store)] == ["odd"]
