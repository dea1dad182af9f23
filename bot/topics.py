"""What the book's topics are called where staff and readers of the numbers see them; pure wording."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.texts import Texts


def title(topic: str, words: Texts) -> str:
    """Return a topic's name in a language; a topic that editors added later is called by its file."""
    _ = words.gettext
    return {
        "accessibility": _("Accessibility of devices"),
        "apps-and-calls": _("Apps and calls"),
        "bank-and-mandates": _("Banking and acting for another"),
        "city-services": _("City services"),
        "computer": _("Computers"),
        "conversation": _("Talking with this service"),
        "courses-and-events": _("Courses and helpers"),
        "digital-support": _("Digital support"),
        "email": _("Email"),
        "event-food-fire-sound": _("Events: food, fire and sound"),
        "event-notices": _("Events: notices and permits"),
        "event-place-and-people": _("Events: place and people"),
        "events": _("Events in the city"),
        "health": _("Health services"),
        "internet": _("Internet"),
        "library": _("Library"),
        "online-safety": _("Safety online"),
        "phone": _("Phones"),
        "print-and-photos": _("Printing and photos"),
        "safety": _("Scams and danger"),
        "service": _("About this service"),
        "signing-in": _("Signing in to services"),
        "tax-and-benefits": _("Tax and benefits"),
        "travel": _("Travel"),
    }.get(topic) or topic.replace("-", " ").capitalize()
