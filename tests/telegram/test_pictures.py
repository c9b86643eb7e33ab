"""The picture of a case in the chat: a silent photo of its own, which follows the case, and never holds up a card."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import orjson
import pytest
from conftest import BotHarness, Fields, data_of, refused, virtual_bot_harness

from bot.pictures.typesetter import NotDrawn
from bot.service.case_store import CaseRecord
from bot.service.ports import UnitOfWork
from flows.export.picture import Drawing

USER: Final = 7
ANSWERS: Final = ("T8", "Only T8", "Fit", "None", "Body only", "Limited", "None")


async def finished(harness: BotHarness) -> int:
    """Lead a case to its recommendation; give the message of its card."""
    await harness.begun(USER)
    for label in ANSWERS:
        await harness.tap(USER, label)
    return harness.telegram.newest(USER)[0]


async def kept(harness: BotHarness) -> CaseRecord:
    record = await harness.store.transact(lambda uow: uow.get_current(str(USER), str(USER)))
    assert record
    return record


async def photo(harness: BotHarness) -> Fields:
    """Give the one photo of the chat, with what was drawn in it."""
    [(number, shown)] = [(n, shown) for (chat, n), shown in harness.telegram.photos.items() if chat == USER]
    return {**shown, "drawing": orjson.loads(shown["file"]), "number": number}


async def on_photo(harness: BotHarness, label: str, at: int = 0) -> str:
    """Tap the button under the photo; give what was said in passing."""
    shown = await photo(harness)
    tap = harness.telegram.taps(USER, at or shown["number"], data_of(shown, label))
    await harness.accept(tap)
    return harness.telegram.toasts()[tap["callback_query"]["id"]]


def _pending(uow: UnitOfWork) -> list[object]:
    return list(uow.pending_messages())


def test_the_card_comes_first_and_its_button_sends_a_silent_photo_whose_caption_names_the_case(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        run(finished(harness))
        assert harness.telegram.photos == {}, "nobody asked for it"
        assert run(harness.tap(USER, "Picture")) == ""
        shown = run(photo(harness))
        card = harness.telegram.newest(USER)[1]["text"]
        name = card.removeprefix("<i>").partition(" · ")[0]
        assert shown["caption"].splitlines()[0] == f"{name} · T8 · 1 level · Posterior MIS"
        assert shown["disable_notification"] is True
        assert (shown["drawing"]["levels"], shown["drawing"]["theme"]) == (["T8"], "light")
        assert [b["text"] for row in shown["reply_markup"]["inline_keyboard"] for b in row] == ["Dark"]
        assert run(kept(harness)).picture.message_id == shown["number"]


def test_the_photo_changes_with_the_case_and_not_where_nothing_changed(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        run(finished(harness))
        run(harness.tap(USER, "Picture"))
        for label in ("All options", "‹ Back to the card"):
            run(harness.tap(USER, label))
        assert harness.telegram.of("editMessageMedia") == []
        run(harness.tap(USER, "‹ Back"))
        shown = run(photo(harness))
        assert "Not all questions are answered" in shown["caption"]
        run(harness.tap(USER, "Limited"))
        assert "Not all questions are answered" not in run(photo(harness))["caption"]
        assert len(harness.telegram.of("sendPhoto")) == 1


def test_the_card_of_an_option_asks_for_its_approach_and_the_new_photo_takes_the_place_of_the_old(
    tmp_path: Path,
) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        run(finished(harness))
        run(harness.tap(USER, "Picture"))
        first = run(photo(harness))
        for label in ("All options", "Anterior", "Picture"):
            run(harness.tap(USER, label))
        shown = run(photo(harness))
        assert shown["number"] > first["number"]
        assert shown["drawing"]["ways"] == ["anterior"]
        assert shown["caption"] != first["caption"]
        run(harness.tap(USER, "‹ Back to the card"))
        run(harness.tap(USER, "Picture"))
        assert run(photo(harness))["drawing"]["ways"] == first["drawing"]["ways"]


def test_the_button_under_the_photo_chooses_the_ground_and_the_next_case_keeps_it(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        run(finished(harness))
        run(harness.tap(USER, "Picture"))
        assert run(on_photo(harness, "Dark")) == ""
        assert run(photo(harness))["drawing"]["theme"] == "dark"
        assert run(on_photo(harness, "Light")) == ""
        assert run(photo(harness))["drawing"]["theme"] == "light"
        run(on_photo(harness, "Dark"))
        harness.telegram.photos.clear()
        run(finished(harness))
        run(harness.tap(USER, "Picture"))
        assert run(photo(harness))["drawing"]["theme"] == "dark"


def test_a_photo_that_is_not_the_picture_any_more_says_so(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        run(finished(harness))
        run(harness.tap(USER, "Picture"))
        toast = run(on_photo(harness, "Dark", at=17))
        assert toast == "This picture is out of date. Tap Picture on the card."
        assert run(kept(harness)).picture.theme == ""


@pytest.mark.parametrize("error", [NotDrawn("ModuleNotFoundError"), NotDrawn("TimeoutError")])
def test_a_picture_that_cannot_be_drawn_costs_no_card_and_is_logged_as_a_code(tmp_path: Path, error: NotDrawn) -> None:
    async def fails(_: Drawing) -> bytes:
        raise error

    with virtual_bot_harness(tmp_path) as (run, harness):
        run(finished(harness))
        drawing = harness.application._outbox._sender._pictures
        drawing._draw, draws = fails, drawing._draw
        run(harness.tap(USER, "Picture"))
        assert harness.telegram.photos == {}
        assert "could not be drawn" in harness.telegram.newest(USER)[1]["text"]
        [line] = [line for line in harness.log.getvalue().splitlines() if "picture_failed" in line]
        assert orjson.loads(line) == {"error": str(error), "event": "picture_failed"}
        assert run(harness.store.transact(_pending)) == []
        drawing._draw = draws


def test_a_photo_that_cannot_be_drawn_anew_is_taken_away_before_it_misleads(tmp_path: Path) -> None:
    async def fails(_: Drawing) -> bytes:
        raise NotDrawn("MemoryError")

    with virtual_bot_harness(tmp_path) as (run, harness):
        card = run(finished(harness))
        run(harness.tap(USER, "Picture"))
        harness.application._outbox._sender._pictures._draw = fails
        run(harness.tap(USER, "‹ Back"))
        assert harness.telegram.photos == {}
        assert run(kept(harness)).picture.message_id is None
        assert "Earlier" in harness.telegram.screens[USER, card]["text"], "the card is shown all the same"


def test_while_a_picture_is_drawn_the_cards_of_its_chat_go_on(tmp_path: Path) -> None:
    drawn = asyncio.Event()

    async def slow(drawing: Drawing) -> bytes:
        await drawn.wait()
        return orjson.dumps(drawing)

    async def goes_on(harness: BotHarness) -> None:
        telegram = harness.telegram
        card = await finished(harness)
        harness.application._outbox._sender._pictures._draw = slow
        number, data = telegram.button(USER, "Picture")
        await harness.application.receiver.accept([telegram.taps(USER, number, data)])
        await asyncio.sleep(1)
        number, data = telegram.button(USER, "‹ Back")
        await harness.application.receiver.accept([telegram.taps(USER, number, data)])
        await asyncio.sleep(1)
        assert "Earlier" in telegram.screens[USER, card]["text"]
        assert telegram.photos == {}
        drawn.set()
        await harness.settled()

    with virtual_bot_harness(tmp_path) as (run, harness):
        run(goes_on(harness))
        # Drawn from how the case stood then; it was looked at once more when it had been sent.
        assert "Not all questions are answered" in run(photo(harness))["caption"]


def test_where_the_person_deleted_the_photo_it_is_forgotten_and_the_next_tap_sends_it_again(tmp_path: Path) -> None:
    async def gone(method: str, _: Fields) -> Fields | None:
        return refused(400, "Bad Request: message to edit not found") if method == "editMessageMedia" else None

    with virtual_bot_harness(tmp_path) as (run, harness):
        run(finished(harness))
        run(harness.tap(USER, "Picture"))
        harness.telegram.script = gone
        messages = len(harness.telegram.of("sendMessage"))
        run(harness.tap(USER, "‹ Back"))
        assert run(kept(harness)).picture.message_id is None
        assert len(harness.telegram.of("sendMessage")) == messages, "nothing is said of it"
        harness.telegram.script = None
        run(harness.tap(USER, "None"))
        run(harness.tap(USER, "Picture"))
        assert run(kept(harness)).picture.message_id == run(photo(harness))["number"]


def test_what_is_erased_takes_its_photo_with_it(tmp_path: Path) -> None:
    with virtual_bot_harness(tmp_path) as (run, harness):
        run(finished(harness))
        run(harness.tap(USER, "Picture"))
        run(harness.accept(harness.telegram.writes(USER, "/forget")))
        run(harness.tap(USER, "Erase everything"))
        assert harness.telegram.photos == {}


def test_a_photo_whose_case_was_erased_while_it_was_sent_is_deleted(tmp_path: Path) -> None:
    async def erasing(method: str, _: Fields) -> Fields | None:
        if method == "sendPhoto":
            await harness.store.transact(lambda uow: uow.erase_person(str(USER)))
        return None

    with virtual_bot_harness(tmp_path) as (run, harness):
        run(finished(harness))
        harness.telegram.script = erasing
        run(harness.tap(USER, "Picture"))
        assert len(harness.telegram.of("sendPhoto")) == 1
        assert harness.telegram.photos == {}
        assert run(harness.store.transact(_pending)) == []
