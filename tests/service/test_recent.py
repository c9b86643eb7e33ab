"""The last cases of a private chat: each with a name, told in a line, page by page; and what lets them go."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from conftest import BotHarness, virtual_bot_harness
from kit import CATALOG, T4, T8, WHO, FakePrivateChat, expired, labels, lines, read, refusals, tap_of

from bot.service.private.recent_cases import MOST_RECENT
from bot.service.replies import NoteInput
from bot.service.retention import CaseRetention
from bot.telegram.clock_watch import ClockLook
from flows.cards.card import Action, Style, Tap
from flows.model.code_names import code_name
from flows.model.findings import Findings

WORDS = CATALOG.wording
NAMES = CATALOG.team.names
DAY = 86_400.0
STEADY = ClockLook(0.0, 0.0, 0.0, settled=True)


@pytest.fixture
def private_chat() -> FakePrivateChat:
    return FakePrivateChat()


async def noted(private_chat: FakePrivateChat, findings: Findings, *, confirmed: bool = True) -> None:
    """Type a note of these findings."""
    await private_chat.write(NoteInput(findings, (), "", private_chat.ids))
    if confirmed:
        await private_chat.tap("Confirm")


def listed(private_chat: FakePrivateChat) -> list[str]:
    """Give the lines of the list, without the names."""
    return [line.text for line in lines(private_chat.card, Style.listed)]


def names(private_chat: FakePrivateChat) -> list[str]:
    """Give the names in the list."""
    return [line.lead for line in lines(private_chat.card, Style.listed)]


# Names.


async def test_a_case_bears_its_name_first_on_every_card(private_chat: FakePrivateChat) -> None:
    await private_chat.command("new")
    name = code_name("u1c1", NAMES)
    assert private_chat.card.label == f"{name} · 1, one to six left"
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
        await private_chat.tap(tap)
        assert private_chat.card.label.startswith(f"{name} · ")
    card = private_chat.card
    for view in (
        ("All options",),
        ("All options", "Combined"),
        ("What would change it",),
        ("✎ Answers",),
    ):
        await private_chat.tap(*view)
        assert private_chat.card.label.startswith(name), view
        await private_chat.press(Tap(Action.show, case="u1c1"), 1)
        assert private_chat.card == card
    await private_chat.tap("Share to team")
    assert private_chat.card.label == name
    await private_chat.command("cancel")
    assert [shown.label for shown in private_chat.messages.values()] == [name, name]


async def test_a_note_and_the_score_that_helps_with_a_case_bear_the_name_of_that_case(
    private_chat: FakePrivateChat,
) -> None:
    await noted(
        private_chat,
        {"levels": ("T8",), "fitness": ("fit",), "deficit": ("none",), "extent": ("body",)},
        confirmed=False,
    )
    name = code_name("u1c1", NAMES)
    assert private_chat.card.label == f"{name} · {WORDS.note.label}"
    await private_chat.tap("Confirm", "SINS")
    assert private_chat.card.label.startswith(f"{name} · SINS · ")


async def test_no_two_of_the_last_cases_bear_the_same_name(private_chat: FakePrivateChat) -> None:
    for number in range(19):
        await noted(private_chat, {**T8, "levels": (f"T{number % 12 + 1}",)})
    seen: list[str] = []
    await private_chat.command("recent")
    for _ in range(3):
        seen += names(private_chat)
        if "Older ›" in labels(private_chat.card):
            await private_chat.tap("Older ›")
    assert len(set(seen)) == len(seen) == 19


async def test_notes_that_wait_to_be_confirmed_bear_names_that_no_other_has(private_chat: FakePrivateChat) -> None:
    for number in range(19):
        await noted(private_chat, {**T8, "levels": (f"T{number % 12 + 1}",)}, confirmed=number % 2 == 0)
    shown = [card.label.partition(" · ")[0] for card in private_chat.messages.values()]
    assert len(set(shown)) == len(shown) == 19


def test_a_name_stays_with_its_case_when_another_is_added_to_the_list() -> None:
    ids = [f"{number:x}" for number in range(1000, 1200)]
    before = [code_name(case_id, NAMES) for case_id in ids]
    after = [code_name(case_id, (*NAMES, "🟰 Quetzal")) for case_id in ids]
    moved = [new for old, new in zip(before, after, strict=True) if new != old]
    assert set(moved) == {"🟰 Quetzal"}
    assert len(set(before)) == len(NAMES)


# The list.


async def test_each_case_is_told_by_its_name_level_headline_and_age_and_brought_by_its_name(
    private_chat: FakePrivateChat,
) -> None:
    await noted(private_chat, T8)
    await private_chat.command("new")
    await private_chat.tap("L2", "Only L2 ›")
    private_chat.now += 3 * 3600
    await private_chat.command("recent")
    assert listed(private_chat) == ["L2 · question 2, at most five left · 3 h ago", "T8 · Posterior MIS · 3 h ago"]
    newer, older = names(private_chat)
    assert labels(private_chat.card) == [newer, older, "New case", "Start"]
    assert refusals(private_chat.card) == []
    await private_chat.tap(older)
    assert private_chat.card.title == "Posterior MIS"
    assert private_chat.card.label.startswith(older)


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
    private_chat: FakePrivateChat, findings: Findings, brief: str
) -> None:
    await noted(private_chat, findings)
    await private_chat.command("recent")
    assert listed(private_chat) == [f"{brief} · just now"]


async def test_a_case_on_its_way_is_told_by_its_levels_and_how_far_it_is(private_chat: FakePrivateChat) -> None:
    await private_chat.command("new")
    await private_chat.command("recent")
    assert listed(private_chat) == ["question 1, one to six left · just now"]
    await private_chat.tap("T8", at=1)
    await private_chat.command("recent")
    assert listed(private_chat) == ["T8 · question 1, one to six left · just now"], "what is ticked is told as well"
    await private_chat.tap("Only T8 ›", "Fit", "None", "✎ Answers", "✎ fit", at=1)
    await private_chat.command("recent")
    assert listed(private_chat) == ["T8 · question 2, at most four left · just now"]


async def test_a_score_of_its_own_is_told_as_one(private_chat: FakePrivateChat) -> None:
    await private_chat.command("sins")
    await private_chat.command("recent")
    assert listed(private_chat) == ["SINS · question 1, five left · just now"]


async def test_notes_that_nobody_confirmed_and_scores_that_help_are_not_listed(private_chat: FakePrivateChat) -> None:
    await noted(private_chat, T8, confirmed=False)
    await private_chat.command("recent")
    assert [line.text for line in lines(private_chat.card)] == [WORDS.recent.nothing]
    await noted(private_chat, {"levels": ("L1",), "fitness": ("fit",), "deficit": ("none",), "extent": ("body",)})
    await private_chat.tap("SINS")
    await private_chat.command("recent")
    assert len(listed(private_chat)) == 1
    assert listed(private_chat)[0].startswith("L1 · ")


async def test_more_cases_than_a_page_holds_are_found_on_the_next_and_back(private_chat: FakePrivateChat) -> None:
    for number in range(2 * MOST_RECENT + 1):
        await noted(private_chat, {**T8, "levels": (f"T{number % 12 + 1}",)})
    await private_chat.command("recent")
    first, message = names(private_chat), private_chat.last
    assert len(first) == MOST_RECENT
    assert "‹ Newer" not in labels(private_chat.card)
    await private_chat.tap("Older ›")
    second = names(private_chat)
    assert {"‹ Newer", "Older ›"} < set(labels(private_chat.card))
    await private_chat.tap("Older ›")
    assert len(names(private_chat)) == 1
    assert "Older ›" not in labels(private_chat.card)
    assert len({*first, *second, *names(private_chat)}) == 2 * MOST_RECENT + 1
    await private_chat.tap("‹ Newer", "‹ Newer")
    assert names(private_chat) == first
    assert private_chat.last == message, "one message, turned in place"
    assert refusals(private_chat.card) == []


@pytest.mark.parametrize("page", ["", "1", "7", "999999999999999999999999", "zz"])
async def test_a_page_that_is_not_there_is_the_first(private_chat: FakePrivateChat, page: str) -> None:
    await noted(private_chat, T8)
    await private_chat.command("recent")
    first = private_chat.card
    await private_chat.press(Tap(Action.recent, "page", page), private_chat.last)
    assert private_chat.card == first
    assert private_chat.toast == ""


async def test_the_cases_of_other_people_are_never_listed(private_chat: FakePrivateChat) -> None:
    other = FakePrivateChat("p1", "u2", private_chat.store)
    await noted(other, T8)
    await private_chat.command("recent")
    assert private_chat.card.title == WORDS.recent.title
    assert labels(private_chat.card) == ["New case", "Start"]


# What lets them go.


async def test_a_note_that_nobody_confirms_is_let_go_after_a_day_and_its_card_says_so(
    private_chat: FakePrivateChat,
) -> None:
    await noted(private_chat, T8, confirmed=False)
    confirm = tap_of(private_chat.card, "Confirm")
    await noted(private_chat, T4)
    private_chat.now += DAY
    assert (
        await private_chat.store.transact(
            lambda repository: expired(CaseRetention(private_chat._clock), repository, 30 * DAY)
        )
        == 1
    )
    assert [record.case.answer_events[0].kind for record in (await private_chat.kept()).values()] == ["answer"]
    await private_chat.press(confirm, 1)
    assert private_chat.toast == WORDS.toasts.gone


async def test_a_note_that_was_touched_within_the_day_stays(private_chat: FakePrivateChat) -> None:
    await noted(private_chat, T8, confirmed=False)
    private_chat.now += DAY / 2
    await private_chat.tap("✕ fit")
    private_chat.now += DAY - 10
    assert (
        await private_chat.store.transact(
            lambda repository: expired(CaseRetention(private_chat._clock), repository, 30 * DAY)
        )
        == 0
    )


def test_the_sweep_lets_a_note_go_for_good_and_leaves_the_case(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):

        async def typed(harness: BotHarness) -> None:
            await harness.accept(
                harness.telegram.writes(7, "T8 fit no deficit"), harness.telegram.writes(8, "L2 fit no deficit")
            )
            await harness.tap(8, "Confirm")
            harness.wall.now += DAY
            for observed in (0.0, DAY):
                expire = partial(harness.application._housekeeping.expire, look=STEADY, observed=observed)
                harness.application._outbox.enqueue(await harness.store.transact(expire))
            await harness.settled()

        run(typed(harness))
    with virtual_bot_harness(tmp_path) as (run, harness):
        both = run(harness.store.transact(lambda uow: [uow.get_current(str(who), str(who)) for who in (7, 8)]))
        assert both[0] is None
        assert both[1]
        assert both[1].case.answer_events[0].codes == ("L2",)


# What /forget does.


async def test_forget_says_before_and_after_what_goes_and_what_stays(private_chat: FakePrivateChat) -> None:
    await noted(private_chat, T8)
    await private_chat.command("forget")
    before = read(private_chat.card).text
    await private_chat.tap("Erase everything")
    after = read(private_chat.card).text
    assert await private_chat.kept() == {}
    for told in (before, after):
        assert "Your own cases are erased" in told
        assert "Your ID is removed from" in told
        assert "“someone”" in told
        assert "essages" in told
    assert WHO not in before + after
