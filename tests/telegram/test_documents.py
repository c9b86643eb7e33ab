"""The record of a case in the chat: a silent document, with names only on its way, gone with what is erased."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from conftest import BotHarness, Fields, refused, virtual_bot_harness
from group_kit import REYES, grouped
from kit import INTERVIEW
from record_kit import told_by
from telegram_kit import data

from bot.pictures.typesetter import NotDrawn
from bot.service.ports import UnitOfWork

USER: Final = 7
ANSWERS: Final = ("T8", "Only T8", "Fit", "None", "Body only", "Limited", "None")


async def finished(harness: BotHarness) -> None:
    """Lead a case to its recommendation, and open what is copied of it."""
    await harness.begun(USER)
    for label in (*ANSWERS, "Copy"):
        await harness.tap(USER, label)


def document(harness: BotHarness) -> Fields:
    """Give the one document of the chat, with what was set in it."""
    [(number, sent)] = [(n, sent) for (chat, n), sent in harness.telegram.documents.items() if chat == USER]
    return {**sent, "page": orjson.loads(sent["file"]), "number": number}


def _pending(uow: UnitOfWork) -> list[object]:
    return list(uow.pending_messages())


def _step_back(uow: UnitOfWork) -> None:
    record = uow.get_current(str(USER), str(USER))
    assert record
    uow.update(replace(record, case=INTERVIEW.back(record.case)), record.case.revision)


def test_the_record_is_a_silent_document_whose_name_and_caption_tell_no_finding(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        run(finished(harness))
        card = harness.telegram.newest(USER)[0]
        assert run(harness.tap(USER, "Record (PDF)")) == ""
        sent = document(harness)
        assert re.fullmatch(r"record-[a-z]+-\d{8}-\d{4}\.pdf", sent["name"])
        assert re.fullmatch(r"\S+ \w+ · record of .* UTC\. It does not change with the case\.", sent["caption"])
        assert sent["disable_notification"] is True
        assert sent["page"]["head"] == "Posterior MIS"
        assert sent["page"]["about"].endswith("UTC")
        assert harness.telegram.newest(USER)[0] == card, "the card stays as it is"
        assert run(harness.store.transact(_pending)) == []


def test_a_new_record_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        run(finished(harness))
        run(harness.tap(USER, "Record (PDF)"))
        first = document(harness)["number"]
        run(harness.tap(USER, "Record (PDF)"))
        assert document(harness)["number"] > first


def test_what_is_erased_takes_its_record_with_it(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        run(finished(harness))
        run(harness.tap(USER, "Record (PDF)"))
        run(harness.accept(harness.telegram.writes(USER, "/forget")))
        run(harness.tap(USER, "Erase everything"))
        assert harness.telegram.documents == {}


@pytest.mark.parametrize("ends", ["erased", "changed"])
def test_a_record_whose_case_is_erased_or_opened_while_it_was_sent_is_deleted(tmp_path: Path, ends: str) -> None:
    async def meanwhile(method: str, _: Fields) -> Fields | None:
        if method == "sendDocument" and ends == "erased":
            await harness.store.transact(lambda uow: uow.erase_person(str(USER)))
        elif method == "sendDocument":
            await harness.store.transact(_step_back)
        return None

    with virtual_bot_harness(tmp_path) as (run, harness):
        run(finished(harness))
        harness.telegram.script = meanwhile
        run(harness.tap(USER, "Record (PDF)"))
        assert len(harness.telegram.of("sendDocument")) == 1
        assert harness.telegram.documents == {}


def test_a_record_that_cannot_be_set_costs_no_card_and_is_logged_as_a_code(tmp_path: Path) -> None:
    async def fails(*_: object) -> bytes:
        raise NotDrawn("ModuleNotFoundError")

    with virtual_bot_harness(tmp_path) as (run, harness):
        run(finished(harness))
        harness.application._outbox._sender._documents._typeset = fails
        run(harness.tap(USER, "Record (PDF)"))
        assert harness.telegram.documents == {}
        assert "could not be set" in harness.telegram.newest(USER)[1]["text"]
        [line] = [line for line in harness.log.getvalue().splitlines() if "record_failed" in line]
        assert orjson.loads(line) == {"error": "ModuleNotFoundError", "event": "record_failed"}
        assert run(harness.store.transact(_pending)) == []


def test_a_record_that_telegram_refuses_is_said_and_nothing_else_is_lost(tmp_path: Path) -> None:
    async def refuses(method: str, _: Fields) -> Fields | None:
        return refused(400, "Bad Request: not enough rights to send documents") if method == "sendDocument" else None

    with virtual_bot_harness(tmp_path) as (run, harness):
        run(finished(harness))
        harness.telegram.script = refuses
        run(harness.tap(USER, "Record (PDF)"))
        assert "Telegram refused it" in harness.telegram.newest(USER)[1]["text"]
        assert run(harness.store.transact(_pending)) == []


def test_nothing_of_a_record_is_kept_but_the_number_of_its_message(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        run(finished(harness))
        run(harness.tap(USER, "Record (PDF)"))
        kept = run(harness.store.transact(lambda uow: uow.get_current(str(USER), str(USER))))
        assert kept.picture.record_message_id == document(harness)["number"]
        stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert b"not clinically validated" not in stored
        assert b"%PDF" not in stored


async def test_a_teams_decision_becomes_a_page_with_names_and_goes_when_it_is_reopened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.sending.rate_limit.GROUP_BURST", 10_000)
    async with grouped(tmp_path) as board:
        await board.finished()
        record = await board.decided()
        await board.seat.play.tap(
            record["message_id"], data(record, "Record (PDF)"), chat_id=board.chat, person_id=REYES
        )
        world = board.seat.play.world

        def documents() -> list[dict[str, Any]]:
            return [m for m in world.messages.every(board.chat) if "document" in m]

        await board.until(lambda: bool(documents()))
        [sent] = documents()
        assert re.fullmatch(r"record-[a-z]+-\d{8}-\d{4}\.pdf", sent["document"]["file_name"])
        assert "Posterior" not in sent["caption"]
        pdf = world.files.get(sent["document"]["file_id"])
        assert pdf
        assert "Decided by Dr. Reyes" in told_by("pdftotext", "-", "-", pdf=pdf)
        await board.tap("Reopen", REYES, "Decision: ")
        await board.until(lambda: not documents())


async def test_a_group_gets_its_decisions_as_pdf_and_csv_without_names_unless_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.sending.rate_limit.GROUP_BURST", 10_000)
    async with grouped(tmp_path) as board:
        await board.say("/minutes", REYES, "No decisions in that time")
        await board.say("/minutes since yesterday", REYES, "That was not read")
        await board.finished()
        await board.decided()
        files = board.seat.play.world.files

        def documents() -> dict[str, bytes]:
            sent = [m["document"] for m in board.seat.play.world.messages.every(board.chat) if "document" in m]
            return {each["file_name"].rpartition(".")[2]: files.get(each["file_id"]) or b"" for each in sent}

        await board.say("/minutes")
        await board.until(lambda: set(documents()) == {"pdf", "csv"})
        assert b"Posterior MIS (F12, F2)" in documents()["csv"]
        assert b"Reyes" not in documents()["csv"]
        assert "Decided without a vote" in told_by("pdftotext", "-", "-", pdf=documents()["pdf"])
        await board.say("/minutes names 2026-01-01")
        await board.until(lambda: b"Reyes" in documents()["csv"])
