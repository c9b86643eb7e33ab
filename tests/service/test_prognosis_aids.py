"""The prognostic scores stand beside the question of fitness: scored and shown from there, never an answer."""

from __future__ import annotations

import pytest
from kit import CATALOG, FakePrivateChat, buttons, labels, lines, read, refusals
from team_kit import ANA, BEN, FakeGroup, block, findings_of

from flows.cards.card import Action, Card, Tap

FITNESS = "Is the patient fit for surgery?"
TO_FITNESS = ("T8", "Only T8 ›")
TO_THE_END = ("None", "Body only", "Limited", "None")
TO_CASE = "‹ Back to the case"
SCORES = ["Modified Bauer (2008)", "Tokuhashi (2005)", "Tomita (2001)"]
BAUER = ("Modified Bauer (2008)", "None", "Favourable (below)", "Solitary")
TOKUHASHI = ("Tokuhashi (2005)", "80–100 %", "0", "1", "None", "Kidney, uterus", "None")
TOMITA = ("Tomita (2001)", "Rapid", "Untreatable", "Multiple")
CAVEAT = "A group's survival before today's systemic therapy."
JUDGE = "The source names no cut-off: you judge."
DIRECTION = "a lower score is better, the other way round than in Bauer and Tokuhashi"
SAID = [
    "Modified Bauer (2008): 4 · highest of three classes · a higher score is better",
    "Tokuhashi (2005): 13 · group survival 1 year or more · a higher score is better",
    f"Tomita (2001): 10 · highest of four classes · {DIRECTION}",
]


@pytest.fixture
async def private_chat() -> FakePrivateChat:
    """A case that stands at the question of fitness."""
    private_chat = FakePrivateChat()
    await private_chat.command("new")
    await private_chat.tap(*TO_FITNESS)
    assert private_chat.card.title == FITNESS
    return private_chat


def scores(card: Card) -> list[str]:
    """The lines of a card that tell a score."""
    return [f"{line.lead}: {line.text}" for line in lines(card) if line.lead in SCORES]


async def test_the_question_of_fitness_offers_the_three_scores_beside_its_scale(private_chat: FakePrivateChat) -> None:
    offered = [button.label for button in buttons(private_chat.card) if button.tap.action is Action.linked_case]
    assert offered == SCORES
    assert "? ECOG / Karnofsky / ASA" in labels(private_chat.card)
    assert refusals(private_chat.card) == []


async def test_a_score_leads_back_to_the_question_and_stands_beside_it_with_class_year_direction_and_caveat(
    private_chat: FakePrivateChat,
) -> None:
    await private_chat.tap(*TOKUHASHI)
    assert private_chat.card.title == "Tokuhashi (2005) 13 · group survival 1 year or more"
    await private_chat.tap(TO_CASE)
    assert private_chat.card.title == FITNESS
    assert scores(private_chat.card) == [f"{SAID[1]}. {JUDGE}"]
    assert CAVEAT in read(private_chat.card).text
    assert len(private_chat.messages) == 1


async def test_a_case_carries_several_scores_which_answer_nothing_in_it(private_chat: FakePrivateChat) -> None:
    before = (await private_chat.kept())["u1c1"].case.answer_events
    await private_chat.tap(*BAUER, TO_CASE, *TOMITA, TO_CASE, *TOKUHASHI, TO_CASE)
    kept = await private_chat.kept()
    assert kept["u1c1"].case.answer_events == before
    assert {record.case.flow for record in kept.values()} == {"metastasis", "bauer", "tokuhashi", "tomita"}
    assert scores(private_chat.card) == [*SAID[:2], f"{SAID[2]}. {JUDGE}"]
    assert read(private_chat.card).text.count(CAVEAT) == 1
    assert refusals(private_chat.card) == []


async def test_the_scores_stand_with_the_findings_of_the_result_and_in_its_copy(private_chat: FakePrivateChat) -> None:
    await private_chat.tap(*BAUER, TO_CASE, *TOMITA, TO_CASE, "Fit")
    assert scores(private_chat.card) == [], "they help with the question of fitness alone"
    await private_chat.tap(*TO_THE_END)
    assert private_chat.card.title == "Posterior MIS"
    assert scores(private_chat.card) == [SAID[0], SAID[2]]
    assert read(private_chat.card).text.count(CAVEAT) == 1
    await private_chat.tap("Copy")
    copied = read(private_chat.card).text
    assert "Modified Bauer (2008) 4, highest of three classes, a higher score is better" in copied
    assert "Tomita (2001) 10, highest of four classes, a lower score is better" in copied
    assert copied.count(CAVEAT) == 1


