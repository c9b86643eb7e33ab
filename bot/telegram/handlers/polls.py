"""Votes: the answers to a poll that the bot has posted, and the first one to a copy of it."""

from __future__ import annotations

from telegram import Update
from telegram.ext import ContextTypes

from bot.service.case_store import chat_of
from bot.service.ports import UnitOfWork
from bot.service.replies import Reply
from bot.service.services import Services
from bot.telegram.handlers.permissions import UNPROVEN, Permissions
from bot.telegram.handlers.transactions import UpdateTransactions
from bot.telegram.members import Role
from bot.telegram.updates.origin import user_id_of
from bot.telegram.updates.redaction import question_fingerprint


class VoteCallbacks:
    """Handles poll answers and polls."""

    def __init__(self, services: Services, permissions: Permissions, transactions: UpdateTransactions) -> None:
        """Store what counts votes, who may vote, and what runs a transaction."""
        self._votes = services.team.votes
        self._permissions = permissions
        self._transactions = transactions

    async def on_vote(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Handle a vote, which names no chat itself."""
        await self._transactions.run_for_voter(update, self._group_of, self.vote)

    async def on_poll(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Handle that a poll got its first vote."""
        await self._transactions.run(update, self.first_vote)

    def vote(self, uow: UnitOfWork, update: Update, role: Role | None) -> Reply:
        """Count a member's vote; a poll that was forwarded can be answered by anyone."""
        answer, group = update.poll_answer, self._group_of(uow, update)
        if answer is None:
            return Reply()
        if not group:
            return self._vote_on_unknown_poll(uow, update)
        if role in (Role.outsider, Role.anonymous_admin):
            return Reply()
        if not self._permissions.allows(uow, update, group):
            return Reply()
        if role in UNPROVEN:
            told = not uow.mark_refusal_sent(f"poll:{answer.poll_id}")
            return Reply() if told else self._votes.on_unproven_vote(uow, answer.poll_id)
        return self._votes.count(uow, answer.poll_id, list(answer.option_ids), str(user_id_of(update)))

    def _vote_on_unknown_poll(self, uow: UnitOfWork, update: Update) -> Reply:
        """Reply to a vote that no case can count, in private: only the bot's own polls tell it who voted.

        A vote that is taken back needs no word.
        """
        voter = user_id_of(update)
        cast = update.poll_answer and update.poll_answer.option_ids
        if not cast or not self._permissions.allows(uow, update, voter):
            return Reply()
        return self._votes.on_unknown_poll(str(voter))

    def first_vote(self, uow: UnitOfWork, update: Update) -> Reply:
        """Reply to the first vote of a poll; one that is not a case's own may be a copy of it, by its question."""
        poll = update.poll
        if poll is None:
            return Reply()
        return self._votes.on_stray_vote(uow, poll.id, lambda asked: question_fingerprint(asked) == poll.question)

    @staticmethod
    def _group_of(uow: UnitOfWork, update: Update) -> int:
        """Return the group of a vote, by the case of its poll; 0 if it has none."""
        record = uow.get_by_poll(update.poll_answer.poll_id) if update.poll_answer else None
        return int(chat_of(record.place)) if record else 0
