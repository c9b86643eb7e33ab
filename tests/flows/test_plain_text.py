"""What is copied of a recommendation, of a score and of a team's decision: whole, in plain text, without a name."""

from __future__ import annotations

import pytest
from kit import (
    CARDS,
    CATALOG,
    INTERVIEW,
    T4,
    FakePrivateChat,
    answer,
    buttons,
    drawn,
    every_path,
    labels,
    lines,
    new_case,
    played,
    read,
    refusals,
    walked,
)

from bot.telegram.rendering.html import screen
from flows.cards.card import Action, Style
from flows.cards.case import MOST_COPIED, CaseRenderer
from flows.engine.interview import Interview, InterviewState
from flows.export.plain_text import utf16_length
from flows.model.rules import decide
from flows.pathways.metastasis import METASTASIS
from flows.pathways.sins import SINS


@pytest.mark.slow
def test_every_recommendation_leads_to_its_text_which_is_whole() -> None:
    for case in walked(every_path(METASTASIS)).values():
        state = INTERVIEW.state(case)
        if state.current:
            continue
        result = decide(METASTASIS.guidance, state.findings)
        text = CARDS.plain.recommendation(state, "27 Nov 2026, 14:05 UTC")
        [copy] = [b for row in drawn(case).rows for b in row if b.tap.action is Action.copy]
        assert (copy.copy_text, utf16_length(text) > MOST_COPIED) == ("", True)
        headline, *_ = text.splitlines()
        assert headline.startswith(CARDS.told.headline.title(result))
        for advice in result.options:
            assert all(fact in text for rule in advice.decisive for fact in rule.facts)
            assert advice is result.headline or CATALOG.options[advice.option].short in text
        assert text.splitlines()[-3:] == [
            "27 Nov 2026, 14:05 UTC",
            f"AO Surgery Reference 2019, edition {CATALOG.edition}",
            "For clinicians: supports, does not replace, clinical judgement.",
        ]


def test_what_is_copied_has_the_headline_first_then_the_reasons_the_findings_and_each_kind_of_no() -> None:
    findings = {**T4, "deficit": ("none",), "extent": ("body",), "destruction": ("limited",)}
    counted = METASTASIS.effective({code: codes for code, codes in findings.items() if code != "single_approach"})
    assert CARDS.plain.recommendation(
        InterviewState(None, counted, {}, ()), "27 Nov 2026, 14:05 UTC"
    ).splitlines() == [
        "Posterior MIS",
        "No significant deficit; where MIS is possible it is generally the first choice (F12, F2)",
        "Also supported: Posterior (open) (F10)",
        "Findings: T4: fit, no deficit, body only, limited destruction",
        "Indication not met in the source: Posterior + corpectomy (F11, F3), Combined (F16), Non-operative (F8)",
        "Not recommended in the source: Anterior corpectomy (F14, F4)",
        "27 Nov 2026, 14:05 UTC",
        f"AO Surgery Reference 2019, edition {CATALOG.edition}",
        "For clinicians: supports, does not replace, clinical judgement.",
    ]


def test_a_matter_of_judgement_is_copied_with_its_reason_and_the_emergency_is_never_left_out() -> None:
    text = CARDS.plain.recommendation(InterviewState(None, METASTASIS.effective(T4), {}, ()), "")
    assert text.startswith("No option fully meets an indication in the source: discuss as a team\n")
    assert "A matter of judgement: Combined: the source contradicts itself at T2–T5" in text
    assert "is an emergency" in text


async def test_a_text_that_does_not_fit_the_button_is_shown_to_be_copied() -> None:
    case = new_case()
    for question, codes in (("levels", ("T2", "T8")), ("fitness", ("undecided",)), ("deficit", ("significant",))):
        case = answer(INTERVIEW, case, question, codes)
    for question, codes in (("extent", ("circumferential",)), ("destruction", ("extensive",))):
        case = answer(INTERVIEW, case, question, codes)
    for question, codes in (("single_approach", ("not_judged",)), ("prior", ("extensive",))):
        case = answer(INTERVIEW, case, question, codes)
    state = INTERVIEW.state(case)
    assert state.current is None
    card = CARDS.copy_card(case, state)
    assert "<pre>" in str(screen(card)["text"])
    assert "T2, T8: fitness undecided" in read(card).text
    assert refusals(card) == []


SCORE = {
    "location": ("semirigid",),
    "pain": ("mechanical",),
    "bone": ("lytic",),
    "alignment": ("normal",),
    "collapse": ("under_half",),
    "posterolateral": ("bilateral",),
}


def test_a_score_is_copied_with_its_class_its_points_its_publication_and_the_time() -> None:
    scoring = Interview(SINS)
    case = played(SCORE, scoring)
    card = CaseRenderer(SINS, CATALOG).case(case, scoring.state(case), when="27 Nov 2026, 14:05 UTC")
    [copied] = [button.copy_text for button in buttons(card) if button.copy_text]
    points = "semirigid spine 1, mechanical pain 3, lytic lesion 2, normal alignment 0, collapse under 50 % 2"
    assert copied.splitlines() == [
        "SINS 11, potentially unstable",
        f"{points}, posterolateral: bilateral 3",
        f"Fisher CG et al. Spine 2010;35(22):E1221–E1229. Edition {CATALOG.edition}",
        "27 Nov 2026, 14:05 UTC",
    ]


@pytest.mark.slow
def test_every_score_is_copied_by_its_button_or_shown_in_a_block() -> None:
    scoring, cards = Interview(SINS), CaseRenderer(SINS, CATALOG)
    for case in walked(every_path(SINS), scoring).values():
        state = scoring.state(case)
        if state.current:
            continue
        card = cards.case(case, state, when="27 Nov 2026, 14:05 UTC")
        [copy] = [button for button in buttons(card) if button.label == CATALOG.wording.labels.copy_text]
        shown = cards.copy_card(case, state, "27 Nov 2026, 14:05 UTC")
        text = "\n".join(line.text for line in lines(shown, Style.typed))
        assert copy.copy_text == (text if utf16_length(text) <= MOST_COPIED else "")
        assert refusals(card) == refusals(shown) == []


async def test_a_copy_tells_when_it_was_made() -> None:
    private_chat = FakePrivateChat()
    await private_chat.command("new")
    await private_chat.tap("T8", "Only T8 ›", "Fit", "None", "Body only", "Limited", "None", "Copy")
    typed = [line.text for line in lines(private_chat.card, Style.typed)]
    assert typed[0] == "Posterior MIS"
    assert typed[-3] == "15 Jan 2027, 08:00 UTC"


async def test_a_score_that_helps_a_case_can_be_copied_and_leads_back() -> None:
    private_chat = FakePrivateChat()
    await private_chat.command("new")
    await private_chat.tap("T8", "Only T8 ›", "Fit", "None", "Body only", "SINS")
    await private_chat.tap("Mechanical", "Lytic", "Normal", "Less than 50 %", "Bilateral")
    assert labels(private_chat.card)[:2] == ["Copy", "‹ Back to the case"]
