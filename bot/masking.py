"""Hides secrets in what people write, before anything is stored, logged or matched; pure.

Two kinds of rules. What has a form of its own is hidden wherever it stands: identity codes, account
numbers, cards. What has none (passwords, PINs, bank ids) is hidden when words beside it say what it
is; those words are in masking.yaml. In doubt a secret is hidden rather than a word shown, but only
the value goes: the question around it stays.

Source: the personal identity code's form and check characters are those of the Digital and
Population Data Services Agency, with the century signs added in 2023; cards are checked by Luhn,
account numbers by ISO 13616 and the lengths in its registry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from bot.yaml_files import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MASK = "•••"
_DOT = MASK[0]

# Where a secret begins and ends in the text.
Span: TypeAlias = tuple[int, int]

_CENTURIES = {"+": 1800, **dict.fromkeys("-YXWVU", 1900), **dict.fromkeys("ABCDEF", 2000)}
_CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"
# Telephones and word processors turn the hyphen into its longer relatives; people into "_" or "/".
_DASHES = "-‐‑‒–—−_/"
_SIGN = rf"[{_DASHES}+A-FU-Y]"
_IDENTITY = re.compile(
    rf"(?<!\d)(\d\d)\.?(\d\d)\.?(\d\d)\s?({_SIGN}?)\s?(\d{{3}})\s?([0-9A-Y])(?!\d)", re.IGNORECASE
)
# With anything in the check character's place, in Sweden's form, or parts of it: these count only
# beside a word for it.
_SAID_IDENTITY = re.compile(
    rf"(?<!\d)(?:\d\d\.?\d\d\.?(?:\d\d)?\d\d\s{{0,2}}{_SIGN}\s{{0,2}}\d{{3}}\s?[0-9A-Z]|\d{{6}}-\d{{4}})(?![^\W_])",
    re.IGNORECASE,
)
_BARE_IDENTITY = re.compile(r"\d{6}(?:\s?\d{3}\s?[0-9A-Z])?(?![^\W_])", re.IGNORECASE)
_IDENTITY_END = re.compile(r"[-–+A]?(?:\d{3}[0-9A-Y]|\d{4})(?![^\W_])", re.IGNORECASE)

# Characters in an account number, country by country.
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI FK FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV", 22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST", 26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
# Letters are spelled out: ignoring case would let in the Kelvin sign for a K.
_IBAN_START = re.compile(r"(?=([A-Za-z]{2})[\s-]?[0-9][\s-]?[0-9])")
_IBAN = {
    length: re.compile(rf"[A-Za-z0-9](?:[\s-]?[A-Za-z0-9]){{{length - 1}}}")
    for length in set(_IBAN_LENGTHS.values())
}
_OLD_ACCOUNT = re.compile(r"(?<!\d)\d{6}\s?-\s?\d{2,8}(?![\d-])")

_DIGIT_GROUPS = re.compile(r"(?<![\d+])\d+(?:[\s-]{1,3}\d+)*")
_CARD_DIGITS = range(13, 20)
# How the figures are printed on cards; only so is a card found among other numbers.
_CARD_GROUPS = {
    (4, 4, 4, 4), (4, 4, 4, 4, 1), (4, 4, 4, 4, 2), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4), (13,), (14,), (15,), (16,),
}  # fmt: skip
# Code lists are printed in groups of four or six figures; years and postcodes are listed too.
_CODE_LIST = re.compile(
    r"(?<![\d+.,:-])(?:(?:\d{4}[ \t,;\n]{1,3}){3,}\d{4}|(?:\d{6}[ \t,;\n]{1,3}){3,}\d{6})(?![\d-]|[.,:]\d)"
)
# "12/27" within a few words of a card; with a point or a hyphen it may be an hour.
_EXPIRY = re.compile(r"\D{0,30}?\b((?:0?[1-9]|1[0-2])\s?/\s?(?:20)?[2-4]\d)\b(?![./-]\d)")
_CARD_CHECK = re.compile(r"[\s,;/]{0,3}(\d{3})\b(?![.,:]\d)")
_YEAR = re.compile(r"(?:19|20)\d\d")

# --- What words say is a secret -------------------------------------------------------------------

# What masking.yaml's marks stand for: the endings of "salasana" and those of "tunnus".
_ENDINGS = {
    "~": (
        "", "n", "t", "a", "ä", "ni", "nni", "si", "nsa", "nsä", "mme", "nne", "ani", "äni", "asi", "ansa", "änsä",
        "ksi", "kseni", "na", "nä", "nani", "kin", "nikin", "han", "hän", "niki", "ki",
    ),
    "%": ("us", "ukset", "uksen", "ukseni", "uksesi", "uksensa", "uksemme", "usta", "uksia"),
}  # fmt: skip
_WORD = re.compile(
    r"\d+(?:-\d+)*(?=[.!?,;][^\W\d_])"  # "1234.Kiitos": people forget the space.
    r"|(?:sms|pin|puk|id|tv|pc|iban|cvc|cvv|otp):[a-zåäö]{1,4}\b"
    r"|[\w•]+(?:['’.@#&+*$!~^%-]+[\w•]+)*|\n|[^\s\w]",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:-\d+)*")
_QUOTED = re.compile(
    r"[\"“”„«»]([^\"“”„«»\n•]{1,64})[\"“”«»]|['‘’](?=\S)([^'‘’\n•]{1,64})['’](?!\w)"
)
_ACCOUNT_LIKE = re.compile(r"[A-Za-z]{2}\d\d(?:[\s-]?\d{2,4}){2,7}(?![^\W_])")
_FORMS = {
    "account": (_OLD_ACCOUNT, _ACCOUNT_LIKE),
    "old_account": (_OLD_ACCOUNT,),
    "identity": (_BARE_IDENTITY,),
    "identity_end": (_IDENTITY_END,),
}
# "pin1234".
_GLUED_CODE = re.compile(r"([a-zåäö-]+?)[-_]?(\d{4,8})")
_DOTTED_NAME = re.compile(r"[a-zåäö]{2,}\.[a-zåäö]{1,2}|[a-zåäö]{1,2}\.[a-zåäö]{2,}")
# Never a secret, whatever is said of it: dates, times, spans of hours and years, business ids,
# tickets, error numbers, addresses of mail and pages, "8-merkkinen", "20e".
_OPEN = re.compile(
    r"\d{1,2}\.\d{1,2}(?:\.(?:\d{2,4})?)?|\d{4}-\d\d-\d\d|\d{1,2}[.:-]\d{1,2}|(?:19|20)\d\d-(?:19|20)\d\d"
    r"|\d{7}-\d|n-?\d{1,6}|0x[0-9a-f]+"
    r"|[^@]+@[^@]+\.[a-z]{2,}|www\..*|(?:[a-z][a-z0-9-]*\.)+(?:fi|com|org|net|eu|se)"
    r"|\d{1,4}-[a-zåäö]{3,}|\d{1,4}(?:v|kk|h|min|e|eur|gb|mb|gt|mt|mbit|mhz|ghz|km|cm|kg|kpl|px)",
    re.IGNORECASE,
)
# Things whose name has figures: "salasana Windows10", "password iPhone12", "virhe E215".
_THING = re.compile(
    r"(?:windows|win|iphone|ipad|ios|android|office|microsoft|samsung|galaxy|nokia|huawei|word|excel"
    r"|usb|wifi|wlan|covid)-?\d*[a-z]?|mp[34]|\d{3,4}[ap]|[a-z]\d{1,3}",
    re.IGNORECASE,
)
# A word and a year, with or without a sign: what people make passwords of. Hidden anywhere in a
# message that speaks of a password.
_PASSWORD_LIKE = re.compile(r"(?=.*[^\W\d_]{5})[^\W\d_]+(?:[-_!#.][^\W\d_]+)?[-_!#.]?\d{1,4}!?")
_PHONE = re.compile(r"0(?:4\d|50|[23568]\d?|1[3-9]|9)\d{5,9}|(?:00)?358\d{6,11}")
# Finnish words for what has happened or must happen to a password: "unohtunut", "vaihdettava".
_PARTICIPLE = re.compile(
    r"\w{2,}(?:nut|nyt|neet|(?<!k)ettu|etty|ttava|ttävä|stava|stävä|llinen|numeroinen|merkkinen)"
)
# What a secret is for may stand between its name and its value: "the PIN of my card is".
_PLACES = frozenset({"card", "old_account"})
# Signs that belong to a password, signs passed over on the way to one, and those that enclose one.
_HARD_SIGNS = frozenset("!#$%&*+@~^")
_SOFT_SIGNS = frozenset("\"'“”‘’„«»([{,#*_$%&+@^~")
_QUOTES = frozenset("\"'“”‘’„«»")
_CURRENCIES = frozenset("€%$£°")

# Words between a name and its "is": "the code that the bank sent me is". And how many in all,
# with fillers and signs, are looked at.
_FURTHEST = 6
_REACH = 18
# Words of a password without quotes.
_LONGEST_RUN = 3
_FEWEST_NUMERALS = 3
# One slip of the finger is forgiven in words this long; no name is longer than the other.
_SHORTEST_FUZZY = 7
_LONGEST_NAME = 40
_SHORTEST_STRONG = 4
_SHORTEST_WEAK = 3
_SHORTEST_ID = 6
_SHORTEST_GROUP = 4
_SHORTEST_PHONE = 9
_LONGEST_CODE = 12
_MOST_FIGURES = 8
_MOST_GROUPS = 60
# Figures in all from which a number is this kind of secret.
_FEWEST = {"code": 4, "user": 4, "check": 3, "account": 6, "card": 8, "password": 4}


class _Link(IntEnum):
    """How firmly a name is tied to what follows it."""

    BESIDE = 0
    LOOSE = 1  # "salasanan pitää olla", "name - value": a secret has figures or signs in it.
    FIRM = 2  # "is": a secret may be any word that is not among the plain ones.
    LABEL = 3  # "name: value".


@dataclass(frozen=True, slots=True)
class _Word:
    """A word, or a single sign, where it stands in the text."""

    text: str
    low: str
    start: int
    end: int
    is_word: bool
    is_glued: bool  # No space before it.


# What stands where the text is at its end.
_NOTHING = _Word("", "", 0, 0, is_word=False, is_glued=False)


@dataclass(slots=True)
class _Way:
    """How far one has come from a name towards its value."""

    link: _Link
    is_english: bool
    is_paired: bool
    gap: int = 0


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of masking.yaml, ready to look up."""

    names: dict[str, str]
    # Of names of several words: how many at most, and what they begin with.
    longest_name: int
    first_words: frozenset[str]
    near_names: dict[str, str]
    compounds: tuple[str, ...]
    public: frozenset[str]
    links: frozenset[str]
    weak_links: frozenset[str]
    english: frozenset[str]
    fillers: frozenset[str]
    hedges: frozenset[str]
    possessives: frozenset[str]
    mine: frozenset[str]
    joiners: frozenset[str]
    relatives: frozenset[str]
    breaks: frozenset[str]
    given: frozenset[str]
    units: frozenset[str]
    numerals: frozenset[str]
    plain: frozenset[str]
    near_plain: frozenset[str]
    # Every word that is no password by itself.
    common: frozenset[str]


