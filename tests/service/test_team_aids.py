"""A team scores SINS beside its question: on the same card, answer by answer with names; it decides nothing."""

from __future__ import annotations

import pytest
from kit import CATALOG, FakePrivateChat, buttons, labels, lines, read, tap_of
from team_kit import ANA, BEN, CLEO, HOUR, FakeGroup, block, disputed, findings_of

from flows.cards.card import Action, Card, Tap, person

TO_DESTRUCTION = ("T8", "Only T8 ›", "Fit", "None", "Circumferential")
SCORED = ("Mechanical", "Lytic", "Normal", "Less than 50 %", "Bilateral")
QUESTION = "How extensive is the destruction of the vertebral body?"
TO_CASE = "‹ Back to the case"
TOASTS = CATALOG.wording.toasts


@pytest.fixture
async def group() -> FakeGroup:
    """A group whose case stands at the question that SINS helps with."""
    group = FakeGroup()
    await group.command("case")
    await group.tap(*TO_DESTRUCTION)
    return group


def sins(card: Card) -> list[str]:
    """The line of a card that tells the score."""
    return [f"{line.lead}: {line.text}" for line in lines(card) if line.lead.startswith("SINS")]


async def test_sins_is_scored_on_the_same_card_and_its_total_stands_beside_the_question(group: FakeGroup) -> None:
    name = group.card.label.partition(" · ")[0]
    await group.tap("SINS", who=BEN)
    assert (group.card.label, group.card.title) == (f"{name} · SINS · 2, four left", "What is the pain like?")
    await group.tap(*SCORED, who=CLEO)
    assert (group.card.label, group.card.title) == (
        f"{name} · T8, semirigid spine",
        "SINS 11 · potentially unstable",
    )
    assert f"mechanical pain: 3 ({person(CLEO)})" in block(group.card, "Points")
    assert not {"Discuss", "Close", "New case"} & {*labels(group.card)}
    await group.tap(TO_CASE, who=BEN)
    assert group.card.title == QUESTION
    assert sins(group.card) == [
        "SINS: 11 · potentially unstable · T8, semirigid spine. The source names no cut-off: you judge."
    ]
    assert list(group.messages) == [1]


async def scored_and_shared(group: FakeGroup) -> tuple[FakePrivateChat, str]:
    """Answer a case alone, its score with it, and share it; give the phone, and what the link to the team bears."""
    private_chat = FakePrivateChat(place=ANA, who=ANA, store=group.store)
    await private_chat.command("new")
    await private_chat.tap(*TO_DESTRUCTION, "SINS", *SCORED, TO_CASE, "Limited", "Enough", CATALOG.team.labels.share)
    [token] = [button.share_token for button in buttons(private_chat.card) if button.share_token]
    return private_chat, token


async def test_a_score_that_was_begun_alone_comes_along_where_its_case_is_handed_to_the_team() -> None:
    group = FakeGroup()
    _, token = await scored_and_shared(group)
    await group.command("start", ANA, token)
    await group.tap("✎ Answers", "✎ limited destruction", who=BEN)
    assert [told.partition(" · ")[0] for told in sins(group.card)] == ["SINS: 11"]
    await group.tap("SINS", who=BEN)
    assert f"mechanical pain: 3 ({person(ANA)})" in block(group.card, "Points")
    await group.tap("✎ Answers", "✎ lytic lesion", "Blastic", who=BEN)
    assert disputed(group.card)[1] == f"If blastic lesion ({person(BEN)}): 9 · potentially unstable"
    scores = [record for record in (await group.kept()).values() if record.case.flow == "sins"]
    assert sorted((record.place, len(record.case.discussion_events)) for record in scores) == [
        (group.place, 1),
        (ANA, 0),
    ]


async def test_a_case_that_was_put_back_to_its_question_before_the_link_was_followed_shows_the_score_at_once() -> None:
    group = FakeGroup()
    private_chat, token = await scored_and_shared(group)
    await private_chat.tap("‹ Back to the card", "✎ Answers", "✎ limited destruction")
    await group.command("start", ANA, token)
    assert group.card.title == QUESTION
    assert [told.partition(" · ")[0] for told in sins(group.card)] == ["SINS: 11"]


