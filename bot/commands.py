"""Words that work at every moment of a conversation, with tolerance for spelling; pure."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.yaml_files import read_yaml
from faq.spelling import dotless, plain

# The order in which Telegram's menu lists them.
MENU = ("human", "back", "repeat", "stop", "help", "language", "status")
SWITCH = {"finnish": "fi", "swedish": "sv", "english": "en"}
# One letter wrong, missing, too many or swapped passes from five letters on, two from ten: shorter
# words lie too close to others ("stop", "step").
_SHORTEST_TOLERANT = 5
_LONG = 10
# What people add around a command without changing it.
_POLITE = frozenset(
    {
        "kiitos",
        "kiitti",
        "pliis",
        "please",
        "pls",
        "tack",
        "hei",
        "moi",
        "hej",
        "hi",
        "hello",
        "nyt",
        "nu",
        "now",
    }
)
_LONGEST = 60


def command_in(text: str) -> str | None:
    """Return the command that the whole text is, such as `human`; None when it is something else."""
    if len(text) > _LONGEST:
        return None
    if text.startswith("/"):
        # Telegram writes /help@botname in groups, and /start may carry a payload.
        word = text[1:].partition(" ")[0].partition("@")[0].lower()
        return word if word in {*MENU, "start"} else None
    said = plain(text)
    bare = " ".join(word for word in said.split() if word not in _POLITE) or said
    known = _phrases()
    for form in (said, bare, dotless(bare)):
        if form in known:
            return known[form]
    if len(bare) < _SHORTEST_TOLERANT:
        return None
    wrong = 1 if len(bare) < _LONG else 2
    near = process.extractOne(bare, known.keys(), scorer=OSA.distance, score_cutoff=wrong)
    return known[near[0]] if near and len(near[0]) >= _SHORTEST_TOLERANT else None


@cache
def _phrases() -> dict[str, str]:
    content = read_yaml(Path(__file__).with_name("commands.yaml"))
    phrases: dict[str, str] = {}
    for command, languages in content.items():
        for lines in languages.values():
            for line in lines:
                for form in (plain(line), dotless(plain(line))):
                    phrases.setdefault(form, command)
    return phrases
