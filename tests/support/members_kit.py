"""What the tests of members, names and rights share: a group before a Telegram that does not always say who is who."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from conftest import BotHarness, Fields, data_of, person, refused

from bot.service.case_store import CaseRecord

GROUP = -1000
ANSWERS = ("T8", "Only T8", "Fit", "None", "Body only", "Limited", "None")
HIDDEN = refused(400, "Bad Request: CHAT_ADMIN_REQUIRED")
INACCESSIBLE = refused(400, "Bad Request: member list is inaccessible")
FLOODED = refused(429, "Too Many Requests: retry after 30", retry_after=30)
BROKEN = refused(502, "Bad Gateway")

Say = Callable[[int], Awaitable[Fields]]
"""What Telegram answers to who asks for a person."""


def member(user: int, status: str = "member") -> Fields:
    """Answer as Telegram does of a member, who is called by their number."""
    return {"ok": True, "result": {"status": status, "user": person(user, f"P{user}")}}


def always(answer: Fields) -> Say:
    """Answer every question in the same way."""

    async def say(_: int) -> Fields:
        return answer

    return say


async def hang(_: int) -> Fields:
    """Never answer."""
    await asyncio.sleep(1e6)
    return BROKEN


def restarted(before: BotHarness, after: BotHarness) -> None:
    """Have a bot that was started anew find the chats as they were, and what comes next numbered on."""
    after.telegram.screens = before.telegram.screens
    after.telegram._messages, after.telegram._updates = before.telegram._messages, before.telegram._updates


@dataclass
class Crowd:
    """The people of a group, whom Telegram is asked after; each call is counted."""

    harness: BotHarness
    say: Say | None = None
    delay: float = 0.0
    asked: list[int] = field(default_factory=list)
    polls: int = 0
    chat: int = GROUP

    def __post_init__(self) -> None:
        self.harness.telegram.script = self._answer

    async def _answer(self, method: str, params: Fields) -> Fields | None:
        if method == "sendPoll":
            self.polls += 1
            return {"ok": True, "result": {"message_id": 500_000 + self.polls, "poll": {"id": f"77{self.polls}"}}}
        if method != "getChatMember":
            return None
        user = int(params["user_id"])
        self.asked.append(user)
        await asyncio.sleep(self.delay)
        return await self.say(user) if self.say else member(user)

    def writing(self, user: int, text: str, **more: object) -> Fields:
        """Somebody writes in the group."""
        update = self.harness.telegram.writes(user, text)
        update["message"] |= {
            "chat": {"id": self.chat, "type": "supergroup"},
            "from": person(user, f"P{user}"),
            **more,
        }
        return update

    def tapping(self, user: int, label: str, at: str = "") -> Fields:
        """Somebody taps a button of the newest card, or of the newest that says so."""
        screens = {n: s for (chat, n), s in self.harness.telegram.screens.items() if chat == self.chat}
        number = max(n for n, s in screens.items() if "reply_markup" in s and at in s["text"])
        update = self.harness.telegram.taps(user, number, data_of(screens[number], label))
        update["callback_query"]["from"] = person(user, f"P{user}")
        message = update["callback_query"]["message"]
        message |= {"chat": {"id": self.chat, "type": "supergroup"}, "reply_markup": screens[number]["reply_markup"]}
        return update

    def voting(self, user: int, *options: int) -> Fields:
        """Somebody votes in the newest poll."""
        answer = {"poll_id": f"77{self.polls}", "user": person(user, f"P{user}"), "option_ids": list(options)}
        return {"update_id": self.harness.telegram.number(), "poll_answer": answer}

    async def says(self, user: int, text: str) -> None:
        await self.harness.accept(self.writing(user, text))

    async def taps(self, user: int, *labels: str, at: str = "") -> str:
        """Tap, one after the other; give what the last one was told."""
        told = ""
        for label in labels:
            update = self.tapping(user, label, at)
            await self.harness.accept(update)
            told = self.harness.telegram.toasts()[update["callback_query"]["id"]]
        return told

    async def finished(self, user: int = 1) -> None:
        """Begin a case and answer every question."""
        await self.says(user, "/case")
        await self.taps(user, *ANSWERS)

    async def decide(self, user: int = 1) -> None:
        await self.taps(user, "Close", "Posterior MIS", "Decide")

    async def cases(self) -> list[CaseRecord]:
        """Return what is kept of the cases here."""
        return await self.harness.store.transact(lambda uow: uow.list_in_chat(str(self.chat)))

    async def answered_by(self) -> list[str]:
        """Return who answered, in order."""
        [record] = await self.cases()
        return [step.who for step in record.case.answer_events]

    def texts(self) -> list[str]:
        """Return what stands in the group, the oldest first."""
        return [s["text"] for (chat, _), s in sorted(self.harness.telegram.screens.items()) if chat == self.chat]

    def answered_at(self) -> dict[str, float]:
        """Return when each tap was answered."""
        return {str(c.params["callback_query_id"]): c.at for c in self.harness.telegram.of("answerCallbackQuery")}
