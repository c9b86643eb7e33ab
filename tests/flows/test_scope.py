"""A case outside the scope of the source says so above its headline, in every channel; no verdict changes by it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from kit import CATALOG, INTERVIEW, T8, WHO, FakePrivateChat, answer, buttons, changed, lines, new_case, read
from rich.console import Console
from team_kit import ANA, BEN, T8_TAPS, FakeGroup

from bot.cli.chat import Terminal
from bot.cli.decide_note import record_of
from bot.service.case_store import MemoryStorage
from bot.service.inline_search import InlineSearch
from bot.service.private.private_chat import PrivateChat
from bot.service.replies import ActionContext, NoteInput
from bot.telegram.rendering.html import ScreenCache, screen
from flows.cards.card import Action, Card, Line, Style
from flows.cards.case import CaseRenderer
from flows.engine.interview import MAX_EVENTS, SCOPE
from flows.errors import NothingToUndo, StaleTap
from flows.export.records import parse_findings, recommendation_record
from flows.export.scope_text import scope_texts
from flows.model.case import Case
from flows.model.scored import Scored
from flows.model.source_scope import ScopeCode, ScopeMark, decode_scope, encode_scope
from flows.notes.reader import ExtractedFinding, Reading
from flows.pathways.metastasis import METASTASIS
from flows.pathways.registry import flow_registry

TEXTS = {
    ScopeMark(ScopeCode.asymptomatic): "Your note says asymptomatic. This source is about symptomatic metastases.",
    ScopeMark(ScopeCode.stable_spine): "Your note says the spine is stable. This source is about unstable spines.",
    ScopeMark(ScopeCode.sins, "5"): "Your note says SINS 5, stable. This source is about unstable spines.",
    ScopeMark(ScopeCode.escc, "1a"): "Your note says ESCC 1a, low-grade. This source is about high-grade compression.",
    ScopeMark(ScopeCode.level, "C7"): "Your note names C7. This source is about T1–L5.",
    ScopeMark(ScopeCode.primary): "Your note says a primary tumour. This source is about metastases.",
    ScopeMark(ScopeCode.intradural): (
        "Your note says intradural. This source is about metastases with epidural compression."
    ),
}
MARKS = tuple(TEXTS)
MIDDLE = ScopeMark(ScopeCode.sins, "5")
WHOLE = "T8 met, fit, no deficit, body only, limited destruction, prior none"
SAID = "SINS 5"

every_mark = pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark.code.value)


def noted(*marks: ScopeMark, **findings: tuple[str, ...]) -> Case:
    """A case that was read from a note and confirmed."""
    read_back = INTERVIEW.start_from_note(new_case(), findings or T8, ("5",), WHO, encode_scope(marks))
    return INTERVIEW.confirm(read_back, WHO)


def above(card: Card) -> list[str]:
    return [line.text for line in card.above]


def scope_of(case: Case) -> tuple[ScopeMark, ...]:
    return INTERVIEW.state(case).scope


# What is found, and how long it is kept.


def test_every_reason_has_its_words() -> None:
    assert {mark.code for mark in MARKS} == set(ScopeCode)
    assert {mark: said.text for mark in MARKS for said in scope_texts(CATALOG.wording.scope, [mark])} == TEXTS


@every_mark
def test_a_mark_is_stored_as_a_code_and_read_back(mark: ScopeMark) -> None:
    assert decode_scope(encode_scope((mark,))) == (mark,)
    assert scope_of(noted(mark)) == (mark,)


def test_a_mark_that_this_edition_does_not_know_is_passed_over() -> None:
    assert decode_scope(("frail", "sins:5", "")) == (MIDDLE,)


def test_the_marks_stay_when_the_note_is_confirmed_and_when_answers_are_undone() -> None:
    case = noted(MIDDLE)
    assert INTERVIEW.state(case).current is None
    while INTERVIEW.state(case).answers:
        case = INTERVIEW.back(case)
        assert scope_of(case) == (MIDDLE,)
    with pytest.raises(NothingToUndo):
        INTERVIEW.back(case)
    with pytest.raises(NothingToUndo):
        INTERVIEW.restart(case, WHO)
    assert scope_of(case) == (MIDDLE,)


def test_a_restart_lets_go_of_the_marks_with_the_note_and_back_brings_them_again() -> None:
    begun_again = INTERVIEW.restart(noted(MIDDLE), WHO)
    assert scope_of(begun_again) == ()
    assert scope_of(answer(INTERVIEW, begun_again, "levels", ("T8",))) == ()
    assert scope_of(INTERVIEW.back(begun_again)) == (MIDDLE,)


def test_the_marks_outlast_a_long_history_and_not_a_restart_within_it() -> None:
    case, other = noted(MIDDLE), INTERVIEW.restart(noted(MIDDLE), WHO)
    for question, codes in T8.items():
        other = answer(INTERVIEW, other, question, codes)
    for number in range(MAX_EVENTS):
        codes = ("minor",) if number % 2 else ("significant",)
        case, other = changed(case, "deficit", codes), changed(other, "deficit", codes)
    assert len(case.answer_events) <= MAX_EVENTS
    assert (scope_of(case), scope_of(other)) == ((MIDDLE,), ())


def test_what_was_read_of_the_scope_can_be_left_out_before_it_is_confirmed() -> None:
    case = INTERVIEW.start_from_note(new_case(), T8, ("5",), WHO, encode_scope(MARKS))
    case = INTERVIEW.drop(case, SCOPE)
    assert (scope_of(case), INTERVIEW.state(case).unconfirmed) == ((), T8)
    with pytest.raises(StaleTap):
        INTERVIEW.drop(case, SCOPE)


# On the cards of one person.


async def test_the_first_question_says_in_one_line_whom_the_source_is_about_and_asks_nothing() -> None:
    private_chat = FakePrivateChat()
    await private_chat.command("new")
    [hint] = lines(private_chat.card, Style.small)
    assert hint.text.startswith("For symptomatic metastases T1–L5, unstable, with high-grade compression.")
    assert hint.facts == ("G10", "G8")
    await private_chat.tap(*T8_TAPS)
    assert private_chat.card.title == "Posterior MIS"


@every_mark
async def test_the_line_stands_above_what_was_read_and_above_the_headline(mark: ScopeMark) -> None:
    private_chat = FakePrivateChat()
    await private_chat.write(NoteInput(T8, (), "5", 1, encode_scope((mark,))))
    assert above(private_chat.card) == [TEXTS[mark]]
    await private_chat.tap("Confirm")
    assert (private_chat.card.title, above(private_chat.card)) == ("Posterior MIS", [TEXTS[mark]])
    told = read(private_chat.card).text
    assert told.index(TEXTS[mark]) < told.index("Posterior MIS")


async def test_the_line_is_not_above_a_case_that_says_nothing_of_it() -> None:
    private_chat = FakePrivateChat()
    await private_chat.write(NoteInput(T8, (), "5", 1))
    await private_chat.tap("Confirm")
    assert above(private_chat.card) == []


async def test_a_tap_leaves_out_what_was_read_of_the_scope() -> None:
    private_chat = FakePrivateChat()
    await private_chat.write(NoteInput(T8, (), "5", 1, encode_scope((MIDDLE,))))
    [button] = [b for b in buttons(private_chat.card) if b.tap.question == SCOPE]
    await private_chat.tap(button.label)
    assert above(private_chat.card) == []
    await private_chat.tap("Confirm")
    assert above(private_chat.card) == []


async def test_a_note_of_which_nothing_but_the_scope_was_read_is_told_so() -> None:
    private_chat = FakePrivateChat()
    await private_chat.write(NoteInput({}, ("outside",), "5", 1, encode_scope((ScopeMark(ScopeCode.level, "C7"),))))
    assert above(private_chat.card) == ["Your note names C7. This source is about T1–L5."]


async def test_the_copy_says_it_before_all_else() -> None:
    private_chat = FakePrivateChat()
    await private_chat.write(NoteInput(T8, (), "5", 1, encode_scope((MIDDLE,))))
    await private_chat.tap("Confirm")
    assert (await copied(private_chat)).splitlines()[0] == TEXTS[MIDDLE]


async def copied(private_chat: FakePrivateChat) -> str:
    """Give what is copied of a recommendation, from its button or from the block that it opens."""
    [button] = [b for b in buttons(private_chat.card) if b.tap.action is Action.copy]
    if button.copy_text:
        return button.copy_text
    await private_chat.tap(button.label)
    text = "\n".join(line.text for line in lines(private_chat.card, Style.typed))
    await private_chat.tap(CATALOG.wording.labels.to_card)
    return text


def test_a_start_link_brings_it_along() -> None:
    lookup = InlineSearch(flow_registry())
    [result] = lookup.results(f"{WHOLE}, {SAID}")
    assert above(result.card) == [TEXTS[MIDDLE]]
    [incomplete] = lookup.results(f"T8 met, {SAID}")
    assert (above(incomplete.card), incomplete.complete) == ([TEXTS[MIDDLE]], False)
    assert result.start_payload.endswith("_c5")


async def test_a_case_from_a_start_link_says_it() -> None:
    private_chat = FakePrivateChat()
    [result] = InlineSearch(flow_registry()).results(f"{WHOLE}, {SAID}")
    payload = result.start_payload
    await private_chat._do(
        lambda repository: private_chat.conversation.on_start_link(
            repository, payload, ActionContext(private_chat.place, private_chat.who)
        )
    )
    assert above(private_chat.card) == [TEXTS[MIDDLE]]
    await private_chat.tap("Confirm")
    assert above(private_chat.card) == [TEXTS[MIDDLE]]


# A score.

STABLE = ("Pain-free lesion", "Lytic", "Normal", "None of these", "None")  # with T8, semirigid: 0 + 2 + 0 + 0 + 0 + 1
UNSTABLE = ("Mechanical", "Lytic", "New deformity", "More than 50 %", "Bilateral")  # with T8: 3 + 2 + 2 + 3 + 3 + 1
TO_DESTRUCTION = ("T8", "Only T8 ›", "Fit", "None", "Body only")
SCORED = "You scored SINS 3, stable. This source is about unstable spines."


async def scored(private_chat: FakePrivateChat, items: tuple[str, ...]) -> None:
    await private_chat.command("new")
    await private_chat.tap(*TO_DESTRUCTION, "SINS", *items, "‹ Back to the case", "Limited", "None")
    assert private_chat.card.title == "Posterior MIS"


async def test_a_score_that_says_stable_is_said_above_the_headline_and_stays_with_the_findings() -> None:
    private_chat = FakePrivateChat()
    await scored(private_chat, STABLE)
    assert above(private_chat.card) == [SCORED]
    [line] = [line for line in lines(private_chat.card) if line.lead == "SINS"]
    assert line.text == "3 · stable · T8, semirigid spine"
    text = await copied(private_chat)
    assert text.splitlines()[0] == SCORED
    assert "SINS 3, stable, T8, semirigid spine" in text


async def test_a_score_that_does_not_say_stable_stays_with_the_findings_alone() -> None:
    private_chat = FakePrivateChat()
    await scored(private_chat, UNSTABLE)
    assert above(private_chat.card) == []
    [line] = [line for line in lines(private_chat.card) if line.lead == "SINS"]
    assert line.text == "14 · unstable · T8, semirigid spine"
    assert "SINS 14, unstable, T8, semirigid spine" in await copied(private_chat)


async def test_a_score_goes_with_its_level() -> None:
    private_chat = FakePrivateChat()
    await scored(private_chat, STABLE)
    await private_chat.tap("✎ Answers", "✎ T8", "T8 ✓", "T9", "Only T9 ›")
    assert private_chat.card.title == "Posterior MIS"
    assert above(private_chat.card) == []
    assert not [line for line in lines(private_chat.card) if line.lead == "SINS"]


def test_a_score_of_six_says_stable_and_one_of_seven_does_not() -> None:
    bands = flow_registry().flow("sins").guidance.bands
    outside = {band.code: band.outside for band in bands}
    assert outside == {"stable": ScopeCode.sins, "potentially_unstable": None, "unstable": None}


def test_the_same_score_in_the_note_and_made_here_is_said_once() -> None:
    stable = flow_registry().flow("sins").guidance.bands[0]
    made = Scored("sins", 5, stable, "T8")
    told = [said.text for said in scope_texts(CATALOG.wording.scope, MARKS, made)]
    assert told[0] == "You scored SINS 5, stable. This source is about unstable spines."
    assert TEXTS[MIDDLE] not in told
    assert len(told) == len(MARKS)


# In a group.


async def test_what_was_found_comes_along_when_a_case_is_shared_and_stands_on_every_card_of_it() -> None:
    group = FakeGroup()
    private_chat = FakePrivateChat(place=ANA, who=ANA, store=group.store)
    await private_chat.write(NoteInput(T8, (), "5", 1, encode_scope((MIDDLE,))))
    await private_chat.tap("Confirm", CATALOG.team.labels.share)
    [token] = [button.share_token for button in buttons(private_chat.card) if button.share_token]
    await group.command("start", ANA, token)
    assert above(group.card) == [TEXTS[MIDDLE]]
    card = max(group.messages)
    await group.tap("Close", "Posterior MIS", "Decide", at=card)
    decision = group.messages[max(group.messages)]
    assert above(group.messages[card]) == first_lines(decision) == [TEXTS[MIDDLE]]
    assert TEXTS[MIDDLE] in record(decision)


def first_lines(decision: Card) -> list[str]:
    """Give what a decision says first below its headline, which stays first for who sees it pinned."""
    return [line.text for line in decision.blocks[0].lines]


def record(decision: Card) -> str:
    """Give the record of a decision, from its button or from the block on its card."""
    copies = [button.copy_text for button in buttons(decision) if button.copy_text]
    return copies[0] if copies else "\n".join(line.text for line in lines(decision, Style.typed))


async def test_a_team_s_score_that_says_stable_stands_on_its_cards_and_in_its_record() -> None:
    group = FakeGroup()
    await group.command("case")
    await group.tap(*TO_DESTRUCTION, "SINS", *STABLE, "‹ Back to the case", "Limited", "None")
    assert above(group.card) == [SCORED]
    assert [line.text for line in lines(group.card) if line.lead == "SINS"] == ["3 · stable · T8, semirigid spine"]
    await group.tap("Close", "Posterior MIS", "Decide", at=1)
    decision = group.messages[max(group.messages)]
    assert above(group.messages[1]) == first_lines(decision) == [SCORED]
    assert [line.text for line in lines(decision) if line.lead == "SINS"] == ["3 · stable · T8, semirigid spine"]
    assert record(decision).splitlines()[0] == SCORED
    assert "SINS 3, stable, T8, semirigid spine" in record(decision)


async def test_a_score_that_is_disputed_says_so_where_it_stands() -> None:
    group = FakeGroup()
    await group.command("case")
    await group.tap(*TO_DESTRUCTION, "SINS", *STABLE)
    await group.tap("✎ Answers", "✎ lytic lesion", "Blastic", who=BEN)
    await group.tap("‹ Back to the case", "Limited", "None")
    assert [line.text for line in lines(group.card) if line.lead == "SINS, disputed"] == [
        "3 · stable · T8, semirigid spine"
    ]


# In the other channels.


@every_mark
def test_json_has_the_code_and_the_text_and_no_verdict_changes(mark: ScopeMark) -> None:
    findings = parse_findings(METASTASIS, {code: list(v) if code == "levels" else v[0] for code, v in T8.items()})
    plain = recommendation_record(METASTASIS, CATALOG, findings)
    outside = recommendation_record(METASTASIS, CATALOG, findings, (mark,))
    assert plain["scope"] == []
    assert outside["scope"] == [{"code": mark.code.value, "text": TEXTS[mark]}]
    assert {**outside, "scope": []} == plain


def reading(*marks: ScopeMark, complete: bool = True) -> Reading:
    said = T8 if complete else {"levels": ("T8",)}
    return Reading(
        {code: ExtractedFinding(codes, ("x",), 0, 1) for code, codes in said.items()},
        (),
        (),
        (),
        identifiers=False,
        scope=marks,
    )


@pytest.mark.parametrize("complete", [True, False])
def test_the_json_of_a_note_has_it_whether_or_not_the_case_is_complete(*, complete: bool) -> None:
    told: Any = record_of(METASTASIS, CATALOG, reading(MIDDLE, complete=complete))
    assert told["scope"] == [{"code": "sins", "text": TEXTS[MIDDLE]}]
    assert not complete or told["recommendation"]["scope"] == told["scope"]
    assert record_of(METASTASIS, CATALOG, reading(complete=complete))["scope"] == []


async def test_the_terminal_prints_it_above_the_headline() -> None:
    printed = io.StringIO()
    discussion = PrivateChat(*flow_registry(), lambda: 1.0, lambda: "1f")
    terminal = Terminal(discussion, MemoryStorage(), Console(file=printed, width=200), input)
    terminal._show(await terminal.store.transact(lambda repository: discussion.command(repository, "new", VISIT)))
    for label in TO_DESTRUCTION:
        await terminal._take(label.partition(" ·")[0])
    for label in ("SINS", *STABLE, "‹ Back to the case", "Limited", "None"):
        await terminal._take(label)
    lines_printed = printed.getvalue().splitlines()
    at = lines_printed.index(f"{SCORED} (G10)")
    assert lines_printed[at + 1] == "Posterior MIS"


VISIT = ActionContext("terminal", "terminal", 1)


def test_two_cards_that_differ_in_that_line_alone_are_written_apart_and_safely() -> None:
    press = ScreenCache()
    bare = Card("T8", "Posterior MIS")
    warned = Card("T8", "Posterior MIS", above=(Line("<b>C7</b> & more", facts=("G10",)),))
    assert press.render(bare) != press.render(warned)
    text = str(screen(warned)["text"])
    assert text == "<i>T8</i>\n⚠️ &lt;b&gt;C7&lt;/b&gt; &amp; more\n<b>Posterior MIS</b>"


def test_a_card_that_was_drawn_for_one_case_is_not_shown_for_another_that_is_out_of_scope() -> None:
    cards = CaseRenderer(METASTASIS, CATALOG)
    drawn = [cards.case(case, INTERVIEW.state(case)) for case in (noted(), noted(MIDDLE), noted())]
    assert [above(card) for card in drawn] == [[], [TEXTS[MIDDLE]], []]
