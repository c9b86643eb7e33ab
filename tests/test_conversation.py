"""What a message or a tap does to a case: cases never mix, late taps change nothing, and everybody is told why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from kit import CATALOG, INTERVIEW, T8, WHO, Phone, buttons, labels, plain, played, read, refusals, tap_of

from bot.service.case_store import Kept, Ledger, MemoryLedger, MemoryStore
from bot.service.private_chat import COMMANDS, Conversation
from bot.service.replies import Reply, Visit
from flows.cards.card import Card, Tap, Verb
from flows.errors import Overtaken
from flows.model.case import Case
from flows.pathways.metastasis import METASTASIS

TOASTS = CATALOG.wording.toasts
PAGES = CATALOG.wording.pages

TO_RECOMMENDATION = ("T8", "Only T8 ›", "Fit", "None", "Body only", "Limited", "None")


@pytest.fixture
def phone() -> Phone:
    return Phone()


async def asked(phone: Phone, *answers: str) -> Phone:
    """Begin a case and answer its first questions."""
    await phone.command("new")
    await phone.tap(*answers)
    return phone


def findings(case: Case) -> dict[str, tuple[str, ...]]:
    return {code: codes for code, codes in INTERVIEW.standing(case).findings.items() if codes}


def at(case: Case) -> str | None:
    question = INTERVIEW.standing(case).at
    return question.code if question else None


# A whole case.


async def test_a_case_is_worked_in_one_message_up_to_its_recommendation(phone: Phone) -> None:
    await asked(phone, *TO_RECOMMENDATION)
    assert list(phone.messages) == [1]
    assert phone.card.title == "Posterior MIS"
    assert findings(await phone.case()) == T8
    assert phone.toast == ""


async def test_the_usual_case_takes_eight_taps_from_the_start(phone: Phone) -> None:
    await phone.command("start")
    taps = ("New case", *TO_RECOMMENDATION)
    await phone.tap(*taps)
    assert len(taps) == 8
    assert phone.card.title == "Posterior MIS"


async def test_the_longest_case_of_one_level_takes_nine_taps(phone: Phone) -> None:
    longest = ("Significant", "Circumferential", "Extensive", "Not enough", "Extensive")
    taps = ("New case", "T8", "Only T8 ›", "Fit", *longest)
    await phone.command("start")
    await phone.tap(*taps)
    assert len(taps) == 9
    assert set(findings(await phone.case())) == {question.code for question in METASTASIS.questions}, "none is longer"
    assert [button.tap.verb for button in phone.card.rows[0]] == [Verb.option, Verb.changes]


async def test_an_answer_is_changed_by_its_button_and_the_others_stay(phone: Phone) -> None:
    await asked(phone, *TO_RECOMMENDATION)
    await phone.tap("✎ Answers", "✎ no deficit", "Significant")
    assert findings(await phone.case()) == {**T8, "deficit": ("significant",)}
    assert phone.card.title == "Posterior decompression and stabilization"
    await phone.tap("‹ Back", "‹ Back")
    assert findings(await phone.case()) == T8


async def test_restart_begins_the_same_case_again_and_back_takes_that_back(phone: Phone) -> None:
    await asked(phone, *TO_RECOMMENDATION)
    await phone.tap("‹ Back")
    before = findings(await phone.case())
    await phone.tap("↺ Restart", "Start over")
    assert at(await phone.case()) == "levels"
    await phone.tap("‹ Back")
    assert findings(await phone.case()) == before


@pytest.mark.parametrize(("taps", "asks"), [(4, False), (5, True)], ids=["three would go", "four would go"])
async def test_restart_asks_once_where_more_than_three_answers_would_go(
    phone: Phone, taps: int, *, asks: bool
) -> None:
    await asked(phone, *TO_RECOMMENDATION[:taps])
    card, before = phone.card, await phone.case()
    await phone.tap("↺ Restart")
    assert (phone.card.title == "Start over? 4 answers would go") is asks
    if asks:
        assert await phone.case() == before
        await phone.tap("‹ Back to the question")
        assert phone.card == card
        await phone.tap("↺ Restart", "Start over")
    assert at(await phone.case()) == "levels"
    assert phone.toast == ""
    await phone.tap("‹ Back")
    assert phone.card.title == card.title
    assert findings(await phone.case()) == findings(before)


async def test_a_restart_that_was_asked_about_is_stale_once_the_case_has_gone_on(phone: Phone) -> None:
    await asked(phone, *TO_RECOMMENDATION[:-1])
    await phone.tap("↺ Restart")
    sure = tap_of(phone.card, "Start over")
    await phone.tap("‹ Back to the question", "None")
    before = await phone.case()
    await phone.wish(sure, 1)
    assert await phone.case() == before
    assert phone.toast == TOASTS.stale


async def test_new_case_from_the_recommendation_leaves_the_old_one_as_it_was(phone: Phone) -> None:
    await asked(phone, *TO_RECOMMENDATION)
    before = phone.messages[1]
    await phone.tap("New case")
    assert phone.messages[1] == before
    assert phone.messages[2].label.endswith(" · 1, one to six left")
    assert len(await phone.kept()) == 2


async def test_the_case_remembers_who_answered_and_when_it_was_touched(phone: Phone) -> None:
    await asked(phone, "T8", "Only T8 ›")
    [kept] = (await phone.kept()).values()
    assert (kept.place, kept.owner, kept.card, kept.touched) == ("p1", WHO, 1, phone.now)
    assert {step.who for step in kept.case.steps} == {WHO}


# Taps that come twice, too late, or from elsewhere.


async def test_quick_taps_on_one_keyboard_all_count(phone: Phone) -> None:
    await phone.command("new")
    first = phone.card
    for level in ("T11", "T12", "L1"):
        await phone.wish(tap_of(first, level), 1)
        assert phone.toast == ""
    await phone.tap("Done · 3")
    assert findings(await phone.case()) == {"levels": ("T11", "T12", "L1")}


async def test_a_tick_that_comes_twice_stays_ticked(phone: Phone) -> None:
    await phone.command("new")
    tick = tap_of(phone.card, "T8")
    await phone.wish(tick, 1)
    before = await phone.kept()
    await phone.wish(tick, 1)
    assert INTERVIEW.standing(await phone.case()).chosen == ("T8",)
    assert {i: k.case for i, k in (await phone.kept()).items()} == {i: k.case for i, k in before.items()}


async def test_a_single_level_is_settled_by_the_button_that_names_it(phone: Phone) -> None:
    await phone.command("new")
    rows = len(phone.card.rows)
    await phone.tap("T8")
    assert "Done" not in " ".join(labels(phone.card))
    assert len(phone.card.rows) == rows, "no button moves under the thumb"
    await phone.tap("Only T8 ›")
    assert findings(await phone.case()) == {"levels": ("T8",)}


async def test_only_one_level_is_not_settled_where_another_was_ticked_meanwhile(phone: Phone) -> None:
    await phone.command("new")
    await phone.tap("T8")
    only, more = tap_of(phone.card, "Only T8 ›"), tap_of(phone.card, "T9")
    for tap, at_hand in ((more, "levels"), (only, "levels")):
        await phone.wish(tap, 1)
        assert at(await phone.case()) == at_hand
    assert phone.toast == TOASTS.chosen_otherwise
    await phone.tap("Done · 2")
    assert findings(await phone.case()) == {"levels": ("T8", "T9")}
    assert phone.toast == ""


async def test_a_double_tap_answers_once_and_is_told(phone: Phone) -> None:
    await asked(phone, "T8", "Only T8 ›")
    fit = tap_of(phone.card, "Fit")
    await phone.wish(fit, 1)
    before, card = await phone.kept(), phone.card
    await phone.wish(fit, 1)
    assert await phone.kept() == before
    assert phone.card == card
    assert phone.toast == TOASTS.stale


async def test_a_double_tap_never_answers_the_next_question_with_the_same_word(phone: Phone) -> None:
    await asked(phone, *TO_RECOMMENDATION[:-1])
    await phone.tap("✎ Answers", "✎ no deficit")
    none = tap_of(phone.card, "None ✓")
    await phone.wish(none, 1)
    assert at(await phone.case()) == "prior"
    await phone.wish(none, 1)
    assert at(await phone.case()) == "prior", "the same label, another question"


async def test_a_tap_from_before_a_back_is_stale_even_though_its_question_is_at_hand_again(phone: Phone) -> None:
    await asked(phone, "T8", "Only T8 ›")
    fit = tap_of(phone.card, "Fit")
    await phone.tap("Fit", "‹ Back")
    assert at(await phone.case()) == "fitness"
    before = await phone.kept()
    await phone.wish(fit, 1)
    assert await phone.kept() == before
    assert phone.toast == TOASTS.stale


@pytest.mark.parametrize(
    "verb", [Verb.answer, Verb.mark, Verb.unmark, Verb.done, Verb.change, Verb.back, Verb.restart]
)
async def test_every_kind_of_tap_from_an_earlier_turn_is_stale(phone: Phone, verb: Verb) -> None:
    await asked(phone, "T8", "Only T8 ›", "Fit")
    case, before = await phone.case(), await phone.kept()
    await phone.wish(Tap(verb, "deficit", "none", case.id, case.turn - 1), 1)
    assert await phone.kept() == before
    assert phone.toast == TOASTS.stale
    assert phone.card.title == "Neurological deficit?"


async def test_a_button_of_a_page_that_is_bound_to_a_case_is_refused(phone: Phone) -> None:
    await asked(phone, "T8", "Only T8 ›")
    case = await phone.case()
    await phone.wish(Tap(Verb.help, case=case.id, turn=case.turn), 1)
    assert phone.toast == TOASTS.misplaced


async def test_done_with_nothing_ticked_is_told(phone: Phone) -> None:
    await phone.command("new")
    await phone.tap("Done")
    assert phone.toast == TOASTS.nothing_chosen
    assert (await phone.case()).steps == ()


@pytest.mark.parametrize("label", ["‹ Back", "↺ Restart"])
async def test_at_the_beginning_nothing_lies_before(phone: Phone, label: str) -> None:
    await phone.command("new")
    await phone.tap(label)
    assert phone.toast == TOASTS.nothing_before
    assert phone.card.label.endswith(" · 1, one to six left")


@pytest.mark.parametrize(
    ("place", "who"), [("p2", "u2"), ("p1", "u2"), ("p2", WHO)], ids=["both", "another person", "another chat"]
)
async def test_a_tap_from_elsewhere_changes_nothing_shows_nothing_and_is_told(
    phone: Phone, place: str, who: str
) -> None:
    await asked(phone, "T8", "Only T8 ›")
    before = await phone.kept()
    other = Phone(place, who, phone.store)
    for tap in (tap_of(phone.card, "Fit"), tap_of(phone.card, "‹ Back"), Tap(Verb.show, case="u1c1")):
        await other.wish(tap, 7)
        assert await phone.kept() == before
        assert other.toast == TOASTS.gone
        assert other.card.title == PAGES.gone.title
        assert "T8" not in plain(other.card)


async def test_a_tap_on_a_case_that_nobody_keeps_is_told(phone: Phone) -> None:
    await phone.wish(Tap(Verb.answer, "fitness", "fit", "gone", 3), 4)
    assert phone.toast == TOASTS.gone
    assert phone.messages[4].title == PAGES.gone.title


@pytest.mark.parametrize("tap", [None, Tap(Verb.show), Tap(Verb.answer, "fitness", "fit"), Tap(Verb.browse, "cement")])
async def test_a_button_that_nobody_knows_is_told_and_changes_nothing(phone: Phone, tap: Tap | None) -> None:
    await phone.command("start")
    before = dict(phone.messages)
    await phone.wish(tap, 1)
    assert phone.toast in (TOASTS.unknown_button, TOASTS.misplaced)
    assert (phone.messages, await phone.kept()) == (before, {})


# Several cards, several cases.


async def test_continue_brings_the_case_and_the_old_card_says_it_is_out_of_date(phone: Phone) -> None:
    await asked(phone, "T8", "Only T8 ›")
    old = phone.card
    await phone.command("start")
    assert "Continue" in labels(phone.card)
    await phone.tap("Continue")
    assert phone.messages[2].title == "Is the patient fit for surgery?"
    assert phone.messages[1].title == PAGES.superseded.title
    assert "T8" not in plain(phone.messages[1])

    before = await phone.kept()
    await phone.wish(tap_of(old, "Fit"), 1)
    assert phone.toast == TOASTS.moved
    assert phone.messages[1].title == PAGES.superseded.title
    assert await phone.kept() == before

    await phone.tap("Continue", at=1)
    assert phone.messages[1].title == "Is the patient fit for surgery?"
    assert phone.messages[2].title == PAGES.superseded.title


async def test_continue_on_the_card_that_shows_the_case_just_redraws_it(phone: Phone) -> None:
    await asked(phone, *TO_RECOMMENDATION)
    card = phone.card
    await phone.wish(Tap(Verb.show, case="u1c1"), 1)
    assert phone.messages == {1: card}


async def test_new_twice_takes_the_case_that_was_never_answered(phone: Phone) -> None:
    await phone.command("new")
    await phone.command("new")
    assert len(await phone.kept()) == 1
    assert phone.messages[1].title == PAGES.superseded.title
    await phone.tap("T8", "Only T8 ›", at=2)
    assert findings(await phone.case()) == {"levels": ("T8",)}


async def test_new_after_an_answer_begins_another_case_and_the_two_never_mix(phone: Phone) -> None:
    await asked(phone, "T8", "Only T8 ›")
    await phone.command("new")
    await phone.tap("L3", "Only L3 ›", "Undecided", at=2)
    await phone.tap("Fit", at=1)
    await phone.tap("Minor", at=2)
    await phone.tap("Significant", at=1)
    cases = {case_id: findings(kept.case) for case_id, kept in (await phone.kept()).items()}
    assert cases == {
        "u1c1": {"levels": ("T8",), "fitness": ("fit",), "deficit": ("significant",)},
        "u1c2": {"levels": ("L3",), "fitness": ("undecided",), "deficit": ("minor",)},
    }
    assert "T8" in plain(phone.messages[1])
    assert "L3" not in plain(phone.messages[1]).replace("[ L3 ]", "")


async def test_a_button_of_one_case_on_the_card_of_another_does_not_touch_that_other(phone: Phone) -> None:
    await asked(phone, "T8", "Only T8 ›")
    fit = tap_of(phone.card, "Fit")
    await phone.command("new")
    before = await phone.kept()
    await phone.wish(fit, 2)
    assert await phone.kept() == before
    assert phone.toast == TOASTS.moved


async def test_two_people_have_cases_of_their_own(phone: Phone) -> None:
    other = Phone("p2", "u2", phone.store)
    await asked(phone, "T8", "Only T8 ›")
    await asked(other, "L3", "Only L3 ›")
    await phone.command("start")
    await phone.tap("Continue")
    await phone.tap("✎ Answers")
    assert labels(phone.card)[0] == "✎ T8"


# Commands.


def test_every_command_has_its_words_for_the_menu() -> None:
    assert set(COMMANDS) == set(type(CATALOG.wording.commands).model_fields)


@pytest.mark.parametrize("name", COMMANDS)
async def test_every_command_is_answered_and_none_is_taken_for_unknown(phone: Phone, name: str) -> None:
    await phone.command(name)
    assert len(phone.messages) == 1
    assert phone.card.title != PAGES.unknown_command.title
    assert refusals(phone.card) == []


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("start", "help")])
async def test_every_other_command_is_told_in_the_help(phone: Phone, name: str) -> None:
    await phone.command("help")
    assert f"/{name} " in read(phone.card).text


async def test_an_unknown_command_is_said_to_be_so(phone: Phone) -> None:
    for name in ("neww", "", "NEW", "decide", "__init__"):
        await phone.command(name)
        assert phone.card.title == PAGES.unknown_command.title
        assert labels(phone.card) == ["New case", "Start"]


async def test_start_offers_to_go_on_only_where_something_was_begun(phone: Phone) -> None:
    await phone.command("start")
    assert labels(phone.card) == ["New case", "Options", "Scales", "Help", "About"]
    await phone.command("new")
    await phone.command("start")
    assert "Continue" not in labels(phone.card)
    await phone.tap("T8", at=2)
    await phone.command("start")
    assert labels(phone.card) == ["New case", "Continue", "Options", "Scales", "Help", "About"]


async def test_about_tells_scope_year_edition_and_every_gap(phone: Phone) -> None:
    await phone.command("about")
    text = read(phone.card).text
    assert "AO Surgery Reference, text of 2019" in text
    assert "AO Foundation" in text
    assert f"edition {CATALOG.edition}" in text
    for gap, told in CATALOG.gaps.items():
        assert f"{gap}: {told.silent} {told.here}" in text
    assert CATALOG.wording.result.disclaimer in text


async def test_the_options_are_listed_and_each_can_be_read_without_a_case(phone: Phone) -> None:
    await phone.command("options")
    listed = phone.card
    for option in CATALOG.options.values():
        await phone.tap(option.short)
        assert phone.card.title == option.name
        assert option.indication[0].text in read(phone.card).text
        await phone.tap("‹ All options")
        assert phone.card == listed
    assert await phone.kept() == {}
    assert list(phone.messages) == [1]


async def test_a_stray_text_is_answered_with_the_way_to_the_buttons(phone: Phone) -> None:
    await phone.write()
    assert phone.card.title == PAGES.stray.title
    assert labels(phone.card) == ["New case", "Start"]
    await asked(phone, "T8")
    await phone.write()
    assert labels(phone.card) == ["Continue", "New case", "Start"]
    await phone.tap("Continue")
    assert "T8 ✓" in labels(phone.card)


async def test_every_button_of_every_page_leads_somewhere(phone: Phone) -> None:
    await asked(phone, "T8")
    for name in ("start", "help", "about", "options", "forget", "cancel", "unknown"):
        await phone.command(name)
        page, message = phone.card, phone.last
        for button in buttons(page):
            await phone.wish(button.tap, message)
            assert phone.toast == "", button.label
            assert refusals(phone.messages[message]) == []


async def test_the_pages_of_the_menu_turn_into_each_other_in_place(phone: Phone) -> None:
    await phone.command("start")
    for label, title in (("Help", PAGES.help.title), ("About", PAGES.about.title), ("Options", PAGES.options.title)):
        await phone.tap(label)
        assert phone.card.title == title
        await phone.wish(Tap(Verb.home), 1)
        assert phone.card.title == PAGES.start.title
    assert list(phone.messages) == [1]


# Putting aside and erasing.


async def test_cancel_puts_the_case_aside_and_continue_takes_it_up(phone: Phone) -> None:
    await asked(phone, "T8", "Only T8 ›", "Fit")
    old = phone.card
    await phone.command("cancel")
    assert {card.title for card in phone.messages.values()} == {PAGES.aside.title}
    assert all("T8" not in plain(card) for card in phone.messages.values())

    await phone.wish(tap_of(old, "None"), 1)
    assert phone.toast == TOASTS.put_aside
    assert at(await phone.case()) == "deficit"
    assert phone.messages[1].title == PAGES.aside.title

    await phone.tap("Continue", at=2)
    assert phone.messages[2].title == "Neurological deficit?"
    assert phone.messages[1].title == PAGES.superseded.title
    await phone.tap("None", at=2)
    assert at(await phone.case()) == "extent"


async def test_what_was_put_aside_is_not_open_any_more(phone: Phone) -> None:
    await asked(phone, "T8", "Only T8 ›")
    await phone.command("cancel")
    await phone.command("start")
    assert "Continue" not in labels(phone.card)
    await phone.command("cancel")
    assert phone.card.title == PAGES.nothing_open.title
    await phone.command("new")
    assert len(await phone.kept()) == 2


async def test_cancel_without_a_case_says_that_none_is_open(phone: Phone) -> None:
    await phone.command("cancel")
    assert phone.card.title == PAGES.nothing_open.title


async def test_a_case_whose_card_never_arrived_can_be_put_aside_and_taken_up(phone: Phone) -> None:
    await phone.store.run(lambda ledger: phone.conversation.command(ledger, "new", Visit(phone.place, phone.who)))
    await phone.command("cancel")
    assert [card.title for card in phone.messages.values()] == [PAGES.aside.title]
    await phone.tap("Continue")
    assert phone.card.label.endswith(" · 1, one to six left")


async def test_a_tap_on_a_card_whose_arrival_was_never_told_makes_it_the_cards_case(phone: Phone) -> None:
    await phone.store.run(lambda ledger: phone.conversation.command(ledger, "new", Visit(phone.place, phone.who)))
    case = await phone.case()
    await phone.wish(Tap(Verb.mark, "levels", "T8", case.id), 9)
    [kept] = (await phone.kept()).values()
    assert kept.card == 9
    await phone.wish(Tap(Verb.mark, "levels", "T9", case.id), 8)
    assert phone.toast == TOASTS.moved


async def test_forget_asks_first_and_keep_keeps(phone: Phone) -> None:
    await asked(phone, "T8", "Only T8 ›")
    before = await phone.kept()
    await phone.command("forget")
    assert labels(phone.card) == ["Erase everything", "Keep"]
    assert await phone.kept() == before
    await phone.tap("Keep")
    assert phone.card.title == PAGES.nothing_kept.title
    assert await phone.kept() == before


async def test_forget_erases_every_case_of_the_person_and_of_nobody_else(phone: Phone) -> None:
    other = Phone("p2", "u2", phone.store)
    await asked(other, "L3", "Only L3 ›")
    await asked(phone, "T8", "Only T8 ›")
    await phone.command("cancel")
    await asked(phone, "T9", "Only T9 ›")
    old, shown = phone.card, phone.last
    await phone.command("forget")
    await phone.tap("Erase everything")
    assert set(await phone.kept()) == {"u2c1"}
    assert phone.card.title == PAGES.forgotten.title
    assert phone.messages[shown].title == PAGES.gone.title
    await phone.wish(tap_of(old, "Fit"), shown)
    assert phone.toast == TOASTS.gone
    assert set(await phone.kept()) == {"u2c1"}


async def test_forget_where_nothing_is_kept_says_so_too(phone: Phone) -> None:
    await phone.command("forget")
    await phone.tap("Erase everything")
    assert [card.title for card in phone.messages.values()] == [PAGES.forgotten.title]


# Options in detail.


async def test_an_option_is_read_in_place_of_the_recommendation_and_left_again(phone: Phone) -> None:
    await asked(phone, *TO_RECOMMENDATION)
    card, before = phone.card, await phone.kept()
    for option in CATALOG.options.values():
        await phone.tap("All options", option.short)
        assert (phone.card.label, phone.card.title) == (card.label, option.name)
        assert phone.toast == ""
        await phone.tap("‹ Back to the card")
        assert phone.card == card
    assert {i: k.case for i, k in (await phone.kept()).items()} == {i: k.case for i, k in before.items()}


async def test_an_option_leads_back_to_all_options_and_to_no_restart(phone: Phone) -> None:
    await asked(phone, *TO_RECOMMENDATION)
    await phone.tap("All options")
    every = phone.card
    await phone.tap("Combined")
    assert "↺ Restart" not in labels(phone.card)
    await phone.tap("‹ All options")
    assert phone.card == every


async def test_an_option_is_shown_at_the_recommendation_alone(phone: Phone) -> None:
    await asked(phone, *TO_RECOMMENDATION)
    every = tap_of(phone.card, "All options")
    await phone.tap("All options")
    option = tap_of(phone.card, "Combined")
    await phone.tap("‹ Back to the card", "✎ Answers", "✎ no deficit")
    for tap in (every, option):
        await phone.wish(tap, 1)
        assert phone.toast == TOASTS.stale
        assert phone.card.title == "Neurological deficit?"


async def test_the_answers_are_listed_beside_a_question_and_left_for_it_again(phone: Phone) -> None:
    await asked(phone, *TO_RECOMMENDATION[:-1])
    card, before = phone.card, await phone.case()
    await phone.tap("✎ Answers")
    assert (phone.card.label, phone.card.title) == (card.label, "Change an answer")
    await phone.tap("‹ Back to the question")
    assert phone.card == card
    assert await phone.case() == before


async def test_where_nothing_is_answered_no_answers_are_listed(phone: Phone) -> None:
    await asked(phone, "T8", "Only T8 ›")
    answers = tap_of(phone.card, "✎ Answers")
    await phone.tap("↺ Restart")
    assert "✎ Answers" not in labels(phone.card)
    await phone.wish(answers, 1)
    assert phone.toast == TOASTS.stale
    assert phone.card.label.endswith(" · 1, one to six left")


async def test_an_option_that_the_catalog_does_not_have_is_stale(phone: Phone) -> None:
    await asked(phone, *TO_RECOMMENDATION)
    case, card = await phone.case(), phone.card
    await phone.wish(Tap(Verb.option, "cement", case=case.id, turn=case.turn), 1)
    assert phone.toast == TOASTS.stale
    assert phone.card == card


# Editions.


async def test_a_case_begun_under_an_older_edition_says_so_and_goes_on(phone: Phone) -> None:
    await asked(phone, "T8", "Only T8 ›")
    newer = CATALOG.model_copy(update={"edition": "2099-01"})
    later = Phone(store=phone.store, words=newer, messages=phone.messages, ids=7)
    await later.tap("Fit")
    assert f"Begun under edition {CATALOG.edition}, shown under edition 2099-01." in read(later.card).text
    await later.command("new")
    assert "Begun under" not in read(later.card).text


async def test_an_unanswered_case_of_an_older_edition_is_not_handed_out_as_a_new_one(phone: Phone) -> None:
    await phone.command("new")
    newer = CATALOG.model_copy(update={"edition": "2099-01"})
    later = Phone(store=phone.store, words=newer, messages=phone.messages, ids=7)
    await later.command("new")
    assert "Begun under" not in read(later.card).text, "nothing was begun: the case has no answer"


# Two writers.


class Raced(MemoryLedger):
    """A ledger in which somebody else writes right after each reading."""

    def __init__(self, before: dict[str, Kept]) -> None:
        super().__init__(
            {
                case_id: replace(kept, case=replace(kept.case, revision=kept.case.revision + 1))
                for case_id, kept in before.items()
            }
        )
        self.before = MemoryLedger(before)

    def get(self, case_id: str) -> Kept | None:
        return self.before.get(case_id)

    def current(self, place: str, owner: str) -> Kept | None:
        return self.before.current(place, owner)


CONVERSATION = Conversation({"metastasis": METASTASIS}, CATALOG, lambda: 1.0, lambda: "new")
HERE = Visit("p1", WHO, 5)


@pytest.mark.parametrize(
    ("case", "work"),
    [
        pytest.param(
            played({"levels": ("T8",)}),
            lambda ledger, case: CONVERSATION.tap(
                ledger, Tap(Verb.answer, "fitness", "fit", case.id, case.turn), HERE
            ),
            id="answer",
        ),
        pytest.param(
            played(T8),
            lambda ledger, case: CONVERSATION.tap(ledger, Tap(Verb.show, case=case.id), HERE),
            id="continue",
        ),
        pytest.param(
            played({}),
            lambda ledger, _: CONVERSATION.command(ledger, "new", HERE),
            id="an unanswered case taken again",
        ),
        pytest.param(played(T8), lambda ledger, _: CONVERSATION.command(ledger, "cancel", HERE), id="cancel"),
        pytest.param(played(T8), lambda ledger, case: CONVERSATION.shown(ledger, case.id, 9), id="shown"),
    ],
)
def test_who_comes_second_is_told_and_overwrites_nothing(case: Case, work: Callable[[Ledger, Case], Reply]) -> None:
    ledger = Raced({case.id: Kept(case, "p1", WHO, touched=0.0, card=5)})
    with pytest.raises(Overtaken):
        work(ledger, case)
    assert ledger.cases[case.id].case.revision == case.revision + 1


def test_no_case_ever_takes_the_place_of_another() -> None:
    kept = Kept(played(T8), "p1", WHO, touched=0.0)
    ledger = MemoryLedger({kept.case.id: kept})
    with pytest.raises(Overtaken):
        ledger.add(replace(kept, owner="u2"))
    assert ledger.get(kept.case.id) == kept


def test_a_case_that_is_gone_cannot_be_kept_anew() -> None:
    with pytest.raises(Overtaken):
        MemoryLedger({}).put(Kept(played(T8), "p1", WHO, touched=0.0), 0)


async def test_whatever_fails_keeps_nothing_of_what_it_did(phone: Phone) -> None:
    def fail(ledger: Ledger) -> None:
        ledger.add(Kept(played(T8), "p1", WHO, touched=0.0))
        raise Overtaken

    with pytest.raises(Overtaken):
        await phone.store.run(fail)
    assert await phone.kept() == {}


async def test_a_memory_store_is_closed_without_more_ado() -> None:
    await MemoryStore().close()


# Messages that arrive, and words in passing.


def test_a_card_of_a_case_that_is_gone_by_the_time_it_arrives_is_nothing() -> None:
    assert CONVERSATION.shown(MemoryLedger({}), "gone", 9) == Reply()


def test_a_card_that_arrives_where_the_case_is_shown_already_changes_nothing_and_shows_how_it_stands_by_now() -> None:
    case = played(T8)
    ledger = MemoryLedger({case.id: Kept(case, "p1", WHO, touched=0.0, card=9)})
    before = dict(ledger.cases)
    [show] = CONVERSATION.shown(ledger, case.id, 9).shows
    assert (show.at, show.card.title, show.case) == (9, "Posterior MIS", case.id)
    assert ledger.cases == before


def test_a_card_that_arrives_after_the_case_was_put_aside_says_so() -> None:
    case = played(T8)
    ledger = MemoryLedger({case.id: Kept(case, "p1", WHO, touched=0.0, aside=True)})
    [show] = CONVERSATION.shown(ledger, case.id, 9).shows
    assert (show.at, show.card.title) == (9, PAGES.aside.title)


def test_a_card_that_arrives_elsewhere_puts_the_earlier_one_out_of_date() -> None:
    case = played(T8)
    ledger = MemoryLedger({case.id: Kept(case, "p1", WHO, touched=0.0, card=5)})
    present, outdated = CONVERSATION.shown(ledger, case.id, 9).shows
    assert (present.at, present.card.title) == (9, "Posterior MIS")
    assert (outdated.at, outdated.card.title, outdated.case) == (5, PAGES.superseded.title, "")
    assert ledger.cases[case.id].card == 9


def pages(reply: Reply) -> list[Card]:
    return [show.card for show in reply.shows]


def test_what_failed_is_told_in_passing_or_by_a_message() -> None:
    assert CONVERSATION.failed(tapped=True) == Reply(toast=TOASTS.failed)
    [card] = pages(CONVERSATION.failed(tapped=False))
    assert card.title == PAGES.failed.title
    assert refusals(card) == []


def test_who_is_not_listed_is_told_the_number_to_be_listed_under() -> None:
    tapped = CONVERSATION.not_listed("1234567890123", tapped=True)
    assert "1234567890123" in tapped.toast
    assert len(tapped.toast) <= 200
    [card] = pages(CONVERSATION.not_listed("1234567890123", tapped=False))
    assert "Send your ID, 1234567890123," in read(card).text
    assert refusals(card) == []
    assert card.rows == ()


def test_a_case_is_drawn_again_where_it_is_shown_and_nowhere_else() -> None:
    case = played(T8)
    kept = Kept(case, "p1", WHO, touched=0.0, card=9)
    [show] = CONVERSATION.redrawn(MemoryLedger({case.id: kept}), case.id).shows
    assert (show.at, show.card.title, show.case) == (9, "Posterior MIS", case.id)
    for hidden in (replace(kept, card=None), replace(kept, aside=True)):
        assert CONVERSATION.redrawn(MemoryLedger({case.id: hidden}), case.id) == Reply()
    assert CONVERSATION.redrawn(MemoryLedger({}), case.id) == Reply()


def test_what_could_not_be_kept_is_told_in_passing() -> None:
    assert CONVERSATION.not_saved() == Reply(toast=TOASTS.not_saved)
