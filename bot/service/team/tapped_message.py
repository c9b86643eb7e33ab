"""What a message of a group is that a tap came from, and whether another card may take its place."""

from __future__ import annotations

from bot.service.case_store import CaseRecord, CaseRepository, chat_of
from bot.service.replies import ActionContext, Reply, ShowCard
from bot.service.tap_rules import Where
from bot.service.team.linked_cases import roots
from flows.cards.card import Card


def kind_of(repository: CaseRepository, record: CaseRecord, context: ActionContext) -> Where | None:
    """Return what the message is that a tap on a case came from; None where it is another case's."""
    if context.message_id == record.card_message_id:
        return Where.card
    if record.team and context.message_id == record.team.decision_message_id:
        return Where.record
    if context.message_id is not None and context.message_id == record.picture.message_id:
        return Where.picture
    return None if shows_a_case(repository, context) else Where.card


def shows_a_case(repository: CaseRepository, context: ActionContext) -> bool:
    """Return whether the message that was tapped shows a case, its picture, its record, or its decision."""
    updated = roots(repository.list_in_chat(chat_of(context.chat)))
    return (
        any(
            context.message_id in (k.card_message_id, k.team and k.team.decision_message_id, *k.picture.messages)
            for k in updated
        )
        and context.message_id is not None
    )


def instead(card: Card, context: ActionContext, toast: str) -> Reply:
    """Replace a message that bears the button which was tapped; any other stays as it is.

    A client can send any bytes for any message, and must not paint over a record or another card with them.
    """
    return Reply((ShowCard(card, context.message_id),) if context.bears else (), toast)
