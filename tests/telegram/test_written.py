"""What is written to the bot: lines behind a command, notes that are changed, what is no text, what nobody wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import BotHarness, Fields, message, person, virtual_bot_harness
from kit import CATALOG, FakePrivateChat, labels, lines, read, tap_of

from bot.service.case_store import CaseRecord
from bot.service.replies import ActionContext, NoteInput
from bot.telegram.updates.redaction import CONTENT
from flows.cards.card import Action
from flows.cards.note import IDENTIFIERS

WORDS = CATALOG.wording
PAGES = WORDS.pages
YOU = 7
LINE = "T8 fit no deficit"
READ: dict[str, tuple[str, ...]] = {"levels": ("T8",), "fitness": ("fit",), "deficit": ("none",)}


class Chat:
    """A private chat through the whole bot, on a database: what was written, and what stands there."""

    def __init__(self, run: Any, harness: BotHarness) -> None:
        self._run = run
        self.rig = harness

    def write(self, text: str, number: int = 5, **more: Any) -> None:
        """Write a message under a number."""
        self._run(self.rig.accept(self.update("message", number, {"text": text} | more)))

    def edit(self, text: str, number: int = 5, **more: Any) -> None:
        """Change the message of a number."""
        self._run(self.rig.accept(self.update("edited_message", number, {"text": text, "edit_date": 2} | more)))

    def send(self, **content: Any) -> None:
        """Send something that is no text."""
        self._run(self.rig.accept(self.update("message", 5, content)))

    def tap(self, label: str) -> str:
        """Tap a button of the newest message; give what was said in passing."""
        return str(self._run(self.rig.tap(YOU, label)))

    def update(self, kind: str, number: int, content: Fields) -> Fields:
        return {"update_id": self.rig.telegram.number(), kind: message(YOU, number) | {"from": person(YOU)} | content}

    @property
    def messages(self) -> int:
        """How many messages the bot has sent."""
        return len(self.rig.telegram.of("sendMessage"))

    @property
    def text(self) -> str:
        return str(self.rig.telegram.newest(YOU)[1]["text"])

    @property
    def labels(self) -> list[str]:
        rows = self.rig.telegram.newest(YOU)[1]["reply_markup"]["inline_keyboard"]
        return [button["text"] for row in rows for button in row]

    def cases(self) -> list[CaseRecord]:
        """Give the cases of the chat, the newest first."""
        notes = [self._note(number) for number in range(1, 40)]
        listed = self._run(self.rig.store.transact(lambda uow: uow.list_recent(str(YOU), str(YOU), 50)))
        return [record for record in notes if record] + list(listed)

    def _note(self, number: int) -> CaseRecord | None:
        found: CaseRecord | None = self._run(
            self.rig.store.transact(lambda uow: uow.unconfirmed(str(YOU), str(YOU), number))
        )
        return found


@contextmanager
def chatting(folder: Path) -> Iterator[Chat]:
    with virtual_bot_harness(folder) as (run, harness):
        yield Chat(run, harness)


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    with chatting(tmp_path) as chat:
        yield chat


# Lines behind a command.


@pytest.mark.parametrize(
    "text",
    ["/new T8 fit no deficit", "/case T8 fit no deficit", "/NEW@b T8, fit\nno deficit", "/case\nT8 fit no deficit"],
)
def test_a_line_behind_the_command_is_read_as_a_note(chat: Chat, text: str) -> None:
    chat.write(text)
    assert WORDS.note.title in chat.text
    assert "“T8”" in chat.text
    assert WORDS.note.left not in chat.text, "the command is no word of the note"
    [record] = chat.cases()
    assert {step.question: step.codes for step in record.case.answer_events if step.question} == READ
    chat.tap("Confirm")
    assert "Where is the tumour?" in chat.text


@pytest.mark.parametrize("text", ["/new", "/case", "/new  ", "/case@b"])
def test_the_bare_command_begins_a_case(chat: Chat, text: str) -> None:
    chat.write(text)
    assert "Which symptomatic levels" in chat.text


@pytest.mark.parametrize("text", ["/new patient", "/case of the week"])
def test_a_line_behind_the_command_of_which_nothing_is_read_is_told_to_be_so(chat: Chat, text: str) -> None:
    chat.write(text)
    assert PAGES.stray.title in chat.text
    assert "New case" in chat.labels
    assert chat.cases() == []


def test_what_looks_like_a_person_behind_the_command_is_hidden_and_can_be_deleted(chat: Chat) -> None:
    chat.write("/new John Smith 12.03.1950 T8 fit", 9)
    assert "leave out identifiers" in chat.text
    assert "Smith" not in chat.text
    assert chat.labels[-1] == "Delete my message"
    chat.tap("Delete my message")
    assert [call.params["message_id"] for call in chat.rig.telegram.of("deleteMessage")] == [9]


def test_a_command_that_begins_no_case_takes_no_line(chat: Chat) -> None:
    chat.write("/sins T8 fit no deficit")
    assert "SINS" in chat.text
    assert [record.case.flow for record in chat.cases()] == ["sins"]


# Notes that are changed.


def test_a_note_that_is_changed_before_it_is_confirmed_is_read_again_in_its_card(chat: Chat) -> None:
    chat.write("T8 fit no deficit, zorp")
    [before] = chat.cases()
    stale = chat.rig.telegram.button(YOU, "Confirm")
    chat.edit("T9 unfit comorbidities")
    [after] = chat.cases()
    assert chat.messages == 1
    assert (after.case.id, after.card_message_id) == (before.case.id, before.card_message_id)
    assert after.case.turn > before.case.turn
    assert "“T9”" in chat.text
    assert "T8" not in chat.text
    assert "zorp" not in chat.text
    chat._run(chat.rig.accept(chat.rig.telegram.taps(YOU, *stale, "late")))
    assert chat.rig.telegram.toasts()["late"] == WORDS.toasts.stale
    assert chat.cases() == [after]
    chat.tap("Confirm")
    assert "Non-operative" in chat.text or "not fit" in chat.text


def test_a_finding_that_was_left_out_is_there_again_when_the_note_is_changed(chat: Chat) -> None:
    chat.write(LINE)
    chat.tap("✕ fit")
    assert "✕ fit" not in chat.labels
    chat.edit(f"{LINE} body only")
    assert {"✕ fit", "✕ body only"} < set(chat.labels)


def test_a_note_is_changed_as_often_as_one_likes(chat: Chat) -> None:
    chat.write(LINE)
    for text, told in (("L2 fit", "“L2”"), ("thank you", PAGES.stray.title), ("T4 fit", "“T4”")):
        chat.edit(text)
        assert told in chat.text
    assert chat.messages == 1
    assert len(chat.cases()) == 1


def test_a_note_that_is_changed_after_it_was_confirmed_changes_nothing_and_gets_no_answer(chat: Chat) -> None:
    chat.write(LINE)
    chat.tap("Confirm")
    before, text = chat.cases(), chat.text
    for number in (5, 4):
        chat.edit("L2 unfit", number)
    assert (chat.cases(), chat.text, chat.messages) == (before, text, 1)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ("thank you", PAGES.stray.title),
        ("/new", PAGES.stray.title),
        ("/help", PAGES.stray.title),
        ("/help T9 fit", PAGES.stray.title),
        ("T8 " * 400, WORDS.note.long),
        ("John Smith 12.03.1950", WORDS.note.leave_out),
    ],
)
def test_a_note_that_is_changed_into_nothing_of_a_case_says_so_and_cannot_be_confirmed(
    chat: Chat, changed: str, told: str
) -> None:
    chat.write(LINE)
    stale = chat.rig.telegram.button(YOU, "Confirm")
    chat.edit(changed)
    assert chat.messages == 1
    assert told in chat.text
    assert chat.labels == ["Answer by buttons", *(["Delete my message"] if told == WORDS.note.leave_out else [])]
    chat._run(chat.rig.accept(chat.rig.telegram.taps(YOU, *stale, "late")))
    assert chat.rig.telegram.toasts()["late"] == WORDS.toasts.stale
    chat.write("/start", 6)
    assert "Continue" not in chat.labels
    [record] = chat.cases()
    assert record.case.unconfirmed
    assert [step.question for step in record.case.answer_events] == [""]


def test_a_note_that_is_changed_into_a_picture_with_words_is_read_no_more(chat: Chat) -> None:
    chat.write(LINE)
    update = chat.update("edited_message", 5, {"photo": [{"file_id": "f"}], "caption": "T9 fit"})
    chat._run(chat.rig.accept(update))
    assert PAGES.stray.title in chat.text


def test_answer_by_buttons_begins_the_case_of_a_note_that_came_to_nothing(chat: Chat) -> None:
    chat.write(LINE)
    chat.edit("never mind")
    chat.tap("Answer by buttons")
    assert "Which symptomatic levels" in chat.text


def test_a_line_behind_a_command_can_be_changed_as_well(chat: Chat) -> None:
    chat.write("/new T8 fit")
    chat.edit("/new T9 fit")
    assert "“T9”" in chat.text
    assert chat.messages == 1


def test_a_message_of_which_nothing_was_read_is_read_when_it_is_mended(chat: Chat) -> None:
    chat.write("T88 fot")
    assert PAGES.stray.title in chat.text
    chat.edit(LINE)
    assert "“T8”" in chat.text
    assert len(chat.cases()) == 1


def test_an_older_message_is_not_read_when_it_is_changed_after_a_case_was_shown(chat: Chat) -> None:
    chat.write("T88 fot", 5)
    chat.write("/new", 6)
    before, sent = chat.cases(), chat.messages
    for text in (LINE, "thank you", "/new", "/forget"):
        chat.edit(text, 5)
    assert (chat.cases(), chat.messages) == (before, sent)


def test_a_place_on_the_map_that_moves_gets_one_answer(chat: Chat) -> None:
    place = {"location": {"latitude": 1.0, "longitude": 1.0, "live_period": 900}}
    chat.send(**place)
    assert PAGES.no_text.title in chat.text
    for _ in range(5):
        chat._run(chat.rig.accept(chat.update("edited_message", 5, place)))
    assert chat.messages == 1


def test_a_note_that_was_changed_while_nobody_listened_is_read_as_it_stands_last(tmp_path: Path) -> None:
    with chatting(tmp_path) as chat:
        chat.write(LINE)
        number = chat.rig.telegram._updates
    with chatting(tmp_path) as chat:
        chat.rig.telegram._updates = number
        chat.edit("T9 fit")
        [record] = chat.cases()
        assert record.case.answer_events[1].codes == ("T9",)
        typed = chat.update("message", 8, {"text": "L1 fit"}), chat.update("edited_message", 8, {"text": "L2 fit"})
        chat._run(chat.rig.accept(*typed))
        assert "“L2”" in chat.text
        assert "L1" not in chat.text


def test_a_note_that_was_put_aside_is_read_again_and_stays_aside(chat: Chat) -> None:
    chat.write(LINE)
    chat.write("/cancel", 6)
    chat.edit("T9 fit")
    assert PAGES.archived.title in chat.text
    chat.tap("Continue")
    assert "“T9”" in chat.text


def test_a_change_that_comes_twice_is_read_once(chat: Chat) -> None:
    chat.write(LINE)
    update = chat.update("edited_message", 5, {"text": "T9 fit"})
    chat._run(chat.rig.accept(update))
    before = chat.cases()
    chat._run(chat.rig.accept(update))
    assert chat.cases() == before


async def test_of_two_people_each_changes_notes_of_their_own() -> None:
    private_chat = FakePrivateChat()
    other = FakePrivateChat("p2", "u2", private_chat.store)
    for each in (private_chat, other):
        await each.write(NoteInput(READ, (), "", 5))
    await edited(other, NoteInput({"levels": ("L2",)}, (), "", 5))
    assert "T8 · 1 level" in read(private_chat.card).text
    assert "L2 · 1 level" in read(other.card).text


async def edited(private_chat: FakePrivateChat, said: NoteInput) -> None:
    """Change a message; of what it says now nothing but codes gets this far."""
    context = ActionContext(private_chat.place, private_chat.who)
    await private_chat._do(lambda repository: private_chat.conversation.notes.edited(repository, context, said))


# What is no text, and what nobody wrote.


@pytest.mark.parametrize("kind", sorted(CONTENT))
def test_what_is_no_text_is_told_what_is_read(chat: Chat, kind: str) -> None:
    chat.send(**{kind: {"file_id": "f"}, "caption": LINE})
    assert PAGES.no_text.title in chat.text
    assert chat.cases() == []


SERVICE = (
    "pinned_message", "message_auto_delete_timer_changed", "chat_background_set", "boost_added", "users_shared",
    "chat_shared", "video_chat_started", "video_chat_ended", "video_chat_scheduled", "giveaway", "giveaway_created",
    "giveaway_completed", "giveaway_winners", "write_access_allowed", "successful_payment", "refunded_payment",
    "forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened", "connected_website",
    "proximity_alert_triggered", "web_app_data", "passport_data", "gift", "unique_gift", "new_chat_title",
    "delete_chat_photo", "group_chat_created", "checklist_tasks_done", "paid_message_price_changed",
    "suggested_post_paid", "what_telegram_will_think_of_next",
)  # fmt: skip


@pytest.mark.parametrize("kind", SERVICE)
def test_what_telegram_tells_in_a_private_chat_gets_no_answer(chat: Chat, kind: str) -> None:
    chat.send(**{kind: {"text": LINE}})
    assert chat.messages == 0
    assert chat.cases() == []


def test_a_card_of_the_bot_s_own_that_comes_back_is_no_note(chat: Chat) -> None:
    me = {"id": 4242, "is_bot": True, "first_name": "b", "username": "b"}
    chat.rig.application._members.username = "b"
    for content in ({"text": f"Heron\n{LINE}"}, {"poll": {"question": "which way?"}}):
        chat.send(forward_origin={"type": "user", "sender_user": me, "date": 1}, **content)
        assert PAGES.own_card.title in chat.text
    chat.send(via_bot=me, text=LINE)
    assert chat.messages == 2
    assert chat.cases() == []


def test_a_note_that_somebody_else_wrote_is_read_and_what_it_answers_is_not(chat: Chat) -> None:
    colleague = {"type": "user", "sender_user": person(9), "date": 1}
    other = message(YOU, 2) | {"from": person(9), "text": "L5 unfit"}
    chat.send(text=LINE, forward_origin=colleague, reply_to_message=other, quote={"text": "L5 unfit", "position": 0})
    [record] = chat.cases()
    assert {step.question: step.codes for step in record.case.answer_events if step.question} == READ


def test_every_case_that_is_open_can_be_gone_on_with_after_a_picture(chat: Chat) -> None:
    chat.write(LINE)
    chat.tap("Confirm")
    chat.send(sticker={"file_id": "s"})
    assert chat.labels == ["Continue", "New case", "Start"]


# Who writes too much.


def test_changes_count_like_messages_where_somebody_floods(chat: Chat) -> None:
    chat.write(LINE)
    for _ in range(80):
        chat.edit("T9 fit")
    assert PAGES.slow.title in chat.text


async def test_a_note_of_which_nothing_is_read_is_no_open_case() -> None:
    private_chat = FakePrivateChat()
    await private_chat.write(NoteInput(READ, (), "", 5))
    await edited(private_chat, NoteInput({}, (IDENTIFIERS,), "", 5))
    assert next(line.text for line in lines(private_chat.card)) == WORDS.note.leave_out
    assert tap_of(private_chat.card, "Answer by buttons").action is Action.confirm
    await private_chat.command("start")
    assert "Continue" not in labels(private_chat.card)
