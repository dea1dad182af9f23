"""Small books to test with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Texts:
    """One entry in one locale."""

    question: str
    phrasings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One entry in its locales."""

    texts: Mapping[str, Texts]


@dataclass(frozen=True)
class Book:
    """As much of a book as the matcher needs."""

    entries: Mapping[str, Entry]
    utterances: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    out_of_scope: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """A hash of all of it."""
        whole = repr((self.entries, self.utterances, self.out_of_scope))
        return hashlib.sha256(whole.encode()).hexdigest()


def book(
    said: Mapping[str, Mapping[str, Sequence[str]]],
    out_of_scope: Mapping[str, tuple[str, ...]] | None = None,
) -> Book:
    """Return a book of {entry: {locale: [question, utterance, ...]}}."""
    entries = {
        name: Entry({locale: Texts(own[0], tuple(own[1:3])) for locale, own in by_locale.items()})
        for name, by_locale in said.items()
    }
    utterances: dict[str, dict[str, tuple[str, ...]]] = {}
    for name, by_locale in said.items():
        for locale, own in by_locale.items():
            utterances.setdefault(locale, {})[name] = tuple(own[3:])
    return Book(entries, utterances, out_of_scope or {})


TINY = book(
    {
        "print": {"en": ["Where can I print?"]},
        "wifi": {"en": ["Is there free Wi-Fi?"]},
        "passport": {"en": ["How do I renew my passport?"]},
    }
)

TOWN = book(
    {
        "print": {
            "fi": [
                "Missä voin tulostaa?",
                "tulostus kirjastossa",
                "Mistä löydän tulostimen?",
                "pitäis saada paperi tulostettua",
                "tulostaminen",
                "voinko tulostaa kirjastossa lomakkeen",
                "onko teillä tulostin",
                "missä tulostetaan",
            ],
            "sv": [
                "Var kan jag skriva ut?",
                "utskrift på biblioteket",
                "Var finns en skrivare?",
                "jag vill skriva ut ett papper",
                "finns det skrivare på biblioteket",
                "skriva ut blankett",
            ],
            "en": [
                "Where can I print?",
                "print at the library",
                "Is there a printer I can use?",
                "I need to print a form",
                "where is the nearest printer",
                "printing documents",
            ],
        },
        "printer-broken": {
            "fi": [
                "Oma tulostin ei toimi",
                "tulostus ei onnistu kotona",
                "printteri ei tulosta mitään",
                "tulostimeni sanoo virhe",
                "tulostus",
                "kotitulostin jumissa",
                "paperi jumissa printterissä",
            ],
            "sv": [
                "Skrivaren fungerar inte",
                "min skrivare hemma strejkar",
                "skrivaren skriver inte ut",
                "papper fastnat i skrivaren",
            ],
            "en": [
                "My printer does not work",
                "home printer prints nothing",
                "printer error",
                "paper jam in my printer",
            ],
        },
        "maisa": {
            "fi": [
                "Miten Maisa otetaan käyttöön?",
                "en pääse Maisaan",
                "kirjautuminen Maisaan",
                "maisa ei aukea",
                "miten kirjaudun maisaan",
                "maisan käyttöönotto",
                "mikä on maisa ja miten sinne pääsee",
            ],
            "sv": [
                "Hur börjar jag använda Maisa?",
                "jag kommer inte in i Maisa",
                "logga in i Maisa",
                "Maisa öppnas inte",
            ],
            "en": [
                "How do I start using Maisa?",
                "I cannot get into Maisa",
                "log in to Maisa",
                "Maisa does not open",
            ],
        },
        "whatsapp": {
            "fi": [
                "Miten asennan WhatsAppin?",
                "WhatsApp ei toimi",
                "whatsapp puhelimeen",
                "haluan whatsappin",
                "miten whatsapp-viesti lähetetään",
                "whatsapp hävisi puhelimesta",
            ],
            "sv": [
                "Hur installerar jag WhatsApp?",
                "WhatsApp fungerar inte",
                "skicka meddelande med whatsapp",
            ],
            "en": [
                "How do I install WhatsApp?",
                "WhatsApp does not work",
                "send a message with whatsapp",
            ],
        },
        "passport": {
            "fi": [
                "Miten uusin passin?",
                "passi vanhenee",
                "passin uusiminen",
                "tarvitsen uuden passin",
                "passihakemus",
            ],
            "sv": [
                "Hur förnyar jag passet?",
                "passet går ut",
                "förnya pass",
                "jag behöver ett nytt pass",
            ],
            "en": [
                "How do I renew my passport?",
                "my passport expires",
                "renewing a passport",
                "I need a new passport",
            ],
        },
        "card-library": {
            "fi": [
                "Kirjastokortti ei toimi",
                "kirjastokortti hukassa",
                "miten saan kirjastokortin",
                "kortti ei käy automaattiin",
            ],
            "sv": ["Lånekortet fungerar inte", "jag har tappat lånekortet"],
            "en": ["My library card does not work", "lost library card"],
        },
        "card-travel": {
            "fi": [
                "Matkakortti ei toimi",
                "hsl kortti ei toimi",
                "matkakortin lataus",
                "kortti ei toimi bussissa",
            ],
            "sv": ["Resekortet fungerar inte", "ladda resekortet"],
            "en": ["My travel card does not work", "top up travel card"],
        },
        "human": {
            "fi": [
                "Haluan puhua ihmisen kanssa",
                "ihminen",
                "onko siellä oikea ihminen",
                "antakaa ihminen puhelimeen",
                "ihminen kiitos",
            ],
            "sv": ["Jag vill tala med en människa", "människa tack"],
            "en": ["I want to talk to a human", "human please"],
        },
    },
    {
        "fi": ("mikä sää huomenna", "kerro vitsi", "kuka voitti jääkiekon"),
        "en": ("tell me a joke", "what is the weather"),
    },
)
