"""The tables, a module for each subject."""

from bot.models.base import Base, Moment, Serial
from bot.models.conversations import Author, Channel, Conversation, Message
from bot.models.deliveries import Delivery, DeliveryStatus
from bot.models.desk import DeskUpdate, Topic
from bot.models.desk_work import (
    OUTCOMES,
    Block,
    CannedResponse,
    Draft,
    Misanswer,
    Note,
    Outcome,
    PendingReply,
    Presence,
    SavedView,
    TicketAct,
    TicketTag,
    TicketWord,
)
from bot.models.events import Correction, Event, Handling, MovingCode, Reminder
from bot.models.numbers import FIRST_NUMBER, ticket_number
from bot.models.staff import Credential, Role, Staff
from bot.models.tickets import LIVE, Status, Ticket

__all__ = [
    "FIRST_NUMBER",
    "LIVE",
    "OUTCOMES",
    "Author",
    "Base",
    "Block",
    "CannedResponse",
    "Channel",
    "Conversation",
    "Correction",
    "Credential",
    "Delivery",
    "DeliveryStatus",
    "DeskUpdate",
    "Draft",
    "Event",
    "Handling",
    "Message",
    "Misanswer",
    "Moment",
    "MovingCode",
    "Note",
    "Outcome",
    "PendingReply",
    "Presence",
    "Reminder",
    "Role",
    "SavedView",
    "Serial",
    "Staff",
    "Status",
    "Ticket",
    "TicketAct",
    "TicketTag",
    "TicketWord",
    "Topic",
    "ticket_number",
]
