"""Updates of every kind and of no kind, by the ten thousand: the adapter answers every tap and goes on."""

from __future__ import annotations

import asyncio
import gc
import io
import itertools
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from conftest import BotHarness, Fields, Report, bot_harness, message, person
from store_kit import bytes_of, chance_of

from bot.storage.factory import create_storage
from bot.telegram.updates.inbox import from_inbox, query_id_of, to_inbox, update_id_of
from bot.telegram.updates.redaction import LARGEST
from flows.cards.card import Action

pytestmark = pytest.mark.untraced  # thousands of runs over lines that other tests cover

MANY = int(os.environ.get("SPINEMETS_FUZZ", "20000"))
SEED = int(os.environ.get("SPINEMETS_FUZZ_SEED", "20241"))
BATCH = 100
PLANTED = "Zebediah Quux 12.03.1950 MRN 7788990"
NAMED = ("zebediah", "quux", "12.03.1950", "7788990")
BIG = "x" * 1_000_000
USERS = range(1, 41)
GROUPS = (-100_123, -7)
QUESTIONS = ("levels", "fitness", "deficit", "extent", "destruction", "prior", "single_approach", "nonsense", "")
CHOICES = ("T8", "L5", "T13", "fit", "none", "body", "limited", "zz", "", "é", "A" * 30)
VERBS = (*Action, "zz", "", "A")


def nested(depth: int) -> Any:
    found: Any = {}
    for _ in range(depth):
        found = [found]
    return found


JUNK: tuple[Any, ...] = (
    None, True, False, -1, 0, 1.5, 1e308, -0.0, 2**31, 2**53, LARGEST - 1,
    LARGEST, 2**64, 10**30, -LARGEST - 1, 10**15,
    "", "0", "12", "x\0y", "\0", "😀" * 50, "\ud800", "\u202e\u2066abc", "%s%n{0}", "' OR 1=1 --", "\n2026 ERROR",
    [], {}, [[]], [None], {"id": []}, {"": {}},
    nested(50), nested(900), nested(1015),
)  # fmt: skip


