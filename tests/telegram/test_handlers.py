"""Which handler of the library takes which update of the inbox, and what becomes of one whose handler fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import BotHarness, virtual_bot_harness

from bot.service.ports import InboxUpdate, NotSaved
from bot.telegram.updates.inbox import from_inbox, to_inbox

ANA = {"id": 7, "is_bot": False, "first_name": "Ana"}
PRIVATE = {"id": 7, "type": "private"}
GROUP = {"id": -7, "type": "supergroup"}
BOT = {"id": 4242, "is_bot": True, "first_name": "b", "username": "b"}


def said(chat: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"message_id": 5, "date": 1, "from": ANA, "chat": chat, **more}


def change(before: str, after: str) -> dict[str, Any]:
    sides = {"old_chat_member": {"status": before}, "new_chat_member": {"status": after}}
    return {"my_chat_member": {"chat": GROUP, "from": ANA, "date": 1, **sides}}


class FailsToSetAside:
    """Lets the first attempts to write a dead letter fail, as a full disk does."""

    def __init__(self, harness: BotHarness, times: int) -> None:
        self.left = times
        self._failures = next(iter(harness.application._application.error_handlers)).__self__  # type: ignore[attr-defined]
        self._write = self._failures.to_dead_letters
        self._failures.to_dead_letters = self.set_aside

    def set_aside(self, *parts: Any) -> Any:
        if self.left:
            self.left -= 1
            raise NotSaved
        return self._write(*parts)


def callback_for(harness: BotHarness, update: dict[str, Any]) -> str:
    """Return the name of the callback that the library would call."""
    inbox_update = to_inbox({"update_id": 1, **update}, "b")
    assert inbox_update
    kept = from_inbox(inbox_update, harness.application._bot)
    for handler in harness.application._application.handlers[0]:
        if handler.check_update(kept) not in (None, False):
            return str(handler.callback.__name__)
    return ""


@pytest.mark.parametrize(
    ("update", "name"),
    [
        ({"callback_query": {"id": "q", "from": ANA, "data": "x", "message": said(PRIVATE)}}, "on_tap"),
        ({"callback_query": {"id": "q", "from": ANA, "data": "x"}}, "on_tap"),
        ({"callback_query": {"id": "q", "from": ANA, "data": "x", "message": said(GROUP, text="/case")}}, "on_tap"),
        ({"poll_answer": {"poll_id": "9", "user": ANA, "option_ids": [0]}}, "on_vote"),
        ({"poll": {"id": "9", "question": "?", "total_voter_count": 1, "is_closed": False}}, "on_poll"),
        (change("left", "member"), "on_membership"),
        (change("member", "kicked"), "on_membership"),
        ({"message": said(GROUP, migrate_to_chat_id=-8)}, "on_migration"),
        ({"message": said(GROUP, migrate_from_chat_id=-8)}, "on_migration"),
        ({"message": said(PRIVATE, text="/new")}, "on_private_command"),
        ({"message": said(PRIVATE, text="/start case")}, "on_private_command"),
        ({"message": said(PRIVATE, text="/weather")}, "on_private_command"),
        ({"message": said(GROUP, text="/case@b")}, "on_group_command"),
        ({"message": said(GROUP, text="@b cases")}, "on_group_command"),
        ({"message": said(GROUP, text="/weather")}, "on_group_command"),
        ({"message": said(PRIVATE, text="T8 fit")}, "on_private_note"),
        ({"message": said(PRIVATE, text="/new T8 fit")}, "on_private_note"),
        ({"message": said(PRIVATE, text="/new@other")}, "on_private_note"),
        ({"message": said(GROUP, text="/case T8 fit")}, "on_group_note"),
        ({"edited_message": said(PRIVATE, text="/new T8 fit")}, "on_private_edit"),
        ({"edited_message": said(PRIVATE, photo=[])}, "on_private_edit"),
        ({"edited_message": said(GROUP, text="/case")}, "on_group_edit"),
        ({"message": said(PRIVATE, photo=[])}, "on_no_text"),
        (
            {"message": said(PRIVATE, text="T8", forward_origin={"type": "user", "date": 1, "sender_user": BOT})},
            "on_own_card",
        ),
    ],
)
def test_each_kind_of_update_has_its_handler(tmp_path: Path, update: dict[str, Any], name: str) -> None:
    with virtual_bot_harness(tmp_path) as (_, harness):
        assert callback_for(harness, update) == name


def test_what_no_handler_is_for_does_not_wait_for_ever(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        strange = InboxUpdate(1, "7", '{"update_id": 1, "deleted_business_messages": null}')
        run(harness.store.transact(lambda uow: uow.add_updates([strange])))
        harness.telegram.heard = False

        async def handled() -> None:
            harness.application.receiver.process(strange)
            await harness.settled()

        run(handled())
        assert run(harness.store.transact(lambda uow: uow.pending_updates())) == []


def test_a_row_of_a_former_shape_is_set_aside_and_the_next_is_served(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        former = InboxUpdate(900, "7", '[7,7,true,"",null,"new","","",0,false,false]')
        run(harness.store.transact(lambda uow: uow.add_updates([former])))

        async def handled() -> None:
            harness.application.receiver.process(former)
            await harness.settled()

        run(handled())
        [(_, fault)] = run(harness.store.transact(lambda uow: uow.dead_letters()))
        assert fault == "Unreadable"
        run(harness.begun(7))
        assert len(harness.telegram.of("sendMessage")) == 1


def test_a_dead_letter_is_written_however_long_the_database_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        run(harness.begun(7))
        tap = harness.telegram.taps(7, *harness.telegram.button(7, "T8"))
        private = harness.application._housekeeping._private

        def broken(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(private, "tap", broken)
        failing = FailsToSetAside(harness, times=3)
        run(harness.accept(tap))
        assert failing.left == 0
        assert harness.events()["not_saved"] == 3
        [(kept, fault)] = run(harness.store.transact(lambda uow: uow.dead_letters()))
        assert (kept.update_id, fault) == (tap["update_id"], "ZeroDivisionError")
        assert len(harness.telegram.of("answerCallbackQuery")) == 1