def masked(text: str) -> tuple[str, bool]:
    """Return the text with every secret replaced by a mark, and whether there was any.

    Masking what is masked changes nothing. Takes time in proportion to the text's length.
    """
    shown = text
    # Every round hides at least one sign more; nearly always the second finds nothing new.
    while (safer := _hidden(shown)) != shown:
        shown = safer
    return shown, shown != text


def _hidden(text: str) -> str:
    # Forms are found together, for one may hold what passes for another: a card, an identity code.
    text = _without(
        text, [*_identity_codes(text), *_accounts(text), *_cards(text), *_code_lists(text)]
    )
    return _without(text, _Reading(text).spans())


def _without(text: str, spans: Iterable[Span]) -> str:
    """Return the text with the spans replaced; those that overlap become one mark."""
    pieces: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if start >= done:
            pieces += [text[done:start], MASK]
        done = max(done, end)
    return "".join([*pieces, text[done:]])


# --- Forms ----------------------------------------------------------------------------------------


def _identity_codes(text: str) -> Iterator[Span]:
    return (found.span() for found in _IDENTITY.finditer(text) if _is_identity_code(found))


def _is_identity_code(found: re.Match[str]) -> bool:
    day, month, year, sign, serial, check = found.groups()
    # Without its sign a code of figures alone may as well be a telephone number.
    if not sign and check.isdecimal():
        return False
    centuries = [_CENTURIES["-" if sign in _DASHES else sign.upper()]] if sign else [1900, 2000]
    return _CHECK[int(day + month + year + serial) % 31] == check.upper() and any(
        _is_day(century + int(year), int(month), int(day)) for century in centuries
    )


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _accounts(text: str) -> Iterator[Span]:
    for start in _IBAN_START.finditer(text):
        length = _IBAN_LENGTHS.get(start[1].upper())
        found = _IBAN[length].match(text, start.start()) if length else None
        if found and _is_iban(re.sub(r"[\s-]", "", found[0]).upper()):
            yield found.span()