async def test_a_score_answers_nothing_and_says_who_gave_which_item(group: FakeGroup) -> None:
    before = findings_of(await group.case())
    await group.tap("SINS", "Mechanical", who=BEN)
    assert f"mechanical pain ({person(BEN)})" in read(group.card).text
    record = await group.kept()
    assert findings_of(record["c1"]) == before
    assert record["c1xt8"].case.flow == "sins"


async def test_of_two_who_score_at_once_the_first_counts_and_the_second_is_told(group: FakeGroup) -> None:
    await group.tap("SINS", who=BEN)
    mechanical, painless = (tap_of(group.card, label) for label in ("Mechanical", "Pain-free lesion"))
    await group.wish(mechanical, BEN, 1)
    await group.wish(painless, CLEO, 1)
    assert group.toast == f"{person(BEN)} answered first: mechanical pain."


async def test_an_item_that_is_disputed_shows_both_scores_until_it_is_settled(group: FakeGroup) -> None:
    await group.tap("SINS", *SCORED, who=BEN)
    await group.tap("✎ Answers", "✎ lytic lesion", "Blastic", who=CLEO)
    assert group.toast == CATALOG.team.toasts.disputed
    assert group.card.title == "Disputed: SINS 11 · potentially unstable or 9 · potentially unstable"
    assert disputed(group.card) == [
        f"If lytic lesion ({person(BEN)}): 11 · potentially unstable",
        f"If blastic lesion ({person(CLEO)}): 9 · potentially unstable",
    ]
    assert f"lytic lesion: 2 ({person(BEN)}), disputed" in block(group.card, "Points")
    await group.tap(TO_CASE)
    assert [told.partition(" · ")[0] for told in sins(group.card)] == ["SINS, disputed: 11"]
    await group.tap("SINS", who=BEN)
    await group.tap("✎ Answers", "✎ lytic lesion", "Lytic ✓", TO_CASE, who=BEN)
    assert [told.partition(" · ")[0] for told in sins(group.card)] == ["SINS: 11"]


async def test_whoever_opened_the_case_leads_in_its_score_whoever_opened_that(group: FakeGroup) -> None:
    await group.tap("SINS", *SCORED, who=BEN)
    await group.tap("‹ Back", who=CLEO)
    assert group.toast == CATALOG.team.toasts.not_permitted.format(who=person(BEN))
    await group.tap("✎ Answers", "✎ lytic lesion", "Blastic", who=ANA)
    await group.tap("✎ Answers", "✎ lytic lesion", "Settle: blastic lesion", who=ANA)
    assert group.card.title == "SINS 9 · potentially unstable"


async def test_a_score_goes_on_where_it_was_left_and_is_not_told_before_it_is_complete(group: FakeGroup) -> None:
    await group.tap("SINS", "Mechanical", TO_CASE, who=BEN)
    assert sins(group.card) == []
    await group.tap("SINS", who=CLEO)
    assert group.card.title == "What is the bone lesion like?"


async def test_a_score_has_no_name_of_its_own_and_never_rests_by_itself(group: FakeGroup) -> None:
    await group.tap("SINS", "Mechanical", who=BEN)
    await group.command("cases")
    assert len(labels(group.card)) == 1
    group.now += 49 * HOUR
    await group.do(lambda repository: group.services.team.changes.archive_idle(repository, 48 * HOUR))
    assert len([label for label in labels(group.card) if label.startswith("Continue")]) == 1
    rests = group.messages[1]
    await group.wish(Tap(Action.answer, "bone", "lytic", "c1xt8", 2), CLEO, 1)
    assert group.toast == TOASTS.archived
    assert group.messages[1] == rests


async def test_a_tap_on_the_score_keeps_its_case_from_resting(group: FakeGroup) -> None:
    group.now += 47 * HOUR
    await group.tap("SINS", "Mechanical", who=BEN)
    group.now += 2 * HOUR
    await group.do(lambda repository: group.services.team.changes.archive_idle(repository, 48 * HOUR))
    assert not (await group.kept())["c1"].archived


async def test_an_answer_to_the_score_of_an_older_case_counts_once_the_right_name_was_picked(group: FakeGroup) -> None:
    name = group.card.label.partition(" · ")[0]
    await group.tap("SINS", who=BEN)
    await group.command("case", CLEO)
    before = (await group.kept())["c1xt8"].case
    await group.tap("Mechanical", who=BEN, at=1)
    assert name in labels(group.messages[1])
    assert (await group.kept())["c1xt8"].case == before
    await group.tap(name, who=BEN, at=1)
    assert group.messages[1].title == "What is the bone lesion like?"


