"""The record of a team's decision: any member asks for it, it names people, and goes with what it says."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from kit import CATALOG, labels, verbs
from team_kit import ANA, BEN, FakeGroup

from bot.service.case_store import CaseRepository
from bot.service.pictures.case_records import CaseDocument
from bot.service.replies import MISPLACED, DeleteMessage, Reply, SendRecord
from flows.cards.card import Action, Tap, person

PAPER: Final = 900


async def document(group: FakeGroup) -> CaseDocument | None:
    """Give the record of the case as it would be set now."""
    case = (await group.case()).case.id
    return await group.store.transact(lambda repository: group.services.records.of(repository, case))


async def reply(group: FakeGroup, tap: Tap, who: str, at: int) -> Reply:
    return await group.store.transact(
        lambda repository: group.services.team.tap(repository, tap, group.visit(who, at))
    )


async def sent(group: FakeGroup) -> Reply:
    """Have the record sent; give what follows."""
    case = (await group.case()).case.id
    return await group.store.transact(
        lambda repository: group.services.records.on_sent(repository, case, group.place, PAPER)
    )


async def test_the_button_stands_under_the_decision_alone_and_any_member_may_ask() -> None:
    group = FakeGroup()
    card = await group.finished()
    assert "Record (PDF)" not in labels(group.messages[card])
    await group.tap("Close", "Posterior MIS", "Decide", at=card)
    [decision] = [n for n, shown in group.messages.items() if "Record (PDF)" in labels(shown)]
    assert group.messages[decision].title.startswith("Decision: ")
    case = (await group.case()).case
    tap = Tap(Action.record, case=case.id, turn=case.turn)
    assert (await reply(group, tap, BEN, decision)).effects == (SendRecord(case.id, chat=group.place),)
    assert (await reply(group, tap, BEN, card)).forged == MISPLACED


async def test_a_decision_names_who_answered_as_placeholders_that_are_filled_when_it_is_sent() -> None:
    group = FakeGroup()
    await group.decided()
    made = await document(group)
    assert made
    said: Any = made.page["beside"]
    [findings] = [part for part in said if part["heading"] == "Findings"]
    assert findings["columns"] == ("Question", "Answer", "Given by")
    assert findings["rows"][1] == ("Fitness for surgery", "fit", person(ANA))
    assert (made.page["kind"], made.page["head"]) == ("The decision", "Posterior MIS")


async def test_a_case_that_is_not_decided_has_no_record() -> None:
    group = FakeGroup()
    await group.finished()
    assert await document(group) is None
    assert (await sent(group)).effects == (DeleteMessage(PAPER, chat=group.place),)


async def test_a_decision_that_is_reopened_takes_its_record_with_it() -> None:
    group = FakeGroup()
    await group.decided()
    await sent(group)
    [decision] = [n for n, shown in group.messages.items() if [Action.record, Action.reopen] in map(verbs, shown.rows)]
    case = (await group.case()).case
    reopened = await reply(group, Tap(Action.reopen, case=case.id, turn=case.turn), ANA, decision)
    assert DeleteMessage(PAPER, chat=group.place) in reopened.effects
    assert (await group.case()).picture.record_message_id is None


@pytest.mark.parametrize("who", [ANA, BEN])
async def test_whoever_is_erased_stands_in_no_record_any_more(who: str) -> None:
    group = FakeGroup()
    await group.decided()
    await sent(group)

    def erased(repository: CaseRepository) -> tuple[DeleteMessage, ...]:
        worked = repository.said_by(who)
        repository.erase_person(who)
        return group.services.records.withdrawn(repository, worked)

    deleted = await group.store.transact(erased)
    assert deleted == ((DeleteMessage(PAPER, chat=group.place),) if who == ANA else ())
    made = await document(group)
    assert made
    assert person(who) not in json.dumps(made.page, ensure_ascii=False)


@pytest.mark.parametrize("verb", list(Action))
async def test_no_button_is_taken_from_the_message_of_a_record(verb: Action) -> None:
    group = FakeGroup()
    await group.decided()
    await sent(group)
    record = await group.case()
    refused = await reply(group, Tap(verb, "posterior_mis", "", record.case.id, record.case.turn), ANA, PAPER)
    assert (refused.forged, refused.shows, refused.effects) == (MISPLACED, (), ())
    assert await group.case() == record


def test_the_words_of_a_document_tell_no_finding() -> None:
    words = CATALOG.paper.page
    assert "{levels}" not in words.caption + words.file
