"""A typed note: read back before it counts, only what is missing is asked, and its words are kept nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from kit import CARDS, CATALOG, INTERVIEW, WHO, Phone, buttons, labels, lines, new_case, refusals
from telegram_kit import Seat, seated

from bot.service.replies import Said
from bot.telegram.updates.note_text import MOST, Ear
from flows.cards.card import Style, Verb, quote
from flows.cards.note import DANGER, IDENTIFIERS, heard
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
    read = INTERVIEW.read(new_case(), WHOLE, ("5",), WHO)
    standing = INTERVIEW.standing(read)
    assert standing.findings == {}
    assert dict(standing.read) == WHOLE
    assert standing.at is METASTASIS.questions[0]
    confirmed = INTERVIEW.standing(INTERVIEW.confirm(read, WHO))
    assert confirmed.at is None
    assert {code: codes for code, codes in confirmed.findings.items() if codes} == WHOLE
    assert confirmed.read == {}
    assert {step.who for step in confirmed.answers.values()} == {WHO}


@pytest.mark.parametrize("missing", list(WHOLE))
def test_only_what_is_missing_is_asked(missing: str) -> None:
    found = {code: codes for code, codes in WHOLE.items() if code != missing}
    at = INTERVIEW.standing(INTERVIEW.confirm(INTERVIEW.read(new_case(), found, ("5",), WHO), WHO)).at
    assert at
    assert at.code == missing


@pytest.mark.parametrize("dropped", list(WHOLE))
def test_a_finding_that_is_left_out_is_asked(dropped: str) -> None:
    case = INTERVIEW.drop(INTERVIEW.read(new_case(), WHOLE, ("5",), WHO), dropped)
    assert dropped not in INTERVIEW.standing(case).read
    at = INTERVIEW.standing(INTERVIEW.confirm(case, WHO)).at
    assert at
    assert at.code == dropped
    with pytest.raises(StaleTap):
        INTERVIEW.drop(case, dropped)


def test_reading_leaving_out_and_confirming_each_make_a_revision_and_put_a_question_anew() -> None:
    read = INTERVIEW.read(new_case(), WHOLE, ("5",), WHO)
    less = INTERVIEW.drop(read, "deficit")
    sure = INTERVIEW.confirm(less, WHO)
    assert [(case.revision, case.turn) for case in (read, less)] == [(1, 1), (2, 2)]
    assert (sure.revision, sure.turn) == (8, 8), "one to begin, and one for each of five answers"
    assert {step.who for step in (*read.steps, *less.steps)} == {WHO}
    assert [step.question for step in less.steps] == ["", *(code for code in WHOLE if code != "deficit")]


def test_a_note_of_which_everything_is_left_out_is_a_case_without_an_answer() -> None:
    read = INTERVIEW.read(new_case(), {"deficit": ("none",)}, ("5", "#17"), WHO)
    dropped = INTERVIEW.drop(read, "deficit")
    assert (dropped.revision, dropped.turn, dropped.steps) == (2, 2, ())
    with pytest.raises(StaleTap):
        INTERVIEW.confirm(dropped, WHO)


def test_what_is_left_out_twice_is_told_by_its_question() -> None:
    case = INTERVIEW.drop(INTERVIEW.read(new_case(), WHOLE, ("5",), WHO), "deficit")
    with pytest.raises(StaleTap, match=r"deficit"):
        INTERVIEW.drop(case, "deficit")


def test_nothing_is_confirmed_where_nothing_was_read() -> None:
    with pytest.raises(StaleTap):
        INTERVIEW.confirm(new_case(), WHO)


def test_a_finding_that_the_flow_does_not_know_any_more_is_passed_over() -> None:
    case = INTERVIEW.read(new_case(), {**WHOLE, "deficit": ("plegic",), "extent": ("body", "posterior")}, ("5",), WHO)
    assert sorted(INTERVIEW.standing(case).read) == ["destruction", "fitness", "levels", "prior"]


# The card.


def test_the_card_names_each_finding_with_the_place_of_its_words() -> None:
    case = INTERVIEW.read(new_case(), WHOLE, ("5", "left", "context"), WHO)
    card = heard(CARDS, case, INTERVIEW.standing(case))
    assert [line.text for line in lines(card, Style.listed)][:2] == [
        f"T8 · 1 level{quote('5', 'levels')}",
        f"fit{quote('5', 'fitness')}",
    ]
    assert [line.lead for line in lines(card, Style.plain)] == [WORDS.context, WORDS.left]
    assert labels(card)[:2] == ["Confirm", "✕ T8 · 1 level"]
    assert refusals(card) == []
    assert WORDS.leave_out not in [line.text for line in lines(card)]


def test_a_note_that_named_somebody_says_so_and_offers_to_delete_the_message() -> None:
    case = INTERVIEW.read(new_case(), {"levels": ("T8",)}, ("5", IDENTIFIERS, "#17"), WHO)
    card = heard(CARDS, case, INTERVIEW.standing(case))
    assert [line.text for line in lines(card, Style.urgent)] == [WORDS.leave_out]
    wipe = buttons(card)[-1].tap
    assert (wipe.verb, wipe.question, wipe.choice) == (Verb.wipe, "m", "17")


def test_a_sign_of_an_emergency_is_named_before_what_was_read() -> None:
    case = INTERVIEW.read(new_case(), {"levels": ("T8",)}, ("5", DANGER), WHO)
    card = heard(CARDS, case, INTERVIEW.standing(case))
    assert card.blocks[0].style is Style.urgent
    assert [line.text for line in card.blocks[0].lines] == [EMERGENCY]


# The conversation.


async def test_one_line_and_one_confirmation_lead_to_the_recommendation() -> None:
    phone = Phone()
    await phone.write(Said(WHOLE, (), "5", 3))
    await phone.tap("Confirm")
    assert phone.card.title == "Posterior MIS"
    assert list(phone.messages) == [1]
    await phone.tap("‹ Back")
    assert phone.card.title.startswith("Earlier thoracic")


async def test_a_second_line_begins_a_case_of_its_own() -> None:
    phone = Phone()
    await phone.write(Said(WHOLE, (), "5", 3))
    await phone.tap("Confirm")
    await phone.write(Said({"levels": ("L2",)}, (), "6", 4))
    await phone.tap("Confirm")
    assert len(await phone.kept()) == 2
    assert phone.card.title == "Is the patient fit for surgery?"
    assert phone.messages[1].title == "Posterior MIS"


@pytest.mark.parametrize(("beside", "told"), [("long", WORDS.long), (IDENTIFIERS, WORDS.leave_out)])
async def test_what_cannot_be_read_is_told(beside: str, told: str) -> None:
    phone = Phone()
    await phone.write(Said({}, (beside,), "", 9))
    assert [line.text for line in lines(phone.card)] == [told]
    assert refusals(phone.card) == []
    assert await phone.kept() == {}


async def test_a_confirmation_that_comes_twice_changes_nothing() -> None:
    phone = Phone()
    await phone.write(Said({"levels": ("T8",)}, (), "5", 3))
    [confirm] = [b.tap for b in buttons(phone.card) if b.tap.verb is Verb.confirm]
    await phone.wish(confirm, 1)
    before = await phone.kept()
    await phone.wish(confirm, 1)
    assert await phone.kept() == before
    assert phone.toast == CATALOG.wording.toasts.stale


async def test_a_sign_of_an_emergency_is_named_where_nothing_of_a_case_was_found() -> None:
    for beside in ((DANGER,), (DANGER, "long"), (DANGER, IDENTIFIERS)):
        phone = Phone()
        await phone.write(Said({}, beside, "", 9))
        assert next(line.text for line in lines(phone.card)) == EMERGENCY
        assert refusals(phone.card) == []


# What is taken in.


def test_signs_of_an_emergency_are_marked_however_long_the_text_is() -> None:
    for text in ("cannot feel my legs", "T8 met, incontinent", "T8 fit " * 100 + "saddle numbness"):
        assert DANGER in Ear(METASTASIS).hears(5, message(text)).beside
    assert DANGER not in Ear(METASTASIS).hears(5, message("T8, no incontinence")).beside


def message(text: str, number: int = 7, chat: str = "private") -> dict[str, Any]:
    return {"message_id": number, "chat": {"id": 5, "type": chat}, "text": text}


def test_the_ear_gives_codes_and_keeps_the_words_to_itself() -> None:
    ear = Ear(METASTASIS)
    said = ear.hears(5, message(f"{LINE}, flurb"))
    assert "flurb" not in repr(said)
    assert "no deficit" not in repr(said)
    assert dict(said.findings) == WHOLE
    assert (said.beside, said.note, said.message) == (("left",), "5", 7)
    assert ear.quoted(quote("5", "left")) == "“flurb”"
    assert ear.quoted(f"a{quote('5', 'deficit')}b") == "a — “no deficit”b"
    assert ear.quoted(f"a{quote('4', 'deficit')}b") == "ab", "words that are not in memory any more"


def test_words_are_shown_literally_whatever_they_hold() -> None:
    ear = Ear(METASTASIS)
    ear.hears(5, message("T8 <b>&"))
    assert "<b>" not in ear.quoted(quote("5", "left"))


def test_only_the_newest_notes_are_in_memory() -> None:
    ear = Ear(METASTASIS)
    for number in range(MOST + 1):
        ear.hears(number, message("T8 flurb"))
    assert ear.quoted(quote("0", "left")) == ""
    assert ear.quoted(quote(str(MOST), "left")) == "“flurb”"


def test_too_long_a_text_is_named_and_nothing_of_it_taken_in() -> None:
    ear = Ear(METASTASIS)
    assert ear.hears(5, message("T8 " * 400)).beside == ("long",)


# Through Telegram's door.


@pytest.fixture
async def seat(tmp_path: Path) -> Any:
    async with seated(tmp_path) as seat:
        yield seat


async def test_a_line_is_read_back_with_its_words_and_none_of_them_is_kept(seat: Seat, tmp_path: Path) -> None:
    await seat.say(f"{LINE}, flurbing wardrobe", "Not understood, not used: “flurbing wardrobe”")
    await seat.tap("Confirm")
    await seat.reads("✓ Posterior (open): supported")
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("cases.db*"))
    for word in ("flurbing", "wardrobe", "limited destruction no prior"):
        assert word.encode() not in kept
        assert word not in seat.log.getvalue()
    assert orjson.dumps("body").strip(b'"') in kept, "the answers are"


async def test_a_message_that_names_somebody_is_deleted_where_the_person_wants_it(seat: Seat) -> None:
    await seat.say("John Smith 12.03.1950 T8 fit", "Please leave out identifiers")
    assert any("John" in m.get("text", "") for m in await seat.messages())
    await seat.tap("Delete my message")
    while any("John" in m.get("text", "") for m in await seat.messages()):
        await seat.until(bool)
    assert CATALOG.wording.toasts.wiped in seat.toasts