def _is_iban(number: str) -> bool:
    # Nothing else looks like a Finnish account number, so one wrong figure does not show it.
    if number[:2] == "FI" and number[2:].isdecimal():
        return True
    if sum(sign.isdecimal() for sign in number) < len(number) // 2:
        return False
    return int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1


def _cards(text: str) -> Iterator[Span]:
    for found in _DIGIT_GROUPS.finditer(text):
        groups = [
            (group.start(), group.end())
            for group in re.finditer(r"\d+", text[found.start() : found.end()])
        ]
        for first, last in _card_in(found[0], groups):
            end = found.start() + last
            yield found.start() + first, end
            yield from _beside_card(text, end)


def _card_in(digits: str, groups: Sequence[Span]) -> Iterator[Span]:
    """Find cards among groups of figures: all of them together, or some as they are printed."""
    if _is_card(digits):
        yield groups[0][0], groups[-1][1]
        return
    sizes = tuple(end - start for start, end in groups)
    for first in range(len(groups)):
        for count in (5, 4, 3, 1):
            start, end = groups[first][0], groups[min(first + count, len(groups)) - 1][1]
            if sizes[first : first + count] in _CARD_GROUPS and _is_card(digits[start:end]):
                yield start, end
                break


def _is_card(text: str) -> bool:
    digits = [int(sign) for sign in text if sign.isdecimal()]
    # A telephone or reference number may begin with nought; a card does not.
    if len(digits) not in _CARD_DIGITS or digits[0] == 0:
        return False
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _code_lists(text: str) -> Iterator[Span]:
    for found in _CODE_LIST.finditer(text):
        groups = re.findall(r"\d+", found[0])
        if sum(_YEAR.fullmatch(group) is not None for group in groups) * 2 < len(groups):
            yield found.span()


