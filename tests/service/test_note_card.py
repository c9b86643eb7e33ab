"""A typed note: read back before it counts, only what is missing is asked, and its words are kept nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from kit import CARDS, CATALOG, INTERVIEW, WHO, FakePrivateChat, buttons, labels, lines, new_case, refusals
from telegram_kit import PlaygroundHarness, playground_harness

from bot.service.replies import NoteInput
from bot.telegram.updates.note_text import MAX_NOTES, NoteTextCache
from flows.cards.card import Action, Style, quote
from flows.cards.note import DANGER, IDENTIFIERS, note_card
from flows.errors import StaleTap
from flows.model.findings import Codes
from flows.pathways.metastasis import EMERGENCY, METASTASIS

WHOLE: dict[str, Codes] = {
    "levels": ("T8",),
    "fitness": ("fit",),
    "deficit": ("none",),
    "extent": ("body",),
    "destruction": ("limited",),
    "prior": ("none",),
}
LINE = "T8 fit no deficit body only limited destruction no prior treatment"
WORDS = CATALOG.wording.note


# The interview.


def test_what_was_read_counts_for_nothing_before_it_is_confirmed() -> None:
    read = INTERVIEW.start_from_note(new_case(), WHOLE, ("5",), WHO)
    state = INTERVIEW.state(read)
    assert state.findings == {}
    assert dict(state.unconfirmed) == WHOLE
    assert state.current is METASTASIS.questions[0]
    confirmed = INTERVIEW.state(INTERVIEW.confirm(read, WHO))
    assert confirmed.current is None
    assert {code: codes for code, codes in confirmed.findings.items() if codes} == WHOLE
    assert confirmed.unconfirmed == {}
    assert {step.who for step in confirmed.answers.values()} == {WHO}


@pytest.mark.parametrize("missing", list(WHOLE))
def test_only_what_is_missing_is_asked(missing: str) -> None:
    found = {code: codes for code, codes in WHOLE.items() if code != missing}
    at = INTERVIEW.state(INTERVIEW.confirm(INTERVIEW.start_from_note(new_case(), found, ("5",), WHO), WHO)).current
    assert at
    assert at.code == missing


@pytest.mark.parametrize("dropped", list(WHOLE))
def test_a_finding_that_is_left_out_is_asked(dropped: str) -> None:
    case = INTERVIEW.drop(INTERVIEW.start_from_note(new_case(), WHOLE, ("5",), WHO), dropped)
    assert dropped not in INTERVIEW.state(case).unconfirmed
    at = INTERVIEW.state(INTERVIEW.confirm(case, WHO)).current
    assert at
    assert at.code == dropped
    with pytest.raises(StaleTap):
        INTERVIEW.drop(case, dropped)


def test_reading_leaving_out_and_confirming_each_make_a_revision_and_put_a_question_anew() -> None:
    read = INTERVIEW.start_from_note(new_case(), WHOLE, ("5",), WHO)
    less = INTERVIEW.drop(read, "deficit")
    sure = INTERVIEW.confirm(less, WHO)
    assert [(case.revision, case.turn) for case in (read, less)] == [(1, 1), (2, 2)]
    assert (sure.revision, sure.turn) == (8, 8), "one to begin, and one for each of five answers"
    assert {step.who for step in (*read.answer_events, *less.answer_events)} == {WHO}
    assert [step.question for step in less.answer_events] == ["", *(code for code in WHOLE if code != "deficit")]


def test_a_note_of_which_everything_is_left_out_is_a_case_without_an_answer() -> None:
    read = INTERVIEW.start_from_note(new_case(), {"deficit": ("none",)}, ("5", "#17"), WHO)
    dropped = INTERVIEW.drop(read, "deficit")
    assert (dropped.revision, dropped.turn, dropped.answer_events) == (2, 2, ())
    with pytest.raises(StaleTap):
        INTERVIEW.confirm(dropped, WHO)


def test_what_is_left_out_twice_is_told_by_its_question() -> None:
    case = INTERVIEW.drop(INTERVIEW.start_from_note(new_case(), WHOLE, ("5",), WHO), "deficit")
    with pytest.raises(StaleTap, match=r"deficit"):
        INTERVIEW.drop(case, "deficit")


def test_nothing_is_confirmed_where_nothing_was_read() -> None:
    with pytest.raises(StaleTap):
        INTERVIEW.confirm(new_case(), WHO)


def test_a_finding_that_the_flow_does_not_know_any_more_is_passed_over() -> None:
    case = INTERVIEW.start_from_note(
        new_case(), {**WHOLE, "deficit": ("plegic",), "extent": ("body", "posterior")}, ("5",), WHO
    )
    assert sorted(INTERVIEW.state(case).unconfirmed) == ["destruction", "fitness", "levels", "prior"]


# The card.


def test_the_card_names_each_finding_with_the_place_of_its_words() -> None:
    case = INTERVIEW.start_from_note(new_case(), WHOLE, ("5", "left", "context"), WHO)
    card = note_card(CARDS, case, INTERVIEW.state(case))
    assert [line.text for line in lines(card, Style.listed)][:2] == [
        f"T8 · 1 level{quote('5', 'levels')}",
        f"fit{quote('5', 'fitness')}",
    ]
    assert [line.lead for line in lines(card, Style.plain)] == [WORDS.context, WORDS.left]
    assert labels(card)[:2] == ["Confirm", "✕ T8 · 1 level"]
    assert refusals(card) == []
    assert WORDS.leave_out not in [line.text for line in lines(card)]


def test_a_note_that_named_somebody_says_so_and_offers_to_delete_the_message() -> None:
    case = INTERVIEW.start_from_note(new_case(), {"levels": ("T8",)}, ("5", IDENTIFIERS, "#17"), WHO)
    card = note_card(CARDS, case, INTERVIEW.state(case))
    assert [line.text for line in lines(card, Style.urgent)] == [WORDS.leave_out]
    wipe = buttons(card)[-1].tap
    assert (wipe.action, wipe.question, wipe.choice) == (Action.delete_message, "m", "17")


def test_a_sign_of_an_emergency_is_named_before_what_was_read() -> None:
    case = INTERVIEW.start_from_note(new_case(), {"levels": ("T8",)}, ("5", DANGER), WHO)
    card = note_card(CARDS, case, INTERVIEW.state(case))
    assert card.blocks[0].style is Style.urgent
    assert [line.text for line in card.blocks[0].lines] == [EMERGENCY]


# The conversation.


async def test_one_line_and_one_confirmation_lead_to_the_recommendation() -> None:
    private_chat = FakePrivateChat()
    await private_chat.write(NoteInput(WHOLE, (), "5", 3))
    await private_chat.tap("Confirm")
    assert private_chat.card.title == "Posterior MIS"
    assert list(private_chat.messages) == [1]
    await private_chat.tap("‹ Back")
    assert private_chat.card.title.startswith("Earlier thoracic")


async def test_a_second_line_begins_a_case_of_its_own() -> None:
    private_chat = FakePrivateChat()
    await private_chat.write(NoteInput(WHOLE, (), "5", 3))
    await private_chat.tap("Confirm")
    await private_chat.write(NoteInput({"levels": ("L2",)}, (), "6", 4))
    await private_chat.tap("Confirm")
    assert len(await private_chat.kept()) == 2
    assert private_chat.card.title == "Is the patient fit for surgery?"
    assert private_chat.messages[1].title == "Posterior MIS"


@pytest.mark.parametrize(("beside", "told"), [("long", WORDS.long), (IDENTIFIERS, WORDS.leave_out)])
async def test_what_cannot_be_read_is_told(beside: str, told: str) -> None:
    private_chat = FakePrivateChat()
    await private_chat.write(NoteInput({}, (beside,), "", 9))
    assert [line.text for line in lines(private_chat.card)] == [told]
    assert refusals(private_chat.card) == []
    assert await private_chat.kept() == {}


async def test_a_confirmation_that_comes_twice_changes_nothing() -> None:
    private_chat = FakePrivateChat()
    await private_chat.write(NoteInput({"levels": ("T8",)}, (), "5", 3))
    [confirm] = [b.tap for b in buttons(private_chat.card) if b.tap.action is Action.confirm]
    await private_chat.press(confirm, 1)
    before = await private_chat.kept()
    await private_chat.press(confirm, 1)
    assert await private_chat.kept() == before
    assert private_chat.toast == CATALOG.wording.toasts.stale


async def test_a_sign_of_an_emergency_is_named_where_nothing_of_a_case_was_found() -> None:
    for beside in ((DANGER,), (DANGER, "long"), (DANGER, IDENTIFIERS)):
        private_chat = FakePrivateChat()
        await private_chat.write(NoteInput({}, beside, "", 9))
        assert next(line.text for line in lines(private_chat.card)) == EMERGENCY
        assert refusals(private_chat.card) == []


# What is taken in.


def test_signs_of_an_emergency_are_marked_however_long_the_text_is() -> None:
    for text in ("cannot feel my legs", "T8 met, incontinent", "T8 fit " * 100 + "saddle numbness"):
        assert DANGER in NoteTextCache(METASTASIS).parse(5, message(text)).marks
    assert DANGER not in NoteTextCache(METASTASIS).parse(5, message("T8, no incontinence")).marks


def message(text: str, number: int = 7, chat: str = "private") -> dict[str, Any]:
    return {"message_id": number, "chat": {"id": 5, "type": chat}, "text": text}


def test_the_ear_gives_codes_and_keeps_the_words_to_itself() -> None:
    note_texts = NoteTextCache(METASTASIS)
    said = note_texts.parse(5, message(f"{LINE}, flurb"))
    assert "flurb" not in repr(said)
    assert "no deficit" not in repr(said)
    assert dict(said.findings) == WHOLE
    assert (said.marks, said.note, said.message_id) == (("left",), "5", 7)
    assert note_texts.restore_quotes(quote("5", "left")) == "“flurb”"
    assert note_texts.restore_quotes(f"a{quote('5', 'deficit')}b") == "a — “no deficit”b"
    assert note_texts.restore_quotes(f"a{quote('4', 'deficit')}b") == "ab", "words that are not in memory any more"


def test_words_are_shown_literally_whatever_they_hold() -> None:
    note_texts = NoteTextCache(METASTASIS)
    note_texts.parse(5, message("T8 <b>&"))
    assert "<b>" not in note_texts.restore_quotes(quote("5", "left"))


def test_only_the_newest_notes_are_in_memory() -> None:
    note_texts = NoteTextCache(METASTASIS)
    for number in range(MAX_NOTES + 1):
        note_texts.parse(number, message("T8 flurb"))
    assert note_texts.restore_quotes(quote("0", "left")) == ""
    assert note_texts.restore_quotes(quote(str(MAX_NOTES), "left")) == "“flurb”"


def test_too_long_a_text_is_named_and_nothing_of_it_taken_in() -> None:
    note_texts = NoteTextCache(METASTASIS)
    assert note_texts.parse(5, message("T8 " * 400)).marks == ("long",)


# Through Telegram's door.


@pytest.fixture
async def harness(tmp_path: Path) -> Any:
    async with playground_harness(tmp_path) as harness:
        yield harness


async def test_a_line_is_read_back_with_its_words_and_none_of_them_is_kept(
    harness: PlaygroundHarness, tmp_path: Path
) -> None:
    await harness.say(f"{LINE}, flurbing wardrobe", "Not understood, not used: “flurbing wardrobe”")
    await harness.tap("Confirm")
    await harness.reads("✓ Posterior (open): supported")
    record = b"".join(path.read_bytes() for path in tmp_path.glob("cases.db*"))
    for word in ("flurbing", "wardrobe", "limited destruction no prior"):
        assert word.encode() not in record
        assert word not in harness.log.getvalue()
    assert orjson.dumps("body").strip(b'"') in record, "the answers are"


async def test_a_message_that_names_somebody_is_deleted_where_the_person_wants_it(harness: PlaygroundHarness) -> None:
    await harness.say("John Smith 12.03.1950 T8 fit", "Please leave out identifiers")
    assert any("John" in m.get("text", "") for m in await harness.messages())
    await harness.tap("Delete my message")
    while any("John" in m.get("text", "") for m in await harness.messages()):
        await harness.until(bool)
    # The answer to the tap and the deletion leave side by side.
    await harness.until(lambda _: CATALOG.wording.toasts.message_deleted in harness.toasts)