class Sower:
    """Makes updates, the same for the same seed."""

    def __init__(self, chance: Random, screens: dict[tuple[int, int], Fields]) -> None:
        self.chance = chance
        self.screens = screens
        self.made: Counter[str] = Counter()
        self.numbers = itertools.count(1)
        self.kinds: tuple[Callable[[], Fields], ...] = (
            *[self.tapped] * 8, *[self.written] * 3, self.commanded, self.commanded, self.photographed, self.edited,
            self.posted, self.polled, self.counted, self.asked, self.business, self.joined, self.unknown,
        )  # fmt: skip

    def update(self) -> tuple[int, Any]:
        """Make one, mutated as often as not; give the id that it had to begin with as well."""
        number = next(self.numbers)
        make = self.chance.choice(self.kinds)
        update: Any = {"update_id": number} | make()
        self.made[make.__name__] += 1
        while self.chance.random() < 0.5:
            self.made["mutations"] += 1
            update = self.mutated(update)
        return number, update

    def mutated(self, update: Any) -> Any:
        """Remove a field somewhere, or put something else in its place."""
        if not isinstance(update, dict) or not update:
            return update
        place: Any = update
        while True:
            keys = [key for key in place if key != "update_id" or self.chance.random() < 0.05]
            if not keys:
                return update
            key = self.chance.choice(keys)
            if not isinstance(place[key], dict) or not place[key] or self.chance.random() < 0.25:
                break
            place = place[key]
        draw = self.chance.random()
        if draw < 0.3:
            del place[key]
        elif draw < 0.3005:
            place[key] = BIG
        elif key != "update_id" or draw < 0.35:  # an id of another update would only make it a repeat of that one
            junk = self.chance.choice(JUNK)
            place[key] = "0" if key == "id" and junk == "\ud800" else junk  # such an id cannot be answered to
        if self.chance.random() < 0.001:
            return self.chance.choice((*JUNK, update))
        return update

    def message(self, user: int) -> Fields:
        chat = self.chance.choice(GROUPS) if self.chance.random() < 0.1 else user
        number = self.chance.choice((5, 1000 + self.chance.randrange(200)))
        made = message(chat, number, "private" if chat > 0 else "supergroup")
        made["chat"] |= {"title": PLANTED, "first_name": PLANTED, "username": "zebediah_quux"}
        return made

    def who(self) -> int:
        return self.chance.choice(USERS)

    def written(self, text: str = "", key: str = "message") -> Fields:
        user = self.who()
        more = {"from": person(user, PLANTED), "text": text or PLANTED, "entities": [{"type": "bold", "offset": 0}]}
        return {key: self.message(user) | more}

    def commanded(self) -> Fields:
        names = (
            "/new",
            "/start x",
            "/cancel",
            "/help",
            "/options",
            "/about",
            "/forget",
            f"/{PLANTED}",
            "/new@b " + PLANTED,
        )
        return self.written(self.chance.choice(names))

    def photographed(self) -> Fields:
        user = self.who()
        photo = [{"file_id": "f", "file_unique_id": "f", "width": 1, "height": 1}]
        return {"message": self.message(user) | {"from": person(user, PLANTED), "photo": photo, "caption": PLANTED}}

    def edited(self) -> Fields:
        return self.written("/start", self.chance.choice(("edited_message", "edited_channel_post")))

    def posted(self) -> Fields:
        made = self.written(PLANTED, "channel_post")
        del made["channel_post"]["from"]
        return made

    def polled(self) -> Fields:
        return {"poll_answer": {"poll_id": "1", "user": person(self.who(), PLANTED), "option_ids": [0]}}

    def counted(self) -> Fields:
        return {"poll": {"id": "1", "question": PLANTED, "total_voter_count": 1, "is_closed": False}}

    def asked(self) -> Fields:
        return {"inline_query": {"id": "1", "from": person(self.who(), PLANTED), "query": PLANTED, "offset": ""}}

    def business(self) -> Fields:
        return self.written(
            PLANTED, self.chance.choice(("business_message", "edited_business_message", "guest_message"))
        )

    def joined(self) -> Fields:
        user = self.who()
        member = {"user": person(4242), "status": "kicked", "until_date": 0}
        return {"my_chat_member": self.message(user) | {"from": person(user), "old_chat_member": member}}

    def unknown(self) -> Fields:
        return {self.chance.choice(("message_reaction", "zz_kind_of_2031", "")): {"user": person(self.who(), PLANTED)}}

    def tapped(self) -> Fields:
        user = self.who()
        tap = {"id": f"q{next(self.numbers)}", "from": person(user, PLANTED), "chat_instance": "1"}
        if not self.screens or self.chance.random() < 0.3:
            return {"callback_query": tap | {"data": self.forged(), "message": self.message(user)}}
        (chat, number), screen = self.chance.choice(list(self.screens.items()))
        rows = screen["reply_markup"]["inline_keyboard"]
        data = self.chance.choice([b["callback_data"] for row in rows for b in row if "callback_data" in b] or [""])
        if self.chance.random() < 0.9:
            tap["from"] = person(chat, PLANTED)  # else it is somebody else's button
        return {"callback_query": tap | {"data": data, "message": message(chat, number)}}

    def forged(self) -> Any:
        pick = self.chance.choice
        case = pick(("", "a000", "a001", "a0ff", "zz", "A", "f" * 17, "\0", "😀"))
        parts = [
            case,
            pick(("0", "1", "7", "01", "-1", "9" * 9, "9" * 40, "٣")),
            pick(VERBS),
            pick(QUESTIONS),
            pick(CHOICES),
        ]
        shape = pick((2, 3, 4, 5, 5, 5, 6))
        data = ".".join(map(str, (parts * 2)[:shape])) + pick(("", "", "", ".", "\n", " ", "x"))
        return pick((data, data, data, data, data, pick(JUNK)))


async def settle(harness: BotHarness) -> None:
    """Wait until every letter is handled, every tap answered and every screen shown."""
    background, outbox = harness.application._tasks, harness.application._outbox
    while background._tasks or outbox._workers:
        await asyncio.wait([*background._tasks, *outbox._workers.values()], return_when=asyncio.ALL_COMPLETED)


async def at_once(_: float) -> None:
    await asyncio.sleep(0)


