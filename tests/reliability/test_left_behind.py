"""What a process that died leaves to the next one is taken up at once: letters it kept, screens it never showed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from conftest import BotHarness, Fields, bot_harness, running, virtual_bot_harness

from bot.service.ports import InboxUpdate, OutboxMessage, Storage, UnitOfWork
from bot.telegram.handlers.commands import CommandCallbacks
from bot.telegram.handlers.taps import TapCallbacks
from bot.telegram.members import Role
from bot.telegram.updates.inbox import from_inbox, to_inbox
from bot.telegram.updates.origin import is_private

Result = TypeVar("Result")
USER = 7
GROUP = -1007
SOON = 3.0
"""Virtual seconds, far below those of a sweep."""


def letter_in(update: Fields) -> InboxUpdate:
    inbox_update = to_inbox(update, "b")
    assert inbox_update
    return inbox_update


def taking_in(*updates: Fields) -> Callable[[UnitOfWork], list[int]]:
    return lambda uow: uow.add_updates([letter_in(update) for update in updates])


def handling(harness: BotHarness, update: Fields) -> Callable[[UnitOfWork], tuple[OutboxMessage, ...]]:
    """Do what a process does with a letter in one transaction, before it shows anything."""
    owners = {type(handler.callback.__self__): handler.callback.__self__ for handler in _handlers(harness)}
    taps, commands, kept = owners[TapCallbacks], owners[CommandCallbacks], from_inbox(letter_in(update))
    reply_to = commands.in_private if kept.message else taps.in_private if is_private(kept) else taps.in_group
    return lambda uow: taps._transactions.handle(uow, kept, reply_to(uow, kept, Role.member))


def _handlers(harness: BotHarness) -> list[Any]:
    """Return the registered handlers whose callback is a method."""
    return [each for each in harness.application._application.handlers[0] if hasattr(each.callback, "__self__")]


def shown(harness: BotHarness) -> list[str]:
    return [call.text for call in harness.telegram.of("sendMessage", "editMessageText")]


class Late:
    """A store; between two of its transactions one is committed that another process had asked for."""

    def __init__(self, store: Storage, after: int, work: Callable[[UnitOfWork], Any]) -> None:
        self._store = store
        self._left = after
        self._work = work

    async def transact(self, work: Callable[[UnitOfWork], Result]) -> Result:
        if not self._left:
            await self._store.transact(self._work)
        self._left -= 1
        return await self._store.transact(work)

    async def close(self) -> None:
        await self._store.close()


@pytest.mark.case("B1")
def test_updates_that_a_dead_process_kept_and_never_confirmed_are_handled_in_order_when_they_come_again(
    tmp_path: Path,
) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        run(harness.begun(USER))
        taps = [harness.telegram.taps(USER, *harness.telegram.button(USER, level)) for level in ("T8", "T9", "Done")]
        run(harness.store.transact(taking_in(*taps[:2])))
        run(harness.accept(taps[0]))
        run(harness.accept(*taps[1:]), within=SOON)
        assert list(harness.telegram.toasts()) == [tap["callback_query"]["id"] for tap in taps]
        assert "T8–T9" in shown(harness)[-1]
        assert run(harness.store.transact(lambda uow: uow.pending_updates())) == []


@pytest.mark.case("B1")
def test_a_repeat_of_what_is_in_hand_is_not_handled_beside_it(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        run(harness.begun(USER))
        tap = harness.telegram.taps(USER, *harness.telegram.button(USER, "T8"))

        async def twice() -> None:
            await asyncio.gather(*(harness.application.receiver.accept([tap]) for _ in range(3)))
            await harness.settled()

        run(twice(), within=SOON)
        record = run(harness.store.transact(lambda uow: uow.get_current(str(USER), str(USER))))
        assert record.case.revision == 1
        assert len(shown(harness)) == 2, "the new card, and its one change"


@pytest.mark.case("B1")
def test_what_a_dead_process_handled_and_never_showed_is_shown_within_a_moment(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        run(harness.begun(USER))
        tap = harness.telegram.taps(USER, *harness.telegram.button(USER, "T8"))
        run(harness.store.transact(taking_in(tap)))
        run(harness.store.transact(handling(harness, tap)))

        async def found_waiting() -> None:
            harness.application.receiver.process(letter_in(tap))
            await harness.settled()

        run(found_waiting(), within=SOON)
        assert "T8 · 1 level" in shown(harness)[-1]
        assert harness.telegram.toasts() == {tap["callback_query"]["id"]: ""}


def in_group(update: Fields) -> Fields:
    """Let an update come from a group."""
    message = update.get("message") or update["callback_query"]["message"]
    message["chat"] = {"id": GROUP, "type": "supergroup"}
    return update


@pytest.mark.case("B1")
def test_the_link_that_a_dead_process_was_to_open_is_opened_when_the_tap_comes_again(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        harness.application._members.username = "b"
        run(harness.accept(in_group(harness.telegram.writes(USER, "/case"))))
        for label in ("T8", "Only T8", "Fit"):
            run(harness.accept(in_group(harness.telegram.taps(USER, *harness.telegram.button(GROUP, label)))))
        tap = in_group(harness.telegram.taps(USER, *harness.telegram.button(GROUP, "? ")))
        run(harness.store.transact(taking_in(tap)))
        run(harness.store.transact(handling(harness, tap)))
        run(harness.accept(tap))
        [answer] = [c for c in harness.telegram.of("answerCallbackQuery") if "url" in c.params]
        assert answer.params["callback_query_id"] == tap["callback_query"]["id"]
        assert str(answer.params["url"]).startswith("https://t.me/b?start=r")
        assert harness.telegram.toasts()[tap["callback_query"]["id"]] == ""


@pytest.mark.case("B1")
def test_what_a_living_process_shows_within_a_moment_is_not_shown_beside_it(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        command = harness.telegram.writes(USER, "/new")
        run(harness.store.transact(taking_in(command)))

        async def side_by_side() -> None:
            outbox_messages = await harness.store.transact(handling(harness, command))
            harness.application.receiver.process(letter_in(command))
            await asyncio.sleep(0.5)
            await harness.store.transact(lambda uow: uow.acknowledge(outbox_messages))
            await harness.settled()

        run(side_by_side(), within=SOON)
        assert shown(harness) == []


@pytest.mark.parametrize("after", range(3), ids=["claimed", "looked", "handled"])
@pytest.mark.case("B1")
def test_what_is_committed_late_while_the_next_process_begins_is_shown_soon(tmp_path: Path, after: int) -> None:
    with virtual_bot_harness(tmp_path) as (run, first):
        run(first.begun(USER))
        tap = first.telegram.taps(USER, *first.telegram.button(USER, "T8"))
        run(first.store.transact(taking_in(tap)))
        late = Late(first.store, after, handling(first, tap))

        async def begun() -> BotHarness:
            second = bot_harness(late)
            second.application.receiver._members.username = "b"
            async with running(second), asyncio.timeout(SOON):
                while not (shown(second) and second.telegram.toasts()):  # noqa: ASYNC110 - it has no event for that
                    await asyncio.sleep(0.1)
            return second

        second = run(begun())
        assert "T8 · 1 level" in shown(second)[-1]
        assert late._left < 0, "it was committed"
