"""The few things that can go wrong, by name; each is translated once, at the door."""

from __future__ import annotations

from enum import StrEnum


class NeuvokasError(Exception):
    """Something went wrong that a caller may handle."""


class SettingsError(NeuvokasError):
    """A setting in the environment is unknown or malformed; the message says which and what to write."""


class NotAllowed(NeuvokasError):
    """This member of staff may not do that here."""


class NotFound(NeuvokasError):
    """There is nothing with this name."""


class Unauthenticated(NeuvokasError):
    """Nobody known stands behind this token, password or link."""


class TicketHeld(NeuvokasError):
    """Somebody else has claimed the ticket.

    Args:
        holder: The name of the member of staff who has it.
    """

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


class TicketEnded(NeuvokasError):
    """The ticket is closed or cancelled, so nothing more can be done to it."""


class ChangedMeanwhile(NeuvokasError):
    """What a form was about changed after the page was opened.

    Args:
        who: The name of the member of staff who changed it; empty when it is not known.
    """

    def __init__(self, who: str = "") -> None:
        super().__init__(who)
        self.who = who


class LastLead(NeuvokasError):
    """Nobody could let people in, or set things right for admins, if this were done."""


class TooManyTries(NeuvokasError):
    """Somebody tried too often to sign in; the next try has to wait."""


class WrongCode(NeuvokasError):
    """The one-time code does not fit (any more)."""


class SignInRefused(NeuvokasError):
    """The town's provider said nothing that lets this person in.

    Args:
        reason: What was wrong, for the log; nothing of it was written by a person.
    """


class ProviderAway(NeuvokasError):
    """The town's provider could not be reached, or answered with an error of its own."""


class NameTaken(NeuvokasError):
    """A member of staff with this name exists already."""


class NoQueues(NeuvokasError):
    """Somebody was to work in no queue, and would see no tickets."""


class TextMissing(NeuvokasError):
    """There is nothing to read in the message."""


class TextTooLong(NeuvokasError):
    """The message is longer than can be read at once.

    Args:
        length: Characters received.
        limit: Characters read at once.
    """

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(f"{length} characters, at most {limit}")
        self.length = length
        self.limit = limit


class Undeliverable(NeuvokasError):
    """The contact blocked the bot or the chat is gone; sending again cannot help."""


class TryLater(NeuvokasError):
    """The channel asked for a pause or could not be reached.

    Args:
        seconds: The pause the channel asked for; None when it named none.
    """

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


class QueueNeeded(NeuvokasError):
    """A rule or another queue still sends tickets to this queue."""


class NothingToDo(NeuvokasError):
    """What was asked for is so already, or nothing was chosen."""


class NotTheirs(NeuvokasError):
    """The ticket cannot be given to a member of staff who may not read its queue.

    Args:
        name: Whom it should have gone to.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class HasAnother(NeuvokasError):
    """The resident has another ticket that staff have to do with.

    Args:
        number: That ticket's.
    """

    def __init__(self, number: str) -> None:
        super().__init__(number)
        self.number = number


class CannotMerge(NeuvokasError):
    """The two tickets are the same, one is ended, or they are in different languages."""


class OtherLanguage(NeuvokasError):
    """A reply is plainly not in the language of its ticket.

    Args:
        found: The language it is in: a locale, or `other`.
        wanted: The ticket's.
    """

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"{found}, not {wanted}")
        self.found = found
        self.wanted = wanted


class Unanswered(NeuvokasError):
    """A ticket was to be closed that no member of staff has ever answered.

    Args:
        outcome: What it was to be closed with.
    """

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class Answered(NeuvokasError):
    """A colleague has replied since the page was loaded.

    Args:
        name: Who did.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class TextUnusable(NeuvokasError):
    """A canned response names something in braces that nobody fills in."""


class Why(StrEnum):
    """Why a file cannot be taken or shown."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    MESSAGE_FULL = "message_full"
    TICKET_FULL = "ticket_full"
    TOO_MANY = "too_many"
    UNKNOWN = "unknown"
    HEIC = "heic"
    BROKEN = "broken"
    TOO_MANY_DOTS = "too_many_dots"
    CUT_OFF = "cut_off"
    GONE = "gone"
    LATER = "later"


class FileRefused(NeuvokasError):
    """A file cannot be taken or shown.

    Args:
        name: The file's name as it may be shown; empty when it is about none in particular.
        limit: What is at most allowed: megabytes, files or millions of dots, as `why` says.
    """

    def __init__(self, why: Why, name: str = "", limit: int = 0) -> None:
        super().__init__(why)
        self.why = why
        self.name = name
        self.limit = limit
