"""Money and copyright: lotteries, fundraising, music."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.permits.ruling import Rule, Ruling

if TYPE_CHECKING:
    from bot.permits.answers import Answer
    from bot.permits.case import Case


def small_lottery(case: Case) -> Ruling:
    """A registered association's or a school class's small lottery on the spot needs nothing."""
    return Ruling(exempt=case.lottery_eur.is_any & _is_small_lottery(case))


def goods_lottery(case: Case) -> Ruling:
    """Any other lottery needs a licence from the police."""
    return Ruling(
        required=case.lottery_eur.is_any.then(~_is_small_lottery(case) & ~_is_mini_lottery(case)),
        recommended="goods-lottery-early",
    )


def mini_lottery(case: Case) -> Ruling:
    """A workplace's or hobby group's own little lottery needs nothing."""
    return Ruling(exempt=case.lottery_eur.is_any & _is_mini_lottery(case))


def small_fundraising(case: Case) -> Ruling:
    """Asking the public for gifts needs a notice up to a sum, beyond it a licence."""
    asks_public = case.fundraising_eur.is_any & ~case.is_private
    is_beyond = case.fundraising_eur.more_than("small-fundraising-eur")
    return Ruling(
        required=asks_public & ~is_beyond,
        ask=asks_public,
        hard="" if is_beyond.is_yes else "small-fundraising",
        authority="police-board" if is_beyond.is_yes else "police",
    )


def music_licence(case: Case) -> Ruling:
    """Music in public has a licence, at staff and customer parties too; a family's own does not.

    A demonstration with a concert is a performance; with a drum or a song, the societies say.
    """
    has_music = case.music.has_any()
    is_free = case.is_family_party | (case.is_meeting & ~case.concert)
    return Ruling(
        required=has_music.then(~is_free),
        ask=has_music & case.is_meeting,
        recommended="music-early",
    )


def _is_small_lottery(case: Case) -> Answer:
    may_hold_one = case.organiser.is_in("school") | (
        ~case.organiser.is_in("private_person", "company") & case.registered_association
    )
    return ~case.lottery_eur.more_than("small-lottery-eur") & case.lottery_here_only & may_hold_one


def _is_mini_lottery(case: Case) -> Answer:
    return case.is_private & ~case.lottery_eur.more_than("mini-lottery-eur")


RULES: dict[str, Rule] = {
    "P45": small_lottery,
    "P46": goods_lottery,
    "P47": mini_lottery,
    "P48": small_fundraising,
    "P49": music_licence,
}
