"""A scale and a score stand beside the question they help with, and lead back to it; they never answer it."""

from __future__ import annotations

import pytest
from kit import Phone, labels, lines, refusals

from flows.cards.card import Tap, Verb

TO_DESTRUCTION = ("Fit", "None", "Circumferential")
SCORED = ("Mechanical", "Lytic", "Normal", "Less than 50 %", "Bilateral")


@pytest.fixture
def phone() -> Phone:
    return Phone()


async def at_destruction(phone: Phone, *levels: str) -> None:
    await phone.command("new")
    done = f"Only {levels[0]} ›" if len(levels) == 1 else f"Done · {len(levels)}"
    await phone.tap(*levels, done, *TO_DESTRUCTION)
    assert phone.card.title == "How extensive is the destruction of the vertebral body?"


async def test_sins_is_scored_for_itself(phone: Phone) -> None:
    await phone.command("sins")
    await phone.tap("Mobile", *SCORED)
    assert phone.card.title == "SINS 12 · potentially unstable"
    assert "‹ Back to the case" not in labels(phone.card)
    await phone.tap("✎ Answers", "✎ mechanical pain", "Pain-free lesion")
    assert phone.card.title == "SINS 9 · potentially unstable"
    await phone.tap("New case")
    assert phone.card.title == "Which symptomatic levels are to be treated now?"


async def test_sins_helps_with_the_question_on_destruction_and_starts_from_the_level(phone: Phone) -> None:
    await at_destruction(phone, "T8")
    await phone.tap("SINS")
    assert phone.card.label.endswith(" · SINS · 2, four left")
    assert phone.card.title == "What is the pain like?"
    assert len(phone.messages) == 1
    await phone.tap(*SCORED)
    assert (phone.card.label.partition(" · ")[2], phone.card.title) == (
        "T8, semirigid spine",
        "SINS 11 · potentially unstable",
    )
    await phone.tap("‹ Back to the case")
    assert phone.card.title == "How extensive is the destruction of the vertebral body?"
    [line] = [line for line in lines(phone.card) if line.lead == "SINS"]
    assert line.text == "11 · potentially unstable · T8, semirigid spine. The source names no cut-off: you judge."
    assert line.facts == ("SINS",)
    assert refusals(phone.card) == []


async def test_a_score_answers_nothing_in_the_case_that_it_helps(phone: Phone) -> None:
    await at_destruction(phone, "T8")
    before = (await phone.case()).steps
    await phone.tap("SINS", *SCORED, "‹ Back to the case")
    kept = await phone.kept()
    assert kept["u1c1"].case.steps == before
    assert kept["u1c1xt8"].case.flow == "sins"


async def test_with_several_levels_the_location_is_asked(phone: Phone) -> None:
    await at_destruction(phone, "T8", "L3")
    await phone.tap("SINS")
    assert phone.card.title == "Where is the lesion?"


async def test_an_unfinished_score_is_taken_up_again_and_is_not_shown_before_it_is_complete(phone: Phone) -> None:
    await at_destruction(phone, "T8")
    await phone.tap("SINS", "Mechanical", "‹ Back to the case")
    assert not [line for line in lines(phone.card) if line.lead == "SINS"]
    await phone.tap("SINS")
    assert phone.card.title == "What is the bone lesion like?"


async def test_a_score_is_seen_beside_both_questions_that_it_helps_with_and_in_the_result(phone: Phone) -> None:
    await at_destruction(phone, "T8")
    await phone.tap("SINS", *SCORED, "‹ Back to the case", "Limited")
    assert phone.card.title.startswith("Would anterior fixation alone")
    assert [line for line in lines(phone.card) if line.lead == "SINS"]
    await phone.tap("✎ Answers", "✎ no deficit")
    assert not [line for line in lines(phone.card) if line.lead == "SINS"], "it does not help with this one"
    await phone.tap("None ✓", "Enough")
    [line] = [line for line in lines(phone.card) if line.lead == "SINS"]
    assert (line.text, line.facts) == ("11 · potentially unstable · T8, semirigid spine", ("SINS",))


