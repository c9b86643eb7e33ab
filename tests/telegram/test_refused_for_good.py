"""What Telegram refuses for good never happened: every kind of message with every refusal, and what the case says."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import orjson
import pytest
from conftest import BotHarness, Fields, data_of, refused, virtual_bot_harness

from bot.service.case_store import CaseRecord
from bot.service.ports import OutboxKind
from bot.telegram.rendering.names import MAX_TEXT, insert_names
from flows.cards.card import person
from flows.engine.discussion import Stage

USER: Final = 7
ANSWERS: Final = ("T8", "Only T8", "Fit", "None", "Body only", "Limited", "None")
REFUSALS: Final = (
    (400, "Bad Request: message is too long"),
    (400, "Bad Request: can't parse entities: unsupported start tag"),
    (400, "Bad Request: message thread not found"),
    (400, "Bad Request: TOPIC_CLOSED"),
    (400, "Bad Request: TOPIC_DELETED"),
    (400, "Bad Request: not enough rights to send text messages to the chat"),
    (400, "Bad Request: not enough rights to send polls to the chat"),
    (400, "Bad Request: not enough rights to send photos to the chat"),
    (400, "Bad Request: message media can't be edited"),
    (400, "Bad Request: not enough rights to manage pinned messages in the chat"),
    (400, "Bad Request: have no rights to send a message"),
    (400, "Bad Request: CHAT_WRITE_FORBIDDEN"),
    (400, "Bad Request: CHAT_RESTRICTED"),
    (400, "Bad Request: CHAT_ADMIN_REQUIRED"),
    (400, "Bad Request: message to edit not found"),
    (400, "Bad Request: message can't be edited"),
    (400, "Bad Request: message can't be deleted for everyone"),
    (400, "Bad Request: message to pin not found"),
    (400, "Bad Request: poll can't be stopped"),
    (400, "Bad Request: query is too old and response timeout expired or query ID is invalid"),
    (400, "Bad Request: BUTTON_DATA_INVALID"),
    (400, "Bad Request: chat not found"),
    (403, "Forbidden: bot was kicked from the supergroup chat"),
    (403, "Forbidden: bot is not a member of the supergroup chat"),
    (403, "Forbidden: bot was blocked by the user"),
)
METHODS: Final = {
    OutboxKind.edit_card: "editMessageText",
    OutboxKind.send_card: "sendMessage",
    OutboxKind.send_decision: "sendMessage",
    OutboxKind.send_page: "sendMessage",
    OutboxKind.open_poll: "sendPoll",
    OutboxKind.close_poll: "stopPoll",
    OutboxKind.pin: "pinChatMessage",
    OutboxKind.unpin: "unpinChatMessage",
    OutboxKind.delete: "deleteMessage",
    OutboxKind.answer_callback: "answerCallbackQuery",
    OutboxKind.send_picture: "sendPhoto",
    OutboxKind.edit_picture: "editMessageMedia",
    OutboxKind.send_record: "sendDocument",
    OutboxKind.send_minutes: "sendDocument",
}


@dataclass
class Team:
    """One member of one group, or of one topic of it, before a Telegram that refuses what it is told to."""

    harness: BotHarness
    chat: int
    topic: int = 0
    refuses: tuple[str, ...] = ()
    words: tuple[int, str] = (0, "")
    only_topic: bool = False
    polls: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.harness.telegram.script = self.answer

    async def answer(self, method: str, params: Fields) -> Fields | None:
        hit = method in self.refuses and (not self.only_topic or "message_thread_id" in params)
        if hit and method != "answerCallbackQuery":
            return refused(*self.words)
        if hit and "callback_query_id" in params:
            return refused(*self.words)
        if method == "getChatMember":
            who = {"id": params["user_id"], "is_bot": False, "first_name": "Ana"}
            return {"ok": True, "result": {"status": "member", "user": who}}
        if method == "sendPoll":
            number = 500_000 + next(self.polls)
            return {"ok": True, "result": {"message_id": number, "poll": {"id": f"{abs(self.chat)}{number}"}}}
        return None

    def _here(self, update: Fields) -> Fields:
        message = update.get("message") or update["callback_query"]["message"]
        message["chat"] = {"id": self.chat, "type": "supergroup"}
        if self.topic:
            message |= {"message_thread_id": self.topic, "is_topic_message": True}
        return update

    async def say(self, text: str) -> None:
        await self.harness.accept(self._here(self.harness.telegram.writes(USER, text)))

    async def tap(self, label: str, card: str = "") -> str:
        screens = {n: s for (chat, n), s in self.harness.telegram.screens.items() if chat == self.chat}
        at = max(n for n, s in screens.items() if "reply_markup" in s and card in s["text"])
        update = self._here(self.harness.telegram.taps(USER, at, data_of(screens[at], label)))
        update["callback_query"]["message"]["reply_markup"] = screens[at]["reply_markup"]
        await self.harness.accept(update)
        return self.harness.telegram.toasts().get(update["callback_query"]["id"], "")

    async def finished(self) -> None:
        await self.say("/case")
        for label in ANSWERS:
            await self.tap(label)

    async def decide(self) -> None:
        for label in ("Close", "Posterior MIS", "Decide"):
            await self.tap(label)

    async def case(self) -> CaseRecord:
        [record] = [k for k in await self.harness.store.transact(_all) if k.place.startswith(str(self.chat))]
        return record

    def stage(self, record: CaseRecord) -> Stage:
        return self.harness.application._housekeeping._team.cases.view(record).discussion.stage

    def screen(self) -> str:
        return str(self.harness.telegram.newest(self.chat)[1]["text"])

    def texts(self) -> list[str]:
        return [str(s["text"]) for (chat, _), s in self.harness.telegram.screens.items() if chat == self.chat]

    async def listed(self) -> str:
        """What `/cases` says once Telegram refuses nothing any more."""
        self.refuses = ()
        sent = len(self.harness.telegram.calls)
        await self.say("/cases")
        calls = self.harness.telegram.calls[sent:]
        sent_texts = [c for c in calls if c.method == "sendMessage" and not c.text.startswith("<b>Decision: ")]
        pages = [c for c in sent_texts if "open" in c.text.lower()]
        return orjson.dumps(pages[-1].params).decode()


def _all(uow: object) -> list[CaseRecord]:
    return uow.said_by(str(USER))  # type: ignore[attr-defined,no-any-return]


async def ask_for_paper(team: Team, kind: OutboxKind) -> None:
    """Ask for the record of a decision, or for the list of decisions."""
    await team.decide()
    team.refuses = (METHODS[kind],)
    await (team.tap("Record", "Decided") if kind is OutboxKind.send_record else team.say("/minutes"))


async def ask_for_picture(team: Team, kind: OutboxKind) -> None:
    """Ask for the picture of a case, or change what it shows."""
    if kind is OutboxKind.edit_picture:
        await team.tap("Picture")
    team.refuses = (METHODS[kind],)
    await team.tap("Picture" if kind is OutboxKind.send_picture else "‹ Back")


async def provoke(team: Team, kind: OutboxKind) -> None:
    """Lead a case to where such a message is wished, and have Telegram refuse it."""
    before = METHODS[kind]
    if kind is OutboxKind.send_card:
        team.refuses = (before,)
        await team.say("/case")
        return
    await team.finished()
    if kind in (OutboxKind.close_poll, OutboxKind.open_poll):
        team.refuses = (before,)
        await team.tap("Discuss")
        if kind is OutboxKind.close_poll:
            await team.tap("End the poll")
    elif kind in (OutboxKind.send_decision, OutboxKind.pin, OutboxKind.unpin):
        for label in ("Close", "Posterior MIS"):
            await team.tap(label)
        team.refuses = (before,)
        await team.tap("Decide")
        if kind is OutboxKind.unpin:
            await team.tap("Reopen", "Decided")
    elif kind in (OutboxKind.send_picture, OutboxKind.edit_picture):
        await ask_for_picture(team, kind)
    elif kind in (OutboxKind.send_record, OutboxKind.send_minutes):
        await ask_for_paper(team, kind)
    elif kind is OutboxKind.send_page:
        team.refuses = (before,)
        await team.say("/help")
    else:
        team.refuses = (before,)
        await team.tap("Discuss")


def holds(team: Team, record: CaseRecord) -> None:
    """Nothing is claimed of a case that did not happen."""
    assert record.team
    stage = team.stage(record)
    assert stage is not Stage.voting or record.team.poll_message_id
    assert stage is not Stage.decided or record.team.decision_message_id or record.team.lacks("record")
    is_open = stage is not Stage.decided and not record.archived
    assert record.card_message_id or not is_open or record.team.lacks("card")


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(OutboxKind))
def test_what_telegram_refuses_for_good_is_never_claimed_and_cases_offers_what_is_open(
    tmp_path: Path, kind: OutboxKind
) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        for number, words in enumerate(REFUSALS):
            team = Team(harness, -1000 - number, words=words)
            run(provoke(team, kind))
            record = run(team.case())
            holds(team, record)
            assert run(harness.store.transact(lambda uow: uow.pending_messages())) == [], words
            listed = run(team.listed())
            assert record.team
            open_or_waiting = team.stage(record) is not Stage.decided or record.team.undelivered
            assert (record.team.code_name in listed) == bool(open_or_waiting), (words, listed)
            if record.team.lacks("record") and not record.archived:
                assert "not posted" in listed
            record = run(team.case())
            holds(team, record)
            assert record.archived or record.team is None or record.team.undelivered in ("", "poll"), words


def test_a_decision_that_may_not_be_posted_says_so_and_is_posted_when_the_right_is_back(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        team = Team(harness, -1000, words=(400, "Bad Request: not enough rights to send text messages to the chat"))
        run(provoke(team, OutboxKind.send_decision))
        assert "not posted yet" in team.screen()
        team.refuses = ()
        again = harness.application._housekeeping.retry

        async def later() -> None:
            harness.application._outbox.enqueue(await harness.store.transact(again))
            await harness.settled()

        run(later())
        assert any("Decision: Posterior MIS" in text for text in team.texts())
        assert not any("not posted yet" in text for text in team.texts())


def test_a_picture_that_may_not_be_sent_is_said_once_and_every_button_goes_on(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        team = Team(harness, -1000, words=(400, "Bad Request: not enough rights to send photos to the chat"))
        run(provoke(team, OutboxKind.send_picture))
        assert sum("needs the right to send photos" in text for text in team.texts()) == 1
        run(team.tap("Discuss", "T8"))
        assert team.stage(run(team.case())) is Stage.voting


def test_a_picture_that_may_not_be_changed_is_taken_away_and_the_card_shows_the_case(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        team = Team(harness, -1000, words=(400, "Bad Request: message media can't be edited"))
        run(provoke(team, OutboxKind.edit_picture))
        assert harness.telegram.photos == {}
        assert run(team.case()).picture.message_id is None
        assert "Earlier thoracic" in team.screen()


def test_a_vote_whose_poll_is_refused_ends_at_once_and_the_card_says_why(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        team = Team(harness, -1000, words=(400, "Bad Request: not enough rights to send polls to the chat"))
        run(provoke(team, OutboxKind.open_poll))
        assert "Telegram refused the poll" in team.screen()
        team.refuses = ()
        run(team.tap("Discuss"))
        assert team.stage(run(team.case())) is Stage.voting
        assert "Telegram refused the poll" not in team.screen()


@pytest.mark.parametrize("words", ["message thread not found", "TOPIC_CLOSED"])
@pytest.mark.parametrize(
    "kind", [OutboxKind.send_card, OutboxKind.send_decision, OutboxKind.open_poll, OutboxKind.send_picture]
)
def test_a_case_whose_topic_is_closed_or_gone_goes_on_in_the_group_and_says_so(
    tmp_path: Path, words: str, kind: OutboxKind
) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        team = Team(harness, -1000, 5, words=(400, f"Bad Request: {words}"), only_topic=True)
        run(provoke(team, kind))
        record = run(team.case())
        holds(team, record)
        assert record.place == "-1000"
        said = any("continues here" in text for text in team.texts())
        assert said is (kind is not OutboxKind.send_decision), "a decided case needs no place to be answered in"
        if kind is OutboxKind.send_decision:
            assert any("Decision: Posterior MIS" in text for text in team.texts())
        if kind is OutboxKind.send_picture:
            [shown] = harness.telegram.photos.values()
            assert (shown["chat_id"], "message_thread_id" in shown) == (-1000, False)


def test_while_rights_cannot_be_asked_after_nobody_is_told_that_they_have_none(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        team = Team(harness, -1000)
        run(team.finished())
        team.refuses, team.words = ("getChatMember",), (429, "Too Many Requests: retry after 5")
        run(harness.accept(team._here(harness.telegram.writes(8, "Good morning"))))  # so they are a member
        screens = harness.telegram.screens
        at = max(n for chat, n in screens if chat == -1000)
        update = team._here(harness.telegram.taps(8, at, data_of(screens[-1000, at], "Close")))
        run(harness.accept(update))
        toast = harness.telegram.toasts()[update["callback_query"]["id"]]
        assert toast == "Telegram can't confirm your rights now. Tap again in a moment."


def test_a_tap_in_a_private_topic_whose_message_telegram_does_not_show_is_known_by_its_chat(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        topic = {"message_thread_id": 3, "is_topic_message": True}
        begun = harness.telegram.writes(USER, "/new")
        begun["message"] |= topic
        run(harness.accept(begun))
        number, data = harness.telegram.button(USER, "T8")
        tap = harness.telegram.taps(USER, number, data)
        tap["callback_query"]["message"] = {"message_id": number, "date": 0, "chat": {"id": USER, "type": "private"}}
        run(harness.accept(tap))
        assert "forged_tap" not in harness.events()
        assert harness.telegram.newest(USER)[1]["text"].count("T8")


@pytest.mark.parametrize("length", [5, 64])
@pytest.mark.case("A20")
def test_names_of_200_voters_never_make_a_message_too_long(length: int) -> None:
    names = {str(n): f"{n:03d}" + "W&" * length for n in range(200)}
    votes = ", ".join(person(who) for who in names)
    text = f"<b>Decision</b>\n{'x' * 2500}\n<b>Posterior MIS</b>: 200 · {votes}\n<b>Voted otherwise</b>: {votes}"
    filled_in = insert_names({"text": text, "parse_mode": "HTML"}, names, "b")
    assert len(filled_in["text"]) <= MAX_TEXT
    assert "200 people" in filled_in["text"] or "+1" in filled_in["text"]
