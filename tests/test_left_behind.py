"""What a process that died leaves to the next one is taken up at once: letters it kept, screens it never showed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from conftest import Fields, Rig, living, rig_on, virtual_rig

from bot.service.ports import Desk, DeskStore, Letter, Wish
from bot.telegram.updates.parser import letter_of

Result = TypeVar("Result")
USER = 7
GROUP = -1007
SOON = 3.0
"""Virtual seconds, far below those of a sweep."""


def letter_in(update: Fields) -> Letter:
    letter = letter_of(update, "b")
    assert letter
    return letter


def taking_in(*updates: Fields) -> Callable[[Desk], list[int]]:
    return lambda desk: desk.take_in([letter_in(update) for update in updates])


def handling(rig: Rig, update: Fields) -> Callable[[Desk], tuple[Wish, ...]]:
    """Do what a process does with a letter in one transaction, before it shows anything."""
    return lambda desk: rig.channel._clerk.handle(desk, letter_in(update))


def shown(rig: Rig) -> list[str]:
    return [call.text for call in rig.cloud.of("sendMessage", "editMessageText")]


class Late:
    """A store; between two of its transactions one is committed that another process had asked for."""

    def __init__(self, store: DeskStore, after: int, work: Callable[[Desk], Any]) -> None:
        self._store = store
        self._left = after
        self._work = work

    async def run(self, work: Callable[[Desk], Result]) -> Result:
        if not self._left:
            await self._store.run(self._work)
        self._left -= 1
        return await self._store.run(work)

    async def close(self) -> None:
        await self._store.close()


def test_b1_updates_that_a_dead_process_kept_and_never_confirmed_are_handled_in_order_when_they_come_again(
    tmp_path: Path,
) -> None:
    with virtual_rig(tmp_path) as (run, rig):
        run(rig.begun(USER))
        taps = [rig.cloud.taps(USER, *rig.cloud.button(USER, level)) for level in ("T8", "T9", "Done")]
        run(rig.store.run(taking_in(*taps[:2])))
        run(rig.accept(taps[0]))
        run(rig.accept(*taps[1:]), within=SOON)
        assert list(rig.cloud.toasts()) == [tap["callback_query"]["id"] for tap in taps]
        assert "T8–T9" in shown(rig)[-1]
        assert run(rig.store.run(lambda desk: desk.waiting())) == []


def test_b1_a_repeat_of_what_is_in_hand_is_not_handled_beside_it(tmp_path: Path) -> None:
    with virtual_rig(tmp_path) as (run, rig):
        run(rig.begun(USER))
        tap = rig.cloud.taps(USER, *rig.cloud.button(USER, "T8"))

        async def twice() -> None:
            await asyncio.gather(*(rig.channel.reception.accept([tap]) for _ in range(3)))
            await rig.settled()

        run(twice(), within=SOON)
        kept = run(rig.store.run(lambda desk: desk.current(str(USER), str(USER))))
        assert kept.case.revision == 1
        assert len(shown(rig)) == 2, "the new card, and its one change"


def test_b1_what_a_dead_process_handled_and_never_showed_is_shown_within_a_moment(tmp_path: Path) -> None:
    with virtual_rig(tmp_path) as (run, rig):
        run(rig.begun(USER))
        tap = rig.cloud.taps(USER, *rig.cloud.button(USER, "T8"))
        run(rig.store.run(taking_in(tap)))
        run(rig.store.run(handling(rig, tap)))

        async def found_waiting() -> None:
            rig.channel.reception.take(letter_in(tap))
            await rig.settled()

        run(found_waiting(), within=SOON)
        assert "T8 · 1 level" in shown(rig)[-1]
        assert rig.cloud.toasts() == {tap["callback_query"]["id"]: ""}


def in_group(update: Fields) -> Fields:
    """Let an update come from a group."""
    message = update.get("message") or update["callback_query"]["message"]
    message["chat"] = {"id": GROUP, "type": "supergroup"}
    return update


def test_b1_the_link_that_a_dead_process_was_to_open_is_opened_when_the_tap_comes_again(tmp_path: Path) -> None:
    with virtual_rig(tmp_path) as (run, rig):
        rig.channel._members.username = "b"
        run(rig.accept(in_group(rig.cloud.writes(USER, "/case"))))
        for label in ("T8", "Only T8", "Fit"):
            run(rig.accept(in_group(rig.cloud.taps(USER, *rig.cloud.button(GROUP, label)))))
        tap = in_group(rig.cloud.taps(USER, *rig.cloud.button(GROUP, "? ")))
        run(rig.store.run(taking_in(tap)))
        run(rig.store.run(handling(rig, tap)))
        run(rig.accept(tap))
        [answer] = [c for c in rig.cloud.of("answerCallbackQuery") if "url" in c.params]
        assert answer.params["callback_query_id"] == tap["callback_query"]["id"]
        assert str(answer.params["url"]).startswith("https://t.me/b?start=r")
        assert rig.cloud.toasts()[tap["callback_query"]["id"]] == ""


def test_b1_what_a_living_process_shows_within_a_moment_is_not_shown_beside_it(tmp_path: Path) -> None:
    with virtual_rig(tmp_path) as (run, rig):
        command = rig.cloud.writes(USER, "/new")
        run(rig.store.run(taking_in(command)))

        async def side_by_side() -> None:
            wishes = await rig.store.run(handling(rig, command))
            rig.channel.reception.take(letter_in(command))
            await asyncio.sleep(0.5)
            await rig.store.run(lambda desk: desk.granted(wishes))
            await rig.settled()

        run(side_by_side(), within=SOON)
        assert shown(rig) == []


@pytest.mark.parametrize("after", range(3), ids=["claimed", "looked", "handled"])
def test_b1_what_is_committed_late_while_the_next_process_begins_is_shown_soon(tmp_path: Path, after: int) -> None:
    with virtual_rig(tmp_path) as (run, first):
        run(first.begun(USER))
        tap = first.cloud.taps(USER, *first.cloud.button(USER, "T8"))
        run(first.store.run(taking_in(tap)))
        late = Late(first.store, after, handling(first, tap))

        async def begun() -> Rig:
            second = rig_on(late)
            second.channel.reception._members.username = "b"
            async with living(second), asyncio.timeout(SOON):
                while not (shown(second) and second.cloud.toasts()):  # noqa: ASYNC110 - it has no event for that
                    await asyncio.sleep(0.1)
            return second

        second = run(begun())
        assert "T8 · 1 level" in shown(second)[-1]
        assert late._left < 0, "it was committed"
