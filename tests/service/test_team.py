"""A team works a case in its group: who answers first, disputes, the vote, the decision; no channel between."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from kit import CATALOG, FakePrivateChat, buttons, expired, labels, lines, plain, read, tap_of
from syrupy.assertion import SnapshotAssertion
from team_kit import ANA, BEN, CLEO, HOUR, T8_TAPS, FakeGroup, block, disputed, findings_of, record, told

from bot.service.case_store import CaseRepository, MemoryStorage
from bot.service.links.share_links import LINK_LIFETIME
from bot.service.replies import ActionContext, Reply
from bot.service.team.opening import MOST_OPEN
from flows.cards.card import PERSON, Action, Card, Style, Tap, person
from flows.cards.team.case import code_word
from flows.engine.discussion import MAX_EVENTS

TOASTS = CATALOG.team.toasts
GONE = CATALOG.wording.toasts.gone
DAY = 24 * HOUR
SEEN = str.maketrans(dict(zip(PERSON, "<>", strict=True)))
"""Lets a person read where a name will stand."""


@pytest.fixture
def group() -> FakeGroup:
    return FakeGroup()


def by(text: str, who: str) -> str:
    """A finding as a team reads it."""
    return f"{text} ({person(who)})"


def findings_line(card: Card) -> str:
    """The line of a card that tells the findings with who gave each; a recommendation has no word before it."""
    own = CATALOG.wording.result.findings
    [line] = [line for line in lines(card, Style.plain) if line.lead in ("", own) and f" ({PERSON[0]}" in line.text]
    return line.text


async def name_of(group: FakeGroup) -> str:
    """The name of the only case."""
    record = await group.case()
    return record.team.code_name if record.team else ""


async def tended(group: FakeGroup) -> None:
    """Let the cases rest that nobody touched for two days."""
    await group.do(lambda repository: group.services.team.changes.archive_idle(repository, 48 * HOUR))


async def test_a_case_says_who_opened_it_and_each_answer_who_gave_it(group: FakeGroup) -> None:
    await group.command("case", BEN)
    assert f"opened by {person(BEN)}" in read(group.card).text
    await group.tap("T8", "Only T8 ›", who=ANA)
    await group.tap("Fit", who=CLEO)
    assert findings_line(group.card) == f"{by('T8 · 1 level', ANA)} · {by('fit', CLEO)}"


async def test_the_first_tap_wins_and_who_comes_second_is_told_who_answered_what(group: FakeGroup) -> None:
    await group.command("case")
    await group.tap("T8", "Only T8 ›")
    fit, unsure = tap_of(group.card, "Fit"), tap_of(group.card, "Undecided")
    await group.wish(fit, ANA, 1)
    before = await group.case()
    await group.wish(unsure, BEN, 1)
    assert group.toast == f"{person(ANA)} answered first: fit."
    assert (await group.case()).case == before.case
    await group.wish(fit, ANA, 1)
    assert group.toast == CATALOG.wording.toasts.stale


async def test_who_comes_second_with_the_levels_is_told_so_too(group: FakeGroup) -> None:
    await group.command("case")
    await group.tap("T8")
    done, more = tap_of(group.card, "Only T8 ›"), tap_of(group.card, "T9")
    await group.wish(done, ANA, 1)
    for tap in (done, more):
        await group.wish(tap, BEN, 1)
        assert group.toast == f"{person(ANA)} answered first: T8 · 1 level."


async def test_a_dispute_stands_beside_the_answer_with_what_the_source_supports_for_each(group: FakeGroup) -> None:
    await group.finished()
    await group.tap("✎ Answers", "✎ no deficit", "Significant", who=BEN)
    assert group.toast == TOASTS.disputed
    assert disputed(group.card) == [
        f"If {by('no deficit', ANA)}: Posterior MIS, Posterior (open), Anterior corpectomy",
        f"If {by('significant deficit', BEN)}: Posterior (open), Anterior corpectomy",
    ]
    for label in ("Discuss", "Close"):
        await group.tap(label, who=ANA)
        assert group.toast == TOASTS.open_disputes
    assert group.polls == {}


async def test_a_dispute_marks_the_headline_with_every_one_it_leaves_open_the_present_first(group: FakeGroup) -> None:
    await group.finished()
    await group.tap("✎ Answers", "✎ no deficit", "Significant", who=BEN)
    assert group.card.title == "Disputed: Posterior MIS or Posterior (open)"
    assert told(group.card)[0][0] == "Disputed: no deficit or significant deficit"
    assert "Posterior MIS" in dict(told(group.card)), "the reasons say of which of them they speak"
    assert f"{by('no deficit', ANA)}, disputed" in findings_line(group.card)
    await group.tap("✎ Answers", "✎ fit", "Unfit: comorbidities", who=CLEO)
    assert group.card.title == "Disputed: Posterior MIS or Posterior (open) or Non-operative"
    assert told(group.card)[0][0] == "Disputed: no deficit or significant deficit; fit or unfit: comorbidities"


async def test_a_dispute_that_changes_no_headline_names_the_finding_and_leaves_the_headline(group: FakeGroup) -> None:
    await group.finished()
    await group.tap("✎ Answers", "✎ no deficit", "Minor", who=BEN)
    assert group.card.title == "Posterior MIS"
    assert told(group.card)[0][0] == "Disputed: no deficit or minor deficit"
    assert f"{by('no deficit', ANA)}, disputed" in findings_line(group.card)


async def test_a_dispute_that_asks_more_leaves_every_headline_open_that_may_follow(group: FakeGroup) -> None:
    await group.finished()
    await group.tap("✎ Answers", "✎ body only", "Circumferential", who=BEN)
    assert group.card.title == "Disputed: Posterior MIS or Combined"


async def test_a_question_is_not_renamed_by_a_dispute_on_an_earlier_answer(group: FakeGroup) -> None:
    await group.command("case")
    await group.tap(*T8_TAPS[:4])
    title = group.card.title
    await group.tap("✎ Answers", "✎ no deficit", "Significant", who=BEN)
    assert group.card.title == title
    assert disputed(group.card)


async def test_what_was_disputed_by_whom_and_who_settled_it_stays_on_the_decision_the_card_and_the_record(
    group: FakeGroup,
) -> None:
    card = await group.finished()
    for who, answer in ((BEN, "Minor"), (CLEO, "Significant")):
        await group.tap("✎ Answers", "✎ no deficit", answer, who=who, at=card)
    await group.tap("✎ Answers", "✎ no deficit", "Settle: minor deficit", at=card)
    await group.tap("✎ Answers", "✎ minor deficit", "Significant", who=BEN, at=card)
    await group.tap("✎ Answers", "✎ minor deficit", "Settle: minor deficit", at=card)
    await group.tap("✎ Answers", "✎ fit", "Undecided", who=CLEO, at=card)
    group.admins = {CLEO}
    await group.tap("✎ Answers", "✎ fit", "Settle: fit", who=CLEO, at=card)
    await group.tap("Close", "Posterior MIS", "Decide", at=card)
    first = f"{by('minor deficit', BEN)}, {by('significant deficit', CLEO)} against {by('no deficit', ANA)}."
    again = f"{by('significant deficit', BEN)} against {by('minor deficit', ANA)}."
    settled = [
        f"{first} {person(ANA)} settled it: minor deficit",
        f"{again} {person(ANA)} settled it: minor deficit",
        f"{by('fitness undecided', CLEO)} against {by('fit', ANA)}. {person(CLEO)} settled it: fit",
    ]
    [minutes] = group.pinned
    assert block(group.messages[minutes], "What was disputed") == settled
    assert block(group.messages[card], "What was disputed") == settled
    text = record(group.messages[minutes])
    assert [line for line in text.splitlines() if line.startswith("Disputed by")] == [
        "Disputed by 2 members: minor deficit, significant deficit; settled by the member who answered: minor deficit",
        "Disputed by one member: significant deficit; settled by the member who answered: minor deficit",
        "Disputed by one member: fitness undecided; settled by another member: fit",
    ]
    assert not {ANA, BEN, CLEO} & set(re.findall(r"\d+", text))


async def test_what_somebody_held_and_took_back_themselves_was_no_dispute_to_be_settled(group: FakeGroup) -> None:
    card = await group.finished()
    await group.tap("✎ Answers", "✎ no deficit", "Minor", who=BEN)
    await group.tap("✎ Answers", "✎ no deficit", "None ✓", who=BEN)
    await group.tap("Close", "Posterior MIS", "Decide", at=card)
    assert block(group.messages[group.pinned[0]], "What was disputed") == []


async def test_of_very_many_disputes_the_last_ones_are_told_and_the_others_counted(group: FakeGroup) -> None:
    card = await group.finished()
    for _ in range(9):
        await group.tap("✎ Answers", "✎ no deficit", "Minor", who=BEN, at=card)
        await group.tap("✎ Answers", "✎ no deficit", "Settle: no deficit", at=card)
    await group.tap("Close", "Posterior MIS", "Decide", at=card)
    *told_of, last = block(group.messages[group.pinned[0]], "What was disputed")
    assert (len(told_of), last) == (6, "3 earlier ones are not listed")


async def test_a_dispute_that_would_ask_more_says_which_question(group: FakeGroup) -> None:
    await group.finished()
    await group.tap("✎ Answers", "✎ body only", "Circumferential", who=BEN)
    [said] = [line for line in disputed(group.card) if line.startswith("If circumferential")]
    assert said.endswith("?")


@pytest.mark.parametrize("settler", [ANA, CLEO])
async def test_whoever_answered_or_administers_the_group_settles_a_dispute(group: FakeGroup, settler: str) -> None:
    group.admins = {CLEO}
    await group.finished()
    await group.tap("✎ Answers", "✎ no deficit", "Minor", who=BEN)
    await group.tap("✎ Answers", "✎ no deficit", "Settle: minor deficit", who=BEN)
    assert group.toast == TOASTS.not_permitted.format(who=person(ANA))
    await group.tap("✎ Answers", "✎ no deficit", "Settle: minor deficit", who=settler)
    assert group.toast == TOASTS.settled
    assert disputed(group.card) == []
    assert by("minor deficit", settler) in findings_line(group.card)
    await group.tap("Discuss", who=BEN)
    assert len(group.polls) == 1


async def test_whoever_leads_disputes_the_answer_of_another_first_and_settles_it_with_a_tap_of_its_own(
    group: FakeGroup,
) -> None:
    await group.command("case", ANA)
    await group.tap(*T8_TAPS, who=BEN)
    for _ in range(2):
        await group.tap("✎ Answers", "✎ no deficit", "Significant", who=ANA)
        held = [line.partition(": ")[0] for line in disputed(group.card)]
        assert held == [f"If {by('no deficit', BEN)}", f"If {by('significant deficit', ANA)}"]
    await group.tap("✎ Answers", "✎ no deficit", who=ANA)
    settle = tap_of(group.card, "Settle: significant deficit")
    await group.wish(settle, ANA, 1)
    assert group.toast == TOASTS.settled
    assert by("significant deficit", ANA) in findings_line(group.card)
    await group.wish(settle, ANA, 1)
    assert group.toast == CATALOG.wording.toasts.stale


async def test_levels_that_are_disputed_are_settled_whole(group: FakeGroup) -> None:
    group.admins = {CLEO}
    await group.finished()
    for level in ("T9", "T11"):
        await group.tap("✎ Answers", "✎ T8", level, who=BEN)
    await group.tap("✎ Answers", "✎ T8", "Settle: T8–T9, T11 · 3 levels", who=CLEO)
    assert findings_of(await group.case())["levels"] == ("T8", "T9", "T11")
    assert disputed(group.card) == []


async def test_what_a_member_holds_can_be_taken_back(group: FakeGroup) -> None:
    await group.finished()
    await group.tap("✎ Answers", "✎ no deficit", "Minor", who=BEN)
    await group.tap("✎ Answers", "✎ no deficit", "None ✓", who=BEN)
    assert group.toast == TOASTS.settled
    assert disputed(group.card) == []


async def test_levels_are_disputed_one_by_one(group: FakeGroup) -> None:
    await group.finished()
    for level in ("T9", "T10"):
        await group.tap("✎ Answers", "✎ T8", level, who=BEN)
    assert disputed(group.card)[1].startswith(f"If {by('T8–T10 · 3 levels', BEN)}")
    await group.tap("✎ Answers", "✎ T8", "Keep as it is", who=BEN)
    assert disputed(group.card) == []
    await group.tap("✎ Answers", "✎ T8", "T8 ✓", who=BEN)
    assert group.toast == CATALOG.wording.toasts.empty_selection


async def test_only_who_took_a_step_or_leads_undoes_it_and_only_who_leads_begins_again(group: FakeGroup) -> None:
    await group.finished()
    await group.tap("‹ Back", who=BEN)
    assert group.toast == TOASTS.not_permitted.format(who=person(ANA))
    await group.tap("‹ Back")
    assert "prior" not in findings_of(await group.case())
    await group.tap("↺ Restart", who=BEN)
    assert group.toast == TOASTS.leads_only
    group.admins = {BEN}
    await group.tap("↺ Restart", who=BEN)
    assert group.card.title == "Start over? 5 answers would go"
    await group.tap("Start over", who=CLEO)
    assert group.toast == TOASTS.leads_only
    await group.tap("Start over", who=BEN)
    assert (await group.case()).case.answer_events[-1].kind == "restart"


async def test_the_vote_shows_who_is_for_what_and_every_change_of_it(group: FakeGroup) -> None:
    card = await group.finished()
    await group.tap("Discuss", who=BEN)
    [poll] = group.polls.values()
    assert poll.answers[-1] == CATALOG.team.heads.none_of_these
    for answer, who in (("Posterior MIS", ANA), ("Posterior MIS", BEN), ("Anterior", BEN), ("None", CLEO), ("", CLEO)):
        await group.vote(answer, who)
    assert block(group.messages[card], "The vote") == [
        f"Posterior MIS: 1 · {person(ANA)} · Supported by the source",
        "Posterior (open): 0 · Supported by the source",
        f"Anterior corpectomy: 1 · {person(BEN)} · Supported by the source",
        "None of these / discuss in person: 0",
    ]


async def test_answers_are_frozen_while_the_vote_is_open_and_once_it_is_decided(group: FakeGroup) -> None:
    card = await group.finished()
    shown = group.messages[card]
    await group.tap("✎ Answers")
    answers = group.messages[card]
    await group.tap("✎ fit")
    opened = group.messages[card]
    await group.tap("‹ Back to the card", "Discuss", at=card)
    assert "✎ Answers" not in labels(group.messages[card])
    frozen = {"✎ no deficit": answers, "‹ Back": shown}
    for said, seen in frozen.items():
        assert said not in labels(group.messages[card])
        await group.wish(tap_of(seen, said)._replace(turn=(await group.case()).case.turn), ANA, card)
        assert group.toast == TOASTS.vote_open
    await group.wish(tap_of(opened, "Undecided"), ANA, card)
    assert group.toast == TOASTS.vote_open
    await group.tap("Close", "Posterior MIS", "Decide", at=card)
    await group.wish(tap_of(opened, "Undecided"), ANA, card)
    assert group.toast == TOASTS.decided
    assert findings_of(await group.case())["fitness"] == ("fit",)


async def test_a_vote_that_is_taken_back_ends_its_poll_and_opens_the_answers(group: FakeGroup) -> None:
    card = await group.finished()
    await group.tap("Discuss")
    await group.tap("End the poll", who=BEN, at=card)
    assert group.toast == TOASTS.leads_only
    await group.tap("End the poll", at=card)
    [poll] = group.polls.values()
    assert not poll.open
    assert "✎ Answers" in labels(group.messages[card])
    await group.vote("Posterior MIS", BEN)
    assert block(group.messages[card], "The vote") == []


async def test_reasons_stand_with_the_names_of_who_gave_them_and_are_taken_back(group: FakeGroup) -> None:
    card = await group.finished()
    await group.tap("Discuss")
    for who, reason in ((ANA, "Prognosis"), (BEN, "Prognosis"), (BEN, "Resources"), (BEN, "Prognosis")):
        await group.tap("Add reason", reason, who=who, at=card)
    given = block(group.messages[card], "Reasons given")
    assert given == [f"prognosis: {person(ANA)}, {person(BEN)}", f"resources: {person(BEN)}"]
    await group.tap("Add reason", "Remove my reason", who=BEN, at=card)
    assert block(group.messages[card], "Reasons given") == [f"prognosis: {person(ANA)}"]


async def test_a_decision_is_posted_once_and_pinned_and_the_poll_ends(group: FakeGroup) -> None:
    card = await group.finished()
    await group.tap("Discuss")
    await group.vote("Posterior MIS", BEN)
    await group.tap("Close", who=BEN, at=card)
    assert group.toast == TOASTS.leads_only
    await group.tap("Close", at=card)
    await group.tap("Posterior MIS", who=BEN, at=card)
    assert group.toast == TOASTS.leads_only
    await group.tap("Posterior MIS", at=card)
    assert group.messages[card].title == "Decide: Posterior MIS?"
    await group.tap("Decide", who=BEN, at=card)
    assert group.toast == TOASTS.leads_only
    decide = tap_of(group.messages[card], "Decide")
    for who in (ANA, ANA, BEN):
        await group.wish(decide, who, card)
    [minutes] = group.pinned
    assert sorted(group.messages) == [card, minutes]
    assert read(group.messages[minutes]).text.splitlines()[0] == f"Decision: Posterior MIS · {(await name_of(group))}"
    assert [poll.open for poll in group.polls.values()] == [False]


async def test_a_decision_that_departs_is_asked_for_its_reason_and_bears_it(
    group: FakeGroup, snapshot: SnapshotAssertion
) -> None:
    card = await group.finished()
    await group.tap("✎ Answers", "✎ no deficit", "Significant", at=card)
    await group.tap("Discuss", who=CLEO, at=card)
    await group.vote("Posterior", BEN)
    await group.vote("None", CLEO)
    await group.tap("Add reason", "Patient's wish", who=CLEO, at=card)
    await group.tap("Close", "Combined", at=card)
    assert group.pinned == []
    await group.tap("Comorbidity", at=card)
    [minutes] = group.pinned
    assert plain(group.messages[minutes]).translate(SEEN) == snapshot


async def test_what_is_copied_for_the_record_names_the_case_the_time_the_vote_and_nobody(group: FakeGroup) -> None:
    card = await group.finished()
    await group.tap("Discuss")
    for who, answer in ((ANA, "Posterior MIS"), (BEN, "Posterior MIS"), (CLEO, "Anterior")):
        await group.vote(answer, who)
    await group.tap("Close", "Posterior MIS", "Decide", at=card)
    assert [line.text for line in lines(group.card, Style.typed)] == [
        "Decided: Posterior MIS; 2 of 3 votes; otherwise Anterior corpectomy 1",
        "Maple, 15 Jan 2027, 08:00 UTC",
        "The source: Posterior MIS",
        "No significant deficit; where MIS is possible it is generally the first choice (F12, F2)",
        "Also supported: Posterior (open) (F10), Anterior corpectomy (F13, F6, F7)",
        "Findings: T8: fit, no deficit, body only, limited destruction, no prior treatment",
        "Indication not met in the source: Posterior + corpectomy (F11, F3), Combined (F16), Non-operative (F8)",
        f"AO Surgery Reference 2019, edition {CATALOG.edition}",
        "For clinicians: supports, does not replace, clinical judgement.",
    ]


async def test_no_card_and_no_record_of_a_decision_bears_a_name_that_is_kept(group: FakeGroup) -> None:
    await group.decided()
    assert ANA not in record(group.card)
    assert person(ANA) in read(group.card).text


@pytest.mark.parametrize("at", ["card", "minutes"])
async def test_a_case_that_is_reopened_keeps_its_decision_as_superseded_and_unpins_it(
    group: FakeGroup, at: str
) -> None:
    card = await group.decided()
    [minutes] = group.pinned
    await group.tap("Reopen", who=BEN, at=card if at == "card" else minutes)
    assert group.toast == TOASTS.leads_only
    await group.tap("Reopen", at=card if at == "card" else minutes)
    assert group.pinned == []
    assert group.messages[minutes].title.startswith("Superseded: Posterior MIS · ")
    assert labels(group.messages[minutes]) == []
    assert "✎ Answers" in labels(group.messages[card])
    await group.tap("✎ Answers", "✎ no deficit", "Minor", "Close", "Posterior (open)", "Decide", at=card)
    assert len(group.pinned) == 1
    assert group.messages[minutes].title.startswith("Superseded: Posterior MIS · ")
    assert by("no deficit", ANA) in block(group.messages[minutes], "Who answered")
    assert group.messages[group.pinned[0]].title == f"Decision: Posterior (open) · {await name_of(group)}"
    assert "Posterior decompression and stabilization" in read(group.messages[group.pinned[0]]).text


async def test_a_tap_on_an_older_case_counts_once_its_right_name_of_three_is_picked(group: FakeGroup) -> None:
    older = await group.finished()
    name = group.messages[older].label.partition(" · ")[0]
    await group.command("case", BEN)
    before = await group.kept()
    await group.tap("Discuss", who=CLEO, at=older)
    assert await group.kept() == before
    *picks, back = labels(group.messages[older])
    assert len(picks) == 3
    await group.tap(back, who=CLEO, at=older)
    assert group.messages[older].title == "Posterior MIS"
    await group.tap("Discuss", who=CLEO, at=older)
    assert labels(group.messages[older]) == [*picks, back]
    assert name in picks
    await group.tap(next(pick for pick in picks if pick != name), who=CLEO, at=older)
    assert group.toast == TOASTS.wrong_name
    assert {i: record.case for i, record in (await group.kept()).items()} == {i: k.case for i, k in before.items()}
    await group.tap("Discuss", name, who=CLEO, at=older)
    assert len(group.polls) == 1


CHANGES: dict[str, tuple[tuple[str, ...], str]] = {
    "tick a level": ((), "T8"),
    "untick a level": (("T8", "T9"), "T9 ✓"),
    "settle what is ticked": (("T8",), "Only T8 ›"),
    "answer": (T8_TAPS[:2], "Fit"),
    "undo": (T8_TAPS[:3], "‹ Back"),
    "begin again": (T8_TAPS[:3], "↺ Restart"),
    "hold another answer": ((*T8_TAPS, "✎ Answers", "✎ no deficit"), "Minor"),
    "hold one level more": ((*T8_TAPS, "✎ Answers", "✎ T8"), "T9"),
    "hold one level less": ((*T8_TAPS, "✎ Answers", "✎ T8", "T9", "✎ Answers", "✎ T8–T9"), "T9 ✓"),
    "change one's own answer": (
        (*T8_TAPS, "✎ Answers", "✎ no deficit", "Minor", "✎ Answers", "✎ minor deficit"),
        "None",
    ),
    "open the vote": (T8_TAPS, "Discuss"),
    "take the vote back": ((*T8_TAPS, "Discuss"), "End the poll"),
    "give a reason": ((*T8_TAPS, "Discuss", "Add reason"), "Prognosis"),
    "take a reason back": ((*T8_TAPS, "Discuss", "Add reason", "Prognosis", "Add reason"), "Remove my reason"),
    "decide": ((*T8_TAPS, "Close", "Posterior MIS"), "Decide"),
    "decide with a reason": ((*T8_TAPS, "Close", "Combined"), "Prognosis"),
    "take up again": ((*T8_TAPS, "Close", "Posterior MIS", "Decide"), "Reopen"),
}
"""Everything that changes a case: the taps that lead there, and the one that counts."""


@pytest.mark.parametrize("change", CHANGES)
async def test_no_change_of_a_case_whose_card_stands_above_another_s_counts_without_its_name(
    group: FakeGroup, change: str
) -> None:
    ways, label = CHANGES[change]
    await group.command("case")
    await group.tap(*ways, at=1)
    name = (await group.case()).team.code_name  # type: ignore[union-attr]
    await group.command("case", BEN)
    before = (await group.kept())["c1"].case
    await group.tap(label, at=1)
    assert (group.messages[1].title, group.toast) == (CATALOG.team.heads.which, TOASTS.which)
    assert (await group.kept())["c1"].case == before
    await group.tap(name, at=1)
    assert (await group.kept())["c1"].case != before


async def test_the_card_that_was_brought_down_asks_for_no_name_and_the_one_above_it_does(group: FakeGroup) -> None:
    await group.finished()
    newer = await group.finished(BEN)
    await group.command("cases")
    await group.tap(labels(group.card)[1])
    down = max(group.messages)
    assert (await group.kept())["c1"].card_message_id == down
    await group.tap("Discuss", at=newer)
    assert group.messages[newer].title == CATALOG.team.heads.which
    await group.tap("Discuss", at=down)
    assert [poll.case for poll in group.polls.values()] == ["c1"]


async def test_a_decided_case_is_reopened_from_its_record_once_its_name_is_picked_on_its_card(
    group: FakeGroup,
) -> None:
    card = await group.decided()
    [minutes] = group.pinned
    name = group.messages[card].label.partition(" · ")[0]
    record = group.messages[minutes]
    await group.command("case", BEN)
    await group.tap("Reopen", at=minutes)
    assert group.toast == TOASTS.which
    assert group.messages[minutes] == record
    await group.tap(name, at=card)
    assert group.messages[minutes].title.startswith("Superseded: Posterior MIS · ")


async def test_the_newest_case_and_what_only_looks_at_an_older_one_ask_for_no_name(group: FakeGroup) -> None:
    older = await group.finished()
    newer = await group.finished(BEN)
    shown = dict(group.messages)
    await group.tap("All options", at=older)
    assert (group.opens[:3], group.messages) == ("rc1", shown)
    await group.tap("✎ Answers", at=older)
    assert group.messages[older].title == CATALOG.wording.result.changing
    await group.tap("Discuss", at=newer)
    assert len(group.polls) == 1


async def test_two_cases_worked_at_once_never_mix(group: FakeGroup) -> None:
    older = await group.finished()
    newer = await group.finished(BEN)
    cases = list((await group.kept()).values())
    names = [record.team.code_name for record in cases if record.team]
    await group.tap("Discuss", at=newer)
    await group.tap("Discuss", names[0], at=older)
    polls = {poll.case: number for number, poll in group.polls.items()}
    await group.vote("Anterior", CLEO, polls["c1"])
    await group.vote("Posterior MIS", CLEO, polls["c2"])
    assert f"Anterior corpectomy: 1 · {person(CLEO)} · Supported by the source" in block(
        group.messages[older], "The vote"
    )
    assert f"Posterior MIS: 1 · {person(CLEO)} · Supported by the source" in block(group.messages[newer], "The vote")
    await group.tap("Close", "Posterior MIS", "Decide", who=BEN, at=newer)
    assert {poll.case: poll.open for poll in group.polls.values()} == {"c1": True, "c2": False}
    await group.tap("Add reason", "Other", who=CLEO, at=older)
    assert group.messages[older].label.startswith(names[0])


async def test_a_case_that_nobody_touches_rests_with_one_reminder_until_it_is_continued(group: FakeGroup) -> None:
    card = await group.finished()
    group.now += 47 * HOUR
    await tended(group)
    assert list(group.messages) == [card]
    group.now += 2 * HOUR
    for _ in range(3):
        await tended(group)
        group.now += HOUR
    [_, reminder] = group.messages
    name = CATALOG.team.heads.archived.partition("{name}")
    assert group.messages[reminder].title.endswith(name[2])
    assert labels(group.messages[card]) == [CATALOG.wording.labels.go_on]
    assert group.messages[card].label == (await group.case()).team.code_name  # type: ignore[union-attr]
    await group.command("cases")
    assert "/case starts one." in read(group.card).text
    await group.tap(labels(group.messages[reminder])[0], who=BEN, at=reminder)
    assert "Discuss" in labels(group.card)
    assert not (await group.case()).archived


async def test_a_decided_case_does_not_rest(group: FakeGroup) -> None:
    card = await group.decided()
    group.now += 100 * HOUR
    await tended(group)
    assert labels(group.messages[card])[-1] == "Reopen"
    assert not (await group.case()).archived


async def test_a_tap_on_a_card_of_a_resting_case_offers_to_continue(group: FakeGroup) -> None:
    card = await group.finished()
    shown = group.messages[card]
    await group.do(lambda repository: group.services.team.changes.on_bot_removed(repository, group.place))
    await group.wish(tap_of(shown, "Discuss"), BEN, card)
    assert group.toast == CATALOG.wording.toasts.archived
    await group.tap(CATALOG.wording.labels.go_on, who=BEN, at=card)
    assert "Discuss" in labels(group.card)


async def test_a_vote_wakes_the_case_that_it_belongs_to(group: FakeGroup) -> None:
    card = await group.finished()
    await group.tap("Discuss")
    group.now += 49 * HOUR
    await tended(group)
    await group.vote("Posterior MIS", BEN)
    assert not (await group.case()).archived
    await group.tap("Close", "Posterior MIS", "Decide", at=card)
    assert len(group.pinned) == 1


async def test_a_case_that_rested_comes_back_under_a_name_that_no_open_case_has(group: FakeGroup) -> None:
    await group.finished()
    group.now += 49 * HOUR
    await tended(group)
    reminder = max(group.messages)
    for number in range(len(CATALOG.team.names) - 1):
        await group.command("case", f"member {number // MOST_OPEN}")
    await group.tap(labels(group.messages[reminder])[0], at=reminder)
    names = [record.team.code_name for record in (await group.kept()).values() if record.team]
    assert len(set(names)) == len(names) == len(CATALOG.team.names)


@pytest.mark.case("X12")
async def test_one_member_opens_so_many_cases_and_no_more_until_one_is_decided(group: FakeGroup) -> None:
    await group.decided(ANA)
    for _ in range(MOST_OPEN):
        await group.command("case", ANA)
        assert group.card.title != CATALOG.team.pages.too_many.title
    for _ in range(3):
        await group.command("case", ANA)
        assert group.card.title == CATALOG.team.pages.too_many.title
        assert str(MOST_OPEN) in str(group.card)
    assert len(await group.kept()) == MOST_OPEN + 1
    await group.command("case", BEN)
    assert group.card.title != CATALOG.team.pages.too_many.title
    group.now += 49 * HOUR
    await tended(group)
    await group.command("case", ANA)
    assert group.card.title != CATALOG.team.pages.too_many.title, "what rests is not open"


async def test_when_every_name_is_taken_no_case_is_begun_and_none_comes_back(group: FakeGroup) -> None:
    await group.finished()
    group.now += 49 * HOUR
    await tended(group)
    reminder = max(group.messages)
    for number in range(len(CATALOG.team.names)):
        await group.command("case", f"member {number // MOST_OPEN}")
    for _ in range(2):
        await group.command("case")
        assert group.card.title == CATALOG.team.pages.names_taken.title
    await group.tap(labels(group.messages[reminder])[0], at=reminder)
    assert group.card.title == CATALOG.team.pages.names_taken.title
    assert len(await group.kept()) == len(CATALOG.team.names) + 1


async def test_cases_lists_the_open_ones_and_brings_a_card_down(group: FakeGroup) -> None:
    older = await group.finished()
    await group.decided(BEN)
    group.now += 3 * HOUR
    await group.command("cases", CLEO)
    [listed] = labels(group.card)
    assert listed.endswith(" · 3 h")
    await group.tap(listed, who=CLEO)
    assert "Discuss" in labels(group.card)
    assert labels(group.messages[older]) == [CATALOG.wording.labels.go_on]
    assert group.messages[older].label == listed.partition(" · ")[0]
    assert (await group.kept())["c1"].card_message_id == max(group.messages)


async def test_a_case_is_erased_when_its_time_is_over(group: FakeGroup) -> None:
    card = await group.decided()
    group.now += 31 * DAY
    assert await group.store.transact(lambda repository: expired(group.services.retention, repository, 30 * DAY)) == 1
    await group.tap("Reopen", at=card)
    assert group.toast == GONE
    assert await group.kept() == {}


async def test_a_group_that_moves_keeps_its_cases_and_uses_no_number_of_the_old_chat(group: FakeGroup) -> None:
    await group.decided()
    await group.finished(BEN)
    await group.tap("Discuss", who=BEN)
    new = FakeGroup(place="-1007", store=group.store, now=group.now)
    await new.do(lambda repository: new.services.team.changes.on_chat_migrated(repository, "-100", "-1007"))
    record = await new.kept()
    assert {k.place for k in record.values()} == {"-1007"}
    assert {k.card_message_id for k in record.values()} <= set(new.messages) | {None}
    assert [poll.case for poll in new.polls.values()] == ["c2"]
    [minutes] = new.pinned
    assert new.messages[minutes].title.startswith("Decision: Posterior MIS · ")
    await new.vote("Posterior MIS", CLEO)
    shown = dict(new.messages)
    await new.do(lambda repository: new.services.team.changes.on_chat_migrated(repository, "-100", "-1007"))
    assert set(new.messages) == set(shown)


async def test_help_in_a_group_is_of_the_group_and_from_its_button_opens_for_the_reader_alone(
    group: FakeGroup,
) -> None:
    await group.command("start")
    shown = dict(group.messages)
    await group.tap("Help", who=BEN)
    assert (group.opens, group.messages) == ("see-hp", shown)
    private_chat = FakePrivateChat(place=BEN, who=BEN, store=group.store)
    await private_chat.follow(group.opens)
    assert private_chat.card.title == CATALOG.team.pages.help.title
    await group.command("help")
    assert group.card.title == CATALOG.team.pages.help.title
    await group.tap("New case", who=BEN)
    assert f"opened by {person(BEN)}" in read(group.card).text


async def test_what_hangs_on_a_topic_stays_in_it_when_the_group_moves() -> None:
    group = FakeGroup(place="-100/5")
    await group.finished()
    await group.do(lambda repository: group.services.team.changes.on_chat_migrated(repository, "-100", "-1007"))
    assert (await group.case()).place == "-1007/5"


async def shared(store: MemoryStorage) -> tuple[FakePrivateChat, str]:
    """Finish a case alone, and give the token that hands it to a group."""
    private_chat = FakePrivateChat(place=ANA, who=ANA, store=store)
    await private_chat.command("new")
    await private_chat.tap(*T8_TAPS, CATALOG.team.labels.share)
    [token] = [button.share_token for button in buttons(private_chat.card) if button.share_token]
    return private_chat, token


async def test_a_case_is_handed_to_a_group_with_the_name_of_who_brought_it(group: FakeGroup) -> None:
    _, token = await shared(group.store)
    assert len(token) <= 64
    await group.command("start", ANA, token)
    assert f"shared by {person(ANA)}" in read(group.card).text
    await group.tap("Discuss", who=BEN)
    assert len(group.polls) == 1


async def test_a_link_that_is_followed_again_leads_to_the_same_case_and_elsewhere_to_another(group: FakeGroup) -> None:
    _, token = await shared(group.store)
    for _ in range(2):
        await group.command("start", ANA, token)
    assert len([record for record in (await group.kept()).values() if record.team]) == 1
    other = FakeGroup(place="-200", store=group.store, now=group.now)
    await other.command("start", ANA, token)
    assert len([record for record in (await group.kept()).values() if record.team]) == 2


SPOILT: dict[str, Callable[[str], str]] = {
    "another case": lambda token: "f" + token[1:],
    "a longer time": lambda token: re.sub(r"-(\d+)-", lambda until: f"-{int(until[1]) + 9}-", token),
    "another seal": lambda token: token[:-1] + ("0" if token[-1] != "0" else "1"),
    "cut": lambda token: token[:-1],
    "nothing of ours": lambda _: "hello",
}


@pytest.mark.parametrize("how", SPOILT)
async def test_a_link_that_was_changed_opens_nothing(group: FakeGroup, how: str) -> None:
    _, token = await shared(group.store)
    await group.command("start", ANA, SPOILT[how](token))
    assert group.card.title == CATALOG.team.pages.share_gone.title


async def test_a_link_opens_nothing_for_somebody_else(group: FakeGroup) -> None:
    _, token = await shared(group.store)
    await group.command("start", BEN, token)
    assert group.card.title == CATALOG.team.pages.share_gone.title


async def test_a_link_opens_nothing_when_its_hour_is_over(group: FakeGroup) -> None:
    private_chat, token = await shared(group.store)
    group.now = private_chat.now + LINK_LIFETIME + 2
    await group.command("start", ANA, token)
    assert group.card.title == CATALOG.team.pages.share_gone.title


async def test_a_link_to_a_case_that_was_erased_opens_nothing(group: FakeGroup) -> None:
    _, token = await shared(group.store)
    await group.store.transact(lambda repository: repository.erase_person(ANA))
    await group.command("start", ANA, token)
    assert group.card.title == CATALOG.team.pages.share_gone.title


async def test_forget_takes_the_name_out_of_a_team_s_case_and_leaves_what_was_said(group: FakeGroup) -> None:
    card = await group.finished()
    await group.tap("✎ Answers", "✎ no deficit", "Minor", who=BEN)
    await group.tap("✎ Answers", "✎ no deficit", "None ✓")
    await group.tap("Discuss", at=card)
    await group.vote("Posterior MIS", BEN)
    await group.vote("Posterior MIS", CLEO)
    await group.vote("Posterior MIS", ANA)
    for who in (ANA, BEN):
        assert await group.store.transact(lambda repository, who=who: repository.erase_person(who)) == 0  # type: ignore[misc]
    await group.tap("Add reason", "Other", who=CLEO, at=card)
    text = read(group.messages[card]).text
    assert person(ANA) not in text
    assert person(BEN) not in text
    assert block(group.messages[card], "The vote")[0].startswith("Posterior MIS: 3 · ")
    assert person(CLEO) in text


async def forgotten(group: FakeGroup, who: str) -> None:
    """Let a member have erased what is kept of them, and the cards drawn anew that named them."""

    def erased(repository: CaseRepository) -> Reply:
        worked = repository.said_by(who)
        repository.erase_person(who)
        return Reply(group.services.team.receipts.unsigned(repository, worked))

    await group.do(erased)


async def test_forget_draws_the_cards_and_records_anew_that_named_somebody_and_no_other(group: FakeGroup) -> None:
    await group.decided(CLEO)
    first = await group.decided(BEN)
    minutes = group.pinned[-1]
    await group.tap("Reopen", who=BEN, at=first)
    await group.tap(
        "✎ Answers", "✎ no deficit", "Significant", "Close", "Posterior (open)", "Decide", who=BEN, at=first
    )
    before = dict(group.messages)
    await forgotten(group, BEN)
    changed = {number for number, card in group.messages.items() if card != before[number]}
    assert changed == {first, minutes, group.pinned[-1]}
    assert all(person(BEN) not in read(card).text for card in group.messages.values())
    superseded = group.messages[minutes]
    assert superseded.title.startswith("Superseded: Posterior MIS")
    assert by("no deficit", "-1") in block(superseded, "Who answered"), "what was decided on stays as it was"
    await forgotten(group, BEN)
    assert {number for number, card in group.messages.items() if card != before[number]} == changed


async def test_forget_after_the_group_has_moved_touches_no_message_of_another_number(group: FakeGroup) -> None:
    await group.decided(BEN)
    new = FakeGroup(place="-1007", store=group.store, now=group.now)
    await new.do(lambda repository: new.services.team.changes.on_chat_migrated(repository, "-100", "-1007"))
    shows = await new.store.transact(
        lambda repository: new.services.team.receipts.unsigned(repository, repository.said_by(BEN))
    )
    assert {show.message_id for show in shows} <= set(new.messages)
    assert {show.chat for show in shows} == {"-1007"}


async def test_forget_is_done_in_private_and_erases_nothing_in_a_group(group: FakeGroup) -> None:
    await group.finished()
    await group.command("forget")
    assert group.card.title == CATALOG.team.pages.erase_privately.title
    assert len(await group.kept()) == 1


async def test_a_tap_from_another_place_or_of_a_private_case_changes_nothing(group: FakeGroup) -> None:
    private_chat, _ = await shared(group.store)
    card = await group.finished()
    before = await group.kept()
    elsewhere = ActionContext("-200", ANA, card)
    tap = tap_of(group.card, "Discuss")
    reply = await group.store.transact(lambda repository: group.services.team.tap(repository, tap, elsewhere))
    assert (reply.toast, reply.shows) == (GONE, ())
    [private] = [record for record in (await private_chat.kept()).values() if not record.team]
    await group.wish(Tap(Action.back, case=private.case.id, turn=private.case.turn), ANA, card)
    assert group.toast == GONE
    assert await group.kept() == before


async def test_a_tap_on_a_card_that_was_replaced_leads_to_the_newest(group: FakeGroup) -> None:
    card = await group.finished()
    shown = group.messages[card]
    await group.command("cases")
    await group.tap(labels(group.card)[0])
    before = await group.case()
    await group.wish(tap_of(shown, "Discuss"), BEN, card)
    assert group.toast == CATALOG.wording.toasts.shown_elsewhere
    assert await group.case() == before


@pytest.mark.parametrize(
    "tap",
    [
        Tap(Action.dispute, "deficit", "dubious"),
        Tap(Action.settle, "deficit", "2"),
        Tap(Action.settle, "deficit", "zz"),
        Tap(Action.settle, "nothing", "1"),
        Tap(Action.dispute, "nothing", "none"),
        Tap(Action.decide, "prayer"),
        Tap(Action.decide, "combined", "because"),
        Tap(Action.option, "prayer"),
        Tap(Action.finding, "nothing"),
        Tap(Action.reason, "because"),
        Tap(Action.reasons),
        Tap(Action.withdraw_reasons),
        Tap(Action.withdraw),
        Tap(Action.change, "deficit"),
        Tap(Action.share),
        Tap(Action.erase),
        None,
    ],
)
async def test_a_button_that_we_never_drew_there_changes_nothing(group: FakeGroup, tap: Tap | None) -> None:
    card = await group.finished()
    before = (await group.case()).case
    wished = tap._replace(case=before.id, turn=before.turn) if tap else None
    await group.wish(wished, ANA, card)
    assert (await group.case()).case == before


@pytest.mark.slow
async def test_a_crowded_discussion_says_so_and_can_still_be_closed(group: FakeGroup) -> None:
    card = await group.finished()
    await group.tap("Discuss")
    for number in range(MAX_EVENTS):
        await group.vote("Posterior MIS", f"p{number}")
    await group.tap("Add reason", "Other", who=BEN, at=card)
    assert group.toast == TOASTS.discussion_full
    await group.tap("Close", "Posterior MIS", "Decide", at=card)
    assert len(group.pinned) == 1


async def test_a_poll_that_comes_too_late_is_stopped_at_once(group: FakeGroup) -> None:
    card = await group.finished()
    await group.tap("Discuss")
    await group.tap("End the poll", at=card)
    late: Any = await group.store.transact(
        lambda repository: group.services.team.votes.on_poll_sent(repository, "c1", 1, "late", 77)
    )
    assert [effect.message_id for effect in late.effects] == [77]
    assert await group.store.transact(lambda repository: repository.get_by_poll("late")) is None


async def uncounted(group: FakeGroup, poll: str, question: str) -> None:
    """Let a vote be given in a poll that asks so."""
    await group.do(lambda repository: group.services.team.votes.on_stray_vote(repository, poll, question.__eq__))


async def test_a_vote_in_a_copy_of_the_poll_is_said_not_to_count_in_the_place_of_its_case() -> None:
    group = FakeGroup(place="-100/5")
    await group.finished()
    await group.finished(BEN)
    names = [record.team.code_name for record in (await group.kept()).values() if record.team]
    await group.tap("Discuss", who=BEN)
    [poll] = group.polls.values()
    for known, question in ((poll.id, poll.question), ("copy", poll.question.replace(names[1], names[0]))):
        shown = dict(group.messages)
        await uncounted(group, known, question)
        assert group.messages == shown
    await uncounted(group, "copy", poll.question)
    assert group.card.title == f"{names[1]}: a vote was not counted"


async def test_where_a_copy_may_be_another_chats_nothing_is_said(group: FakeGroup) -> None:
    await group.finished()
    await group.tap("Discuss")
    [poll] = group.polls.values()
    record = (await group.kept())["c1"]
    await group.store.transact(
        lambda repository: repository.add(replace(record, place="-200", case=replace(record.case, id="c2")))
    )
    shown = dict(group.messages)
    await uncounted(group, "copy", poll.question)
    assert group.messages == shown


async def test_every_name_of_a_case_is_told_apart_by_its_mark_and_its_word() -> None:
    names = CATALOG.team.names
    assert len({code_word(name) for name in names}) == len({name.split()[0] for name in names}) == len(names)
