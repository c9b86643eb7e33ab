"""A scale and a score stand beside the question they help with, and lead back to it; they never answer it."""

from __future__ import annotations

import pytest
from kit import FakePrivateChat, labels, lines, refusals

from flows.cards.card import Action, Tap

TO_DESTRUCTION = ("Fit", "None", "Circumferential")
SCORED = ("Mechanical", "Lytic", "Normal", "Less than 50 %", "Bilateral")


@pytest.fixture
def private_chat() -> FakePrivateChat:
    return FakePrivateChat()


async def at_destruction(private_chat: FakePrivateChat, *levels: str) -> None:
    await private_chat.command("new")
    done = f"Only {levels[0]} ›" if len(levels) == 1 else f"Done · {len(levels)}"
    await private_chat.tap(*levels, done, *TO_DESTRUCTION)
    assert private_chat.card.title == "How extensive is the destruction of the vertebral body?"


async def test_sins_is_scored_for_itself(private_chat: FakePrivateChat) -> None:
    await private_chat.command("sins")
    await private_chat.tap("Mobile", *SCORED)
    assert private_chat.card.title == "SINS 12 · potentially unstable"
    assert "‹ Back to the case" not in labels(private_chat.card)
    await private_chat.tap("✎ Answers", "✎ mechanical pain", "Pain-free lesion")
    assert private_chat.card.title == "SINS 9 · potentially unstable"
    await private_chat.tap("New case")
    assert private_chat.card.title == "Which symptomatic levels are to be treated now?"


async def test_sins_helps_with_the_question_on_destruction_and_starts_from_the_level(
    private_chat: FakePrivateChat,
) -> None:
    await at_destruction(private_chat, "T8")
    await private_chat.tap("SINS")
    assert private_chat.card.label.endswith(" · SINS · 2, four left")
    assert private_chat.card.title == "What is the pain like?"
    assert len(private_chat.messages) == 1
    await private_chat.tap(*SCORED)
    assert (private_chat.card.label.partition(" · ")[2], private_chat.card.title) == (
        "T8, semirigid spine",
        "SINS 11 · potentially unstable",
    )
    await private_chat.tap("‹ Back to the case")
    assert private_chat.card.title == "How extensive is the destruction of the vertebral body?"
    [line] = [line for line in lines(private_chat.card) if line.lead == "SINS"]
    assert line.text == "11 · potentially unstable · T8, semirigid spine. The source names no cut-off: you judge."
    assert line.facts == ("SINS",)
    assert refusals(private_chat.card) == []


async def test_a_score_answers_nothing_in_the_case_that_it_helps(private_chat: FakePrivateChat) -> None:
    await at_destruction(private_chat, "T8")
    before = (await private_chat.case()).answer_events
    await private_chat.tap("SINS", *SCORED, "‹ Back to the case")
    record = await private_chat.kept()
    assert record["u1c1"].case.answer_events == before
    assert record["u1c1xt8"].case.flow == "sins"


async def test_with_several_levels_the_location_is_asked(private_chat: FakePrivateChat) -> None:
    await at_destruction(private_chat, "T8", "L3")
    await private_chat.tap("SINS")
    assert private_chat.card.title == "Where is the lesion?"


async def test_an_unfinished_score_is_taken_up_again_and_is_not_shown_before_it_is_complete(
    private_chat: FakePrivateChat,
) -> None:
    await at_destruction(private_chat, "T8")
    await private_chat.tap("SINS", "Mechanical", "‹ Back to the case")
    assert not [line for line in lines(private_chat.card) if line.lead == "SINS"]
    await private_chat.tap("SINS")
    assert private_chat.card.title == "What is the bone lesion like?"


async def test_a_score_is_seen_beside_both_questions_that_it_helps_with_and_in_the_result(
    private_chat: FakePrivateChat,
) -> None:
    await at_destruction(private_chat, "T8")
    await private_chat.tap("SINS", *SCORED, "‹ Back to the case", "Limited")
    assert private_chat.card.title.startswith("Would anterior fixation alone")
    assert [line for line in lines(private_chat.card) if line.lead == "SINS"]
    await private_chat.tap("✎ Answers", "✎ no deficit")
    assert not [line for line in lines(private_chat.card) if line.lead == "SINS"], "it does not help with this one"
    await private_chat.tap("None ✓", "Enough")
    [line] = [line for line in lines(private_chat.card) if line.lead == "SINS"]
    assert (line.text, line.facts) == ("11 · potentially unstable · T8, semirigid spine", ("SINS",))


