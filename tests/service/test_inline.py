"""Inline mode, the start link that goes on with it, and the last cases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from kit import (
    CATALOG,
    read,
    refusals,
)
from telegram_kit import PlaygroundHarness, playground_harness

from bot.service.inline_search import MAX_RESULTS, InlineSearch
from bot.service.policies import AccessPolicy
from bot.telegram.rendering.html import screen
from bot.telegram.updates.inbox import to_inbox
from flows.cards.card import Style
from flows.export.start_payload import decode_start_payload
from flows.pathways.metastasis import EMERGENCY, METASTASIS
from flows.pathways.registry import flow_registry

LOOKUP = InlineSearch(flow_registry())
WHOLE = {
    "levels": ("T8",),
    "fitness": ("fit",),
    "deficit": ("none",),
    "extent": ("body",),
    "destruction": ("limited",),
    "prior": ("none",),
}
LINE = "T8 fit no deficit body only limited destruction no prior treatment"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[PlaygroundHarness]:
    async with playground_harness(tmp_path) as harness:
        yield harness


async def offered(harness: PlaygroundHarness, line: str) -> dict[str, Any]:
    """Type behind the bot's name, and give what it offers."""
    found: dict[str, Any] = {}

    def heard(event: str, told: dict[str, Any]) -> None:
        if event == "inline":
            found.update(told)

    harness.play.world.listen(heard)
    assert harness.play.world.ask(1001, line, 1001)
    await harness.until(lambda _: bool(found))
    return found


# What a line offers.


def test_a_whole_case_offers_what_was_read_and_then_what_the_source_supports() -> None:
    [result] = LOOKUP.results(f"{LINE}, zebra")
    assert (result.card.title, result.complete, result.card.rows) == (CATALOG.wording.note.title, True, ())
    assert decode_start_payload(METASTASIS, result.start_payload) is not None
    text = read(result.card).text
    told = ["no deficit — “no deficit”", "Not understood, not used: “zebra”", "the source supports: Posterior MIS"]
    assert [text.index(said) for said in told] == sorted(text.index(said) for said in told)


def test_what_was_hidden_and_what_is_a_sign_of_an_emergency_is_said_before_all_else() -> None:
    [result] = LOOKUP.results("Mrs Quuxington, T8, fit, legs heavy")
    urgent = [line.text for block in result.card.blocks if block.style is Style.urgent for line in block.lines]
    assert urgent == [EMERGENCY, CATALOG.wording.note.leave_out]
    assert "uuxington" not in read(result.card).text


def test_a_sign_of_an_emergency_is_told_where_nothing_of_a_case_was_found() -> None:
    [result] = LOOKUP.results("cannot feel my feet")
    assert EMERGENCY in read(result.card).text
    assert result.start_payload == ""


def test_what_is_outside_the_scope_is_said_above_what_was_read() -> None:
    [result] = LOOKUP.results(f"{LINE}, SINS 5")
    assert [line.text for line in result.card.above] == [CATALOG.wording.scope.sins.format(value="5")]


def test_a_case_that_is_not_complete_offers_what_is_still_asked() -> None:
    [result] = LOOKUP.results("T8 fit no deficit")
    assert not result.complete
    assert "Where is the tumour?" in read(result.card).text
    prefill = decode_start_payload(METASTASIS, result.start_payload)
    assert prefill
    assert prefill.findings == {"levels": ("T8",), "fitness": ("fit",), "deficit": ("none",)}


@pytest.mark.parametrize(
    ("line", "title"),
    [("mis", "Posterior MIS"), ("bilsky", "ESCC"), ("F12", "F12"), ("karnofsky", "Karnofsky"), ("G5", "G5")],
)
def test_anything_else_is_looked_up(line: str, title: str) -> None:
    found = LOOKUP.results(line)
    assert 1 <= len(found) <= MAX_RESULTS
    assert any(title in f"{result.card.title} {read(result.card).text}" for result in found[:2])


def test_nothing_is_found_for_nonsense_and_an_empty_line_offers_the_options() -> None:
    assert LOOKUP.results("zzzzqqq") == ()
    assert LOOKUP.results("T8 " * 200) == ()
    assert [result.code for result in LOOKUP.results("")][:6] == [f"o-{code}" for code in CATALOG.options]


@pytest.mark.parametrize("line", [LINE, "T8", "mis", "bilsky", ""])
def test_what_is_offered_can_be_sent(line: str) -> None:
    for result in LOOKUP.results(line):
        assert refusals(result.card) == []
        assert 1 <= len(result.code) <= 64
        assert "callback_data" not in str(screen(result.card))


def test_what_looks_like_a_person_is_not_sent_back() -> None:
    [result] = LOOKUP.results("T8, fit, Mr Quuxington zebra")
    assert "uuxington" not in read(result.card).text
    assert CATALOG.wording.note.leave_out in read(result.card).text


# Through Telegram's door.


async def test_an_inline_query_is_answered_and_nothing_of_it_kept(harness: PlaygroundHarness, tmp_path: Path) -> None:
    told = await offered(harness, f"{LINE}, zebra")
    assert [result["title"] for result in told["results"]] == [f"T8 · 1 level · {CATALOG.wording.note.title}"]
    record = b"".join(path.read_bytes() for path in tmp_path.glob("cases.db*"))
    assert b"zebra" not in record
    assert "zebra" not in harness.log.getvalue()


async def test_who_is_not_listed_is_offered_nothing(tmp_path: Path) -> None:
    async with playground_harness(tmp_path, access=AccessPolicy(open=False, users=frozenset({7}))) as harness:
        assert (await offered(harness, LINE))["results"] == []


async def test_the_link_leads_to_the_case_to_be_confirmed(harness: PlaygroundHarness) -> None:
    [result] = LOOKUP.results("T8 fit no deficit")
    await harness.say(f"/start {result.start_payload}", "This is what was read. Is it right?")
    await harness.tap("Confirm", "Where is the tumour?")


@pytest.mark.parametrize("payload", ["John_Smith_1950", "p1zzzzz------", "p1", "a" * 64])
def test_what_somebody_writes_behind_start_is_not_taken_in(payload: str) -> None:
    who = {"id": 5, "is_bot": False, "first_name": "x"}
    message = {"message_id": 1, "from": who, "chat": {"id": 5, "type": "private"}, "text": f"/start {payload}"}
    inbox_update = to_inbox({"update_id": 1, "message": message})
    assert inbox_update
    assert payload not in inbox_update.payload
