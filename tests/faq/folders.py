"""A small book as files, so that learning it takes a moment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from faq.book import LOCALES
from tests.faq.books import TOWN

if TYPE_CHECKING:
    from pathlib import Path

QUEUES = """general: {title: {fi: "Yleinen", sv: "Allmänt", en: "General"}, hours: {mon: ["09:00-15:00"]}, languages: [fi, sv, en]}
digital-support: {title: {fi: "Digituki", sv: "Digistöd", en: "Digital support"}, hours: {mon: ["09:00-15:00"]}, languages: [fi, sv, en]}
"""


def write_book(folder: Path) -> Path:
    """Write the eight entries of `books.TOWN` as an editor would; all they say is their own id."""
    facts = 'queue: "digital-support", source: "https://a.example/", reviewed: 2026-11-01, owner: "team"'
    write(folder / "entries.yaml", "".join(f"{id_}: {{{facts}}}\n" for id_ in TOWN.entries))
    write(folder / "queues.yaml", QUEUES)
    for locale in LOCALES:
        words = {
            id_: {
                "question": entry.texts[locale].question,
                "phrasings": entry.texts[locale].phrasings,
                "answer": f"{id_} {locale}.",
            }
            for id_, entry in TOWN.entries.items()
        }
        # JSON is YAML too; each field stands in a line of its own.
        blocks = [
            "\n".join([f"{id_}:", *(f"  {name}: {_json(value)}" for name, value in own.items())])
            for id_, own in words.items()
        ]
        write(folder / locale / "town.yaml", "\n\n".join(blocks) + "\n")
        said = {**TOWN.utterances[locale], "nothing": TOWN.out_of_scope.get(locale, ())}
        write(folder / locale / "utterances" / "town.yaml", _json(said))
    return folder


def write_tests(folder: Path, locale: str, sentences: dict[str, list[str]]) -> None:
    """Write test sentences by label."""
    write(folder / "tests" / locale / "town.yaml", _json(sentences))


def write(path: Path, text: str) -> None:
    """Write a file, and its folder where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
