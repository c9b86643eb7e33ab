"""The local Bot API brings updates to a webhook as Telegram does: in order, with the secret, until they arrive."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiogram.types
import pytest
import telegram
from aiohttp import web
from local_bot_api import CHAT, OWN, TAP, TOKEN, RunningPlayground, refused, running_playground

from bot.playground.botapi.webhook_delivery import WebhookDelivery
from bot.playground.chats.models import DR_LINDQVIST, DR_OKAFOR, DR_REYES, PRIVATE, SPINE_BOARD, START, private
from bot.playground.world.world import FakeTelegram

SECRET = "s3cret_-Token"  # noqa: S105 - it opens nothing
ANOTHER = private(DR_OKAFOR)
BOARD = SPINE_BOARD.id
ACTOR, CLIENT = "telegram-bot-api/WebhookActor.cpp", "telegram-bot-api/Client.cpp"
FORM = "application/x-www-form-urlencoded"
ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)  # fmt: skip


@dataclass
class Receiver:
    """A bot that takes deliveries; `answers` says how, one update after another, and `status` from then on."""

    url: str = ""
    status: int = 200
    answers: list[web.Response] = field(default_factory=list)
    got: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    doors: dict[int, asyncio.Event] = field(default_factory=dict)
    cuts: int = 0
    inside: int = 0
    most_inside: int = 0

    @property
    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.got]

    async def receive(self, request: web.Request) -> web.Response:
        update = await request.json()
        self.got.append(update)
        self.headers.append(dict(request.headers))
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        if self.cuts:
            self.cuts -= 1
            assert request.transport
            request.transport.abort()
        if door := self.doors.get(chat_of(update)):
            await door.wait()
        self.inside -= 1
        return self.answers.pop(0) if self.answers else says(self.status)

    async def until(self, holds: Callable[[], Any]) -> None:
        async with asyncio.timeout(5):
            while not holds():  # noqa: ASYNC110 - there is no event for what a test wants to know
                await asyncio.sleep(0.005)

    async def has(self, *texts: str) -> None:
        await self.until(lambda: len(self.got) >= len(texts))
        assert self.texts == list(texts)


def chat_of(update: dict[str, Any]) -> int:
    chat = update["message"]["chat"] if "message" in update else {}
    return int(chat["id"]) if chat.get("type") == "private" else 0


def says(status: int) -> web.Response:
    return web.Response(status=status)


@asynccontextmanager
async def receiving(port: int = 0) -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.receive)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        for door in receiver.doors.values():
            door.set()
        await runner.cleanup()


@pytest.fixture
async def playground() -> AsyncIterator[RunningPlayground]:
    async with running_playground() as playground:
        yield playground


@pytest.fixture
async def two_rooms() -> AsyncIterator[RunningPlayground]:
    async with running_playground(rooms=(PRIVATE, ANOTHER)) as playground:
        yield playground


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def info(playground: RunningPlayground) -> dict[str, Any]:
    told: dict[str, Any] = await playground.call("getWebhookInfo")
    assert aiogram.types.WebhookInfo.model_validate(told).url == told["url"]
    assert telegram.WebhookInfo.de_json(told, None).url == told["url"]
    return told


async def hook_later(playground: RunningPlayground, **params: Any) -> None:
    """Set a webhook once more, which Telegram lets a bot do once a second."""
    playground.clock.now += 1
    await playground.call("setWebhook", **params)


async def nothing_waits(playground: RunningPlayground) -> None:
    async with asyncio.timeout(5):
        while playground.world.updates.waiting:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.005)


# Delivery


async def test_what_happens_is_delivered_in_order(playground: RunningPlayground, receiver: Receiver) -> None:
    await playground.say("before there is a webhook")
    await playground.call("setWebhook", url=receiver.url)
    for text in "abcdefgh":
        await playground.say(text)
    await receiver.has("before there is a webhook", *"abcdefgh")
    await nothing_waits(playground)
    assert [update["update_id"] for update in receiver.got] == list(range(1, 10))
    assert aiogram.types.Update.model_validate(receiver.got[0]).event_type == "message"


async def test_every_delivery_bears_the_secret(playground: RunningPlayground, receiver: Receiver) -> None:
    await playground.call("setWebhook", url=receiver.url, secret_token=SECRET)
    await playground.tap((await playground.send(reply_markup=TAP))["message_id"])
    await receiver.until(lambda: receiver.got)
    assert receiver.got[0]["callback_query"]["data"] == "1f.3.deficit.none"
    assert receiver.headers[0]["X-Telegram-Bot-Api-Secret-Token"] == SECRET
    assert receiver.headers[0]["Content-Type"] == "application/json"


async def test_without_a_secret_there_is_no_header(playground: RunningPlayground, receiver: Receiver) -> None:
    await playground.call("setWebhook", url=receiver.url)
    await playground.say("a")
    await receiver.has("a")
    assert "X-Telegram-Bot-Api-Secret-Token" not in receiver.headers[0]


async def test_an_update_comes_again_until_it_is_confirmed_by_any_2xx(
    playground: RunningPlayground, receiver: Receiver
) -> None:
    receiver.answers += [says(503), says(302), says(404), says(204)]
    await playground.call("setWebhook", url=receiver.url)
    await playground.say("a")
    await playground.say("b")
    await receiver.has("a", "a", "a", "a", "b")
    await nothing_waits(playground)
    assert len({update["update_id"] for update in receiver.got}) == 2
    told = await info(playground)
    assert told["last_error_message"] == "Wrong response from the webhook: 404 Not Found"
    assert told["last_error_date"] == int(playground.clock.now)


async def pauses(number: int, receiver: Receiver) -> list[float]:
    """Let so many deliveries fail, and give the seconds after each."""
    paused: list[float] = []

    async def sleep(seconds: float) -> None:
        paused.append(seconds)
        if len(paused) == number:
            await asyncio.Event().wait()

    async with running_playground(sleep=sleep, second=1) as playground:
        await playground.call("setWebhook", url=receiver.url)
        await playground.say("a")
        await receiver.until(lambda: len(paused) == number)
    return paused


async def test_a_failed_delivery_is_repeated_at_once_and_then_after_pauses_that_grow_to_a_minute_or_two(
    receiver: Receiver,
) -> None:
    receiver.status = 500
    paused = await pauses(9, receiver)
    assert paused[:6] == [0, 2, 4, 8, 16, 32]
    assert 60 <= min(paused[6:]) <= max(paused[6:]) <= 120


async def test_a_bot_that_says_when_to_come_again_is_heeded_for_an_hour_at_most(receiver: Receiver) -> None:
    receiver.answers += [web.Response(status=503, headers={"Retry-After": after}) for after in ("7", "90000", "soon")]
    receiver.status = 500
    assert await pauses(4, receiver) == [7, 3600, 2, 4]


async def test_a_bot_that_is_down_gets_everything_when_it_is_back(playground: RunningPlayground) -> None:
    async with receiving() as gone:
        port = int(gone.url.split(":")[2].removesuffix("/hook"))
    await playground.call("setWebhook", url=gone.url)
    for text in "abc":
        await playground.say(text)
    await gone.until(lambda: playground.world.webhook.info().get("last_error_message"))
    assert (await info(playground))["last_error_message"] == "Connection refused"
    assert (await info(playground))["pending_update_count"] == 3
    async with receiving(port) as back:
        await back.has(*"abc")
        await nothing_waits(playground)


async def test_a_bot_that_hangs_up_gets_the_update_again(playground: RunningPlayground, receiver: Receiver) -> None:
    receiver.cuts = 1
    await playground.call("setWebhook", url=receiver.url)
    await playground.say("a")
    await receiver.has("a", "a")
    assert (await info(playground))["last_error_message"] == "Connection closed"


async def test_an_update_that_is_a_day_old_is_given_up(playground: RunningPlayground, receiver: Receiver) -> None:
    receiver.status = 500
    await playground.call("setWebhook", url=receiver.url)
    await playground.say("a")
    await receiver.until(lambda: len(receiver.got) > 1)
    playground.clock.now += 24 * 60 * 60 - 1
    seen = len(receiver.got)
    await receiver.until(lambda: len(receiver.got) > seen)
    assert playground.world.updates.waiting == 1
    playground.clock.now += 2
    await nothing_waits(playground)
    receiver.status = 200
    await playground.say("b")
    await receiver.until(lambda: receiver.texts[-1] == "b")


async def test_a_chat_that_is_stuck_holds_back_no_other(two_rooms: RunningPlayground, receiver: Receiver) -> None:
    door = receiver.doors[CHAT] = asyncio.Event()
    await two_rooms.call("setWebhook", url=receiver.url)
    await two_rooms.say("stuck")
    await two_rooms.say("behind it")
    for text in "abc":
        await two_rooms.say(text, ANOTHER.id)
    await receiver.has("stuck", *"abc")
    door.set()
    await receiver.has("stuck", *"abc", "behind it")


async def test_no_more_connections_are_open_than_the_bot_wants(
    two_rooms: RunningPlayground, receiver: Receiver
) -> None:
    for chat_id in (CHAT, ANOTHER.id):
        receiver.doors[chat_id] = asyncio.Event()
        await two_rooms.say("a", chat_id)
    await two_rooms.call("setWebhook", url=receiver.url, max_connections=1)
    await receiver.until(lambda: receiver.got)
    await asyncio.sleep(0.05)
    for door in receiver.doors.values():
        door.set()
    await receiver.until(lambda: len(receiver.got) == 2)
    await nothing_waits(two_rooms)
    assert receiver.most_inside == 1

    for door in receiver.doors.values():
        door.clear()
    await hook_later(two_rooms, url=receiver.url, max_connections=2)
    for chat_id in (CHAT, ANOTHER.id):
        await two_rooms.say("b", chat_id)
    await receiver.until(lambda: receiver.most_inside == 2)


async def test_updates_can_be_spread_over_replicas() -> None:
    async with receiving() as one, receiving() as two:
        choose = partial(random.Random(7).choice, (one.url, two.url))  # noqa: S311 - the same each time
        async with running_playground(deliver_to=choose) as playground:
            await playground.call("setWebhook", url="https://spinemets.example/hook", secret_token=SECRET)
            for number in range(20):
                await playground.say(str(number))
            await nothing_waits(playground)
        assert sorted(one.texts + two.texts, key=int) == [str(number) for number in range(20)]
        assert one.texts
        assert two.texts
        assert two.headers[0]["X-Telegram-Bot-Api-Secret-Token"] == SECRET


def lane_of(update: dict[str, Any]) -> str:
    """Name an update by its kind and who is behind it."""
    kind, body = next((kind, body) for kind, body in update.items() if kind != "update_id")
    return f"{kind} {body.get('from', body.get('user', {})).get('first_name', '')}".strip()


async def test_two_people_who_tap_one_card_of_a_group_reach_the_bot_side_by_side(receiver: Receiver) -> None:
    async with running_playground(rooms=START) as playground:
        card = await playground.call("sendMessage", chat_id=BOARD, text="a card", reply_markup=TAP)
        door = receiver.doors[0] = asyncio.Event()
        await playground.call("setWebhook", url=receiver.url)
        place = {"message_id": card["message_id"], "chat_id": BOARD}
        for person in (DR_REYES, DR_REYES, DR_OKAFOR):
            await playground.tap(person_id=person.id, **place)
        await playground.say("/case", BOARD)
        await receiver.until(lambda: len(receiver.got) == 3)
        assert receiver.most_inside == 3, "the taps of the two, and beside them the message"
        assert sorted(map(lane_of, receiver.got)) == [
            "callback_query Dr. Okafor",
            "callback_query Dr. Reyes",
            "message Dr. Reyes",
        ]
        door.set()
        await nothing_waits(playground)
        assert lane_of(receiver.got[3]) == "callback_query Dr. Reyes", "one after the other"


async def test_votes_of_one_poll_come_in_order_and_hold_back_nothing_else(receiver: Receiver) -> None:
    async with running_playground(rooms=START) as playground:
        asked = {"chat_id": BOARD, "question": "x", "options": [{"text": "y"}, {"text": "z"}], "is_anonymous": False}
        polls = [await playground.call("sendPoll", **asked) for _ in range(2)]
        door = receiver.doors[0] = asyncio.Event()
        await playground.call("setWebhook", url=receiver.url, allowed_updates=["poll_answer", "chat_member"])
        playground.world.admin.set_bot(BOARD, "administrator")
        for poll in (*polls, polls[0]):
            await playground.vote(poll, DR_OKAFOR.id, 0)
        for person in (DR_OKAFOR, DR_LINDQVIST):
            playground.world.admin.leave(BOARD, person.id)
        await receiver.until(lambda: len(receiver.got) == 4)
        assert receiver.most_inside == 4
        votes = [update["poll_answer"]["poll_id"] for update in receiver.got if "poll_answer" in update]
        assert votes == [poll["poll"]["id"] for poll in polls]
        door.set()
        await nothing_waits(playground)
        assert receiver.got[4]["poll_answer"]["poll_id"] == votes[0]


# The method in the answer


async def test_a_method_in_the_answer_is_carried_out(receiver: Receiver) -> None:
    seen: list[tuple[str, Any]] = []
    async with running_playground(observe=lambda method, params, _: seen.append((method, params))) as playground:
        asked = {"method": "sendMessage", "chat_id": CHAT, "text": "in <b>answer</b>", "parse_mode": "HTML"}
        receiver.answers += [
            web.json_response(asked),
            web.Response(text="method=sendmessage&chat_id=1001&text=as+a+form", content_type=FORM),
        ]
        await playground.call("setWebhook", url=receiver.url)
        await playground.say("a")
        await playground.say("b")
        await nothing_waits(playground)
        messages = (await playground.state())["chats"][0]["messages"]
        assert {message["text"] for message in messages if message["from"]["is_bot"]} == {"in answer", "as a form"}
    assert [method for method, _ in seen] == ["setWebhook", "sendMessage", "sendMessage"]
    assert seen[1][1] == {key: value for key, value in asked.items() if key != "method"}


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.json_response({"method": "sendMessage", "chat_id": 5, "text": "to nobody"}),
        lambda: web.json_response({"method": "sendPoll", "chat_id": CHAT}),
        lambda: web.json_response({"method": "deleteWebhook"}),
        lambda: web.json_response({"method": "setWebhook", "url": ""}),
        lambda: web.json_response({"method": "getUpdates"}),
        lambda: web.json_response({"ok": True}),
        lambda: web.json_response(["sendMessage"]),
        lambda: web.Response(text="{", content_type="application/json"),
        lambda: web.Response(text="fine, thank you"),
    ],
)
async def test_an_answer_that_asks_for_nothing_that_can_be_done_confirms_all_the_same(
    playground: RunningPlayground, receiver: Receiver, answer: Callable[[], web.Response]
) -> None:
    receiver.answers.append(answer())
    await playground.call("setWebhook", url=receiver.url)
    await playground.say("a")
    await receiver.has("a")
    await nothing_waits(playground)
    assert (await info(playground))["url"] == receiver.url
    assert len((await playground.state())["chats"][0]["messages"]) == 1


async def test_a_method_in_an_answer_that_does_not_confirm_is_not_carried_out(
    playground: RunningPlayground, receiver: Receiver
) -> None:
    asked = {"method": "sendMessage", "chat_id": CHAT, "text": "no"}
    receiver.answers.append(web.json_response(asked, status=500))
    await playground.call("setWebhook", url=receiver.url)
    await playground.say("a")
    await receiver.has("a", "a")
    await nothing_waits(playground)
    assert len((await playground.state())["chats"][0]["messages"]) == 1


# Setting, telling and deleting


async def test_the_webhook_is_told_as_it_was_set(playground: RunningPlayground, receiver: Receiver) -> None:
    assert await info(playground) == {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
    assert await playground.call("setWebhook", url=receiver.url) is True
    assert (await info(playground))["max_connections"] == 40
    for asked, record in ((1000, 100), (-3, 1), (7, 7)):
        await hook_later(playground, url=receiver.url, max_connections=asked, allowed_updates=["callback_query"])
        assert await info(playground) == {
            "url": receiver.url,
            "has_custom_certificate": False,
            "pending_update_count": 0,
            "max_connections": record,
            "allowed_updates": ["callback_query"],
        }
    assert SECRET not in str(await info(playground))


async def test_only_what_is_allowed_is_delivered_and_that_outlives_the_webhook(
    playground: RunningPlayground, receiver: Receiver
) -> None:
    await playground.call("setWebhook", url=receiver.url, allowed_updates=["callback_query"])
    await playground.say("unheard")
    await playground.tap((await playground.send(reply_markup=TAP))["message_id"])
    await receiver.until(lambda: receiver.got)
    assert [list(update) for update in receiver.got] == [["update_id", "callback_query"]]
    await hook_later(playground, url=receiver.url, max_connections=3)
    assert (await info(playground))["allowed_updates"] == ["callback_query"]


async def test_who_has_a_webhook_cannot_poll(playground: RunningPlayground, receiver: Receiver) -> None:
    polled = asyncio.create_task(poll(playground, timeout=30))
    await receiver.until(lambda: playground.app.api.polling._waiting)
    await playground.call("setWebhook", url=receiver.url)
    assert await polled == (409, "Conflict: terminated by setWebhook request")
    assert await poll(playground) == (409, ACTIVE)
    async with telegram.Bot(TOKEN, base_url=f"{playground.url}/bot") as bot:
        with pytest.raises(telegram.error.Conflict, match="use deleteWebhook"):
            await bot.get_updates()
    await playground.call("deleteWebhook")
    assert await poll(playground) == (200, "")


async def poll(playground: RunningPlayground, **params: Any) -> tuple[int, str]:
    async with playground.session.post(f"{playground.bot_url}/getUpdates", json=params) as response:
        return response.status, (await response.json()).get("description", "")


@pytest.mark.parametrize("way", [{"method": "deleteWebhook"}, {"method": "setWebhook", "url": ""}])
async def test_what_was_not_delivered_can_be_polled_once_the_webhook_is_deleted(
    playground: RunningPlayground, receiver: Receiver, way: dict[str, str]
) -> None:
    receiver.status = 500
    await playground.call("setWebhook", url=receiver.url)
    await playground.say("a")
    await receiver.until(lambda: receiver.got)
    await playground.call(**way)
    assert [update["message"]["text"] for update in await playground.updates()] == ["a"]
    seen = len(receiver.got)
    await asyncio.sleep(0.05)
    assert len(receiver.got) == seen


async def test_what_waits_can_be_dropped_with_a_new_webhook_or_an_old_one(
    playground: RunningPlayground, receiver: Receiver
) -> None:
    receiver.status = 500
    await playground.say("dropped at first")
    await playground.call("setWebhook", url=receiver.url, drop_pending_updates=True)
    await playground.say("dropped later")
    await playground.say("dropped in the lane")
    await receiver.until(lambda: receiver.got)
    await hook_later(playground, url=receiver.url, drop_pending_updates=True)
    receiver.status = 200
    await playground.say("kept")
    await receiver.until(lambda: receiver.texts[-1] == "kept")
    assert set(receiver.texts) == {"dropped later", "kept"}


async def test_a_new_webhook_gets_what_the_old_one_did_not_take(
    playground: RunningPlayground, receiver: Receiver
) -> None:
    receiver.doors[CHAT] = asyncio.Event()
    await playground.call("setWebhook", url=receiver.url)
    await playground.say("a")
    await playground.say("b")
    await receiver.has("a")
    async with receiving() as new:
        await hook_later(playground, url=new.url)
        await new.has("a", "b")
        await nothing_waits(playground)


async def test_a_webhook_is_set_once_a_second(playground: RunningPlayground, receiver: Receiver) -> None:
    await playground.call("setWebhook", url=receiver.url)
    too_many = {"error_code": 429, "description": "Too Many Requests: retry after 1", "parameters": {"retry_after": 1}}
    async with playground.session.post(
        f"{playground.bot_url}/setWebhook", json={"url": "https://example.com"}
    ) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "1")
        assert await response.json() == {"ok": False} | too_many
    assert (await info(playground))["url"] == receiver.url
    await playground.call("setWebhook", url="")
    await playground.call("deleteWebhook")
    playground.clock.now += 1
    assert await playground.call("setWebhook", url=receiver.url)


async def test_to_set_the_same_webhook_again_disturbs_nothing(
    playground: RunningPlayground, receiver: Receiver
) -> None:
    door = receiver.doors[CHAT] = asyncio.Event()
    await playground.call("setWebhook", url=receiver.url)
    await playground.say("a")
    await receiver.has("a")
    await hook_later(playground, url=receiver.url)
    door.set()
    await nothing_waits(playground)
    await receiver.has("a")


async def test_the_webhook_and_what_waits_for_it_survive_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    receiver.status = 503
    async with running_playground(tmp_path / "play.db") as playground:
        await playground.call("setWebhook", url=receiver.url, secret_token=SECRET, max_connections=3)
        await playground.say("a")
        await playground.say("b")
        await receiver.until(lambda: receiver.got)
    receiver.status = 200
    receiver.got.clear()
    async with running_playground(tmp_path / "play.db") as playground:
        await receiver.has("a", "b")
        assert receiver.headers[-1]["X-Telegram-Bot-Api-Secret-Token"] == SECRET
        await nothing_waits(playground)
        assert ((await info(playground))["url"], (await info(playground))["max_connections"]) == (receiver.url, 3)
        await playground.call("deleteWebhook")
    async with running_playground(tmp_path / "play.db") as playground:
        assert (await info(playground))["url"] == ""


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"url": "http://example.com/hook"}, refused(ACTOR, "bad webhook: An HTTPS URL must be provided for webhook")),
        ({"url": "ftp://127.0.0.1/hook"}, refused(ACTOR, "bad webhook: An HTTPS URL must be provided for webhook")),
        (
            {"url": "http://127.0.0.1.example.com/"},
            refused(ACTOR, "bad webhook: An HTTPS URL must be provided for webhook"),
        ),
        (
            {"url": "https://example.com:8080/hook"},
            refused(ACTOR, "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"),
        ),
        ({"url": "example.com"}, refused(CLIENT, "invalid webhook URL specified")),
        ({"url": "https://example.com:port/"}, refused(CLIENT, "invalid webhook URL specified")),
        ({"url": "https://[/"}, refused(CLIENT, "invalid webhook URL specified")),
        ({"secret_token": "a b"}, refused(CLIENT, "secret token contains unallowed characters")),
        ({"secret_token": "ä"}, refused(CLIENT, "secret token contains unallowed characters")),
        ({"secret_token": "a\n"}, refused(CLIENT, "secret token contains unallowed characters")),
        ({"secret_token": "a" * 257}, refused(CLIENT, "secret token is too long")),
        ({"allowed_updates": {"a": 1}}, refused(OWN, "not offered here: allowed_updates that is no Array")),
    ],
)
async def test_what_telegram_refuses_is_refused_and_changes_nothing(
    playground: RunningPlayground, params: dict[str, Any], words: str
) -> None:
    await playground.say("a")
    asked = {"url": "https://example.com/hook", "drop_pending_updates": True} | params
    assert await playground.refusal("setWebhook", **asked) == words
    assert await info(playground) == {"url": "", "has_custom_certificate": False, "pending_update_count": 1}


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook",
        "https://example.com:8443/hook?x=1",
        "https://127.0.0.1:9/",
        "http://localhost:9/hook",
        "http://[::1]:9/hook",
    ],
)
async def test_what_telegram_takes_is_taken_and_http_on_this_machine(playground: RunningPlayground, url: str) -> None:
    await playground.call("setWebhook", url=url, secret_token="a" * 256)
    assert (await info(playground))["url"] == url


async def test_an_unchanged_bot_sets_and_deletes_its_webhook(
    playground: RunningPlayground, receiver: Receiver
) -> None:
    async with telegram.Bot(TOKEN, base_url=f"{playground.url}/bot") as bot:
        assert await bot.set_webhook(receiver.url, allowed_updates=["message"], secret_token=SECRET)
        told = await bot.get_webhook_info()
        assert (told.url, told.max_connections, told.allowed_updates) == (receiver.url, 40, ("message",))
        assert await bot.delete_webhook()
    assert not playground.app.api.ignored_params


async def test_the_page_sees_whether_deliveries_arrive(playground: RunningPlayground, receiver: Receiver) -> None:
    receiver.answers += [says(200), says(500), says(500)]
    await playground.call("setWebhook", url=receiver.url)
    alive: list[bool] = []
    async with playground.events() as heard:
        for text in "ab":
            await playground.say(text)
        while len(alive) < 3:
            event, data = await heard.get()
            alive += [data["bot_alive"]] if event == "alive" else []
    assert alive == [True, False, True]
    await playground.call("deleteWebhook")
    assert (await playground.state())["bot_alive"] is False


async def test_the_server_stops_at_once_in_the_midst_of_deliveries(receiver: Receiver) -> None:
    receiver.doors[CHAT] = asyncio.Event()
    async with running_playground() as playground:
        await playground.call("setWebhook", url=receiver.url)
        await playground.say("a")
        await receiver.has("a")
        begun = time.monotonic()
    assert time.monotonic() - begun < 1


def test_a_world_without_a_loop_can_have_a_delivery() -> None:
    world = FakeTelegram()
    WebhookDelivery(world)
    assert world.say(CHAT, "a")
    world.close()