async def test_a_prognosis_is_the_patients_and_stays_where_the_levels_change(private_chat: FakePrivateChat) -> None:
    await private_chat.tap(*BAUER, TO_CASE, "✎ Answers", "✎ T8", "T8 ✓", "T9", "L1", "Done · 2")
    assert private_chat.card.title == FITNESS
    assert scores(private_chat.card) == [f"{SAID[0]}. {JUDGE}"]


async def test_sins_and_a_prognosis_stand_beside_each_other(private_chat: FakePrivateChat) -> None:
    await private_chat.tap(*BAUER, TO_CASE, "Fit", "None", "Body only")
    await private_chat.tap("SINS", "Mechanical", "Lytic", "Normal", "Less than 50 %", "Bilateral", TO_CASE)
    assert scores(private_chat.card) == []
    assert [line.text[:2] for line in lines(private_chat.card) if line.lead == "SINS"] == ["11"]
    await private_chat.tap("Limited", "None")
    assert scores(private_chat.card) == [SAID[0]]
    assert [line.text for line in lines(private_chat.card) if line.lead == "SINS"] == [
        "11 · potentially unstable · T8, semirigid spine"
    ]


async def test_a_score_of_another_question_is_not_opened_from_there(private_chat: FakePrivateChat) -> None:
    case = (await private_chat.kept())["u1c1"].case
    await private_chat.press(Tap(Action.linked_case, "sins", case=case.id, turn=case.turn), private_chat.last)
    assert private_chat.toast == CATALOG.wording.toasts.stale
    assert list(await private_chat.kept()) == ["u1c1"]


async def test_an_unfinished_score_is_taken_up_again_and_erased_with_its_case(private_chat: FakePrivateChat) -> None:
    await private_chat.tap("Tomita (2001)", "Slow", TO_CASE)
    assert scores(private_chat.card) == []
    await private_chat.tap("Tomita (2001)")
    assert private_chat.card.title == "Are there visceral metastases?"
    await private_chat.command("forget")
    await private_chat.tap("Erase everything")
    assert await private_chat.kept() == {}


async def test_all_scores_come_along_where_a_case_is_shared_and_stand_in_the_decision_and_its_record() -> None:
    group = FakeGroup()
    alone = FakePrivateChat(place=ANA, who=ANA, store=group.store)
    await alone.command("new")
    await alone.tap(*TO_FITNESS, *BAUER, TO_CASE, *TOMITA, TO_CASE, "Fit", *TO_THE_END, CATALOG.team.labels.share)
    [token] = [button.share_token for button in buttons(alone.card) if button.share_token]
    await group.command("start", ANA, token)
    card = max(group.messages)
    assert scores(group.messages[card]) == [SAID[0], SAID[2]]
    await group.tap("Close", "Posterior MIS", "Decide", who=ANA, at=card)
    assert [said for said in block(group.card, "Who answered") if "(20" in said] == [SAID[0], SAID[2]]
    assert "Modified Bauer (2008) 4, highest of three classes, a higher score is better" in read(group.card).text


async def test_a_team_scores_at_the_question_and_from_the_finding_and_disputes_an_item() -> None:
    group = FakeGroup()
    await group.command("case")
    await group.tap(*TO_FITNESS, *BAUER, who=BEN)
    before = findings_of((await group.kept())["c1"])
    await group.tap(TO_CASE, who=BEN)
    assert scores(group.card) == [f"{SAID[0]}. {JUDGE}"]
    assert findings_of((await group.kept())["c1"]) == before
    await group.tap("Fit", *TO_THE_END)
    await group.tap("✎ Answers", "✎ fit", who=BEN)
    assert scores(group.card) == [f"{SAID[0]}. {JUDGE}"]
    await group.tap("Modified Bauer (2008)", "✎ Answers", "✎ no visceral metastases", "Visceral metastases", who=ANA)
    await group.tap(TO_CASE)
    assert any("Modified Bauer (2008), disputed" in line.lead for line in lines(group.card))
