"""Where an update of the inbox comes from: its chat or topic, its person, and whether they act as themselves."""

from __future__ import annotations

from telegram import Update
from telegram.constants import ChatType

from bot.service.case_store import place_of
from bot.telegram.updates.redaction import is_anonymous


def user_id_of(update: Update) -> int:
    """Return the number of the person; 0 where nobody is named."""
    return update.effective_user.id if update.effective_user else 0


def chat_id_of(update: Update) -> int:
    """Return the number of the chat; the person's where the tapped message is not known any more."""
    return update.effective_chat.id if update.effective_chat else user_id_of(update)


def is_private(update: Update) -> bool:
    """Return whether it comes from a private chat, as a tap does whose message is not known any more."""
    return update.effective_chat is None or update.effective_chat.type == ChatType.PRIVATE


def place_of_update(update: Update) -> str:
    """Return the chat, or the topic of it: a place of its own."""
    message = update.effective_message
    return place_of(str(chat_id_of(update)), (message and message.message_thread_id) or 0)


def acts_as_another(update: Update) -> bool:
    """Return whether somebody acts as the group, as a channel or as a bot."""
    user, message = update.effective_user, update.effective_message
    masked = user is not None and is_anonymous(user.id, is_bot=user.is_bot)
    return masked or (message is not None and message.sender_chat is not None)


def bears_tapped_button(update: Update) -> bool:
    """Return whether the message that was tapped shows this very button, as Telegram has it."""
    message = update.effective_message
    return update.callback_query is not None and message is not None and message.reply_markup is not None
