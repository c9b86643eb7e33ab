"""The whole adapter on a store in trouble: full, locked, failing at any point; and clocks that jump."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from conftest import BotHarness, Fields, bot_harness, data_of, running, virtual_bot_harness
from store_kit import full_disk, locked

from bot.service.ports import NotSaved, UnitOfWork
from bot.service.private.cases import PrivateCases
from bot.service.private.private_chat import PrivateChat
from bot.storage.errors import CorruptDatabase
from bot.storage.factory import create_storage
from bot.storage.storage import SqlStorage
from flows.errors import VersionConflict

LEVELS = "Which symptomatic levels"


@pytest.fixture
async def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BotHarness]:
    monkeypatch.setattr("bot.telegram.handlers.transactions.SAVE_WAIT", 0.05)
    monkeypatch.setattr("bot.telegram.handlers.errors.SAVE_WAIT", 0.05)
    monkeypatch.setattr("bot.telegram.receiving.polling.SAVE_WAIT", 0.05)
    monkeypatch.setattr("bot.telegram.sending.outbox.LONGEST_WAIT", 0.05)
    store = create_storage(f"sqlite:///{tmp_path / 'cases.db'}")
    yield bot_harness(store)
    await store.close()


async def accepted(harness: BotHarness, update: Fields) -> bool:
    try:
        await harness.application.receiver.accept([update])
    except NotSaved:
        return False
    return True


@pytest.mark.parametrize("fault", [full_disk, locked])
@pytest.mark.case("B7", "B8")
async def test_whoever_taps_is_told_that_nothing_is_saved_and_it_is_once_the_fault_is_over(
    harness: BotHarness, fault: Callable[[SqlStorage], AbstractContextManager[None]]
) -> None:
    assert isinstance(harness.store, SqlStorage)
    await harness.begun(7)
    number, card = harness.telegram.newest(7)
    refused: list[Fields] = []
    with fault(harness.store):
        for turn in range(400):
            update = harness.telegram.taps(7, number, data_of(card, ("T8", "T9")[turn % 2]))
            if not await accepted(harness, update):
                refused.append(update)
                break
        assert refused, "it never was full"
        await asyncio.sleep(0.3)
        query = refused[0]["callback_query"]["id"]
        assert harness.telegram.toasts()[query].startswith("Not saved")
        if fault is locked:
            assert not await accepted(harness, refused[0])
        assert [call.params["callback_query_id"] for call in harness.telegram.of("answerCallbackQuery")].count(
            query
        ) == 1
    assert await harness.store.transact(lambda uow: uow.get_update(refused[0]["update_id"])) is None
    await harness.accept(refused[0])
    await harness.tap(7, "Only T8" if fault is locked else "Done")
    await harness.settled()
    assert "fit for surgery" in harness.telegram.newest(7)[1]["text"]
    assert await harness.store.transact(lambda uow: (uow.pending_updates(), uow.dead_letters())) == ([], [])
    assert not harness.events()["task_failed"]


@pytest.mark.case("B8")
async def test_a_bot_that_polls_outlives_a_lock_and_loses_nothing(harness: BotHarness) -> None:
    assert isinstance(harness.store, SqlStorage)
    async with running(harness) as task:
        harness.telegram.deliver(harness.telegram.writes(7, "/new"))
        await until(lambda: bool(harness.telegram.screens))
        number, card = harness.telegram.newest(7)
        with locked(harness.store):
            harness.telegram.deliver(
                *(harness.telegram.taps(7, number, data_of(card, level)) for level in ("T8", "T9", "T10"))
            )
            await until(lambda: harness.events()["not_saved"] > 1)
            assert not task.done()
        await until(lambda: "T8–T10" in harness.telegram.newest(7)[1]["text"])
    assert await harness.store.transact(lambda uow: (uow.pending_updates(), uow.dead_letters())) == ([], [])


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not holds():  # noqa: ASYNC110 - it has no event for that
            await asyncio.sleep(0.01)


class Failing:
    """A store whose n-th transactions fail: before they are done, or told so after they were."""

    def __init__(self, store: Any, fails: range, fault: Callable[[], Exception]) -> None:
        self.store, self.fails, self.fault, self.runs = store, fails, fault, 0

    async def transact(self, work: Callable[[UnitOfWork], Any]) -> Any:
        self.runs += 1
        if self.runs in self.fails:
            await asyncio.sleep(0)
            raise self.fault()
        return await self.store.transact(work)

    async def close(self) -> None: ...


def troubled(harness: BotHarness, fails: range, fault: Callable[[], Exception]) -> Failing:
    """Let a rig have a store that fails."""
    failing = Failing(harness.store, fails, fault)
    application = harness.application
    for part in (application, application.receiver, application._outbox):
        part._store = failing
    return failing


async def lived(harness: BotHarness) -> None:
    """Begin a case, mark two levels with two quick taps, go on; every update comes again until it is kept."""
    for user in (7, 8):
        harness.telegram.deliver(harness.telegram.writes(user, "/new"))
    await asyncio.sleep(90)
    for labels in (("T8", "T9"), ("Done",), ("Fit", "fit")):
        for user in (7, 8):
            number, card = harness.telegram.newest(user)
            for label in labels:
                with suppress(AssertionError):
                    harness.telegram.deliver(harness.telegram.taps(user, number, data_of(card, label)))
        await asyncio.sleep(90)


@pytest.mark.slow
@pytest.mark.parametrize("length", [1, 3])
@pytest.mark.case("B7")
def test_a_write_that_fails_at_any_point_loses_nothing(tmp_path: Path, length: int) -> None:
    points = 0
    for point in range(1, 200):
        folder = tmp_path / str(point)
        folder.mkdir()
        with virtual_bot_harness(folder) as (run, harness):
            failing = troubled(harness, range(point, point + length), lambda: NotSaved("disk full"))

            async def life(harness: BotHarness = harness) -> None:
                async with running(harness) as task:
                    await asyncio.sleep(5)
                    if not task.done():
                        await lived(harness)

            try:
                run(life())
            except NotSaved:
                assert point <= 3, "only its very start may be refused"
                continue
            assert not harness.events()["task_failed"], (point, harness.events())
            for user in (7, 8):
                assert "Neurological" in harness.telegram.newest(user)[1]["text"], (point, harness.events())
                assert "T8–T9" in harness.telegram.newest(user)[1]["text"], (point, harness.events())
            left = run(
                harness.store.transact(lambda uow: (uow.pending_updates(), uow.dead_letters(), uow.pending_messages()))
            )
            assert left == ([], [], []), (point, left)
            taps = {c.params["callback_query_id"] for c in harness.telegram.of("answerCallbackQuery")}
            assert len(taps) == 8, (point, taps)
            points += 1
            if failing.runs < point:
                break
    assert points > 20


@pytest.mark.parametrize("fault", [lambda: NotSaved("full"), lambda: VersionConflict("by another process")])
def test_a_card_whose_sending_could_not_be_noted_at_once_is_not_sent_again(
    tmp_path: Path, fault: Callable[[], Exception]
) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        failing = troubled(harness, range(0), fault)

        async def life() -> None:
            async with running(harness):
                await asyncio.sleep(5)
                failing.fails = range(failing.runs + 3, failing.runs + 4)  # taken in, handled, noted
                harness.telegram.deliver(harness.telegram.writes(7, "/new"))
                await asyncio.sleep(200)

        run(life())
        assert len(harness.telegram.of("sendMessage")) == 1
        assert not harness.events()["screen_failed"]


@pytest.mark.case("B9")
def test_a_file_with_flipped_bytes_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        run(harness.accept(*(harness.telegram.writes(user, "/new") for user in range(1, 60))))
    path = tmp_path / "cases.db"
    body = bytearray(path.read_bytes())
    for place in range(4096, len(body), 512):
        body[place : place + 8] = b"\xff" * 8
    path.write_bytes(body)
    with pytest.raises(CorruptDatabase, match="restore the last backup"):
        create_storage(f"sqlite:///{path}")
    assert path.read_bytes() == body


POISON: tuple[Fields, ...] = (
    {"message": {"chat": "nonsense", "from": {}}},
    {"callback_query": {"id": "poison", "from": []}},
    {"callback_query": {"id": "poison", "from": {"id": 1e30}}},
    {
        "message": {
            "message_id": 1,
            "date": 10**15,
            "chat": {"id": 9, "type": "private"},
            "from": {"id": 9, "is_bot": 0},
        }
    },
    {"callback_query": {"id": "poison", "from": {"id": 7}, "message": {"message_id": 2**63, "chat": {"id": 7}}}},
    {"message": {"message_id": 1, "date": 1, "chat": {"id": 2.0**70, "type": "private"}, "from": {"id": 2.0**70}}},
)


@pytest.mark.parametrize("poison", POISON, ids=range(len(POISON)))
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.case("B15")
def test_an_update_that_cannot_be_read_spoils_nothing_before_or_after_it(
    tmp_path: Path, poison: Fields, place: int
) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):

        async def life() -> None:
            good = [harness.telegram.writes(user, "/new") for user in (7, 8)]
            good.insert(place, {"update_id": harness.telegram.number()} | poison)
            async with running(harness):
                await asyncio.sleep(1)
                harness.telegram.deliver(*good)
                await asyncio.sleep(1)
                for user in (7, 8):
                    assert LEVELS in harness.telegram.newest(user)[1]["text"]
                if "callback_query" in poison:
                    assert harness.telegram.toasts()["poison"].startswith("That failed")
                await asyncio.sleep(100)
                assert harness.telegram.of("getUpdates")[-1].params["offset"] == 4, (
                    "it is confirmed, and does not come again"
                )
                assert await harness.store.transact(lambda uow: uow.pending_updates()) == []

        run(life())


@pytest.mark.case("B15")
def test_an_update_nested_as_deep_as_json_may_be_is_set_aside_like_any_other(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):

        async def life() -> str:
            update = harness.telegram.taps(7, 5, "deep")
            update["callback_query"]["data"] = orjson.loads(b"[" * 1015 + b"]" * 1015)
            try:
                await harness.accept(update, harness.telegram.writes(7, "/new"))
            except RecursionError:
                return "the batch was not taken in"
            return ""

        assert run(life()) == ""
        assert LEVELS in harness.telegram.newest(7)[1]["text"]


@pytest.mark.parametrize(
    ("part", "broken"), [(PrivateChat, "tap"), (PrivateChat, "_tap_own"), (PrivateCases, "show_case")]
)
@pytest.mark.case("B16")
def test_a_handler_that_raises_is_undone_told_and_can_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: type, broken: str
) -> None:
    def breaks(*_: object) -> None:
        raise ZeroDivisionError("a secret of the patient")

    with virtual_bot_harness(tmp_path) as (run, harness):

        async def life() -> None:
            await harness.begun(7)
            before = await harness.store.transact(lambda uow: uow.get_current("7", "7"))
            with monkeypatch.context() as patched:
                patched.setattr(part, broken, breaks)
                assert (await harness.tap(7, "T8")).startswith("That failed")
            assert await harness.store.transact(lambda uow: uow.get_current("7", "7")) == before
            ((dead, fault),) = await harness.store.transact(lambda uow: uow.dead_letters())
            assert fault == "ZeroDivisionError"
            assert await harness.store.transact(lambda uow: uow.retry_dead_letter(dead.update_id))
            async with running(harness):
                await asyncio.sleep(100)
                assert "T8 · 1 level" in harness.telegram.newest(7)[1]["text"]

        run(life())
        assert "secret" not in harness.log.getvalue()


@pytest.mark.parametrize("step", [7200, -7200, 86_400 * 400, -86_400 * 400])
@pytest.mark.case("G1")
def test_a_clock_that_jumps_loses_no_answer(tmp_path: Path, step: int) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):

        async def life() -> None:
            await harness.begun(7)
            for label, follows in (("T8", "T8 · 1 level"), ("Only T8", "fit for surgery"), ("Fit", "Neurological")):
                harness.wall.now += step
                assert await harness.tap(7, label) == ""
                assert follows in harness.telegram.newest(7)[1]["text"]
                harness.wall.now -= step
            assert "T8 · 1 level" in harness.telegram.newest(7)[1]["text"]

        run(life())


@pytest.mark.case("G1")
def test_after_the_clock_was_set_back_the_case_that_was_begun_last_is_the_one_at_hand(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):

        async def life() -> None:
            await harness.begun(7)
            await harness.tap(7, "T8")
            old = harness.telegram.newest(7)[0]
            harness.wall.now -= 7200
            await harness.begun(7)
            await harness.tap(7, "T9")
            new = harness.telegram.newest(7)[0]
            assert new != old
            await harness.accept(harness.telegram.writes(7, "/cancel"))
            assert "T8 · 1 level" in harness.telegram.screens[7, old]["text"], "another case was put aside"
            assert "T9 · 1 level" not in harness.telegram.screens[7, new]["text"]

        run(life())


def is_well(harness: BotHarness) -> bool:
    return harness.application.health.is_well


class Stalling(Failing):
    """A store that stands still for a while, by turns."""

    def __init__(self, store: Any) -> None:
        super().__init__(store, range(0), NotSaved)
        self.stalls = 0.0

    async def transact(self, work: Callable[[UnitOfWork], Any]) -> Any:
        await asyncio.sleep(self.stalls)
        return await super().transact(work)


@pytest.mark.case("X10")
def test_whoever_taps_is_told_within_seconds_that_the_database_stands_still(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        store = Stalling(harness.store)

        async def five_taps() -> None:
            slow = bot_harness(store)
            async with running(slow):
                slow.telegram.deliver(*(slow.telegram.writes(user, "/new") for user in range(1, 6)))
                await asyncio.sleep(5)
                assert is_well(slow)
                store.stalls = 40.0
                slow.telegram.deliver(*(slow.telegram.taps(u, *slow.telegram.button(u, "T8")) for u in range(1, 6)))
                await asyncio.sleep(6)
                toasts = slow.telegram.toasts()
                assert len(toasts) == 5
                assert {toast.partition(".")[0] for toast in toasts.values()} == {"The database is slow"}
                await asyncio.sleep(6)
                assert not is_well(slow)
                store.stalls = 0.0
                await asyncio.sleep(60)
                assert is_well(slow)
                for user in range(1, 6):
                    assert slow.telegram.button(user, "Only T8")

        run(five_taps())


@pytest.mark.case("X10")
def test_a_bot_that_nobody_uses_is_not_well_while_nothing_can_be_saved(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        failing = Failing(harness.store, range(0), NotSaved)

        async def full_for_a_while() -> None:
            idle = bot_harness(failing)
            async with running(idle):
                await asyncio.sleep(5)
                assert is_well(idle)
                failing.fails = range(10_000)
                await asyncio.sleep(61)
                assert not is_well(idle)
                assert idle.application.health.as_dict()["can_save"] is False
                failing.fails = range(0)
                await asyncio.sleep(61)
                assert is_well(idle)

        run(full_for_a_while())
