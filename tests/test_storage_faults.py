"""The whole adapter on a store in trouble: full, locked, failing at any point; and clocks that jump."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from conftest import Fields, Rig, data_of, living, rig_on, virtual_rig
from test_store_faults import full_disk, locked

from bot.service.ports import Desk, NotSaved
from bot.service.private_chat import Conversation
from bot.storage.errors import CorruptDatabase
from bot.storage.factory import open_store
from bot.storage.storage import SqlStore
from flows.errors import Overtaken

LEVELS = "Which symptomatic levels"


@pytest.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    monkeypatch.setattr("bot.telegram.receiving.receiver.SAVE_WAIT", 0.05)
    monkeypatch.setattr("bot.telegram.receiving.polling.SAVE_WAIT", 0.05)
    monkeypatch.setattr("bot.telegram.sending.outbox.LONGEST_WAIT", 0.05)
    store = open_store(f"sqlite:///{tmp_path / 'cases.db'}")
    yield rig_on(store)
    await store.close()


async def accepted(rig: Rig, update: Fields) -> bool:
    try:
        await rig.channel.reception.accept([update])
    except NotSaved:
        return False
    return True


@pytest.mark.parametrize("fault", [full_disk, locked])
async def test_b7_b8_whoever_taps_is_told_that_nothing_is_saved_and_it_is_once_the_fault_is_over(
    rig: Rig, fault: Callable[[SqlStore], AbstractContextManager[None]]
) -> None:
    assert isinstance(rig.store, SqlStore)
    await rig.begun(7)
    number, card = rig.cloud.newest(7)
    refused: list[Fields] = []
    with fault(rig.store):
        for turn in range(400):
            update = rig.cloud.taps(7, number, data_of(card, ("T8", "T9")[turn % 2]))
            if not await accepted(rig, update):
                refused.append(update)
                break
        assert refused, "it never was full"
        await asyncio.sleep(0.3)
        query = refused[0]["callback_query"]["id"]
        assert rig.cloud.toasts()[query].startswith("Not saved")
        if fault is locked:
            assert not await accepted(rig, refused[0])
        assert [call.params["callback_query_id"] for call in rig.cloud.of("answerCallbackQuery")].count(query) == 1
    assert await rig.store.run(lambda desk: desk.letter(refused[0]["update_id"])) is None
    await rig.accept(refused[0])
    await rig.tap(7, "Only T8" if fault is locked else "Done")
    await rig.settled()
    assert "fit for surgery" in rig.cloud.newest(7)[1]["text"]
    assert await rig.store.run(lambda desk: (desk.waiting(), desk.dead())) == ([], [])
    assert not rig.events()["task_failed"]


async def test_b8_a_bot_that_polls_outlives_a_lock_and_loses_nothing(rig: Rig) -> None:
    assert isinstance(rig.store, SqlStore)
    async with living(rig) as task:
        rig.cloud.bring(rig.cloud.writes(7, "/new"))
        await until(lambda: bool(rig.cloud.screens))
        number, card = rig.cloud.newest(7)
        with locked(rig.store):
            rig.cloud.bring(*(rig.cloud.taps(7, number, data_of(card, level)) for level in ("T8", "T9", "T10")))
            await until(lambda: rig.events()["not_saved"] > 1)
            assert not task.done()
        await until(lambda: "T8–T10" in rig.cloud.newest(7)[1]["text"])
    assert await rig.store.run(lambda desk: (desk.waiting(), desk.dead())) == ([], [])


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not holds():  # noqa: ASYNC110 - it has no event for that
            await asyncio.sleep(0.01)


class Failing:
    """A store whose n-th transactions fail: before they are done, or told so after they were."""

    def __init__(self, store: Any, fails: range, fault: Callable[[], Exception]) -> None:
        self.store, self.fails, self.fault, self.runs = store, fails, fault, 0

    async def run(self, work: Callable[[Desk], Any]) -> Any:
        self.runs += 1
        if self.runs in self.fails:
            await asyncio.sleep(0)
            raise self.fault()
        return await self.store.run(work)

    async def close(self) -> None: ...


def troubled(rig: Rig, fails: range, fault: Callable[[], Exception]) -> Failing:
    """Let a rig have a store that fails."""
    failing = Failing(rig.store, fails, fault)
    channel = rig.channel
    for part in (channel, channel.reception, channel._outbox):
        part._store = failing
    return failing


async def lived(rig: Rig) -> None:
    """Begin a case, mark two levels with two quick taps, go on; every update comes again until it is kept."""
    for user in (7, 8):
        rig.cloud.bring(rig.cloud.writes(user, "/new"))
    await asyncio.sleep(90)
    for labels in (("T8", "T9"), ("Done",), ("Fit", "fit")):
        for user in (7, 8):
            number, card = rig.cloud.newest(user)
            for label in labels:
                with suppress(AssertionError):
                    rig.cloud.bring(rig.cloud.taps(user, number, data_of(card, label)))
        await asyncio.sleep(90)


@pytest.mark.parametrize("length", [1, 3])
def test_b7_a_write_that_fails_at_any_point_loses_nothing(tmp_path: Path, length: int) -> None:
    points = 0
    for point in range(1, 200):
        folder = tmp_path / str(point)
        folder.mkdir()
        with virtual_rig(folder) as (run, rig):
            failing = troubled(rig, range(point, point + length), lambda: NotSaved("disk full"))

            async def life(rig: Rig = rig) -> None:
                async with living(rig) as task:
                    await asyncio.sleep(5)
                    if not task.done():
                        await lived(rig)

            try:
                run(life())
            except NotSaved:
                assert point <= 3, "only its very start may be refused"
                continue
            assert not rig.events()["task_failed"], (point, rig.events())
            for user in (7, 8):
                assert "Neurological" in rig.cloud.newest(user)[1]["text"], (point, rig.events())
                assert "T8–T9" in rig.cloud.newest(user)[1]["text"], (point, rig.events())
            left = run(rig.store.run(lambda desk: (desk.waiting(), desk.dead(), desk.wishes())))
            assert left == ([], [], []), (point, left)
            taps = {c.params["callback_query_id"] for c in rig.cloud.of("answerCallbackQuery")}
            assert len(taps) == 8, (point, taps)
            points += 1
            if failing.runs < point:
                break
    assert points > 20


@pytest.mark.parametrize("fault", [lambda: NotSaved("full"), lambda: Overtaken("by another process")])
def test_a_card_whose_sending_could_not_be_noted_at_once_is_not_sent_again(
    tmp_path: Path, fault: Callable[[], Exception]
) -> None:
    with virtual_rig(tmp_path) as (run, rig):
        failing = troubled(rig, range(0), fault)

        async def life() -> None:
            async with living(rig):
                await asyncio.sleep(5)
                failing.fails = range(failing.runs + 3, failing.runs + 4)  # taken in, handled, noted
                rig.cloud.bring(rig.cloud.writes(7, "/new"))
                await asyncio.sleep(200)

        run(life())
        assert len(rig.cloud.of("sendMessage")) == 1
        assert not rig.events()["screen_failed"]


def test_b9_a_file_with_flipped_bytes_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    with virtual_rig(tmp_path) as (run, rig):
        run(rig.accept(*(rig.cloud.writes(user, "/new") for user in range(1, 60))))
    path = tmp_path / "cases.db"
    body = bytearray(path.read_bytes())
    for place in range(4096, len(body), 512):
        body[place : place + 8] = b"\xff" * 8
    path.write_bytes(body)
    with pytest.raises(CorruptDatabase, match="restore the last backup"):
        open_store(f"sqlite:///{path}")
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
def test_b15_an_update_that_cannot_be_read_spoils_nothing_before_or_after_it(
    tmp_path: Path, poison: Fields, place: int
) -> None:
    with virtual_rig(tmp_path) as (run, rig):

        async def life() -> None:
            good = [rig.cloud.writes(user, "/new") for user in (7, 8)]
            good.insert(place, {"update_id": rig.cloud.number()} | poison)
            async with living(rig):
                await asyncio.sleep(1)
                rig.cloud.bring(*good)
                await asyncio.sleep(1)
                for user in (7, 8):
                    assert LEVELS in rig.cloud.newest(user)[1]["text"]
                if "callback_query" in poison:
                    assert rig.cloud.toasts()["poison"].startswith("That failed")
                await asyncio.sleep(100)
                assert rig.cloud.of("getUpdates")[-1].params["offset"] == 4, "it is confirmed, and does not come again"
                assert await rig.store.run(lambda desk: desk.waiting()) == []

        run(life())


def test_b15_an_update_nested_as_deep_as_json_may_be_is_set_aside_like_any_other(tmp_path: Path) -> None:
    with virtual_rig(tmp_path) as (run, rig):

        async def life() -> str:
            update = rig.cloud.taps(7, 5, "deep")
            update["callback_query"]["data"] = orjson.loads(b"[" * 1015 + b"]" * 1015)
            try:
                await rig.accept(update, rig.cloud.writes(7, "/new"))
            except RecursionError:
                return "the batch was not taken in"
            return ""

        assert run(life()) == ""
        assert LEVELS in rig.cloud.newest(7)[1]["text"]


@pytest.mark.parametrize("broken", ["tap", "_tap_case", "_drawn"])
def test_b16_a_handler_that_raises_is_undone_told_and_can_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def breaks(*_: object) -> None:
        raise ZeroDivisionError("a secret of the patient")

    with virtual_rig(tmp_path) as (run, rig):

        async def life() -> None:
            await rig.begun(7)
            before = await rig.store.run(lambda desk: desk.current("7", "7"))
            with monkeypatch.context() as patched:
                patched.setattr(Conversation, broken, breaks)
                assert (await rig.tap(7, "T8")).startswith("That failed")
            assert await rig.store.run(lambda desk: desk.current("7", "7")) == before
            ((dead, fault),) = await rig.store.run(lambda desk: desk.dead())
            assert fault == "ZeroDivisionError"
            assert await rig.store.run(lambda desk: desk.retry(dead.update_id))
            async with living(rig):
                await asyncio.sleep(100)
                assert "T8 · 1 level" in rig.cloud.newest(7)[1]["text"]

        run(life())
        assert "secret" not in rig.log.getvalue()


@pytest.mark.parametrize("step", [7200, -7200, 86_400 * 400, -86_400 * 400])
def test_g1_a_clock_that_jumps_loses_no_answer(tmp_path: Path, step: int) -> None:
    with virtual_rig(tmp_path) as (run, rig):

        async def life() -> None:
            await rig.begun(7)
            for label, follows in (("T8", "T8 · 1 level"), ("Only T8", "fit for surgery"), ("Fit", "Neurological")):
                rig.wall.now += step
                assert await rig.tap(7, label) == ""
                assert follows in rig.cloud.newest(7)[1]["text"]
                rig.wall.now -= step
            assert "T8 · 1 level" in rig.cloud.newest(7)[1]["text"]

        run(life())


def test_g1_after_the_clock_was_set_back_the_case_that_was_begun_last_is_the_one_at_hand(tmp_path: Path) -> None:
    with virtual_rig(tmp_path) as (run, rig):

        async def life() -> None:
            await rig.begun(7)
            await rig.tap(7, "T8")
            old = rig.cloud.newest(7)[0]
            rig.wall.now -= 7200
            await rig.begun(7)
            await rig.tap(7, "T9")
            new = rig.cloud.newest(7)[0]
            assert new != old
            await rig.accept(rig.cloud.writes(7, "/cancel"))
            assert "T8 · 1 level" in rig.cloud.screens[7, old]["text"], "another case was put aside"
            assert "T9 · 1 level" not in rig.cloud.screens[7, new]["text"]

        run(life())
