"""The last cases of a private chat: each with a name, told in a line, page by page; and what lets them go."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Rig, virtual_rig
from kit import CATALOG, T4, T8, WHO, Phone, labels, lines, read, refusals, tap_of

from bot.service.private_chat import MOST_RECENT
from bot.service.replies import Said
from flows.cards.card import Style, Tap, Verb
from flows.model.code_names import code_name
from flows.model.findings import Findings

WORDS = CATALOG.wording
NAMES = CATALOG.team.names
DAY = 86_400.0


@pytest.fixture
def phone() -> Phone:
    return Phone()


async def noted(phone: Phone, findings: Findings, *, confirmed: bool = True) -> None:
    """Type a note of these findings."""
    await phone.write(Said(findings, (), "", phone.ids))
    if confirmed:
        await phone.tap("Confirm")


def listed(phone: Phone) -> list[str]:
    """Give the lines of the list, without the names."""
    return [line.text for line in lines(phone.card, Style.listed)]


def names(phone: Phone) -> list[str]:
    """Give the names in the list."""
    return [line.lead for line in lines(phone.card, Style.listed)]


# Names.


async def test_a_case_bears_its_name_first_on_every_card(phone: Phone) -> None:
    await phone.command("new")
    name = code_name("u1c1", NAMES)
    assert phone.card.label == f"{name} · 1, one to six left"
    for tap in (
        "T8",
        "Only T8 ›",
        "Fit",
        "None",
        "Body only",
        "↺ Restart",
        "‹ Back to the question",
        "Limited",
        "None",
    ):
        await phone.tap(tap)
        assert phone.card.label.startswith(f"{name} · ")
    card = phone.card
    for view in (
        ("All options",),
        ("All options", "Combined"),
        ("What would change it",),
        ("✎ Answers",),
    ):
        await phone.tap(*view)
        assert phone.card.label.startswith(name), view
        await phone.wish(Tap(Verb.show, case="u1c1"), 1)
        assert phone.card == card
    await phone.tap("Share to team")
    assert phone.card.label == name
    await phone.command("cancel")
    assert [shown.label for shown in phone.messages.values()] == [name, name]


async def test_a_note_and_the_score_that_helps_with_a_case_bear_the_name_of_that_case(phone: Phone) -> None:
    await noted(
        phone, {"levels": ("T8",), "fitness": ("fit",), "deficit": ("none",), "extent": ("body",)}, confirmed=False
    )
    name = code_name("u1c1", NAMES)
    assert phone.card.label == f"{name} · {WORDS.note.label}"
    await phone.tap("Confirm", "SINS")
    assert phone.card.label.startswith(f"{name} · SINS · ")


async def test_no_two_of_the_last_cases_bear_the_same_name(phone: Phone) -> None:
    for number in range(19):
        await noted(phone, {**T8, "levels": (f"T{number % 12 + 1}",)})
    seen: list[str] = []
    await phone.command("recent")
    for _ in range(3):
        seen += names(phone)
        if "Older ›" in labels(phone.card):
            await phone.tap("Older ›")
    assert len(set(seen)) == len(seen) == 19


async def test_notes_that_wait_to_be_confirmed_bear_names_that_no_other_has(phone: Phone) -> None:
    for number in range(19):
        await noted(phone, {**T8, "levels": (f"T{number % 12 + 1}",)}, confirmed=number % 2 == 0)
    shown = [card.label.partition(" · ")[0] for card in phone.messages.values()]
    assert len(set(shown)) == len(shown) == 19


def test_a_name_stays_with_its_case_when_another_is_added_to_the_list() -> None:
    ids = [f"{number:x}" for number in range(1000, 1200)]
    before = [code_name(case_id, NAMES) for case_id in ids]
    after = [code_name(case_id, (*NAMES, "🟰 Quetzal")) for case_id in ids]
    moved = [new for old, new in zip(before, after, strict=True) if new != old]
    assert set(moved) == {"🟰 Quetzal"}
    assert len(set(before)) == len(NAMES)


# The list.


async def test_each_case_is_told_by_its_name_level_headline_and_age_and_brought_by_its_name(phone: Phone) -> None:
    await noted(phone, T8)
    await phone.command("new")
    await phone.tap("L2", "Only L2 ›")
    phone.now += 3 * 3600
    await phone.command("recent")
    assert listed(phone) == ["L2 · question 2, at most five left · 3 h ago", "T8 · Posterior MIS · 3 h ago"]
    newer, older = names(phone)
    assert labels(phone.card) == [newer, older, "New case", "Start"]
    assert refusals(phone.card) == []
    await phone.tap(older)
    assert phone.card.title == "Posterior MIS"
    assert phone.card.label.startswith(older)


@pytest.mark.parametrize(
    ("findings", "brief"),
    [
        ({**T4, "destruction": ("limited",), "single_approach": ("enough",)}, "T4 · Posterior (open)"),
        (T4, "T4 · discuss as a team"),
        ({**T8, "fitness": ("undecided",)}, "T8 · Settle fitness first"),
        (
            {**T8, "levels": ("T2", "T4", "T6", "T8", "T10", "T12", "L2", "L4")},
            "T2, T4, T6, T8, T10, T12, L2, L4 · Posterior MIS",
        ),
    ],
)
async def test_a_finished_case_is_told_by_its_levels_and_its_headline_in_short(
    phone: Phone, findings: Findings, brief: str
) -> None:
    await noted(phone, findings)
    await phone.command("recent")
    assert listed(phone) == [f"{brief} · just now"]


async def test_a_case_on_its_way_is_told_by_its_levels_and_how_far_it_is(phone: Phone) -> None:
    await phone.command("new")
    await phone.command("recent")
    assert listed(phone) == ["question 1, one to six left · just now"]
    await phone.tap("T8", at=1)
    await phone.command("recent")
    assert listed(phone) == ["T8 · question 1, one to six left · just now"], "what is ticked is told as well"
    await phone.tap("Only T8 ›", "Fit", "None", "✎ Answers", "✎ fit", at=1)
    await phone.command("recent")
    assert listed(phone) == ["T8 · question 2, at most four left · just now"]


async def test_a_score_of_its_own_is_told_as_one(phone: Phone) -> None:
    await phone.command("sins")
    await phone.command("recent")
    assert listed(phone) == ["SINS · question 1, five left · just now"]


async def test_notes_that_nobody_confirmed_and_scores_that_help_are_not_listed(phone: Phone) -> None:
    await noted(phone, T8, confirmed=False)
    await phone.command("recent")
    assert [line.text for line in lines(phone.card)] == [WORDS.recent.nothing]
    await noted(phone, {"levels": ("L1",), "fitness": ("fit",), "deficit": ("none",), "extent": ("body",)})
    await phone.tap("SINS")
    await phone.command("recent")
    assert len(listed(phone)) == 1
    assert listed(phone)[0].startswith("L1 · ")


async def test_more_cases_than_a_page_holds_are_found_on_the_next_and_back(phone: Phone) -> None:
    for number in range(2 * MOST_RECENT + 1):
        await noted(phone, {**T8, "levels": (f"T{number % 12 + 1}",)})
    await phone.command("recent")
    first, message = names(phone), phone.last
    assert len(first) == MOST_RECENT
    assert "‹ Newer" not in labels(phone.card)
    await phone.tap("Older ›")
    second = names(phone)
    assert {"‹ Newer", "Older ›"} < set(labels(phone.card))
    await phone.tap("Older ›")
    assert len(names(phone)) == 1
    assert "Older ›" not in labels(phone.card)
    assert len({*first, *second, *names(phone)}) == 2 * MOST_RECENT + 1
    await phone.tap("‹ Newer", "‹ Newer")
    assert names(phone) == first
    assert phone.last == message, "one message, turned in place"
    assert refusals(phone.card) == []


@pytest.mark.parametrize("page", ["", "1", "7", "999999999999999999999999", "zz"])
async def test_a_page_that_is_not_there_is_the_first(phone: Phone, page: str) -> None:
    await noted(phone, T8)
    await phone.command("recent")
    first = phone.card
    await phone.wish(Tap(Verb.recent, "page", page), phone.last)
    assert phone.card == first
    assert phone.toast == ""


async def test_the_cases_of_other_people_are_never_listed(phone: Phone) -> None:
    other = Phone("p1", "u2", phone.store)
    await noted(other, T8)
    await phone.command("recent")
    assert phone.card.title == WORDS.recent.title
    assert labels(phone.card) == ["New case", "Start"]


# What lets them go.


async def test_a_note_that_nobody_confirms_is_let_go_after_a_day_and_its_card_says_so(phone: Phone) -> None:
    await noted(phone, T8, confirmed=False)
    confirm = tap_of(phone.card, "Confirm")
    await noted(phone, T4)
    phone.now += DAY
    assert await phone.store.run(lambda ledger: phone.conversation.expire(ledger, 30 * DAY)) == 1
    assert [kept.case.steps[0].kind for kept in (await phone.kept()).values()] == ["answer"]
    await phone.wish(confirm, 1)
    assert phone.toast == WORDS.toasts.gone


async def test_a_note_that_was_touched_within_the_day_stays(phone: Phone) -> None:
    await noted(phone, T8, confirmed=False)
    phone.now += DAY / 2
    await phone.tap("✕ fit")
    phone.now += DAY - 10
    assert await phone.store.run(lambda ledger: phone.conversation.expire(ledger, 30 * DAY)) == 0


def test_the_sweep_lets_a_note_go_for_good_and_leaves_the_case(tmp_path: Path) -> None:
    with virtual_rig(tmp_path) as (run, rig):

        async def typed(rig: Rig) -> None:
            await rig.accept(rig.cloud.writes(7, "T8 fit no deficit"), rig.cloud.writes(8, "L2 fit no deficit"))
            await rig.tap(8, "Confirm")
            rig.wall.now += DAY
            rig.channel._outbox.take(await rig.store.run(rig.channel._clerk.tended))
            await rig.settled()

        run(typed(rig))
    with virtual_rig(tmp_path) as (run, rig):
        both = run(rig.store.run(lambda desk: [desk.current(str(who), str(who)) for who in (7, 8)]))
        assert both[0] is None
        assert both[1]
        assert both[1].case.steps[0].codes == ("L2",)


# What /forget does.


async def test_forget_says_before_and_after_what_goes_and_what_stays(phone: Phone) -> None:
    await noted(phone, T8)
    await phone.command("forget")
    before = read(phone.card).text
    await phone.tap("Erase everything")
    after = read(phone.card).text
    assert await phone.kept() == {}
    for told in (before, after):
        assert "Your own cases are erased" in told
        assert "Your ID is removed from" in told
        assert "“someone”" in told
        assert "essages" in told
    assert WHO not in before + after
