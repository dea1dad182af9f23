"""Command words: whole messages, three languages, small errors tolerated."""

from __future__ import annotations

import pytest
import yaml

from bot.commands import MENU, command_in


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("ihminen", "human"), ("Ihminen!", "human"), ("ihmnen", "human"), ("IHMINEN KIITOS", "human"),
        ("haluan puhua ihmisen kanssa", "human"), ("juttele ihmisen kanssa", "human"),
        ("människa", "human"), ("manniska", "human"), ("Jag vill tala med en människa", "human"),
        ("haluisin puhua ihmiselle", "human"), ("Kan jag få prata med en människa?", "human"),
        ("talk to human pls", "human"), ("human please", "human"), ("I want to talk to a person", "human"), ("humann", "human"),
        ("takaisin", "back"), ("takasin", "back"), ("tillbaka", "back"), ("go back", "back"),
        ("toista", "repeat"), ("en gång till", "repeat"), ("repeat", "repeat"), ("repaet", "repeat"),
        ("lopeta", "stop"), ("sluta", "stop"), ("STOP", "stop"),
        ("apua", "help"), ("hjälp", "help"), ("hjalp", "help"), ("help", "help"),
        ("kieli", "language"), ("byt språk", "language"), ("langauge", "language"),
        ("tilanne", "status"), ("tilane", "status"), ("läget", "status"), ("status", "status"),
        ("suomeksi kiitos", "finnish"), ("på svenska tack", "swedish"), ("puhun svenska", "swedish"),
        ("in English please", "english"),
        ("/human", "human"), ("/help@neuvokas_bot", "help"), ("/start abc", "start"),
        ("joo", "yes"), ("nej tack", "no"), ("it did not help", "no"),
    ],
)  # fmt: skip
def test_command_is_understood(text, command):
    """A command word is understood with capitals, courtesies and small spelling errors."""
    assert command_in(text) == command


@pytest.mark.parametrize(
    "text",
    [
        "", "?", "1", "ihmisoikeudet", "voitko auttaa tulostamaan", "can you help me print",
        "miten vaihdan kielen puhelimeen", "språkkurs", "helppo", "ohjelma", "jag vill byta språk på telefonen",
        "kieltä opiskelemaan", "miten lopetan tilauksen", "stoppa prenumerationen", "backa upp telefonen",
        "stop sales calls", "human rights office", "en pääse kirjautumaan", "/unknown", "/", "status på min ansökan hos FPA",
        "help " * 100,
    ],
)  # fmt: skip
def test_a_question_is_no_command(text):
    """Words that merely occur in a question leave it a question."""
    assert command_in(text) is None


def test_every_command_exists_in_every_language():
    """No language lacks a command."""
    from pathlib import Path  # noqa: PLC0415 - only here

    import bot.commands  # noqa: PLC0415

    content = yaml.safe_load((Path(bot.commands.__file__).parent / "commands.yaml").read_text())
    assert set(MENU) < set(content)
    for command, languages in content.items():
        assert set(languages) == {"fi", "sv", "en"}, command
        assert all(languages.values()), command


def test_no_phrase_means_two_commands():
    """A phrase stands under one command only, so its meaning does not hang on the order of the file."""
    from pathlib import Path  # noqa: PLC0415 - only here

    import bot.commands  # noqa: PLC0415

    content = yaml.safe_load((Path(bot.commands.__file__).parent / "commands.yaml").read_text())
    seen: dict[str, str] = {}
    for command, languages in content.items():
        for phrase in {phrase for phrases in languages.values() for phrase in phrases}:
            assert seen.setdefault(phrase, command) == command, phrase
