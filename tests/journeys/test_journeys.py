"""Residents' whole stories, told once and run through both doors, on both databases."""

from __future__ import annotations

import pytest

from tests.conftest import TOKEN, House, attach, make_resident, settings_for


async def test_question_is_answered_word_for_word(resident, town):
    """A question the book answers gets that entry's answer, unchanged."""
    replies = await resident.says("Paljonko digituki maksaa?")
    assert town.book.entries["digituki-price"].texts["fi"].answer in "\n".join(replies)


async def test_staff_reply_comes_back(resident, staff):
    """A question the book cannot answer becomes a ticket, and its answer reaches the resident."""
    await resident.says("naapurin koira haukkuu parvekkeella joka yö")
    receipt = await resident.says("ihminen")
    [number] = await staff.queue()
    assert number in receipt[-1]
    await staff.replies(number, "Ota yhteyttä taloyhtiöön.")
    heard = await resident.hears("Ota yhteyttä taloyhtiöön.")
    assert "Maija" in heard


async def test_bot_is_silent_while_staff_have_the_ticket(resident, staff):
    """What the resident adds goes to the ticket and gets no automatic answer."""
    await resident.says("ihminen")
    [number] = await staff.queue()
    assert await resident.says("Paljonko digituki maksaa?") == []
    await staff.claims(number)
    assert await resident.says("kone on Samsungin tabletti") == []
    ticket = await staff.opens(number)
    added = [m["text"] for m in ticket["messages"] if m["ticket"] == number]
    assert "kone on Samsungin tabletti" in added


async def test_command_words_work_while_staff_have_the_ticket(resident, staff):
    """Status tells the place in the queue, then who has it; cancelling asks once more."""
    await resident.says("ihminen")
    [number] = await staff.queue()
    waiting = await resident.says("tilanne")
    assert number in waiting[-1]
    await staff.claims(number)
    assert "Maija" in (await resident.says("tilane"))[-1]
    await resident.says("lopeta")
    await resident.says("1")
    assert (await staff.opens(number))["status"] == "cancelled"


async def test_no_reopens(resident, staff):
    """Closing asks whether it helped; "no" puts the ticket back into its queue."""
    await resident.says("ihminen")
    [number] = await staff.queue()
    await staff.replies(number, "Kokeile uudestaan.")
    await staff.closes(number)
    await resident.hears(number)
    await resident.hears("Kokeile uudestaan.")
    await resident.says("ei auttanut")
    assert await staff.queue() == [number]
    assert await resident.says("se ei vieläkään toimi") == []


async def test_yes_leaves_it_closed(resident, staff):
    """ "Yes" is thanked for, and the bot answers questions again."""
    await resident.says("ihminen")
    [number] = await staff.queue()
    await staff.closes(number)
    await resident.says("kyllä")
    assert (await staff.opens(number))["status"] == "closed"
    assert await resident.says("Paljonko digituki maksaa?")


async def test_number_picks_a_suggestion(resident, town):
    """ "Did you mean" can be answered by typing the number, and back leads to the choices again."""
    offered = await resident.says("digituki")
    assert offered
    picked = await resident.says("1")
    answers = [entry.texts["fi"].answer for entry in town.book.entries.values()]
    assert any(answer.strip() in picked[-1] for answer in answers)
    assert (await resident.says("takaisin"))[-1].splitlines()[0] == offered[-1].splitlines()[0]


async def test_two_misses_do_not_ask_to_rephrase(resident):
    """The second miss in a row offers a person and a telephone number, not "in other words"."""
    first = (await resident.says("zxcv qwerty"))[-1]
    second = (await resident.says("mnbv ytrewq"))[-1]
    assert first != second
    assert "09 310 11111" in second


async def test_aside_question_while_waiting(resident, staff, town):
    """While a ticket waits the resident can ask the bot something else, and come back."""
    await resident.says("ihminen")
    await resident.presses("Kysy jotain muuta")
    answer = town.book.entries["digituki-price"].texts["fi"].answer.strip()
    assert answer in "\n".join(await resident.says("Paljonko digituki maksaa?"))
    await resident.says("takaisin")
    assert await resident.says("vielä yksi asia") == []


async def test_secret_is_hidden_everywhere(resident, staff):
    """An identity code is masked before it is stored, and the resident is told kindly."""
    await resident.says("ihminen")
    [number] = await staff.queue()
    told = await resident.says("tunnukseni on 131052-308T")
    assert told
    ticket = await staff.opens(number)
    assert "131052-308T" not in str(ticket)


async def test_language_is_chosen_and_detected(full_house, telegram, town):
    """Each language at each door: greeting, answer and receipt in the resident's own."""
    questions = {
        "fi": "Paljonko digituki maksaa?",
        "sv": "Vad kostar digistödet?",
        "en": "How much does digital support cost?",
    }
    for door in ("web", "telegram"):
        for locale, question in questions.items():
            person = make_resident(door, full_house, telegram, locale)
            if door == "telegram":
                person.person = telegram.person(
                    user_id=5000 + len(locale) + ord(locale[0]), language_code=locale
                )
            answer = town.book.entries["digituki-price"].texts[locale].answer.strip()
            assert answer in "\n".join(await person.says(question)), (door, locale)


async def test_conversation_goes_on_after_a_restart(database_url, telegram, clock, town):
    """State is in the database: another process picks the conversation up in mid-choice."""
    settings = settings_for(database_url, telegram_token=TOKEN, telegram_api_url=telegram.url)
    for door in ("web", "telegram"):
        async with House(settings, clock, town) as first:
            attach(telegram, first)
            person = make_resident(door, first, telegram, "fi")
            assert await person.says("digituki")
        clock.pass_(days=3)
        async with House(settings, clock, town) as second:
            attach(telegram, second)
            if door == "web":
                person.house = second
            picked = await person.says("1")
        answers = [entry.texts["fi"].answer.strip() for entry in town.book.entries.values()]
        assert any(answer in picked[-1] for answer in answers), door


@pytest.mark.parametrize("door", ["web", "telegram"])
async def test_greeting_says_what_it_is(door, full_house, telegram):
    """First contact: an automatic service, a person is near, three languages to choose from."""
    person = make_resident(door, full_house, telegram, "sv")
    await person.arrives()
    greeting = (await person.heard())[0]
    assert "automatisk" in greeting
    assert "MÄNNISKA" in greeting
