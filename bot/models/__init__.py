"""The tables, a module for each subject."""

from bot.models.attachments import Attachment
from bot.models.audit import Audit, AuditHead
from bot.models.base import Base, Moment, Serial
from bot.models.conversations import Author, Channel, Conversation, Message
from bot.models.deliveries import Delivery, DeliveryStatus
from bot.models.desk import DeskFault, DeskUpdate, Fault, Topic, Writing
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
from bot.models.learning import Proposal, Publication, Stage
from bot.models.numbers import FIRST_NUMBER, ticket_number
from bot.models.queues import Alert, KeptQueue, KeptRule, Rung
from bot.models.staff import Credential, Role, Staff, Tries
from bot.models.switches import Switch
from bot.models.tallies import Tally, Wait
from bot.models.tickets import LIVE, Status, Ticket

__all__ = [
    "FIRST_NUMBER",
    "LIVE",
    "OUTCOMES",
    "Alert",
    "Attachment",
    "Audit",
    "AuditHead",
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
    "DeskFault",
    "DeskUpdate",
    "Draft",
    "Event",
    "Fault",
    "Handling",
    "KeptQueue",
    "KeptRule",
    "Message",
    "Misanswer",
    "Moment",
    "MovingCode",
    "Note",
    "Outcome",
    "PendingReply",
    "Presence",
    "Proposal",
    "Publication",
    "Reminder",
    "Role",
    "Rung",
    "SavedView",
    "Serial",
    "Staff",
    "Stage",
    "Status",
    "Switch",
    "Tally",
    "Ticket",
    "TicketAct",
    "TicketTag",
    "TicketWord",
    "Topic",
    "Tries",
    "Wait",
    "Writing",
    "ticket_number",
]
