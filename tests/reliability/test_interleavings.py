"""Several phones at one case, in every order: what they were told is what one after the other would have been told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import pytest
from conftest import Report
from displayed import display_of
from interview_model import CaseModel
from kit import CATALOG
from oracle import TOASTS

from bot.service.case_store import CaseRecord, MemoryCaseRepository
from bot.service.private.private_chat import PrivateChat
from bot.service.replies import ActionContext, Reply
from flows.cards.card import Action, Tap
from flows.errors import VersionConflict
from flows.pathways.metastasis import METASTASIS

pytestmark = pytest.mark.untraced  # thousands of runs over lines that other tests cover

CASE: Final = "1f"
HERE: Final = ActionContext("p1", "u1", 17)
Wish = tuple[Action, str, str]

T8: Final = (Action.mark, "levels", "T8")
T9: Final = (Action.mark, "levels", "T9")
NOT_T8: Final = (Action.unmark, "levels", "T8")
DONE: Final = (Action.done, "levels", "")
FIT: Final = (Action.answer, "fitness", "fit")
UNFIT: Final = (Action.answer, "fitness", "unfit_advanced")
NO_DEFICIT: Final = (Action.answer, "deficit", "none")
BACK: Final = (Action.back, "", "")
LEVELS_AGAIN: Final = (Action.change, "levels", "")
RESTART: Final = (Action.restart, "", "")

THREE: Final = ((T8, DONE, FIT, NO_DEFICIT), (T9, NOT_T8, DONE, BACK), (UNFIT, DONE, LEVELS_AGAIN, RESTART))
"""What each of three does, four actions each, always on the card that was seen last on that phone."""

TWO: Final = ((T8, DONE, FIT, NO_DEFICIT, BACK, RESTART), (T9, DONE, UNFIT, LEVELS_AGAIN, NOT_T8, DONE))
SPLIT: Final = ((T8, DONE, FIT), (T9, DONE, BACK))
"""Three actions each, every one of them in two parts: what is read, and what is written."""


@dataclass(frozen=True)
class Phone:
    """One of the phones: how far it is, at which turn the card is that it saw last, and what it is about to write."""

    turn: int = 0
    done: int = 0
    writing: tuple[CaseRecord, CaseRecord, Reply] | None = None


@dataclass(frozen=True)
class World:
    """All there is at one moment: the case as it is kept, the phones, and the model of what should be."""

    kept: CaseRecord
    phones: tuple[Phone, ...]
    model: CaseModel

    def after(self, number: int, private_chat: Phone, record: CaseRecord, model: CaseModel) -> World:
        phones = (*self.phones[:number], private_chat, *self.phones[number + 1 :])
        return World(record, phones, model)


@dataclass
class Play:
    """Goes through every order, each common beginning once, and counts what was met."""

    script: tuple[tuple[Wish, ...], ...]
    split: bool = False
    told: Counter[str] = field(default_factory=Counter)
    orders: int = 0

    def __post_init__(self) -> None:
        self._conversation = PrivateChat({METASTASIS.code: METASTASIS}, CATALOG, lambda: 1.0, lambda: CASE)
        self._parts = 2 if self.split else 1

    def every_order(self) -> None:
        """Begin with a new case whose card all phones have seen."""
        cases: dict[str, CaseRecord] = {}
        self._conversation.command(MemoryCaseRepository(cases), "new", replace(HERE, message_id=None))
        worlds = [
            World(
                replace(cases[CASE], card_message_id=HERE.message_id), tuple(Phone() for _ in self.script), CaseModel()
            )
        ]
        while worlds:
            world = worlds.pop()
            followed = list(self._followed(world))
            self.orders += not followed
            worlds += followed

    def _followed(self, world: World) -> Iterator[World]:
        for number, private_chat in enumerate(world.phones):
            if private_chat.done < len(self.script[number]):
                yield self._acted(world, number)

    def _acted(self, world: World, number: int) -> World:
        """Let one phone do its next part."""
        private_chat = world.phones[number]
        verb, question, choice = self.script[number][private_chat.done]
        tap = Tap(verb, question, choice, CASE, private_chat.turn)
        if self.split and not private_chat.writing:
            now, reply = self._tapped(world.kept, tap)
            return world.after(
                number, replace(private_chat, writing=(world.kept, now, reply)), world.kept, world.model
            )
        return self._written(world, number, tap)

    def _tapped(self, record: CaseRecord, tap: Tap) -> tuple[CaseRecord, Reply]:
        cases = {CASE: record}
        reply = self._conversation.tap(MemoryCaseRepository(cases), tap, HERE)
        return cases[CASE], reply

    def _written(self, world: World, number: int, tap: Tap) -> World:
        """Write what was read before, where it still holds, else anew; hold the reply against the model."""
        private_chat, cases = world.phones[number], {CASE: world.kept}
        try:
            read, now, reply = private_chat.writing or (world.kept, *self._tapped(world.kept, tap))
            MemoryCaseRepository(cases).update(now, read.case.revision)
        except VersionConflict:
            self.told["overtaken"] += 1
            now, reply = self._tapped(world.kept, tap)
        model = copied(world.model)
        expected = model.tap(tap.action.value, tap.question, tap.choice, tap.turn)
        [show] = reply.shows
        assert TOASTS[reply.toast] == expected, (tap, world)
        assert (now.case.revision, now.case.turn) == (model.revision, model.turn), (tap, world)
        assert display_of(show.card) == model.state.display, (tap, world)
        self.told[expected or "taken"] += 1
        return world.after(number, Phone(now.case.turn, private_chat.done + 1), now, model)


def copied(model: CaseModel) -> CaseModel:
    return CaseModel(model.state, list(model.pile), model.turn, model.revision)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("playground", "orders"),
    [
        pytest.param(lambda: Play(THREE), 34_650, id="three-with-four-actions"),
        pytest.param(lambda: Play(TWO), 924, id="two-with-six-actions"),
        pytest.param(lambda: Play(SPLIT, split=True), 924, id="two-with-three-reads-and-three-writes"),
    ],
)
@pytest.mark.case("C7")
def test_in_every_order_some_one_after_the_other_explains_all_that_was_told(
    playground: Callable[[], Play], orders: int, report: Report
) -> None:
    played = playground()
    played.every_order()
    report(f"interleavings: {played.orders} orders, {dict(played.told)}")
    assert played.orders == orders
    assert played.told["taken"] > played.told["stale"] / 10, "orders in which nothing is taken prove nothing"
    assert played.told["stale"] > 0
