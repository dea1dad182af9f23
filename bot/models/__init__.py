"""The tables, a module for each subject."""

from bot.models.attachments import Attachment
from bot.models.base import Base, Moment, Serial
from bot.models.conversations import Author, Channel, Conversation, Message
from bot.models.deliveries import Delivery, DeliveryStatus
from bot.models.events import Correction, Event, Handling, MovingCode, Reminder
from bot.models.numbers import FIRST_NUMBER, ticket_number
from bot.models.staff import Credential, Role, Staff
from bot.models.tickets import LIVE, Status, Ticket

__all__ = [
    "FIRST_NUMBER",
    "LIVE",
    "Attachment",
    "Author",
    "Base",
    "Channel",
    "Conversation",
    "Correction",
    "Credential",
    "Delivery",
    "DeliveryStatus",
    "Event",
    "Handling",
    "Message",
    "Moment",
    "MovingCode",
    "Reminder",
    "Role",
    "Serial",
    "Staff",
    "Status",
    "Ticket",
    "ticket_number",
]