def _beside_card(text: str, end: int) -> Iterator[Span]:
    """Find the day of expiry after a card, and the three figures from its back."""
    expiry = _EXPIRY.match(text, end)
    if expiry and "\n\n" not in expiry[0]:
        yield expiry.span(1)
        end = expiry.end()
    check = _CARD_CHECK.match(text, end)
    if check:
        yield check.span(1)


# --- Words ----------------------------------------------------------------------------------------


@cache
def _words() -> _Words:
    content: dict[str, Any] = read_yaml(Path(__file__).with_name("masking.yaml"))
    names = {
        form: kind
        for kind, entries in content["names"].items()
        for entry in entries
        for form in _forms(entry)
    }
    plain = frozenset(word for words in content["plain"].values() for word in words.split())
    lists = {
        key: frozenset(value)
        for key, value in content.items()
        if key not in {"names", "plain", "compounds", "numerals"}
    }
    return _Words(
        names=names,
        longest_name=max(form.count(" ") for form in names) + 1,
        first_words=frozenset(form.partition(" ")[0] for form in names if " " in form),
        near_names={
            worn: kind
            for form, kind in names.items()
            if len(form) >= _SHORTEST_FUZZY and " " not in form
            for worn in _worn(form)
        },
        compounds=tuple(content["compounds"]),
        numerals=frozenset(word for words in content["numerals"] for word in words),
        plain=plain,
        near_plain=frozenset(
            worn for word in plain if len(word) >= _SHORTEST_FUZZY for worn in _worn(word)
        ),
        common=plain.union(
            names,
            *(
                lists[key]
                for key in ("fillers", "joiners", "links", "weak_links", "units", "possessives")
            ),
        ),
        **lists,
    )


def _forms(entry: str) -> list[str]:
    if entry[-1] not in _ENDINGS:
        return [entry]
    return [entry[:-1] + ending for ending in _ENDINGS[entry[-1]]]


def _worn(word: str) -> list[str]:
    """Return a word and what is left of it without any one letter.

    Two words with one of these in common are one slip apart: a letter too many, too few, wrong,
    or out of its place.
    """
    return [word, *(word[:at] + word[at + 1 :] for at in range(len(word)))]


def _cut(text: str) -> list[_Word]:
    words: list[_Word] = []
    end = -1
    for found in _WORD.finditer(text):
        start, sign = found.start(), found[0]
        is_word = sign[0].isalnum() or sign[0] in "_•"
        words.append(_Word(sign, sign.lower(), start, found.end(), is_word, start == end))
        end = found.end()
    return words