async def test_a_score_is_bound_to_its_level(phone: Phone) -> None:
    await at_destruction(phone, "T8")
    await phone.tap("SINS", *SCORED, "‹ Back to the case", "✎ Answers", "✎ T8", "T8 ✓", "T9", "Only T9 ›")
    assert phone.card.title == "How extensive is the destruction of the vertebral body?"
    assert not [line for line in lines(phone.card) if line.lead == "SINS"]
    await phone.tap("SINS")
    assert phone.card.title == "What is the pain like?"
    await phone.tap("‹ Back to the case", "✎ Answers", "✎ T9", "T9 ✓", "T8", "Only T8 ›")
    assert [line.text[:2] for line in lines(phone.card) if line.lead == "SINS"] == ["11"]


async def test_an_old_button_opens_no_score(phone: Phone) -> None:
    await at_destruction(phone, "T8")
    case = await phone.case()
    await phone.tap("Limited")
    await phone.wish(Tap(Verb.aid, "sins", case=case.id, turn=case.turn), phone.last)
    assert phone.toast == phone.words.wording.toasts.stale
    assert list(await phone.kept()) == [case.id]


async def test_forgetting_erases_the_score_with_the_case(phone: Phone) -> None:
    await at_destruction(phone, "T8")
    await phone.tap("SINS", "Mechanical")
    await phone.command("forget")
    await phone.tap("Erase everything")
    assert await phone.kept() == {}


async def test_an_option_is_no_part_of_a_score(phone: Phone) -> None:
    await phone.command("sins")
    await phone.tap("Mobile", *SCORED)
    case = await phone.case()
    await phone.wish(Tap(Verb.option, "posterior", case=case.id, turn=case.turn), phone.last)
    assert phone.toast == phone.words.wording.toasts.stale


async def test_an_unanswered_case_of_one_flow_is_not_taken_for_one_of_the_other(phone: Phone) -> None:
    await phone.command("new")
    await phone.command("sins")
    assert {kept.case.flow for kept in (await phone.kept()).values()} == {"metastasis", "sins"}
    await phone.command("sins")
    assert len(await phone.kept()) == 2


async def test_a_score_begun_by_itself_is_never_the_one_that_helps_a_case(phone: Phone) -> None:
    await at_destruction(phone, "T8", "L3")
    await phone.tap("SINS")
    assert "‹ Back to the case" in labels(phone.card)
    await phone.command("sins")
    assert "‹ Back to the case" not in labels(phone.card)


async def test_a_scale_is_opened_from_its_question_and_left_again(phone: Phone) -> None:
    await phone.command("new")
    await phone.tap("T8", "Only T8 ›")
    await phone.tap("? ECOG / Karnofsky / ASA")
    assert phone.card.title == "ECOG, Karnofsky and ASA"
    assert labels(phone.card) == ["‹ Back to the question"]
    await phone.tap("‹ Back to the question", "Fit", "? AIS / Frankel")
    assert phone.card.title == "AIS (ASIA Impairment Scale) and Frankel"
    await phone.tap("‹ Back to the question")
    assert phone.card.title == "Neurological deficit?"


async def test_a_scale_of_another_question_is_not_opened(phone: Phone) -> None:
    await phone.command("new")
    case = await phone.case()
    await phone.wish(Tap(Verb.scale, "ais", case=case.id, turn=case.turn), phone.last)
    assert phone.toast == phone.words.wording.toasts.stale


async def test_the_scales_are_looked_up_without_a_case(phone: Phone) -> None:
    await phone.command("scales")
    assert phone.card.title == "The scales"
    await phone.tap("ESCC (Bilsky)")
    assert phone.card.title == "ESCC, epidural spinal cord compression (Bilsky)"
    await phone.tap("‹ All scales")
    assert phone.card.title == "The scales"
    assert await phone.kept() == {}


async def test_a_scale_that_is_not_known_is_told_so(phone: Phone) -> None:
    await phone.command("scales")
    await phone.wish(Tap(Verb.scale, "nurick"), phone.last)
    assert phone.toast == phone.words.wording.toasts.unknown_button
