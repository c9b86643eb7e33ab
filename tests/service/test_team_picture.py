"""The picture of a team's case: any member asks for it, it follows the case, and shows what was decided."""

from __future__ import annotations

from typing import Final

import pytest
from kit import CATALOG, labels, verbs
from team_kit import ANA, BEN, FakeGroup

from bot.service.case_store import CaseRepository
from bot.service.pictures.case_pictures import CasePicture
from bot.service.replies import MISPLACED, ChangePicture, Reply, SendPicture
from flows.cards.card import Action, Tap

PHOTO: Final = 900


async def shown(group: FakeGroup) -> CasePicture:
    """What the picture of the case shows now."""
    case = (await group.case()).case.id
    picture = await group.store.transact(lambda repository: group.services.pictures.of(repository, case))
    assert picture
    return picture


async def reply(group: FakeGroup, tap: Tap, who: str, at: int) -> Reply:
    return await group.store.transact(
        lambda repository: group.services.team.tap(repository, tap, group.visit(who, at))
    )


async def with_picture(group: FakeGroup) -> int:
    """Lead a case to its recommendation and have its picture sent; give the message of its card."""
    card = await group.finished()
    case = (await group.case()).case.id
    await group.do(lambda repository: _sent(group, repository, case))
    return card


def _sent(group: FakeGroup, repository: CaseRepository, case: str) -> Reply:
    group.services.pictures.on_sent(repository, case, group.place, PHOTO)
    return Reply()


async def test_any_member_asks_for_the_picture_and_its_caption_names_the_case() -> None:
    group = FakeGroup()
    card = await group.finished()
    record = await group.case()
    tap = Tap(Action.picture, case=record.case.id, turn=record.case.turn)
    asked = await reply(group, tap, BEN, card)
    assert (asked.shows, asked.effects) == ((), (SendPicture(record.case.id, chat=group.place),))
    assert record.team
    assert (await shown(group)).caption.startswith(f"{record.team.code_name} · T8 · 1 level · Posterior MIS")


async def test_the_button_stands_beside_the_recommendation_the_vote_and_the_decision() -> None:
    group = FakeGroup()
    card = await group.finished()
    for taps in ((), ("Discuss",), ("Close", "Posterior MIS", "Decide")):
        await group.tap(*taps, at=card)
        assert [Action.picture] in [verbs(row) for row in group.messages[card].rows], taps


async def test_every_card_of_the_case_keeps_the_picture_in_step() -> None:
    group = FakeGroup()
    card = await with_picture(group)
    record = await group.case()
    back = await reply(group, Tap(Action.back, case=record.case.id, turn=record.case.turn), ANA, card)
    assert [show.picture for show in back.shows] == [PHOTO]
    assert "Not all questions are answered" in (await shown(group)).caption


async def test_while_an_answer_is_disputed_the_picture_has_no_approach_and_says_so() -> None:
    group = FakeGroup()
    card = await with_picture(group)
    assert (await shown(group)).drawing["ways"] == ["posterior"]
    record = await group.case()
    tap = Tap(Action.dispute, "prior", "extensive", case=record.case.id, turn=record.case.turn)
    await group.wish(tap, BEN, card)
    assert (await shown(group)).drawing["ways"] == []
    assert "disputed" in (await shown(group)).caption


async def test_once_it_is_decided_the_picture_shows_what_was_decided() -> None:
    group = FakeGroup()
    card = await with_picture(group)
    await group.tap("Close", "Anterior corpectomy", at=card)
    record = await group.case()
    await group.tap(next(label for label in labels(group.messages[card]) if label != "‹ Back to the card"), at=card)
    assert (await group.case()).case != record.case
    picture = await shown(group)
    assert picture.drawing["ways"] == ["anterior"]
    assert "Anterior corpectomy" in picture.caption


async def test_the_ground_is_chosen_on_the_picture_alone() -> None:
    group = FakeGroup()
    card = await with_picture(group)
    case = (await group.case()).case.id
    dark = Tap(Action.theme, "dark", case=case)
    assert (await reply(group, dark, BEN, card)).forged == MISPLACED
    changed = await reply(group, dark, BEN, PHOTO)
    assert changed.effects == (ChangePicture(case, PHOTO, chat=group.place),)
    assert (await shown(group)).drawing["theme"] == "dark"
    made_up = await reply(group, dark._replace(question="purple"), BEN, PHOTO)
    assert made_up.toast == CATALOG.wording.toasts.old_picture


@pytest.mark.parametrize("verb", [verb for verb in Action if verb is not Action.theme])
async def test_no_other_button_is_taken_from_the_message_of_a_picture(verb: Action) -> None:
    group = FakeGroup()
    await with_picture(group)
    record = await group.case()
    tap = Tap(verb, "posterior_mis", "", record.case.id, record.case.turn)
    refused = await reply(group, tap, ANA, PHOTO)
    assert (refused.forged, refused.shows, refused.effects) == (MISPLACED, (), ())
    assert await group.case() == record


async def test_before_the_last_answer_there_is_no_picture() -> None:
    group = FakeGroup()
    await group.command("case")
    record = await group.case()
    early = await reply(group, Tap(Action.picture, case=record.case.id), ANA, max(group.messages))
    assert (early.toast, early.effects) == (CATALOG.wording.toasts.stale, ())


async def test_a_decision_for_none_of_the_options_is_drawn_without_an_approach() -> None:
    group = FakeGroup()
    card = await with_picture(group)
    await group.tap("Close", "None of these / discuss in person", "Other", at=card)
    picture = await shown(group)
    assert picture.drawing["ways"] == []
    assert "None of these / discuss in person" in picture.caption
    assert "supported" not in picture.caption
