"""The page of the spine, served by the bot: what is tapped there counts once, for its person, at its turn."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from group_kit import REYES, grouped
from telegram_kit import CHAT, LEVELS, SPINE, TOKEN, PlaygroundHarness, data, labels, playground_harness

from bot.service.policies import AccessPolicy
from bot.service.ports import NotSaved
from bot.telegram.rendering.callback_data import unpack
from bot.telegram.webapp.launch_data import sign_launch
from bot.telegram.webapp.post_limiter import BURST, SECONDS, PostLimiter
from bot.telegram.webapp.routes import LARGEST

Answer = tuple[int, dict[str, Any]]
STALE = "That question is closed. Here is the current one."
GONE = "This case was erased, or belongs to another chat."


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[PlaygroundHarness]:
    async with playground_harness(tmp_path, drawn=True) as harness:
        yield harness


def launch(person: int = CHAT, **more: str) -> str:
    fields = {"user": json.dumps({"id": person}), "auth_date": str(int(time.time()))} | more
    return urlencode(fields | {"hash": sign_launch(fields, TOKEN)})


async def begun(bot: PlaygroundHarness) -> str:
    """Begin a case; return the tap of its button for the page."""
    await bot.say("/new", LEVELS)
    buttons = [button for row in (await bot.newest())["reply_markup"]["inline_keyboard"] for button in row]
    url = next(button["web_app"]["url"] for button in buttons if "web_app" in button)
    address, _, tap = url.partition("?tap=")
    assert address == bot.play.url + SPINE
    return str(tap)


async def post(bot: PlaygroundHarness, body: object) -> Answer:
    async with bot.play.session.post(bot.play.url + SPINE, data=json.dumps(body)) as answer:
        return answer.status, await answer.json()


async def draw(bot: PlaygroundHarness, tap: str, *levels: str, part: str = "", opened: str | None = None) -> Answer:
    sent = {"launch": launch() if opened is None else opened, "tap": tap, "levels": levels, "part": part}
    return await post(bot, sent)


async def test_levels_and_extent_are_answered_on_one_screen(bot: PlaygroundHarness) -> None:
    status, said = await draw(bot, await begun(bot), "T8", part="body")
    assert (status, said["done"]) == (200, True)
    await bot.answer(("fit for surgery", "Fit"), ("Neurological", "None"))
    card = await bot.reads("How extensive is the destruction")
    assert "T8 · 1 level" in card["text"]
    assert "body only" in card["text"]


async def test_the_extent_may_be_left_for_later(bot: PlaygroundHarness) -> None:
    await draw(bot, await begun(bot), "T9", "T8")
    await bot.answer(("fit for surgery", "Fit"), ("Neurological", "None"))
    assert "T8–T9 · 2 levels" in (await bot.reads("Where is the tumour"))["text"]


async def test_back_asks_the_levels_again(bot: PlaygroundHarness) -> None:
    await draw(bot, await begun(bot), "T8", part="body")
    await bot.reads("fit for surgery")
    await bot.tap("‹ Back", LEVELS)


async def test_what_was_ticked_on_the_grid_gives_way_to_the_drawing(bot: PlaygroundHarness) -> None:
    tap = await begun(bot)
    await bot.tap("L1", "L1 · 1 level")
    assert (await draw(bot, tap, "T8"))[0] == 200
    assert "T8 · 1 level" in (await bot.reads("fit for surgery"))["text"]


async def test_a_page_of_an_earlier_turn_is_refused_as_a_stale_button_is(bot: PlaygroundHarness) -> None:
    tap = await begun(bot)
    await bot.tap("T8", "T8 · 1 level")
    await bot.tap("Only T8", "fit for surgery")
    status, said = await draw(bot, tap, "T4")
    assert (status, said["text"], said["done"]) == (409, STALE, False)
    assert "T8 · 1 level" in (await bot.newest())["text"]


async def test_what_is_sent_twice_counts_once_and_is_answered_alike(bot: PlaygroundHarness) -> None:
    tap = await begun(bot)
    first = await draw(bot, tap, "T8", part="body")
    await bot.tap("Fit", "Neurological")
    cards = await bot.cards()
    assert await draw(bot, tap, "T8", part="body") == first
    assert await bot.cards() == cards


async def test_two_that_are_sent_at_once_count_once(bot: PlaygroundHarness) -> None:
    tap = await begun(bot)
    told = await asyncio.gather(*(draw(bot, tap, "T8") for _ in range(5)))
    assert {status for status, _ in told} == {200}
    assert len([card for card in await bot.cards() if "fit for surgery" in card["text"]]) == 1


async def test_nobody_answers_the_case_of_another_person(bot: PlaygroundHarness) -> None:
    tap = await begun(bot)
    before = await bot.cards()
    status, said = await draw(bot, tap, "T8", opened=launch(CHAT + 1))
    assert (status, said["text"]) == (409, GONE)
    assert await bot.cards() == before
    assert '"forged_tap"' in bot.log.getvalue()


async def test_a_case_that_was_never_there_is_gone(bot: PlaygroundHarness) -> None:
    await begun(bot)
    assert await draw(bot, "zz.1.dw.levels", "T8") == (409, {"text": GONE, "done": False, "again": False})


async def test_launch_data_that_nobody_signed_change_nothing(bot: PlaygroundHarness) -> None:
    tap = await begun(bot)
    before = await bot.cards()
    for opened in (
        "",
        "hash=0",
        launch()[:-1],
        launch() + "&user={}",
        launch(auth_date="1"),
        launch(chat_type="group"),
    ):
        status, said = await draw(bot, tap, "T8", opened=opened)
        assert (status, said["again"]) == (403, False)
    assert await bot.cards() == before


async def test_who_is_not_listed_is_told_so_on_the_page(tmp_path: Path) -> None:
    async with playground_harness(tmp_path, drawn=True) as bot:
        tap = await begun(bot)
    async with playground_harness(tmp_path, drawn=True, access=AccessPolicy(open=False)) as bot:
        before = await bot.cards()
        status, said = await draw(bot, tap, "T8")
        assert (status, said["text"]) == (409, f"No access yet. Send your ID, {CHAT}, to whoever runs this bot.")
        assert await bot.cards() == before


async def test_a_case_that_is_set_aside_is_not_answered(bot: PlaygroundHarness) -> None:
    tap = await begun(bot)
    await bot.say("/cancel", "Set aside")
    status, said = await draw(bot, tap, "T8")
    assert (status, said["text"]) == (409, "This case is set aside. Tap Continue to resume it.")


WRONG: dict[str, dict[str, object]] = {
    "another button": {"tap": "{case}.0.er"},
    "an answer": {"tap": "{case}.0.a.levels.T8"},
    "what was drawn already": {"tap": "{tap}.p2000001------"},
    "another question": {"tap": "{case}.0.dw.extent"},
    "no tap": {"tap": ""},
    "a tap that is no text": {"tap": 1},
    "no level": {"levels": []},
    "levels that are no list": {"levels": "T8"},
    "a level that is none": {"levels": ["C7"]},
    "a level that is no text": {"levels": [{"T8": 1}]},
    "a part that is none": {"part": "left"},
    "a part that is no text": {"part": ["body"]},
}


async def test_a_page_sends_nothing_but_levels_and_a_part(bot: PlaygroundHarness) -> None:
    tap = await begun(bot)
    before = await bot.cards()
    for named, wrong in WRONG.items():
        changed = {
            key: value.format(tap=tap, case=tap.partition(".")[0]) if isinstance(value, str) else value
            for key, value in wrong.items()
        }
        sent = {"launch": launch(), "tap": tap, "levels": ["T8"], "part": "body"} | changed
        assert (await post(bot, sent))[0] == 400, named
    bodies: tuple[object, ...] = ([], None, "x")
    for body in bodies:
        assert (await post(bot, body))[0] == 400
    assert (await post(bot, "x" * LARGEST))[0] == 413
    assert await bot.cards() == before


async def test_what_was_acknowledged_outlives_a_kill_before_it_is_handled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.webapp.routes.PATIENCE", 0.0)
    async with playground_harness(tmp_path, drawn=True) as bot:
        tap = await begun(bot)
        monkeypatch.setattr(bot.application.receiver, "process", lambda _: None)
        status, said = await draw(bot, tap, "T8", part="body")
        assert (status, said["done"], said["text"]) == (200, True, "Saved. The chat shows it in a moment.")
    async with playground_harness(tmp_path, drawn=True) as bot:
        assert "T8 · 1 level" in (await bot.reads("fit for surgery"))["text"]


async def test_what_could_not_be_saved_is_not_acknowledged(
    bot: PlaygroundHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    tap = await begun(bot)

    async def refuse(_: object) -> None:
        raise NotSaved

    with monkeypatch.context() as broken:
        broken.setattr(bot.application.receiver._store, "transact", refuse)
        status, said = await draw(bot, tap, "T8")
        assert (status, said["again"], said["done"]) == (503, True, False)
    assert (await draw(bot, tap, "T8"))[0] == 200
    await bot.reads("fit for surgery")


async def test_nothing_but_codes_reaches_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.telegram.webapp.routes.PATIENCE", 0.0)
    name = "Planted-Name"
    async with playground_harness(tmp_path, drawn=True) as bot:
        tap = await begun(bot)
        monkeypatch.setattr(bot.application.receiver, "process", lambda _: None)
        opened = launch(user=json.dumps({"id": CHAT, "first_name": name, "username": name}))
        assert (await draw(bot, tap, "T8", opened=opened))[0] == 200
        stored = await bot.store.transact(lambda uow: uow.pending_updates())
        kept = [json.loads(update.payload) for update in stored]
        assert [update["message"].keys() for update in kept] == [
            {"message_id", "date", "chat", "from", "web_app_data"}
        ]
        assert name not in str(kept) + bot.log.getvalue()


async def test_the_page_asks_no_other_host_and_may_not(bot: PlaygroundHarness) -> None:
    async with bot.play.session.get(bot.play.url + SPINE) as answer:
        html, policy = await answer.text(), answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "connect-src 'self'" in policy
    assert "//" not in html.replace("// ", "")


async def test_in_a_group_no_card_offers_the_page_and_its_case_is_not_answered_from_one(tmp_path: Path) -> None:
    async with grouped(tmp_path, drawn=True) as group:
        await group.say("/case", REYES, LEVELS)
        card = await group.reads(LEVELS)
        assert "Tap the spine" not in labels(card)
        case, turn, *_ = data(card, "T8").split(".")
        status, said = await draw(group.seat, f"{case}.{turn}.dw.levels", "T8", opened=launch(REYES))
        assert (status, said["text"]) == (409, GONE)
        assert group.cards()[-1] == card


async def test_without_a_page_no_card_offers_it(tmp_path: Path) -> None:
    async with playground_harness(tmp_path) as bot:
        card = await bot.say("/new", LEVELS)
        assert "Tap the spine" not in labels(card)
        assert unpack(data(card, "T8")) is not None


def test_a_person_may_send_as_fast_as_a_thumb_and_no_faster() -> None:
    now = [0.0]
    limiter = PostLimiter(lambda: now[0])
    assert [limiter.allows(1) for _ in range(BURST + 2)] == [True] * BURST + [False] * 2
    assert limiter.allows(2)
    now[0] += SECONDS
    assert [limiter.allows(1) for _ in range(2)] == [True, False]
