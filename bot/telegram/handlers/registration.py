"""Which handler takes which update: the library's handlers and filters, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from structlog.typing import FilteringBoundLogger
from telegram import Update
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ContextTypes,
    InlineQueryHandler,
    MessageHandler,
    PollAnswerHandler,
    PollHandler,
    TypeHandler,
    filters,
)

from bot.service.commands import SLOW
from bot.service.ports import Storage
from bot.service.replies import Reply
from bot.service.services import Services
from bot.telegram.access import AccessControl
from bot.telegram.client import TelegramBot
from bot.telegram.handlers.administration import AdministrationReplies
from bot.telegram.handlers.chat_changes import ChatChangeCallbacks
from bot.telegram.handlers.commands import CommandCallbacks
from bot.telegram.handlers.errors import ErrorCallbacks
from bot.telegram.handlers.group_reading import GroupReading
from bot.telegram.handlers.inline import InlineAnswers
from bot.telegram.handlers.notes import NoteCallbacks
from bot.telegram.handlers.permissions import Permissions
from bot.telegram.handlers.polls import VoteCallbacks
from bot.telegram.handlers.taps import TapCallbacks
from bot.telegram.handlers.transactions import UpdateTransactions
from bot.telegram.members import ChatMemberCache
from bot.telegram.sending.callback_answers import CallbackAnswers
from bot.telegram.sending.outbox import Outbox
from bot.telegram.sending.outbox_writer import OutboxWriter
from bot.telegram.updates.commands import KNOWN, UNKNOWN

PTBApplication = Application[Any, Any, Any, Any, Any, Any]
"""The library's application; none of what its parameters name is used: no data of chats or persons, no jobs."""

PRIVATE: Final = filters.ChatType.PRIVATE
NAMES: Final = (*sorted(KNOWN), UNKNOWN, SLOW)
"""Every command that the inbox can hold: what a person wrote is reduced to one of these."""


class Sending(NamedTuple):
    """What brings replies to people."""

    writer: OutboxWriter
    outbox: Outbox
    members: ChatMemberCache
    answers: CallbackAnswers


def build_application(
    bot: TelegramBot,
    store: Storage,
    services: Services,
    access: AccessControl,
    inline: InlineAnswers,
    sending: Sending,
    committed: Callable[[], None],
    log: FilteringBoundLogger,
) -> PTBApplication:
    """Build the library's application, without its updater, and register what handles updates.

    Args:
        bot: the bot.
        store: where each update is handled in one transaction.
        services: what a message or a tap does.
        access: who is listed.
        inline: answers inline queries.
        sending: what brings replies to people.
        committed: is called after each commit.
        log: the log.
    """
    transactions = UpdateTransactions(store, *sending, committed, log)
    permissions = Permissions(services, access)
    reading = GroupReading(services, permissions)
    administration = AdministrationReplies(services, permissions)
    taps = TapCallbacks(services, permissions, reading, administration, transactions)
    votes = VoteCallbacks(services, permissions, transactions)
    changes = ChatChangeCallbacks(services, access, permissions, transactions)
    notes = NoteCallbacks(services, permissions, transactions)
    commands = CommandCallbacks(services, permissions, reading, administration, transactions)
    failures = ErrorCallbacks(store, transactions, sending.outbox, services.private.notices, log)

    async def on_other(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        await transactions.run(update, lambda _, __: Reply())

    application = ApplicationBuilder().bot(bot).updater(None).job_queue(None).build()
    application.add_handlers(
        [
            CallbackQueryHandler(taps.on_tap),
            PollAnswerHandler(votes.on_vote),
            PollHandler(votes.on_poll),
            ChatMemberHandler(changes.on_membership, ChatMemberHandler.MY_CHAT_MEMBER),
            MessageHandler(filters.StatusUpdate.MIGRATE, changes.on_migration),
            MessageHandler(PRIVATE & filters.StatusUpdate.WEB_APP_DATA, taps.on_drawing),
            MessageHandler(PRIVATE & filters.UpdateType.EDITED_MESSAGE, notes.on_private_edit),
            MessageHandler(filters.UpdateType.EDITED_MESSAGE, notes.on_group_edit),
            CommandHandler(NAMES, commands.on_private_command, PRIVATE),
            CommandHandler(NAMES, commands.on_group_command),
            MessageHandler(PRIVATE & filters.FORWARDED, commands.on_own_card),
            MessageHandler(PRIVATE & filters.TEXT, notes.on_private_note),
            MessageHandler(filters.TEXT, notes.on_group_note),
            MessageHandler(PRIVATE, commands.on_no_text),
            InlineQueryHandler(inline.on_query),
            TypeHandler(Update, on_other),
        ]
    )
    application.add_error_handler(failures.on_error)
    return application