async def test_a_score_is_bound_to_its_level(private_chat: FakePrivateChat) -> None:
    await at_destruction(private_chat, "T8")
    await private_chat.tap("SINS", *SCORED, "‹ Back to the case", "✎ Answers", "✎ T8", "T8 ✓", "T9", "Only T9 ›")
    assert private_chat.card.title == "How extensive is the destruction of the vertebral body?"
    assert not [line for line in lines(private_chat.card) if line.lead == "SINS"]
    await private_chat.tap("SINS")
    assert private_chat.card.title == "What is the pain like?"
    await private_chat.tap("‹ Back to the case", "✎ Answers", "✎ T9", "T9 ✓", "T8", "Only T8 ›")
    assert [line.text[:2] for line in lines(private_chat.card) if line.lead == "SINS"] == ["11"]


async def test_an_old_button_opens_no_score(private_chat: FakePrivateChat) -> None:
    await at_destruction(private_chat, "T8")
    case = await private_chat.case()
    await private_chat.tap("Limited")
    await private_chat.press(Tap(Action.linked_case, "sins", case=case.id, turn=case.turn), private_chat.last)
    assert private_chat.toast == private_chat.words.wording.toasts.stale
    assert list(await private_chat.kept()) == [case.id]


async def test_forgetting_erases_the_score_with_the_case(private_chat: FakePrivateChat) -> None:
    await at_destruction(private_chat, "T8")
    await private_chat.tap("SINS", "Mechanical")
    await private_chat.command("forget")
    await private_chat.tap("Erase everything")
    assert await private_chat.kept() == {}


async def test_an_option_is_no_part_of_a_score(private_chat: FakePrivateChat) -> None:
    await private_chat.command("sins")
    await private_chat.tap("Mobile", *SCORED)
    case = await private_chat.case()
    await private_chat.press(Tap(Action.option, "posterior", case=case.id, turn=case.turn), private_chat.last)
    assert private_chat.toast == private_chat.words.wording.toasts.stale


async def test_an_unanswered_case_of_one_flow_is_not_taken_for_one_of_the_other(private_chat: FakePrivateChat) -> None:
    await private_chat.command("new")
    await private_chat.command("sins")
    assert {record.case.flow for record in (await private_chat.kept()).values()} == {"metastasis", "sins"}
    await private_chat.command("sins")
    assert len(await private_chat.kept()) == 2


async def test_a_score_begun_by_itself_is_never_the_one_that_helps_a_case(private_chat: FakePrivateChat) -> None:
    await at_destruction(private_chat, "T8", "L3")
    await private_chat.tap("SINS")
    assert "‹ Back to the case" in labels(private_chat.card)
    await private_chat.command("sins")
    assert "‹ Back to the case" not in labels(private_chat.card)


async def test_a_scale_is_opened_from_its_question_and_left_again(private_chat: FakePrivateChat) -> None:
    await private_chat.command("new")
    await private_chat.tap("T8", "Only T8 ›")
    await private_chat.tap("? ECOG / Karnofsky / ASA")
    assert private_chat.card.title == "ECOG, Karnofsky and ASA"
    assert labels(private_chat.card) == ["‹ Back to the question"]
    await private_chat.tap("‹ Back to the question", "Fit", "? AIS / Frankel")
    assert private_chat.card.title == "AIS (ASIA Impairment Scale) and Frankel"
    await private_chat.tap("‹ Back to the question")
    assert private_chat.card.title == "Neurological deficit?"


async def test_a_scale_of_another_question_is_not_opened(private_chat: FakePrivateChat) -> None:
    await private_chat.command("new")
    case = await private_chat.case()
    await private_chat.press(Tap(Action.scale, "ais", case=case.id, turn=case.turn), private_chat.last)
    assert private_chat.toast == private_chat.words.wording.toasts.stale


async def test_the_scales_are_looked_up_without_a_case(private_chat: FakePrivateChat) -> None:
    await private_chat.command("scales")
    assert private_chat.card.title == "The scales"
    await private_chat.tap("ESCC (Bilsky)")
    assert private_chat.card.title == "ESCC, epidural spinal cord compression (Bilsky)"
    await private_chat.tap("‹ All scales")
    assert private_chat.card.title == "The scales"
    assert await private_chat.kept() == {}


async def test_a_scale_that_is_not_known_is_told_so(private_chat: FakePrivateChat) -> None:
    await private_chat.command("scales")
    await private_chat.press(Tap(Action.scale, "nurick"), private_chat.last)
    assert private_chat.toast == private_chat.words.wording.toasts.unknown_button