class _Reading:
    """One text cut into words, with the names of secrets found in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.known = _words()
        self.words = _cut(text)
        # Index of a name's first word to its kind and the index after its last word.
        self.names = dict(self._names())

    def spans(self) -> Iterator[Span]:
        """Yield where secrets stand, in no order; they may overlap."""
        has_password = any(kind == "password" for kind, _ in self.names.values())
        last = ("", -_REACH)
        for at, word in enumerate(self.words):
            if at in self.names:
                kind, after = self.names[at]
                last = (kind, at)
                yield from self._around(kind, at, after)
            elif at - last[1] < _REACH and self._is_mine(at):
                # "You need the secret word? Mine is Tiger."
                yield from self._after(last[0], at + 1)
            elif (glued := _GLUED_CODE.fullmatch(word.low)) and self._kind(glued[1]) == "code":
                yield word.start + glued.start(2), word.end
            elif has_password and self._is_strong(word) and _PASSWORD_LIKE.fullmatch(word.text):
                yield word.start, word.end

    # Names.

    def _names(self) -> Iterator[tuple[int, tuple[str, int]]]:
        at = 0
        while at < len(self.words):
            found = self._name_at(at) if self.words[at].is_word else None
            if found:
                yield at, found
            at = found[1] if found else at + 1

    def _name_at(self, at: int) -> tuple[str, int] | None:
        word = self.words[at].low
        phrase = self._phrase(at) if word in self.known.first_words else []
        for count in range(len(phrase), 1, -1):
            kind = self.known.names.get(" ".join(phrase[:count]))
            if kind:
                return kind, at + count
        kind = self._kind(word.removesuffix("'s").removesuffix("’s"))
        # "Error code", but "bus PIN" is one all the same.
        if (
            kind in {"code", "user"}
            and self._is_public(self._word(at - 1).low)
            and word[:2] != "pi"
        ):
            return None
        return (kind, at + 1) if kind else None

    def _phrase(self, at: int) -> list[str]:
        words = self.words[at : at + self.known.longest_name]
        count = next((nth for nth, word in enumerate(words) if not word.is_word), len(words))
        return [word.low for word in words[:count]]

    def _kind(self, word: str) -> str | None:
        """Return what kind of secret a word names: by itself, as a compound's end, or misspelt."""
        names = self.known.names
        if len(word) > _LONGEST_NAME:
            return None
        if word in names:
            return names[word]
        first, _, last = word.rpartition("-")
        if first and last in names:
            return None if self._is_public(first) else names[last]
        for cut in range(2, len(word) - 2):
            if word.startswith(self.known.compounds, cut) and word[cut:] in names:
                return None if self._is_public(word[:cut]) else names[word[cut:]]
        if len(word) < _SHORTEST_FUZZY or not word.isalpha() or word in self.known.plain:
            return None
        near = self.known.near_names
        return next((near[worn] for worn in _worn(word) if worn in near), None)

    def _is_public(self, word: str) -> bool:
        return word in self.known.public or word.rpartition("-")[2] in self.known.public

    def _is_mine(self, at: int) -> bool:
        return self.words[at].low in self.known.mine and self._word(at + 1).low in self.known.links

    def _word(self, at: int) -> _Word:
        return self.words[at] if 0 <= at < len(self.words) else _NOTHING

    def _is_closed(self, at: int) -> bool:
        """Whether nothing is to be read here: another name, something hidden, or the text's end."""
        return at in self.names or not self._word(at).text or _DOT in self.words[at].text

    # Where a secret stands beside its name.

    def _around(self, kind: str, at: int, after: int) -> Iterator[Span]:
        if kind == "identity":
            window = (max(0, self.words[at].start - 30), self.words[after - 1].end + 50)
            yield from (found.span() for found in _SAID_IDENTITY.finditer(self.text, *window))
        pair = list(self._pair(at)) if kind in {"password", "code", "check"} else []
        values = list(self._after(kind, after, is_paired=bool(pair)))
        yield from values
        if values:
            yield from pair
        if kind in {"password", "code", "check", "user"}:
            yield from self._before(kind, at, is_alone=not values)

    def _after(self, kind: str, at: int, *, is_paired: bool = False) -> Iterator[Span]:
        """Yield the values named before them: "salasanani on X", "koden som kom är X", "PIN: X"."""
        name = self.words[at - 1].low
        link = _Link.FIRM if name.endswith(("'s", "’s")) else _Link.BESIDE
        way = _Way(link, name in self.known.english, is_paired)
        here = at
        while here < at + _REACH:
            if self._is_closed(here) and self.names.get(here, ("", 0))[0] not in _PLACES:
                return
            if way.gap == 0 or way.link > _Link.BESIDE or kind == "check":
                values = self._value(kind, here, way)
                if values:
                    yield from values
                    return
            step = self._step(way, kind, at, here)
            if not step:
                break
            here += step
        if kind == "password":
            yield from self._after_colon(at)
        elif kind == "code":
            yield from self._given(at)

    def _step(self, way: _Way, kind: str, name_ends: int, here: int) -> int:
        """Note what a word says of the value to come; return how many words to go on, 0 for none."""
        word = self.words[here]
        if word.low in self.known.breaks or word.text == ",":
            if here == name_ends and word.text == "," and self._value(kind, here + 1, way):
                return 1
            if way.link >= _Link.FIRM or not self._says_it_is(here + 1):
                return 0
            # "I got a code, and it is …"
            way.link = _Link.LOOSE
            return 3
        if word.is_word:
            return self._step_over_word(way, word)
        return self._step_over_sign(way, kind, name_ends, here)

    def _step_over_word(self, way: _Way, word: _Word) -> int:
        known = self.known
        if word.low in known.hedges and way.link is _Link.FIRM:
            # "My password is the name of my cat" tells no password; "is probably Musti12" does.
            way.link = _Link.LOOSE
        elif word.low in known.links and not (word.low == "on" and way.is_english):
            if way.link >= _Link.FIRM:
                return 0
            way.link = _Link.FIRM
        elif word.low in known.weak_links:
            way.link = max(way.link, _Link.LOOSE)
        elif word.low in known.fillers or word.low in known.possessives:
            return 1
        elif way.link >= _Link.FIRM and word.low in known.plain:
            return 0
        else:
            way.gap += 1
            way.link = _Link.BESIDE
        return int(way.gap <= _FURTHEST)

    def _step_over_sign(self, way: _Way, kind: str, name_ends: int, here: int) -> int:
        sign = self.words[here].text
        if sign == "\n":
            if way.link < _Link.FIRM and self._is_label_line(name_ends, here):
                way.link = _Link.LABEL
            return int(way.gap == 0 or way.link >= _Link.FIRM)
        if sign in ":=":
            way.link = _Link.LOOSE if way.gap else _Link.LABEL
            # Far from its name a colon may announce anything: _after_colon looks closer.
            return int(way.gap == 0 or kind != "password")
        if sign in "-–—>":
            way.link = max(way.link, _Link.LOOSE)
            return 1
        following = self._word(here + 1)
        return int(
            sign in _SOFT_SIGNS or (sign == "!" and following.is_glued and following.is_word)
        )

    def _says_it_is(self, at: int) -> bool:
        """Whether the words are "it is", "ja se on", "den är"."""
        if self._word(at).low in self.known.joiners:
            at += 1
        return (
            self._word(at).low in self.known.relatives
            and self._word(at + 1).low in self.known.links
        )

    def _is_label_line(self, name_ends: int, here: int) -> bool:
        """Whether a name fills its line and one word the next, as in copied notes."""
        if name_ends != here or not self._ends_at(here + 2):
            return False
        return any(self._word(here - back).text in {"", "\n"} for back in (2, 3))

    def _ends_at(self, at: int) -> bool:
        return not self._word(at).is_word

    def _after_colon(self, at: int) -> Iterator[Span]:
        """Yield a password later in the sentence: "I write my password so that you can try: X"."""
        colon = next((here for here in self._sentence(at) if self.words[here].text == ":"), None)
        if colon is None or self._is_closed(colon + 1):
            return
        following = self.words[colon + 1]
        if (
            self._is_strong(following, _Link.FIRM)
            or following.text in _QUOTES
            or self._ends_at(colon + 2)
        ):
            way = _Way(_Link.FIRM, is_english=False, is_paired=False)
            yield from self._value("password", colon + 1, way)

    def _given(self, at: int) -> Iterator[Span]:
        """Yield a code later in the sentence: "the bank asked for a code and I typed X"."""
        for here in self._sentence(at):
            if self.words[here].low in self.known.given:
                yield from self._figures("code", here + 1)

    def _sentence(self, at: int) -> Iterator[int]:
        for here in range(at, at + _REACH):
            if self._is_closed(here) or self.words[here].text in ".?!;\n":
                return
            yield here

    def _pair(self, at: int) -> Iterator[Span]:
        """Yield a user name before the name of a password: "username CAT password", "44820019 pin"."""
        here = at - 1
        for _ in range(3):
            word = self._word(here)
            if (
                word.text in {",", "/", "&"}
                or word.low in self.known.joiners | self.known.possessives
            ):
                here -= 1
        if self._is_closed(here):
            return
        word = self.words[here]
        if _NUMBER.fullmatch(word.text):
            is_id = (
                self._length(here) >= _SHORTEST_ID
                and self._is_number(here)
                and not self._is_phone([here])
            )
        else:
            before = self._word(here - 1)
            is_linked = before.low in self.known.links or before.text in {":", "="}
            is_id = self._is_user_name(here - 1 - is_linked) and self._is_weak(word)
        if is_id:
            yield word.start, word.end

    def _is_user_name(self, at: int) -> bool:
        return any(self.names.get(at - back) == ("user", at + 1) for back in range(3))

    def _before(self, kind: str, at: int, *, is_alone: bool) -> Iterator[Span]:
        """Yield a value named after it: "1234 on pinni", "hunter2 is my password", "X som lösenord"."""
        is_mine = self.words[at].low.endswith(("ni", "nsa"))
        for here in range(at - 1, max(at - _FURTHEST, -1), -1):
            word = self.words[here]
            if self._is_closed(here) or not word.is_word:
                return
            if word.low in {"som", "as"} or word.low in self.known.links:
                may_be_weak = (
                    kind == "password" and is_alone and is_mine and word.low not in {"som", "as"}
                )
                yield from self._value_before(kind, here - 1, may_be_weak=may_be_weak)
                return
            if word.low in self.known.breaks:
                return
            is_mine = is_mine or word.low in self.known.possessives

    def _value_before(self, kind: str, here: int, *, may_be_weak: bool) -> Iterator[Span]:
        if self._word(here).low in self.known.relatives:
            # "X, which is my password".
            here -= 1
            may_be_weak = False
        for _ in range(3):
            here -= self._word(here).text in {*_QUOTES, ",", ")", "!"}
        if self._is_closed(here):
            return
        word = self.words[here]
        if _NUMBER.fullmatch(word.text):
            first = here
            while _NUMBER.fullmatch(self._word(first - 1).text) and here - first < _FURTHEST:
                first -= 1
            yield from self._figures(kind, first)
        elif kind != "check" and self._is_strong(word):
            yield self._chunk(here)
        elif may_be_weak and not self._word(here - 1).is_word and self._is_weak(word):
            yield word.start, word.end

    # What may be a value.

    def _value(self, kind: str, at: int, way: _Way) -> list[Span]:
        """Return the secret that begins at a word, and those listed after it; empty when none does."""
        if self._is_closed(at):
            return []
        match kind:
            case "password":
                return self._password(at, way)
            case "password_when_linked":
                return self._password(at, way) if way.link >= _Link.FIRM else []
            case "code":
                return self._code(at, way)
            case "user":
                return self._user(at, way)
            case "list":
                return self._listed(at)
            case _:
                return self._formed(kind, at) or self._figures(kind, at)

    def _formed(self, kind: str, at: int) -> list[Span]:
        found = (form.match(self.text, self.words[at].start) for form in _FORMS.get(kind, ()))
        return [match.span() for match in found if match][:1]

    def _password(self, at: int, way: _Way) -> list[Span]:
        word = self.words[at]
        found = self._quoted(at) or self._figures("password", at) or self._spoken(at)
        if found or not word.is_word or _NUMBER.fullmatch(word.text):
            return found
        if self._is_strong(word, way.link):
            return [] if self._counts_something(at) else [self._chunk(at), *self._more_strong(at)]
        may_be_weak = way.link >= _Link.FIRM or way.is_paired
        return [self._run(at)] if may_be_weak and self._is_weak(word) else []

    def _code(self, at: int, way: _Way) -> list[Span]:
        word = self.words[at]
        found = self._quoted(at) or self._figures("code", at) or self._spoken(at)
        if found or not word.is_word or _NUMBER.fullmatch(word.text):
            return found
        is_code = (
            way.link >= _Link.FIRM and len(word.text) <= _LONGEST_CODE and self._is_strong(word)
        )
        return [self._chunk(at)] if is_code else []

    def _user(self, at: int, way: _Way) -> list[Span]:
        word = self.words[at]
        found = self._figures("user", at)
        if found or not word.is_word or _NUMBER.fullmatch(word.text):
            return found
        more = self._more_strong(at)
        is_dotted = _DOTTED_NAME.fullmatch(word.low) and not _OPEN.fullmatch(word.low)
        if is_dotted or self._is_strong(word, way.link):
            return [self._chunk(at), *more]
        after = self._word(at + 1)
        is_alone = not after.is_word or at + 1 in self.names or after.low in self.known.joiners
        may_be_weak = (way.link is _Link.LABEL and is_alone) or (way.link is _Link.FIRM and more)
        return [self._chunk(at), *more] if may_be_weak and self._is_weak(word) else []

    def _is_strong(self, word: _Word, link: _Link = _Link.BESIDE) -> bool:
        """Whether a word looks like a secret by itself: figures or signs among its letters."""
        if not word.is_word or len(word.text) < _SHORTEST_STRONG or _DOT in word.text:
            return False
        if not any(sign.isdecimal() or sign in _HARD_SIGNS for sign in word.text):
            return False
        return not _OPEN.fullmatch(word.low) and (
            link >= _Link.FIRM or not _THING.fullmatch(word.low)
        )

    def _is_weak(self, word: _Word) -> bool:
        """Whether a word of letters may be a password: it is none of those that talk about one."""
        low = word.low
        if (
            len(low) < _SHORTEST_WEAK
            or _DOT in low
            or not low[0].isalpha()
            or low in self.known.common
        ):
            return False
        if _OPEN.fullmatch(low) or _PARTICIPLE.fullmatch(low) or self._kind(low):
            return False
        may_be_slip = _SHORTEST_FUZZY <= len(low) <= _LONGEST_NAME
        return not may_be_slip or self.known.near_plain.isdisjoint(_worn(low))

    def _run(self, at: int) -> Span:
        """Return a password of a few words: all when a sign or a plain word soon ends it, else the first."""
        start, end = self._chunk(at)
        last = at
        while self._word(last + 1).is_word and last + 1 not in self.names:
            following = self.words[last + 1]
            if not (_NUMBER.fullmatch(following.text) or self._is_weak(following)):
                break
            last += 1
            if last - at >= _LONGEST_RUN:
                return start, end
        return start, max(end, self._chunk(last)[1])

    def _chunk(self, at: int) -> Span:
        """Return a word with the signs and words glued to its end, as in "Kissa!" and "ab:cd1"."""
        end = at
        while not self._is_closed(end + 1) and self.words[end + 1].is_glued:
            word, after = self.words[end + 1], self._word(end + 2)
            if word.is_word or word.text in _HARD_SIGNS:
                end += 1
            elif (
                word.text in ":/.?="
                and after.is_glued
                and after.is_word
                and not self._is_closed(end + 2)
            ):
                end += 2
            else:
                break
        return self.words[at].start, self.words[end].end

    def _more_strong(self, at: int) -> list[Span]:
        """Return the passwords listed after one: "Rusakko5, Lumme22 ja Taimen1"."""
        spans: list[Span] = []
        here = at + 2
        while (
            self._is_joiner(here - 1)
            and not self._is_closed(here)
            and self._is_strong(self.words[here])
        ):
            if self._is_phone([here]):
                break
            spans.append((self.words[here].start, self.words[here].end))
            here += 2
        return spans

    def _is_joiner(self, at: int) -> bool:
        word = self._word(at)
        return word.text in {",", "/", "&", "+", ";"} or word.low in self.known.joiners

    def _quoted(self, at: int) -> list[Span]:
        word = self.words[at]
        is_closing = word.is_glued and self._word(at - 1).text not in {":", "=", "("}
        found = (
            _QUOTED.match(self.text, word.start)
            if word.text in _QUOTES and not is_closing
            else None
        )
        if not found:
            return []
        group = 1 if found[1] is not None else 2
        said = [word.strip(".,!?") for word in found[group].lower().split()]
        plain = [word in self.known.plain or word in self.known.names for word in said]
        # A page's own words are quoted too: "Forgot password?", "Wrong user name or password".
        if all(plain) or (plain[0] and said[0] not in self.known.hedges):
            return []
        return [found.span(group)]

    def _spoken(self, at: int) -> list[Span]:
        """Return figures said as words: "yksi kaksi kolme neljä"."""
        said = [at] if self.words[at].low in self.known.numerals else []
        here = at + 1
        while said and (
            self._word(here).low in self.known.numerals or self._word(here).text in {"-", ","}
        ):
            said += [here] if self.words[here].is_word else []
            here += 1
        if len(said) < _FEWEST_NUMERALS:
            return []
        return [(self.words[at].start, self.words[said[-1]].end)]

    # Figures.

    def _figures(self, kind: str, at: int) -> list[Span]:
        """Return the groups of figures that begin here, and those joined to them; empty when too few."""
        groups = self._groups(at)
        if kind not in _FEWEST or sum(map(self._length, groups)) < _FEWEST[kind]:
            return []
        if any(self._is_phone(groups[:count]) for count in (1, 2, 3, 4, len(groups))):
            return []
        if kind != "card" and min(map(self._length, groups)) < _SHORTEST_GROUP:
            groups = self._leading(groups)
        if not groups:
            return []
        spans = [(self.words[groups[0]].start, self.words[groups[-1]].end)]
        if kind in {"code", "user", "check", "password"}:
            spans += [
                (self.words[more].start, self.words[more].end) for more in self._joined(groups[-1])
            ]
        return spans

    def _groups(self, at: int) -> list[int]:
        groups: list[int] = []
        while len(groups) < _MOST_GROUPS and self._is_number(at + len(groups)):
            groups.append(at + len(groups))
        return groups[:-1] if groups and self._counts_something(groups[-1]) else groups

    def _leading(self, groups: list[int]) -> list[int]:
        """Return the first groups that may be one code: a telephone number may follow it."""
        if sum(map(self._length, groups)) <= _MOST_FIGURES:
            return groups
        count = 1
        while sum(map(self._length, groups[: count + 1])) <= _MOST_FIGURES:
            count += 1
        return groups[:count] if sum(map(self._length, groups[:count])) >= _SHORTEST_GROUP else []

    def _joined(self, last: int) -> Iterator[int]:
        """Yield numbers of four figures or more that are joined to a code: "10294857 / 3316"."""
        while self._is_joiner(last + 1):
            groups = self._groups(last + 2)
            if (
                len(groups) != 1
                or self._length(groups[0]) < _SHORTEST_GROUP
                or self._is_phone(groups)
            ):
                return
            last = groups[0]
            yield last

    def _listed(self, at: int) -> list[Span]:
        """Return every code in a list, but not the ordinal numbers: "1 = 4455, 2 = 9012"."""
        spans: list[Span] = []
        here = at
        while self._is_number(at) and not self._is_closed(here):
            word = self.words[here]
            if _NUMBER.fullmatch(word.text):
                is_code = self._length(here) >= _SHORTEST_GROUP and not self._is_phone([here])
                spans += (
                    [(word.start, word.end)] if is_code and not self._counts_something(here) else []
                )
            elif word.text not in "=:.,;()-/|\n" and word.low not in self.known.joiners:
                break
            here += 1
        return spans

    def _is_number(self, at: int) -> bool:
        """Whether a whole number stands here: no date, time, price or part of one."""
        word, sign, after = self._word(at), self._word(at + 1), self._word(at + 2)
        if not _NUMBER.fullmatch(word.text) or _OPEN.fullmatch(word.low):
            return False
        if word.is_glued and self._word(at - 1).text in {"+", *_CURRENCIES}:
            return False
        if sign.is_glued and sign.text in _CURRENCIES:
            return False
        is_decimal = sign.is_glued and after.is_glued and _NUMBER.fullmatch(after.text)
        # "12,50" is a price, "1234,5678" are two codes.
        return (
            not is_decimal
            or sign.text not in ",.:"
            or (sign.text == "," and self._length(at + 2) >= _SHORTEST_GROUP)
        )

    def _counts_something(self, at: int) -> bool:
        return self._word(at + 1).low in self.known.units

    def _is_phone(self, indexes: Sequence[int]) -> bool:
        digits = "".join(self.words[at].text for at in indexes).replace("-", "")
        return len(digits) >= _SHORTEST_PHONE and _PHONE.fullmatch(digits) is not None

    def _length(self, at: int) -> int:
        return sum(sign.isdecimal() for sign in self.words[at].text)