async def test_in_a_card_that_was_brought_down_the_score_goes_on_and_the_old_card_is_out_of_date(
    group: FakeGroup,
) -> None:
    await group.tap("SINS", who=BEN)
    late = tap_of(group.card, "Mechanical")
    await group.command("cases")
    await group.tap(labels(group.card)[0])
    assert group.card.title == QUESTION
    await group.wish(late, CLEO, 1)
    assert group.toast == TOASTS.shown_elsewhere
    newest = max(group.messages)
    await group.tap("SINS", "Mechanical", who=BEN)
    assert (max(group.messages), group.card.title) == (newest, "What is the bone lesion like?")


async def test_a_card_that_was_deleted_while_it_showed_the_score_comes_anew_as_the_card_of_the_case(
    group: FakeGroup,
) -> None:
    await group.tap("SINS", who=BEN)
    await group.do(lambda repository: group.services.team.receipts.on_card_sent(repository, "c1xt8", 7))
    assert group.messages[7].title == "What is the pain like?"
    await group.tap(TO_CASE, at=7)
    assert group.messages[7].title == QUESTION
    assert labels(group.messages[1]) == [CATALOG.wording.labels.go_on]


async def test_the_score_moves_with_the_group_and_is_shown_by_no_message_of_its_own(group: FakeGroup) -> None:
    await group.tap("SINS", *SCORED, who=BEN)
    new = FakeGroup(place="-1007", store=group.store, now=group.now)
    await new.do(lambda repository: new.services.team.changes.on_chat_migrated(repository, "-100", "-1007"))
    assert len(new.messages) == 1
    assert [told.partition(" · ")[0] for told in sins(new.card)] == ["SINS: 11"]


async def test_the_score_goes_with_the_case_that_it_helps(group: FakeGroup) -> None:
    await group.tap("SINS", who=BEN)
    late = tap_of(group.card, "Mechanical")
    await group.store.transact(lambda repository: [repository.erase_person(who) for who in (ANA, BEN)])
    assert {*await group.kept()} == {"c1", "c1xt8"}
    assert not [step for step in (await group.kept())["c1xt8"].case.answer_events if step.who in (ANA, BEN)]
    group.store._cases.pop("c1")
    await group.wish(late, CLEO, 1)
    assert group.toast == TOASTS.gone


@pytest.mark.parametrize(
    "tap",
    [Tap(Action.discuss), Tap(Action.choose), Tap(Action.decide, "none"), Tap(Action.reasons)],
)
async def test_nothing_is_voted_on_or_decided_in_a_score(group: FakeGroup, tap: Tap) -> None:
    await group.tap("SINS", *SCORED, who=BEN)
    before = (await group.kept())["c1xt8"].case
    await group.wish(Tap(tap.action, tap.question, case=before.id, turn=before.turn), ANA, 1)
    assert (await group.kept())["c1xt8"].case == before
    assert group.card.title == "SINS 11 · potentially unstable"
    assert group.polls == {}
    assert group.toast


async def test_a_finding_is_challenged_beside_the_score_which_can_be_opened_from_there(group: FakeGroup) -> None:
    await group.tap("Limited", "Enough")
    await group.tap("✎ Answers", "✎ limited destruction", who=BEN)
    assert sins(group.card) == []
    await group.tap("SINS", *SCORED, TO_CASE, who=BEN)
    assert "Discuss" in labels(group.card)
    await group.tap("✎ Answers", "✎ limited destruction", who=BEN)
    assert [told.partition(" · ")[0] for told in sins(group.card)] == ["SINS: 11"]
    late = tap_of(group.card, "SINS")
    await group.tap("‹ Back to the card", "✎ Answers", "✎ no deficit")
    assert sins(group.card) == []
    assert "SINS" not in labels(group.card)
    await group.tap("‹ Back to the card", "Discuss")
    voted = late._replace(turn=(await group.kept())["c1"].case.turn)
    await group.wish(voted, BEN, 1)
    assert group.toast == TOASTS.stale
    assert "End the poll" in labels(group.messages[1])


async def test_an_old_button_opens_no_score(group: FakeGroup) -> None:
    tap = tap_of(group.card, "SINS")
    await group.tap("Limited")
    await group.wish(tap, BEN, 1)
    assert group.toast == TOASTS.stale
    assert list(await group.kept()) == ["c1"]
