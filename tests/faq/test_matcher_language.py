"""Which language a message is in."""

from __future__ import annotations

import pytest

from faq.language import detect, is_foreign, learn
from faq.words import split, words

MODEL = learn({}, words())


@pytest.mark.parametrize(
    ("text", "chosen", "locale"),
    [
        ("Missä lähin kirjasto on auki tänään", None, "fi"),
        ("var är närmaste bibliotek öppet idag", None, "sv"),
        ("where is the nearest library open today", None, "en"),
        ("var är närmaste bibliotek öppet idag", "fi", "sv"),
        ("where is the nearest library", "sv", "en"),
        ("missa on lahin kirjasto", "en", "fi"),
        ("var ska ja gå", "sv", "sv"),
    ],
)
def test_sentences(text: str, chosen: str | None, locale: str) -> None:
    """A clear sentence is in its own language, whatever was chosen before."""
    assert detect(split(text), chosen, MODEL, words()) == locale


@pytest.mark.parametrize("word", ["maisa", "wifi", "on", "digi", "info", "pdf", "kontakt", "12345"])
@pytest.mark.parametrize("chosen", ["fi", "sv", "en"])
def test_one_word_changes_nothing(word: str, chosen: str) -> None:
    """One word that could be of any language leaves the chosen one."""
    assert detect(split(word), chosen, MODEL, words()) == chosen


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("puhun svenska", "sv"),
        ("in english please", "en"),
        ("på svenska tack", "sv"),
        ("suomeksi kiitos", "fi"),
    ],
)
def test_asking_for_a_language(text: str, locale: str) -> None:
    """Asking for a language is heard, in whatever language it is asked."""
    assert {detect(split(text), chosen, MODEL, words()) for chosen in ("fi", "sv", "en")} == {
        locale
    }


@pytest.mark.parametrize("chosen", ["fi", "sv", "en"])
@pytest.mark.parametrize("text", ["", "😀", "你好", "Привет"])
def test_no_letters_of_ours(text: str, chosen: str) -> None:
    """What says nothing about the language leaves the chosen one."""
    assert detect(split(text), chosen, MODEL, words()) == chosen


@pytest.mark.parametrize(
    "text",
    [
        "kust ma saan abi telefoniga", "kas teie aitate mul panka minna", "gde mozhno poluchit pomoshch s telefonom",
        "kak ya mogu zapisatsya k vrachu", "Где можно записаться к врачу?", "sideen ayaan u furaa telefoonka",
        "wo kann ich meine Steuererklärung abgeben", "ich brauche Hilfe mit dem Handy", "où puis-je trouver de l'aide",
        "combien coûte le bus pour les enfants", "¿dónde puedo pagar la factura?", "necesito ayuda con mi teléfono",
        "nasıl randevu alabilirim, lütfen", "làm sao để trả tiền", "gdzie mogę kupić bilet dla dziecka", "كيف أدفع الفاتورة",
        "salam aleikum kayfa al hal",
    ],
)  # fmt: skip
def test_foreign(text):
    """A message in a language that we do not speak is known for it."""
    assert is_foreign(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "1", "ok", "?!", "Ma en osaa", "on se niin kas kummaa", "kuis ma saan sen laskun maksettua", "mä tahdon apua",
        "die app funkar int", "var är min faktura och hur betalar jag den", "la la la", "Google Maps", "de e no int så lätt",
        "ich", "merci, it works", "bon voyage", "Maria del Mar soitti", "je", "toi on rikki", "con man called me",
        "what is la Tessitura", "kan ni hjälpa min mamma", "mi phone no work", "ok danke kiitos", "нет", "123 456",
    ],
)  # fmt: skip
def test_not_foreign(text):
    """One foreign word, a name, dialect or a learner's mistake do not make a message foreign."""
    assert not is_foreign(text)


@pytest.mark.parametrize("locale", ["fi", "sv", "en"])
def test_our_own_residents_are_not_foreign(town, locale):
    """Hardly any of what our residents say is taken for a foreign language."""
    said = [text for lines in town.book.utterances[locale].values() for text in lines]
    assert len([text for text in said if is_foreign(text)]) <= len(said) // 2000
