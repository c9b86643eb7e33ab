"""Who acts and what they said, and what follows: cards to show, a few words in passing, what else is to be done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from flows.cards.card import Card
from flows.model.findings import Codes, Findings


@dataclass(frozen=True, slots=True)
class ActionContext:
    """Who acts, and where.

    Attributes:
        chat: the opaque key of the chat.
        user_id: the opaque id of the person.
        message_id: the message that was tapped; None for what was typed.
        is_admin: whether the person administers the group.
        rights_unknown: whether the channel cannot tell at the moment.
        bears: whether the message that was tapped shows this very button, as the channel has it at that moment.
    """

    chat: str
    user_id: str
    message_id: int | None = None
    is_admin: bool = False
    rights_unknown: bool = False
    bears: bool = False


@dataclass(frozen=True, slots=True)
class NoteInput:
    """What was typed, as far as it is taken in: codes, no words.

    Attributes:
        findings: what was read, by question.
        marks: what else was in it: the keys of `flows.cards.note`, "long" for too much.
        note: the key under which the channel has the words; empty where it has none.
        message_id: the message; None where it is not known.
        scope: what puts the case outside the scope of the source, as codes of `flows.model.source_scope`.
    """

    findings: Findings = field(default_factory=dict)
    marks: Codes = ()
    note: str = ""
    message_id: int | None = None
    scope: Codes = ()


@dataclass(frozen=True, slots=True)
class ShowCard:
    """A card that is to be seen.

    Attributes:
        message_id: the message that shall show it; None for a new one.
        case: the case that the message then shows; empty for a page.
        chat: where; empty for the place of the visit.
        is_decision: whether it is the record of a decision of the case.
        picture: the message with the picture of the case, which is to show the same; None where there is none.
        page_number: of the new pages of a place that wait to be sent, the newest of each number is sent.
    """

    card: Card
    message_id: int | None = None
    case: str = ""
    chat: str = ""
    is_decision: bool = False
    picture: int | None = None
    page_number: int = 0


@dataclass(frozen=True, slots=True)
class OpenPoll:
    """A vote that is to be opened: the one of that number on a case, its question and its answers."""

    case: str
    number: int
    question: str
    answers: tuple[str, ...]
    chat: str = ""


@dataclass(frozen=True, slots=True)
class ClosePoll:
    """A vote that is to end, by the message that shows it."""

    message_id: int
    chat: str = ""


@dataclass(frozen=True, slots=True)
class PinMessage:
    """A message that is to be pinned, or not any more."""

    message_id: int
    on: bool = True
    chat: str = ""


@dataclass(frozen=True, slots=True)
class DeleteMessage:
    """A message that is to be deleted: a person's, or a picture that is out of date."""

    message_id: int
    chat: str = ""


@dataclass(frozen=True, slots=True)
class SendPicture:
    """The picture of a case that is to be sent, as the case stands when it is drawn."""

    case: str
    chat: str = ""


@dataclass(frozen=True, slots=True)
class ChangePicture:
    """The picture of a case that is to show how the case stands, by the message that shows it."""

    case: str
    message_id: int
    chat: str = ""


@dataclass(frozen=True, slots=True)
class SendRecord:
    """The record of a case that is to be sent as a document, as the case stands when it is set."""

    case: str
    chat: str = ""


@dataclass(frozen=True, slots=True)
class SendMinutes:
    """The list of a group's decisions of a period (seconds since 1970, UTC), with names or without, as two files."""

    since: float
    until: float
    named: bool
    chat: str = ""


SingleEffect = OpenPoll | ClosePoll | PinMessage | DeleteMessage | SendPicture | ChangePicture | SendRecord
"""What takes one call."""

Effect = SingleEffect | SendMinutes


@dataclass(frozen=True, slots=True)
class AccessChange:
    """A change of who may use the bot, which is logged: by the number of whom it concerns, and of who made it."""

    event: str
    number: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What follows from a message or a tap: cards to show, a few words in passing, and what else is to be done.

    Attributes:
        late: what is told instead where the card must wait for the channel's pace; empty where nothing is drawn anew.
        opens: what the answer to a tap opens in the person's private chat instead of words: a start link's payload.
        forged: what no button of ours can have asked for: UNREADABLE, FOREIGN or MISPLACED; empty for everything else.
        change: a change of who may use the bot; None for everything else.
    """

    shows: tuple[ShowCard, ...] = ()
    toast: str = ""
    effects: tuple[Effect, ...] = ()
    late: str = ""
    opens: str = ""
    forged: str = ""
    change: AccessChange | None = None


UNREADABLE: Final = "unreadable"
"""A tap that bears nothing that was ever packed here."""

FOREIGN: Final = "foreign"
"""A tap on a case of another chat or person, whose buttons were never shown there."""

MISPLACED: Final = "misplaced"
"""A tap that no button on such a message asks for, in such a chat."""
