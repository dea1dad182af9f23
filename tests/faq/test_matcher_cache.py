"""What was learnt is kept on disk, and nothing depends on it."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from faq import cache, training
from faq.matching import Match, Matcher
from tests.faq.books import TINY, TOWN, book

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = ("missä voin tulostaa", "passi vanhenee", "tell me a joke", "maisa")


def answers(matcher: Matcher) -> list[Match]:
    """Return what some messages match."""
    return [matcher.match(text, "fi") for text in TEXTS]


def kept(folder: Path) -> list[Path]:
    """Return the files in the cache."""
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Match]]:
    """What was learnt of a book, as a file to copy, and what some messages match."""
    folder = tmp_path_factory.mktemp("learnt")
    matches = answers(Matcher(TOWN, folder))
    return kept(folder)[0], matches


def test_second_start_learns_nothing(
    learnt: tuple[Path, list[Match]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the cache come the same answers, without training."""
    file, before = learnt

    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(training, "train", never)
    assert answers(Matcher(TOWN, file.parent)) == before


def test_other_content_other_file(tmp_path: Path) -> None:
    """A changed book is learnt anew; the old file is left alone."""
    Matcher(TINY, tmp_path)
    changed = book(
        {name: {"en": [entry.texts["en"].question, "more"]} for name, entry in TINY.entries.items()}
    )
    Matcher(changed, tmp_path)
    assert len(kept(tmp_path)) == 2


@pytest.mark.parametrize("damage", ["empty", "cut", "noise", "flipped"])
def test_damaged_file(tmp_path: Path, learnt: tuple[Path, list[Match]], damage: str) -> None:
    """A damaged file is made again."""
    file, before = learnt
    whole = file.read_bytes()
    path = tmp_path / file.name
    middle = len(whole) // 2
    path.write_bytes(
        {
            "empty": b"",
            "cut": whole[:middle],
            "noise": os.urandom(1000),
            "flipped": whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :],
        }[damage]
    )
    assert answers(Matcher(TOWN, tmp_path)) == before
    assert path.stat().st_size == len(whole)
    assert answers(Matcher(TOWN, tmp_path)) == before


def test_many_builders(tmp_path: Path) -> None:
    """Builders that start together do not disturb one another and leave one file."""
    found: list[list[Match]] = []
    threads = [
        threading.Thread(target=lambda: found.append(answers(Matcher(TOWN, tmp_path))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(one == found[0] for one in found)
    assert len(kept(tmp_path)) == 1


def test_disk_that_cannot_be_written(tmp_path: Path) -> None:
    """Without a place for the cache the matcher works all the same."""
    blocked = tmp_path / "file"
    blocked.write_text("not a folder", encoding="utf-8")
    assert Matcher(TINY, blocked / "cache").match("print", "en").candidates


def test_only_the_newest_are_left(tmp_path: Path) -> None:
    """Editing again and again fills no disk; files of others in the folder are left alone."""
    (tmp_path / "other.npz").write_bytes(b"of somebody else")
    for number in range(cache.KEPT + 2):
        changed = book(
            {
                name: {"en": [entry.texts["en"].question, f"more {number}"]}
                for name, entry in TINY.entries.items()
            }
        )
        Matcher(changed, tmp_path)
    assert len(kept(tmp_path)) == cache.KEPT + 1
    newest = max(kept(tmp_path), key=lambda path: path.stat().st_mtime_ns)
    before = newest.read_bytes()
    Matcher(changed, tmp_path)
    assert newest.read_bytes() == before
