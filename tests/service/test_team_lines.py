"""A line after /case in a group: its findings are read back and confirmed by a member; no word of it is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from group_kit import BOARD, OKAFOR, REYES, grouped
from group_kit import Group as Board
from kit import CATALOG, expired, labels, lines, read, tap_of
from store_kit import bytes_of
from team_kit import ANA, BEN, CLEO, FakeGroup, findings_of

from bot.service.replies import NoteInput
from bot.telegram.updates.note_text import NoteTextCache
from flows.cards.card import Style, person, quote
from flows.cards.note import IDENTIFIERS, LONG, MORE
from flows.pathways.metastasis import METASTASIS

WORDS = CATALOG.wording
READ = {"levels": ("T8",), "fitness": ("fit",), "deficit": ("none",)}


@pytest.fixture
def group() -> FakeGroup:
    return FakeGroup()


async def wrote(group: FakeGroup, said: NoteInput, who: str = ANA) -> None:
    """Let a member write /case with a line; of it nothing but codes gets this far."""
    await group.do(lambda repository: group.services.team.typed(repository, group.visit(who), said))


async def changed(group: FakeGroup, said: NoteInput, who: str = ANA) -> None:
    """Let a member change that message."""
    await group.do(lambda repository: group.services.team.edited(repository, group.visit(who), said))


# The conversation.


async def test_the_case_opens_with_what_was_read_and_counts_nothing_before_a_member_confirms_it(
    group: FakeGroup,
) -> None:
    await wrote(group, NoteInput(READ, (MORE,), "5", 17))
    record = await group.case()
    assert record.team
    assert group.card.label == f"{record.team.code_name} · {CATALOG.team.heads.typed}"
    assert next(line.text for line in lines(group.card, Style.listed)) == f"T8 · 1 level{quote('5', 'levels')}"
    assert WORDS.note.more in read(group.card).text
    assert f"opened by {person(ANA)}" in [line.text for line in lines(group.card)]
    assert labels(group.card) == ["Confirm", "✕ T8 · 1 level", "✕ fit", "✕ no deficit"]
    assert findings_of(record) == {}
    await group.tap("Confirm", who=BEN)
    assert findings_of(await group.case()) == READ
    assert {step.who for step in (await group.case()).case.answer_events} == {BEN}
    assert group.card.title == "Where is the tumour?"
    assert f"fit ({person(BEN)})" in read(group.card).text


async def test_any_member_leaves_a_finding_out_and_it_is_asked(group: FakeGroup) -> None:
    await wrote(group, NoteInput(READ, (), "5", 17))
    await group.tap("✕ fit", who=CLEO)
    assert group.toast == ""
    await group.tap("Confirm", who=BEN)
    assert group.card.title == "Is the patient fit for surgery?"


async def test_who_confirms_second_is_told_that_it_is_too_late(group: FakeGroup) -> None:
    await wrote(group, NoteInput(READ, (), "5", 17))
    confirm = tap_of(group.card, "Confirm")
    await group.wish(confirm, BEN, 1)
    before = await group.case()
    await group.wish(confirm, CLEO, 1)
    assert (await group.case()).case == before.case
    assert group.toast == WORDS.toasts.stale


async def test_a_case_that_waits_to_be_confirmed_takes_no_answer_and_no_vote(group: FakeGroup) -> None:
    await wrote(group, NoteInput(READ, (), "5", 17))
    case = (await group.case()).case
    for verb, question, choice in (
        ("on", "levels", "T9"),
        ("ok", "levels", ""),
        ("di", "", ""),
        ("cv", "", ""),
        ("rs", "", ""),
    ):
        tap = tap_of(group.card, "Confirm")._replace(action=type(tap_of(group.card, "Confirm").action)(verb))
        await group.wish(tap._replace(question=question, choice=choice), ANA, 1)
        assert (await group.case()).case == case
        assert group.toast


@pytest.mark.parametrize(
    ("beside", "told"), [((), ""), ((IDENTIFIERS,), WORDS.note.leave_out), ((LONG,), WORDS.note.long)]
)
async def test_a_line_of_which_nothing_is_read_opens_the_case_and_says_what_is_wrong_with_it(
    group: FakeGroup, beside: tuple[str, ...], told: str
) -> None:
    await wrote(group, NoteInput({}, beside, "", 17))
    assert group.messages[1].title == "Which symptomatic levels are to be treated now?"
    assert len(group.messages) == 1 + bool(told)
    assert told in read(group.card).text
    assert (await group.case()).case.answer_events == ()


async def test_what_names_somebody_is_said_so_and_no_button_deletes_a_message_of_a_group(group: FakeGroup) -> None:
    await wrote(group, NoteInput(READ, (IDENTIFIERS,), "5", 17))
    assert [line.text for line in lines(group.card, Style.urgent)] == [WORDS.note.leave_out]
    assert WORDS.labels.delete_message not in labels(group.card)


async def test_a_line_that_is_changed_before_it_is_confirmed_is_read_again_in_its_card(group: FakeGroup) -> None:
    await wrote(group, NoteInput(READ, (), "5", 17))
    stale = tap_of(group.card, "Confirm")
    await changed(group, NoteInput({"levels": ("L2",)}, (), "6", 17))
    assert list(group.messages) == [1]
    assert labels(group.card) == ["Confirm", "✕ L2 · 1 level"]
    await group.wish(stale, BEN, 1)
    assert group.toast == WORDS.toasts.stale
    assert findings_of(await group.case()) == {}


async def test_a_line_that_is_changed_into_nothing_leads_to_the_buttons(group: FakeGroup) -> None:
    await wrote(group, NoteInput(READ, (), "5", 17))
    await changed(group, NoteInput({}, (), "", 17))
    assert group.card.title == WORDS.pages.stray.title
    await changed(group, NoteInput(READ, (), "7", 17))
    assert labels(group.card)[0] == "Confirm"
    await changed(group, NoteInput({}, (), "", 17))
    await group.tap("Answer by buttons", who=BEN)
    assert group.card.title == "Which symptomatic levels are to be treated now?"


async def test_a_line_that_is_changed_after_it_was_confirmed_or_by_somebody_else_changes_nothing(
    group: FakeGroup,
) -> None:
    await wrote(group, NoteInput(READ, (), "5", 17))
    before = await group.case()
    await changed(group, NoteInput({"levels": ("L2",)}, (), "6", 17), BEN)
    await changed(group, NoteInput({"levels": ("L2",)}, (), "6", 16))
    assert await group.case() == before
    await group.tap("Confirm")
    before = await group.case()
    await changed(group, NoteInput({"levels": ("L2",)}, (), "6", 17))
    assert await group.case() == before
    assert list(group.messages) == [1]


async def test_a_line_that_nobody_confirms_goes_after_a_day_and_frees_its_name(group: FakeGroup) -> None:
    await wrote(group, NoteInput(READ, (), "5", 17))
    group.now += 86_400
    assert (
        await group.store.transact(lambda repository: expired(group.services.retention, repository, 30 * 86_400.0))
        == 1
    )
    await group.tap("Confirm", who=BEN)
    assert group.toast == WORDS.toasts.gone


# The ear.


def message(text: str) -> dict[str, Any]:
    return {"message_id": 17, "chat": {"id": -100, "type": "supergroup"}, "text": text}


def test_in_a_group_only_the_words_of_findings_are_remembered() -> None:
    note_texts = NoteTextCache(METASTASIS)
    said = note_texts.parse(5, message("T8 fit no deficit, ECOG 1, the wardrobe, C5"))
    assert dict(said.findings) == READ
    assert said.marks == (MORE,)
    assert note_texts.restore_quotes(quote("5", "fitness")) == " — “fit”"
    assert [note_texts.restore_quotes(quote("5", part)) for part in ("context", "left", "outside")] == ["", "", ""]
    for word in ("wardrobe", "ECOG", "no deficit"):
        assert word not in repr(said)


# Through Telegram's door.


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[Board]:
    async with grouped(tmp_path) as board:
        yield board


async def test_a_line_in_a_group_is_read_back_in_findings_alone_and_no_word_of_it_is_kept(
    board: Board, tmp_path: Path
) -> None:
    await board.say("/case T8 fit no deficit, zebediah wardrobe", REYES, answer=WORDS.note.title)
    card = await board.reads("T8 · 1 level")
    assert "zebediah" not in card["text"]
    assert "wardrobe" not in card["text"]
    assert WORDS.note.more in card["text"]
    await board.tap("Confirm", OKAFOR)
    await board.reads("Where is the tumour?")
    assert "Dr. Okafor" in board.cards()[-1]["text"]
    record = b"".join(bytes_of(path) for path in tmp_path.glob("cases.db"))
    for word in ("zebediah", "wardrobe", "fit no"):
        assert word.encode() not in record
        assert word not in board.seat.log.getvalue()
    assert board.chat == BOARD
