"""What a message or a tap does to a case: cases never mix, late taps change nothing, and everybody is told why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from kit import CATALOG, INTERVIEW, T8, WHO, FakePrivateChat, buttons, labels, plain, played, read, refusals, tap_of

from bot.service.case_store import CaseRecord, CaseRepository, MemoryCaseRepository, MemoryStorage
from bot.service.commands import PRIVATE_COMMANDS
from bot.service.private.private_chat import PrivateChat
from bot.service.replies import ActionContext, Reply
from flows.cards.card import Action, Card, Tap
from flows.errors import VersionConflict
from flows.model.case import Case
from flows.pathways.metastasis import METASTASIS

TOASTS = CATALOG.wording.toasts
PAGES = CATALOG.wording.pages

TO_RECOMMENDATION = ("T8", "Only T8 ›", "Fit", "None", "Body only", "Limited", "None")


@pytest.fixture
def private_chat() -> FakePrivateChat:
    return FakePrivateChat()


async def asked(private_chat: FakePrivateChat, *answers: str) -> FakePrivateChat:
    """Begin a case and answer its first questions."""
    await private_chat.command("new")
    await private_chat.tap(*answers)
    return private_chat


def findings(case: Case) -> dict[str, tuple[str, ...]]:
    return {code: codes for code, codes in INTERVIEW.state(case).findings.items() if codes}


def at(case: Case) -> str | None:
    question = INTERVIEW.state(case).current
    return question.code if question else None


# A whole case.


async def test_a_case_is_worked_in_one_message_up_to_its_recommendation(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, *TO_RECOMMENDATION)
    assert list(private_chat.messages) == [1]
    assert private_chat.card.title == "Posterior MIS"
    assert findings(await private_chat.case()) == T8
    assert private_chat.toast == ""


async def test_the_usual_case_takes_eight_taps_from_the_start(private_chat: FakePrivateChat) -> None:
    await private_chat.command("start")
    taps = ("New case", *TO_RECOMMENDATION)
    await private_chat.tap(*taps)
    assert len(taps) == 8
    assert private_chat.card.title == "Posterior MIS"


async def test_the_longest_case_of_one_level_takes_nine_taps(private_chat: FakePrivateChat) -> None:
    longest = ("Significant", "Circumferential", "Extensive", "Not enough", "Extensive")
    taps = ("New case", "T8", "Only T8 ›", "Fit", *longest)
    await private_chat.command("start")
    await private_chat.tap(*taps)
    assert len(taps) == 9
    assert set(findings(await private_chat.case())) == {question.code for question in METASTASIS.questions}, (
        "none is longer"
    )
    assert [button.tap.action for button in private_chat.card.rows[0]] == [Action.option, Action.changes]


async def test_an_answer_is_changed_by_its_button_and_the_others_stay(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, *TO_RECOMMENDATION)
    await private_chat.tap("✎ Answers", "✎ no deficit", "Significant")
    assert findings(await private_chat.case()) == {**T8, "deficit": ("significant",)}
    assert private_chat.card.title == "Posterior decompression and stabilization"
    await private_chat.tap("‹ Back", "‹ Back")
    assert findings(await private_chat.case()) == T8


async def test_restart_begins_the_same_case_again_and_back_takes_that_back(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, *TO_RECOMMENDATION)
    await private_chat.tap("‹ Back")
    before = findings(await private_chat.case())
    await private_chat.tap("↺ Restart", "Start over")
    assert at(await private_chat.case()) == "levels"
    await private_chat.tap("‹ Back")
    assert findings(await private_chat.case()) == before


@pytest.mark.parametrize(("taps", "asks"), [(4, False), (5, True)], ids=["three would go", "four would go"])
async def test_restart_asks_once_where_more_than_three_answers_would_go(
    private_chat: FakePrivateChat, taps: int, *, asks: bool
) -> None:
    await asked(private_chat, *TO_RECOMMENDATION[:taps])
    card, before = private_chat.card, await private_chat.case()
    await private_chat.tap("↺ Restart")
    assert (private_chat.card.title == "Start over? 4 answers would go") is asks
    if asks:
        assert await private_chat.case() == before
        await private_chat.tap("‹ Back to the question")
        assert private_chat.card == card
        await private_chat.tap("↺ Restart", "Start over")
    assert at(await private_chat.case()) == "levels"
    assert private_chat.toast == ""
    await private_chat.tap("‹ Back")
    assert private_chat.card.title == card.title
    assert findings(await private_chat.case()) == findings(before)


async def test_a_restart_that_was_asked_about_is_stale_once_the_case_has_gone_on(
    private_chat: FakePrivateChat,
) -> None:
    await asked(private_chat, *TO_RECOMMENDATION[:-1])
    await private_chat.tap("↺ Restart")
    sure = tap_of(private_chat.card, "Start over")
    await private_chat.tap("‹ Back to the question", "None")
    before = await private_chat.case()
    await private_chat.press(sure, 1)
    assert await private_chat.case() == before
    assert private_chat.toast == TOASTS.stale


async def test_new_case_from_the_recommendation_leaves_the_old_one_as_it_was(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, *TO_RECOMMENDATION)
    before = private_chat.messages[1]
    await private_chat.tap("New case")
    assert private_chat.messages[1] == before
    assert private_chat.messages[2].label.endswith(" · 1, one to six left")
    assert len(await private_chat.kept()) == 2


async def test_the_case_remembers_who_answered_and_when_it_was_touched(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, "T8", "Only T8 ›")
    [record] = (await private_chat.kept()).values()
    assert (record.place, record.owner, record.card_message_id, record.updated_at) == ("p1", WHO, 1, private_chat.now)
    assert {step.who for step in record.case.answer_events} == {WHO}


# Taps that come twice, too late, or from elsewhere.


async def test_quick_taps_on_one_keyboard_all_count(private_chat: FakePrivateChat) -> None:
    await private_chat.command("new")
    first = private_chat.card
    for level in ("T11", "T12", "L1"):
        await private_chat.press(tap_of(first, level), 1)
        assert private_chat.toast == ""
    await private_chat.tap("Done · 3")
    assert findings(await private_chat.case()) == {"levels": ("T11", "T12", "L1")}


async def test_a_tick_that_comes_twice_stays_ticked(private_chat: FakePrivateChat) -> None:
    await private_chat.command("new")
    tick = tap_of(private_chat.card, "T8")
    await private_chat.press(tick, 1)
    before = await private_chat.kept()
    await private_chat.press(tick, 1)
    assert INTERVIEW.state(await private_chat.case()).selected == ("T8",)
    assert {i: k.case for i, k in (await private_chat.kept()).items()} == {i: k.case for i, k in before.items()}


async def test_a_single_level_is_settled_by_the_button_that_names_it(private_chat: FakePrivateChat) -> None:
    await private_chat.command("new")
    rows = len(private_chat.card.rows)
    await private_chat.tap("T8")
    assert "Done" not in " ".join(labels(private_chat.card))
    assert len(private_chat.card.rows) == rows, "no button moves under the thumb"
    await private_chat.tap("Only T8 ›")
    assert findings(await private_chat.case()) == {"levels": ("T8",)}


async def test_only_one_level_is_not_settled_where_another_was_ticked_meanwhile(private_chat: FakePrivateChat) -> None:
    await private_chat.command("new")
    await private_chat.tap("T8")
    only, more = tap_of(private_chat.card, "Only T8 ›"), tap_of(private_chat.card, "T9")
    for tap, at_hand in ((more, "levels"), (only, "levels")):
        await private_chat.press(tap, 1)
        assert at(await private_chat.case()) == at_hand
    assert private_chat.toast == TOASTS.chosen_otherwise
    await private_chat.tap("Done · 2")
    assert findings(await private_chat.case()) == {"levels": ("T8", "T9")}
    assert private_chat.toast == ""


async def test_a_double_tap_answers_once_and_is_told(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, "T8", "Only T8 ›")
    fit = tap_of(private_chat.card, "Fit")
    await private_chat.press(fit, 1)
    before, card = await private_chat.kept(), private_chat.card
    await private_chat.press(fit, 1)
    assert await private_chat.kept() == before
    assert private_chat.card == card
    assert private_chat.toast == TOASTS.stale


async def test_a_double_tap_never_answers_the_next_question_with_the_same_word(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, *TO_RECOMMENDATION[:-1])
    await private_chat.tap("✎ Answers", "✎ no deficit")
    none = tap_of(private_chat.card, "None ✓")
    await private_chat.press(none, 1)
    assert at(await private_chat.case()) == "prior"
    await private_chat.press(none, 1)
    assert at(await private_chat.case()) == "prior", "the same label, another question"


async def test_a_tap_from_before_a_back_is_stale_even_though_its_question_is_at_hand_again(
    private_chat: FakePrivateChat,
) -> None:
    await asked(private_chat, "T8", "Only T8 ›")
    fit = tap_of(private_chat.card, "Fit")
    await private_chat.tap("Fit", "‹ Back")
    assert at(await private_chat.case()) == "fitness"
    before = await private_chat.kept()
    await private_chat.press(fit, 1)
    assert await private_chat.kept() == before
    assert private_chat.toast == TOASTS.stale


@pytest.mark.parametrize(
    "verb", [Action.answer, Action.mark, Action.unmark, Action.done, Action.change, Action.back, Action.restart]
)
async def test_every_kind_of_tap_from_an_earlier_turn_is_stale(private_chat: FakePrivateChat, verb: Action) -> None:
    await asked(private_chat, "T8", "Only T8 ›", "Fit")
    case, before = await private_chat.case(), await private_chat.kept()
    await private_chat.press(Tap(verb, "deficit", "none", case.id, case.turn - 1), 1)
    assert await private_chat.kept() == before
    assert private_chat.toast == TOASTS.stale
    assert private_chat.card.title == "Neurological deficit?"


async def test_a_button_of_a_page_that_is_bound_to_a_case_is_refused(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, "T8", "Only T8 ›")
    case = await private_chat.case()
    await private_chat.press(Tap(Action.help, case=case.id, turn=case.turn), 1)
    assert private_chat.toast == TOASTS.misplaced


async def test_done_with_nothing_ticked_is_told(private_chat: FakePrivateChat) -> None:
    await private_chat.command("new")
    await private_chat.tap("Done")
    assert private_chat.toast == TOASTS.empty_selection
    assert (await private_chat.case()).answer_events == ()


@pytest.mark.parametrize("label", ["‹ Back", "↺ Restart"])
async def test_at_the_beginning_nothing_lies_before(private_chat: FakePrivateChat, label: str) -> None:
    await private_chat.command("new")
    await private_chat.tap(label)
    assert private_chat.toast == TOASTS.nothing_to_undo
    assert private_chat.card.label.endswith(" · 1, one to six left")


@pytest.mark.parametrize(
    ("place", "who"), [("p2", "u2"), ("p1", "u2"), ("p2", WHO)], ids=["both", "another person", "another chat"]
)
async def test_a_tap_from_elsewhere_changes_nothing_shows_nothing_and_is_told(
    private_chat: FakePrivateChat, place: str, who: str
) -> None:
    await asked(private_chat, "T8", "Only T8 ›")
    before = await private_chat.kept()
    other = FakePrivateChat(place, who, private_chat.store)
    for tap in (tap_of(private_chat.card, "Fit"), tap_of(private_chat.card, "‹ Back"), Tap(Action.show, case="u1c1")):
        await other.press(tap, 7)
        assert await private_chat.kept() == before
        assert other.toast == TOASTS.gone
        assert other.card.title == PAGES.gone.title
        assert "T8" not in plain(other.card)


async def test_a_tap_on_a_case_that_nobody_keeps_is_told(private_chat: FakePrivateChat) -> None:
    await private_chat.press(Tap(Action.answer, "fitness", "fit", "gone", 3), 4)
    assert private_chat.toast == TOASTS.gone
    assert private_chat.messages[4].title == PAGES.gone.title


@pytest.mark.parametrize(
    "tap", [None, Tap(Action.show), Tap(Action.answer, "fitness", "fit"), Tap(Action.browse, "cement")]
)
async def test_a_button_that_nobody_knows_is_told_and_changes_nothing(
    private_chat: FakePrivateChat, tap: Tap | None
) -> None:
    await private_chat.command("start")
    before = dict(private_chat.messages)
    await private_chat.press(tap, 1)
    assert private_chat.toast in (TOASTS.unknown_button, TOASTS.misplaced)
    assert (private_chat.messages, await private_chat.kept()) == (before, {})


# Several cards, several cases.


async def test_continue_brings_the_case_and_the_old_card_says_it_is_out_of_date(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, "T8", "Only T8 ›")
    old = private_chat.card
    await private_chat.command("start")
    assert "Continue" in labels(private_chat.card)
    await private_chat.tap("Continue")
    assert private_chat.messages[2].title == "Is the patient fit for surgery?"
    assert private_chat.messages[1].title == PAGES.superseded.title
    assert "T8" not in plain(private_chat.messages[1])

    before = await private_chat.kept()
    await private_chat.press(tap_of(old, "Fit"), 1)
    assert private_chat.toast == TOASTS.shown_elsewhere
    assert private_chat.messages[1].title == PAGES.superseded.title
    assert await private_chat.kept() == before

    await private_chat.tap("Continue", at=1)
    assert private_chat.messages[1].title == "Is the patient fit for surgery?"
    assert private_chat.messages[2].title == PAGES.superseded.title


async def test_continue_on_the_card_that_shows_the_case_just_redraws_it(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, *TO_RECOMMENDATION)
    card = private_chat.card
    await private_chat.press(Tap(Action.show, case="u1c1"), 1)
    assert private_chat.messages == {1: card}


async def test_new_twice_takes_the_case_that_was_never_answered(private_chat: FakePrivateChat) -> None:
    await private_chat.command("new")
    await private_chat.command("new")
    assert len(await private_chat.kept()) == 1
    assert private_chat.messages[1].title == PAGES.superseded.title
    await private_chat.tap("T8", "Only T8 ›", at=2)
    assert findings(await private_chat.case()) == {"levels": ("T8",)}


async def test_new_after_an_answer_begins_another_case_and_the_two_never_mix(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, "T8", "Only T8 ›")
    await private_chat.command("new")
    await private_chat.tap("L3", "Only L3 ›", "Undecided", at=2)
    await private_chat.tap("Fit", at=1)
    await private_chat.tap("Minor", at=2)
    await private_chat.tap("Significant", at=1)
    cases = {case_id: findings(record.case) for case_id, record in (await private_chat.kept()).items()}
    assert cases == {
        "u1c1": {"levels": ("T8",), "fitness": ("fit",), "deficit": ("significant",)},
        "u1c2": {"levels": ("L3",), "fitness": ("undecided",), "deficit": ("minor",)},
    }
    assert "T8" in plain(private_chat.messages[1])
    assert "L3" not in plain(private_chat.messages[1]).replace("[ L3 ]", "")


async def test_a_button_of_one_case_on_the_card_of_another_does_not_touch_that_other(
    private_chat: FakePrivateChat,
) -> None:
    await asked(private_chat, "T8", "Only T8 ›")
    fit = tap_of(private_chat.card, "Fit")
    await private_chat.command("new")
    before = await private_chat.kept()
    await private_chat.press(fit, 2)
    assert await private_chat.kept() == before
    assert private_chat.toast == TOASTS.shown_elsewhere


async def test_two_people_have_cases_of_their_own(private_chat: FakePrivateChat) -> None:
    other = FakePrivateChat("p2", "u2", private_chat.store)
    await asked(private_chat, "T8", "Only T8 ›")
    await asked(other, "L3", "Only L3 ›")
    await private_chat.command("start")
    await private_chat.tap("Continue")
    await private_chat.tap("✎ Answers")
    assert labels(private_chat.card)[0] == "✎ T8"


# Commands.


def test_every_command_has_its_words_for_the_menu() -> None:
    assert set(PRIVATE_COMMANDS) == set(type(CATALOG.wording.commands).model_fields)


@pytest.mark.parametrize("name", PRIVATE_COMMANDS)
async def test_every_command_is_answered_and_none_is_taken_for_unknown(
    private_chat: FakePrivateChat, name: str
) -> None:
    await private_chat.command(name)
    assert len(private_chat.messages) == 1
    assert private_chat.card.title != PAGES.unknown_command.title
    assert refusals(private_chat.card) == []


@pytest.mark.parametrize("name", [name for name in PRIVATE_COMMANDS if name not in ("start", "help")])
async def test_every_other_command_is_told_in_the_help(private_chat: FakePrivateChat, name: str) -> None:
    await private_chat.command("help")
    assert f"/{name} " in read(private_chat.card).text


async def test_an_unknown_command_is_said_to_be_so(private_chat: FakePrivateChat) -> None:
    for name in ("neww", "", "NEW", "decide", "__init__"):
        await private_chat.command(name)
        assert private_chat.card.title == PAGES.unknown_command.title
        assert labels(private_chat.card) == ["New case", "Start"]


async def test_start_offers_to_go_on_only_where_something_was_begun(private_chat: FakePrivateChat) -> None:
    await private_chat.command("start")
    assert labels(private_chat.card) == ["New case", "Options", "Scales", "Help", "About"]
    await private_chat.command("new")
    await private_chat.command("start")
    assert "Continue" not in labels(private_chat.card)
    await private_chat.tap("T8", at=2)
    await private_chat.command("start")
    assert labels(private_chat.card) == ["New case", "Continue", "Options", "Scales", "Help", "About"]


async def test_about_tells_scope_year_edition_and_every_gap(private_chat: FakePrivateChat) -> None:
    await private_chat.command("about")
    text = read(private_chat.card).text
    assert "AO Surgery Reference, text of 2019" in text
    assert "AO Foundation" in text
    assert f"edition {CATALOG.edition}" in text
    for gap, told in CATALOG.gaps.items():
        assert f"{gap}: {told.silent} {told.here}" in text
    assert CATALOG.wording.result.disclaimer in text


async def test_the_options_are_listed_and_each_can_be_read_without_a_case(private_chat: FakePrivateChat) -> None:
    await private_chat.command("options")
    listed = private_chat.card
    for option in CATALOG.options.values():
        await private_chat.tap(option.short)
        assert private_chat.card.title == option.name
        assert option.indication[0].text in read(private_chat.card).text
        await private_chat.tap("‹ All options")
        assert private_chat.card == listed
    assert await private_chat.kept() == {}
    assert list(private_chat.messages) == [1]


async def test_a_stray_text_is_answered_with_the_way_to_the_buttons(private_chat: FakePrivateChat) -> None:
    await private_chat.write()
    assert private_chat.card.title == PAGES.stray.title
    assert labels(private_chat.card) == ["New case", "Start"]
    await asked(private_chat, "T8")
    await private_chat.write()
    assert labels(private_chat.card) == ["Continue", "New case", "Start"]
    await private_chat.tap("Continue")
    assert "T8 ✓" in labels(private_chat.card)


async def test_every_button_of_every_page_leads_somewhere(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, "T8")
    for name in ("start", "help", "about", "options", "forget", "cancel", "unknown"):
        await private_chat.command(name)
        page, message = private_chat.card, private_chat.last
        for button in buttons(page):
            await private_chat.press(button.tap, message)
            assert private_chat.toast == "", button.label
            assert refusals(private_chat.messages[message]) == []


async def test_the_pages_of_the_menu_turn_into_each_other_in_place(private_chat: FakePrivateChat) -> None:
    await private_chat.command("start")
    for label, title in (("Help", PAGES.help.title), ("About", PAGES.about.title), ("Options", PAGES.options.title)):
        await private_chat.tap(label)
        assert private_chat.card.title == title
        await private_chat.press(Tap(Action.home), 1)
        assert private_chat.card.title == PAGES.start.title
    assert list(private_chat.messages) == [1]


# Putting aside and erasing.


async def test_cancel_puts_the_case_aside_and_continue_takes_it_up(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, "T8", "Only T8 ›", "Fit")
    old = private_chat.card
    await private_chat.command("cancel")
    assert {card.title for card in private_chat.messages.values()} == {PAGES.archived.title}
    assert all("T8" not in plain(card) for card in private_chat.messages.values())

    await private_chat.press(tap_of(old, "None"), 1)
    assert private_chat.toast == TOASTS.archived
    assert at(await private_chat.case()) == "deficit"
    assert private_chat.messages[1].title == PAGES.archived.title

    await private_chat.tap("Continue", at=2)
    assert private_chat.messages[2].title == "Neurological deficit?"
    assert private_chat.messages[1].title == PAGES.superseded.title
    await private_chat.tap("None", at=2)
    assert at(await private_chat.case()) == "extent"


async def test_what_was_put_aside_is_not_open_any_more(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, "T8", "Only T8 ›")
    await private_chat.command("cancel")
    await private_chat.command("start")
    assert "Continue" not in labels(private_chat.card)
    await private_chat.command("cancel")
    assert private_chat.card.title == PAGES.nothing_open.title
    await private_chat.command("new")
    assert len(await private_chat.kept()) == 2


async def test_cancel_without_a_case_says_that_none_is_open(private_chat: FakePrivateChat) -> None:
    await private_chat.command("cancel")
    assert private_chat.card.title == PAGES.nothing_open.title


async def test_a_case_whose_card_never_arrived_can_be_put_aside_and_taken_up(private_chat: FakePrivateChat) -> None:
    await private_chat.store.transact(
        lambda repository: private_chat.conversation.command(
            repository, "new", ActionContext(private_chat.place, private_chat.who)
        )
    )
    await private_chat.command("cancel")
    assert [card.title for card in private_chat.messages.values()] == [PAGES.archived.title]
    await private_chat.tap("Continue")
    assert private_chat.card.label.endswith(" · 1, one to six left")


async def test_a_tap_on_a_card_whose_arrival_was_never_told_makes_it_the_cards_case(
    private_chat: FakePrivateChat,
) -> None:
    await private_chat.store.transact(
        lambda repository: private_chat.conversation.command(
            repository, "new", ActionContext(private_chat.place, private_chat.who)
        )
    )
    case = await private_chat.case()
    await private_chat.press(Tap(Action.mark, "levels", "T8", case.id), 9)
    [record] = (await private_chat.kept()).values()
    assert record.card_message_id == 9
    await private_chat.press(Tap(Action.mark, "levels", "T9", case.id), 8)
    assert private_chat.toast == TOASTS.shown_elsewhere


async def test_forget_asks_first_and_keep_keeps(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, "T8", "Only T8 ›")
    before = await private_chat.kept()
    await private_chat.command("forget")
    assert labels(private_chat.card) == ["Erase everything", "Keep"]
    assert await private_chat.kept() == before
    await private_chat.tap("Keep")
    assert private_chat.card.title == PAGES.nothing_kept.title
    assert await private_chat.kept() == before


async def test_forget_erases_every_case_of_the_person_and_of_nobody_else(private_chat: FakePrivateChat) -> None:
    other = FakePrivateChat("p2", "u2", private_chat.store)
    await asked(other, "L3", "Only L3 ›")
    await asked(private_chat, "T8", "Only T8 ›")
    await private_chat.command("cancel")
    await asked(private_chat, "T9", "Only T9 ›")
    old, shown = private_chat.card, private_chat.last
    await private_chat.command("forget")
    await private_chat.tap("Erase everything")
    assert set(await private_chat.kept()) == {"u2c1"}
    assert private_chat.card.title == PAGES.forgotten.title
    assert private_chat.messages[shown].title == PAGES.gone.title
    await private_chat.press(tap_of(old, "Fit"), shown)
    assert private_chat.toast == TOASTS.gone
    assert set(await private_chat.kept()) == {"u2c1"}


async def test_forget_where_nothing_is_kept_says_so_too(private_chat: FakePrivateChat) -> None:
    await private_chat.command("forget")
    await private_chat.tap("Erase everything")
    assert [card.title for card in private_chat.messages.values()] == [PAGES.forgotten.title]


# Options in detail.


async def test_an_option_is_read_in_place_of_the_recommendation_and_left_again(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, *TO_RECOMMENDATION)
    card, before = private_chat.card, await private_chat.kept()
    for option in CATALOG.options.values():
        await private_chat.tap("All options", option.short)
        assert (private_chat.card.label, private_chat.card.title) == (card.label, option.name)
        assert private_chat.toast == ""
        await private_chat.tap("‹ Back to the card")
        assert private_chat.card == card
    assert {i: k.case for i, k in (await private_chat.kept()).items()} == {i: k.case for i, k in before.items()}


async def test_an_option_leads_back_to_all_options_and_to_no_restart(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, *TO_RECOMMENDATION)
    await private_chat.tap("All options")
    every = private_chat.card
    await private_chat.tap("Combined")
    assert "↺ Restart" not in labels(private_chat.card)
    await private_chat.tap("‹ All options")
    assert private_chat.card == every


async def test_an_option_is_shown_at_the_recommendation_alone(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, *TO_RECOMMENDATION)
    every = tap_of(private_chat.card, "All options")
    await private_chat.tap("All options")
    option = tap_of(private_chat.card, "Combined")
    await private_chat.tap("‹ Back to the card", "✎ Answers", "✎ no deficit")
    for tap in (every, option):
        await private_chat.press(tap, 1)
        assert private_chat.toast == TOASTS.stale
        assert private_chat.card.title == "Neurological deficit?"


async def test_the_answers_are_listed_beside_a_question_and_left_for_it_again(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, *TO_RECOMMENDATION[:-1])
    card, before = private_chat.card, await private_chat.case()
    await private_chat.tap("✎ Answers")
    assert (private_chat.card.label, private_chat.card.title) == (card.label, "Change an answer")
    await private_chat.tap("‹ Back to the question")
    assert private_chat.card == card
    assert await private_chat.case() == before


async def test_where_nothing_is_answered_no_answers_are_listed(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, "T8", "Only T8 ›")
    answers = tap_of(private_chat.card, "✎ Answers")
    await private_chat.tap("↺ Restart")
    assert "✎ Answers" not in labels(private_chat.card)
    await private_chat.press(answers, 1)
    assert private_chat.toast == TOASTS.stale
    assert private_chat.card.label.endswith(" · 1, one to six left")


async def test_an_option_that_the_catalog_does_not_have_is_stale(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, *TO_RECOMMENDATION)
    case, card = await private_chat.case(), private_chat.card
    await private_chat.press(Tap(Action.option, "cement", case=case.id, turn=case.turn), 1)
    assert private_chat.toast == TOASTS.stale
    assert private_chat.card == card


# Editions.


async def test_a_case_begun_under_an_older_edition_says_so_and_goes_on(private_chat: FakePrivateChat) -> None:
    await asked(private_chat, "T8", "Only T8 ›")
    newer = CATALOG.model_copy(update={"edition": "2099-01"})
    later = FakePrivateChat(store=private_chat.store, words=newer, messages=private_chat.messages, ids=7)
    await later.tap("Fit")
    assert f"Begun under edition {CATALOG.edition}, shown under edition 2099-01." in read(later.card).text
    await later.command("new")
    assert "Begun under" not in read(later.card).text


async def test_an_unanswered_case_of_an_older_edition_is_not_handed_out_as_a_new_one(
    private_chat: FakePrivateChat,
) -> None:
    await private_chat.command("new")
    newer = CATALOG.model_copy(update={"edition": "2099-01"})
    later = FakePrivateChat(store=private_chat.store, words=newer, messages=private_chat.messages, ids=7)
    await later.command("new")
    assert "Begun under" not in read(later.card).text, "nothing was begun: the case has no answer"


# Two writers.


class Raced(MemoryCaseRepository):
    """A ledger in which somebody else writes right after each reading."""

    def __init__(self, before: dict[str, CaseRecord]) -> None:
        super().__init__(
            {
                case_id: replace(record, case=replace(record.case, revision=record.case.revision + 1))
                for case_id, record in before.items()
            }
        )
        self.before = MemoryCaseRepository(before)

    def get(self, case_id: str) -> CaseRecord | None:
        return self.before.get(case_id)

    def get_current(self, place: str, owner: str) -> CaseRecord | None:
        return self.before.get_current(place, owner)


CONVERSATION = PrivateChat({"metastasis": METASTASIS}, CATALOG, lambda: 1.0, lambda: "new")
HERE = ActionContext("p1", WHO, 5)


@pytest.mark.parametrize(
    ("case", "work"),
    [
        pytest.param(
            played({"levels": ("T8",)}),
            lambda repository, case: CONVERSATION.tap(
                repository, Tap(Action.answer, "fitness", "fit", case.id, case.turn), HERE
            ),
            id="answer",
        ),
        pytest.param(
            played(T8),
            lambda repository, case: CONVERSATION.tap(repository, Tap(Action.show, case=case.id), HERE),
            id="continue",
        ),
        pytest.param(
            played({}),
            lambda repository, _: CONVERSATION.command(repository, "new", HERE),
            id="an unanswered case taken again",
        ),
        pytest.param(played(T8), lambda repository, _: CONVERSATION.command(repository, "cancel", HERE), id="cancel"),
        pytest.param(
            played(T8), lambda repository, case: CONVERSATION.on_card_sent(repository, case.id, 9), id="shown"
        ),
    ],
)
def test_who_comes_second_is_told_and_overwrites_nothing(
    case: Case, work: Callable[[CaseRepository, Case], Reply]
) -> None:
    repository = Raced({case.id: CaseRecord(case, "p1", WHO, updated_at=0.0, card_message_id=5)})
    with pytest.raises(VersionConflict):
        work(repository, case)
    assert repository.cases[case.id].case.revision == case.revision + 1


def test_no_case_ever_takes_the_place_of_another() -> None:
    record = CaseRecord(played(T8), "p1", WHO, updated_at=0.0)
    repository = MemoryCaseRepository({record.case.id: record})
    with pytest.raises(VersionConflict):
        repository.add(replace(record, owner="u2"))
    assert repository.get(record.case.id) == record


def test_a_case_that_is_gone_cannot_be_kept_anew() -> None:
    with pytest.raises(VersionConflict):
        MemoryCaseRepository({}).update(CaseRecord(played(T8), "p1", WHO, updated_at=0.0), 0)


async def test_whatever_fails_keeps_nothing_of_what_it_did(private_chat: FakePrivateChat) -> None:
    def fail(repository: CaseRepository) -> None:
        repository.add(CaseRecord(played(T8), "p1", WHO, updated_at=0.0))
        raise VersionConflict

    with pytest.raises(VersionConflict):
        await private_chat.store.transact(fail)
    assert await private_chat.kept() == {}


async def test_a_memory_store_is_closed_without_more_ado() -> None:
    await MemoryStorage().close()


# Messages that arrive, and words in passing.


def test_a_card_of_a_case_that_is_gone_by_the_time_it_arrives_is_nothing() -> None:
    assert CONVERSATION.on_card_sent(MemoryCaseRepository({}), "gone", 9) == Reply()


def test_a_card_that_arrives_where_the_case_is_shown_already_changes_nothing_and_shows_how_it_stands_by_now() -> None:
    case = played(T8)
    repository = MemoryCaseRepository({case.id: CaseRecord(case, "p1", WHO, updated_at=0.0, card_message_id=9)})
    before = dict(repository.cases)
    [show] = CONVERSATION.on_card_sent(repository, case.id, 9).shows
    assert (show.message_id, show.card.title, show.case) == (9, "Posterior MIS", case.id)
    assert repository.cases == before


def test_a_card_that_arrives_after_the_case_was_put_aside_says_so() -> None:
    case = played(T8)
    repository = MemoryCaseRepository({case.id: CaseRecord(case, "p1", WHO, updated_at=0.0, archived=True)})
    [show] = CONVERSATION.on_card_sent(repository, case.id, 9).shows
    assert (show.message_id, show.card.title) == (9, PAGES.archived.title)


def test_a_card_that_arrives_elsewhere_puts_the_earlier_one_out_of_date() -> None:
    case = played(T8)
    repository = MemoryCaseRepository({case.id: CaseRecord(case, "p1", WHO, updated_at=0.0, card_message_id=5)})
    present, outdated = CONVERSATION.on_card_sent(repository, case.id, 9).shows
    assert (present.message_id, present.card.title) == (9, "Posterior MIS")
    assert (outdated.message_id, outdated.card.title, outdated.case) == (5, PAGES.superseded.title, "")
    assert repository.cases[case.id].card_message_id == 9


def pages(reply: Reply) -> list[Card]:
    return [show.card for show in reply.shows]


def test_what_failed_is_told_in_passing_or_by_a_message() -> None:
    assert CONVERSATION.notices.failed(tapped=True) == Reply(toast=TOASTS.failed)
    [card] = pages(CONVERSATION.notices.failed(tapped=False))
    assert card.title == PAGES.failed.title
    assert refusals(card) == []


def test_who_is_not_listed_is_told_the_number_to_be_listed_under() -> None:
    tapped = CONVERSATION.notices.not_listed("1234567890123", tapped=True)
    assert "1234567890123" in tapped.toast
    assert len(tapped.toast) <= 200
    [card] = pages(CONVERSATION.notices.not_listed("1234567890123", tapped=False))
    assert "Send your ID, 1234567890123," in read(card).text
    assert refusals(card) == []
    assert card.rows == ()


def test_a_case_is_drawn_again_where_it_is_shown_and_nowhere_else() -> None:
    case = played(T8)
    record = CaseRecord(case, "p1", WHO, updated_at=0.0, card_message_id=9)
    [show] = CONVERSATION.redraw(MemoryCaseRepository({case.id: record}), case.id).shows
    assert (show.message_id, show.card.title, show.case) == (9, "Posterior MIS", case.id)
    for hidden in (replace(record, card_message_id=None), replace(record, archived=True)):
        assert CONVERSATION.redraw(MemoryCaseRepository({case.id: hidden}), case.id) == Reply()
    assert CONVERSATION.redraw(MemoryCaseRepository({}), case.id) == Reply()


def test_what_could_not_be_kept_is_told_in_passing() -> None:
    assert CONVERSATION.notices.not_saved() == Reply(toast=TOASTS.not_saved)