@pytest.fixture
def heap_of_a_bot() -> Iterator[None]:
    """Leave out of the collector's walks what other tests have left in this process: a bot has nothing of it."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.slow
@pytest.mark.usefixtures("heap_of_a_bot")
@pytest.mark.parametrize("seed", [SEED])
@pytest.mark.case("D3", "D4", "D13")
async def test_any_update_is_survived_every_tap_answered_and_nothing_personal_kept(
    tmp_path: Path, seed: int, report: Report
) -> None:
    path = tmp_path / "spinemets.db"
    store = create_storage(f"sqlite:///{path}")
    harness = bot_harness(store)
    harness.application._outbox._sleep = at_once
    sower = Sower(chance_of(seed), harness.telegram.screens)
    faults: dict[str, str] = {}
    due: set[str] = set()
    slowest = [0.0, 0.0]
    began = time.monotonic()
    for _ in range(0, MANY, BATCH):
        sown = [sower.update() for _ in range(BATCH)]
        due |= {
            query
            for number, update in sown
            if update_id_of(update) == number and (query := query_id_of(update)) and query.isprintable()
        }
        clocks = time.monotonic(), time.process_time()
        confirmed = max((found for _, u in sown if (found := update_id_of(u)) is not None), default=0)
        try:
            assert await harness.application.receiver.accept([update for _, update in sown]) == confirmed
        except Exception as fault:  # noqa: BLE001 - all are gathered, so that one hides no other
            faults.setdefault(f"accept: {type(fault).__name__}", culprit([update for _, update in sown]))
            due -= {query for _, update in sown if (query := query_id_of(update))}
        await settle(harness)
        slowest = [max(slowest[0], time.monotonic() - clocks[0]), max(slowest[1], time.process_time() - clocks[1])]
        for old in list(harness.telegram.screens)[:-400]:
            del harness.telegram.screens[old]
    seconds = time.monotonic() - began
    waiting = await store.transact(lambda uow: uow.pending_updates())
    answered = Counter(
        str(call.params.get("callback_query_id")) for call in harness.telegram.of("answerCallbackQuery")
    )
    written = bytes_of(path)
    log = harness.log.getvalue()
    events = harness.events()
    await still_serves(harness)
    await store.close()
    written += bytes_of(path)
    report(
        f"fuzz: seed {seed}, {MANY} updates in {seconds:.0f} s, {dict(sower.made)}, {len(due)} taps due, "
        f"{answered.total()} answers, {len(harness.telegram.of('sendMessage'))} sent, "
        f"{len(harness.telegram.of('editMessageText'))} edited, "
        f"log {dict(events)}, slowest batch {slowest[0]:.2f} s "
        f"wall, {slowest[1]:.2f} s CPU"
    )
    told = f"seed {seed}; again with SPINEMETS_FUZZ_SEED={seed} SPINEMETS_FUZZ={MANY}"
    complaints = {
        "a batch was not taken in": faults,
        "something failed": {name: many for name, many in events.items() if name in {"task_failed", "screen_failed"}},
        "left waiting": [inbox_update.payload[:300] for inbox_update in waiting[:3]],
        "taps never answered": sorted(due - answered.keys())[:3],
        "planted text is kept": [word for word in NAMED if word.encode() in written.lower()],
        "planted text is logged": [word for word in NAMED if word in log.lower()],
        "a batch stalled": slowest if slowest[1] > 1.0 or slowest[0] > 5.0 else [],
    }
    assert not {what: seen for what, seen in complaints.items() if seen}, told
    assert min(len(due), answered.total()) > MANY / 10, "the fuzz fizzled out"
    assert events["update_unreadable"] > MANY / 100


def culprit(batch: list[Any]) -> str:
    """Find the update that a batch cannot be taken in for."""
    for update in batch:
        try:
            inbox_update = to_inbox(update) if update_id_of(update) is not None else None
            from_inbox(inbox_update) if inbox_update else None
        except Exception as fault:  # noqa: BLE001 - it is the one that is looked for
            if type(fault).__name__ != "Unreadable":
                return shown(update)
    return "none by itself"


def shown(update: Any) -> str:
    try:
        return ascii(update)[:400]
    except RecursionError:
        return "nested deeper than can be shown"


async def still_serves(harness: BotHarness) -> None:
    """After all that, a newcomer is served."""
    harness.log = io.StringIO()
    newcomer = 77_000
    number = 10_000_000
    await harness.application.receiver.accept([harness.telegram.writes(newcomer, "/new") | {"update_id": number}])
    await settle(harness)
    at, data = harness.telegram.button(newcomer, "T8")
    await harness.application.receiver.accept([harness.telegram.taps(newcomer, at, data) | {"update_id": number + 1}])
    await settle(harness)
    assert "T8 · 1 level" in harness.telegram.newest(newcomer)[1]["text"]
