"""What the tests of hardship share: a scripted Telegram, hours that pass at once, a store in line."""

from __future__ import annotations

import asyncio
import io
import itertools
import selectors
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import orjson
import pytest
import structlog
from empty_database import empty_database
from telegram import User
from telegram.request import BaseRequest, RequestData

from bot.service.policies import AccessPolicy
from bot.service.ports import Storage, UnitOfWork
from bot.service.retention import RetentionPolicy
from bot.service.services import build_services
from bot.storage.factory import create_storage, parse_database_url
from bot.storage.transactions import Transactions
from bot.telegram.application import TelegramApplication
from bot.telegram.client import TelegramBot
from bot.telegram.metrics.observers import Observation
from bot.telegram.request import AiohttpRequest
from flows.notes.on_demand import load as load_note_reader
from flows.pathways.registry import flow_registry

Result = TypeVar("Result")
Fields = dict[str, Any]
Script = Callable[[str, Fields], Awaitable["Fields | None"]]
"""Is asked before each call; what it gives is answered instead."""

LAST = "test_every_byte.py"
"""Looks at what all others have written."""

MOST_TRACED = 30
"""Cases of one test."""

Report = Callable[[str], None]
REPORTED = "reported"
DONE = "done"
"""The file that a process leaves in its folder when it has no more tests."""

PLANTED_TOKEN = "4242:planted-Token_that-must-never-leak"  # noqa: S105 - planted, to be looked for
SECRET_PART = PLANTED_TOKEN.partition(":")[2]
WELL: Fields = {"ok": True, "result": True}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slow tests, end with the one that is last, and choose what coverage traces.

    Tracing makes a test three times slower: slow tests are not traced, nor is any case of a test behind the thirtieth,
    which reach the same lines.
    """
    items.sort(key=lambda item: (item.path.name == LAST, item.get_closest_marker("slow") is None))
    cases: Counter[str] = Counter()
    for item in items:
        test, _, _ = item.nodeid.partition("[")
        cases[test] += 1
        if item.get_closest_marker("slow") or cases[test] > MOST_TRACED:
            item.add_marker("untraced")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Run a test that is not to be traced without the trace functions of its thread and of new ones.

    The marker of pytest-cov is not used: in the processes of pytest-xdist it stops nothing, and it starts another
    tracer behind this one, which would then be lost.
    """
    tracing = sys.gettrace(), threading.gettrace()
    if item.get_closest_marker("untraced"):
        sys.settrace(None)
        threading.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracing[0])
        threading.settrace(tracing[1])


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Report:
    """What prints, at the end of the run, how much a test has done: a test that did nothing proves nothing."""
    return lambda text: record_property(REPORTED, text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests have reported."""
    runs = [run for runs in terminalreporter.stats.values() for run in runs if isinstance(run, pytest.TestReport)]
    for text in [text for run in runs if run.when == "call" for name, text in run.user_properties if name == REPORTED]:
        terminalreporter.write_line(str(text))


@pytest.fixture(scope="session", autouse=True)
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Leave a file once this process has no more tests, for the test that looks at what all processes wrote."""
    yield
    (tmp_path_factory.getbasetemp() / DONE).touch()


def refused(code: int, description: str, **parameters: int) -> Fields:
    """Answer as Telegram refuses."""
    return {"ok": False, "error_code": code, "description": description, "parameters": parameters or None}


@dataclass
class Call:
    """A call of the bot, as Telegram got it."""

    at: float
    method: str
    params: Fields
    well: bool

    @property
    def text(self) -> str:
        return str(self.params.get("text", ""))

    @property
    def chat(self) -> int:
        return int(self.params.get("chat_id", 0))


class ScriptedTelegram(BaseRequest):
    """Telegram behind the library's transport: updates wait, messages get numbers, a script may interfere.

    `raw` is asked before that; the bytes that it gives are answered as they are, with 200.
    """

    def __init__(self, script: Script | None = None) -> None:
        self.script = script
        self.calls: list[Call] = []
        self.heard = True
        self.raw: Callable[[str, Fields], Awaitable[bytes | None]] | None = None
        self.waiting: list[Fields] = []
        self.screens: dict[tuple[int, int], Fields] = {}
        self.photos: dict[tuple[int, int], Fields] = {}
        self.documents: dict[tuple[int, int], Fields] = {}
        self._messages = itertools.count(1000)
        self._updates = itertools.count(1)
        self._news = asyncio.Event()

    @property
    def read_timeout(self) -> float:
        return 10.0

    async def initialize(self) -> None: ...

    async def shutdown(self) -> None: ...

    parse_json_payload = staticmethod(AiohttpRequest.parse_json_payload)

    async def do_request(
        self,
        url: str,
        method: str,  # noqa: ARG002 - always POST
        request_data: RequestData | None = None,
        read_timeout: Any = None,  # noqa: ARG002
        write_timeout: Any = None,  # noqa: ARG002
        connect_timeout: Any = None,  # noqa: ARG002
        pool_timeout: Any = None,  # noqa: ARG002
    ) -> tuple[int, bytes]:
        name = url.rpartition("/")[2]
        params = dict(request_data.parameters) if request_data else {}
        orjson.dumps(params)  # as the wire does: what cannot be written is not sent
        raw = await self.raw(name, params) if self.raw else None
        if raw is not None:
            self.calls.append(Call(asyncio.get_running_loop().time(), name, params, well=True))
            return 200, raw
        answer = await self.script(name, params) if self.script else None
        if answer is None:
            files = request_data.multipart_data if request_data else {}
            answer = await self._carried_out(name, params, list(files.values()))
        if self.heard:
            well = bool(answer.get("ok"))
            self.calls.append(Call(asyncio.get_running_loop().time(), name, params, well))
        return answer.get("error_code", 200), orjson.dumps(answer)

    async def _carried_out(self, name: str, params: Fields, uploads: list[tuple[str, Any, str]]) -> Fields:
        names, files = [name for name, _, _ in uploads], [content for _, content, _ in uploads]
        match name:
            case "getMe":
                return {"ok": True, "result": {"id": 4242, "is_bot": True, "first_name": "b", "username": "b"}}
            case "getUpdates":
                return {"ok": True, "result": await self._polled(params)}
            case "sendMessage":
                number = next(self._messages)
                self.screens[int(params["chat_id"]), number] = params
                return {"ok": True, "result": {"message_id": number}}
            case "sendPhoto" | "editMessageMedia":
                number = int(params.get("message_id") or next(self._messages))
                self.photos[int(params["chat_id"]), number] = {**params, **params.get("media", {}), "file": files[0]}
                return {"ok": True, "result": {"message_id": number}}
            case "sendDocument":
                number = next(self._messages)
                self.documents[int(params["chat_id"]), number] = {**params, "file": files[0], "name": names[0]}
                return {"ok": True, "result": {"message_id": number}}
            case "deleteMessage":
                self.documents.pop((int(params["chat_id"]), int(params["message_id"])), None)
                self.photos.pop((int(params["chat_id"]), int(params["message_id"])), None)
            case "getChatMember":
                return {"ok": True, "result": {"status": "member", "user": person(int(params["user_id"]))}}
            case "editMessageText":
                self.screens[int(params["chat_id"]), int(params["message_id"])] = params
        return WELL

    async def _polled(self, params: Fields) -> list[Fields]:
        self.waiting = [update for update in self.waiting if update["update_id"] >= params["offset"]]
        if not self.waiting:
            self._news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), params["timeout"])
        return self.waiting[:100]

    def deliver(self, *updates: Fields) -> None:
        """Have updates wait for the bot."""
        self.waiting += updates
        self._news.set()

    def number(self) -> int:
        """Draw an update id."""
        return next(self._updates)

    def writes(self, user: int, text: str, **more: Any) -> Fields:
        """A person writes."""
        return {"update_id": self.number(), "message": message(user, 5) | {"from": person(user), "text": text} | more}

    def taps(self, user: int, at: int, data: str, query: str = "") -> Fields:
        """A person taps."""
        update_id = self.number()
        query = query or f"q{update_id}"
        tapped = {"id": query, "from": person(user), "chat_instance": "1", "data": data, "message": message(user, at)}
        return {"update_id": update_id, "callback_query": tapped}

    def of(self, *methods: str) -> list[Call]:
        """Give the calls of some methods that were granted."""
        return [call for call in self.calls if call.method in methods and call.well]

    def toasts(self) -> dict[str, str]:
        """Give what each tap was answered."""
        return {str(call.params["callback_query_id"]): call.text for call in self.of("answerCallbackQuery")}

    def newest(self, chat: int) -> tuple[int, Fields]:
        """Give the newest message of a chat."""
        return max((number, screen) for (place, number), screen in self.screens.items() if place == chat)

    def button(self, chat: int, label: str) -> tuple[int, str]:
        """Find a button of the newest message of a chat; give the message and the callback data."""
        number, screen = self.newest(chat)
        return number, data_of(screen, label)


def data_of(screen: Fields, label: str) -> str:
    """Find a button by the beginning of its label."""
    buttons = [button for row in screen["reply_markup"]["inline_keyboard"] for button in row]
    found = [str(button["callback_data"]) for button in buttons if button["text"].startswith(label)]
    assert found, (label, [button["text"] for button in buttons])
    return found[0]


def person(user: int, name: str = "x") -> Fields:
    return {"id": user, "is_bot": False, "first_name": name}


def message(chat: int, number: int, kind: str = "private") -> Fields:
    return {"message_id": number, "date": 1_800_000_000, "chat": {"id": chat, "type": kind}}


class InlineStorage:
    """The tables of the real store, each transaction carried out where it is called: no thread, the same each time."""

    def __init__(self, url: str) -> None:
        open_and_close(url)
        database = parse_database_url(url)
        connection = database.engine.connect()
        if url.startswith("sqlite"):
            raw: Any = connection.connection.driver_connection
            raw.execute("PRAGMA synchronous = OFF")  # a process may die here, the power does not fail
        self._transactions = Transactions(connection, database)

    async def transact(self, work: Callable[[UnitOfWork], Result]) -> Result:
        await asyncio.sleep(0)
        (outcome,) = self._transactions.execute_batch([work])
        if outcome.error:
            raise outcome.error
        result: Result = outcome.value
        return result

    async def close(self) -> None:
        self._transactions.close()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[TelegramBot]:
    """Make a bot of a server that can call it, and has not asked yet who it is."""
    async with AiohttpRequest() as request:
        yield TelegramBot(PLANTED_TOKEN, url, request)


def open_and_close(url: str) -> None:
    """Bring a database up to date."""
    with asyncio.Runner() as runner:
        store = create_storage(url)
        runner.run(store.close())


class _Instant(selectors.DefaultSelector):
    """Waits for nothing: where all would sleep, the time is put forward to when the first one wakes."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(5 if timeout is None else 0)
        assert ready or timeout is not None, "nothing would ever happen again"
        if not ready and timeout:
            self.loop.now += timeout + 1e-6
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose hours pass at once."""

    def __init__(self) -> None:
        self.now = 1_000.0
        selector = _Instant()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now


def virtually(work: Coroutine[Any, Any, Result], *, within: float = 100_000.0) -> Result:
    """Do something in virtual time, within so many virtual seconds."""

    async def bounded() -> Result:
        async with asyncio.timeout(within):
            return await work

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(bounded())


class Wall:
    """A clock on the wall, which can be set."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


@dataclass
class BotHarness:
    """A whole channel on a scripted Telegram."""

    telegram: ScriptedTelegram
    store: Storage
    application: TelegramApplication
    log: io.StringIO
    wall: Wall = field(default_factory=Wall)
    said: list[str] = field(default_factory=list)

    def events(self) -> Counter[str]:
        """Count what was logged."""
        return Counter(str(orjson.loads(line)["event"]) for line in self.log.getvalue().splitlines())

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        while under_way := self._under_way():
            await asyncio.wait(under_way)
        assert not self.application._outbox._workers, "a queue has ended and was not taken away"

    def _under_way(self) -> set[asyncio.Task[None]]:
        """Return what is under way: to wait for it costs less than to look every hundredth of a second."""
        background, outbox = self.application._tasks, self.application._outbox
        flush = [outbox._flush_task] if outbox._flush_task else []
        return {task for task in (*background._tasks, *outbox._workers.values(), *flush) if not task.done()}

    async def accept(self, *updates: Fields) -> None:
        """Bring updates as one batch, and wait until all is done."""
        await self.application.receiver.accept(list(updates))
        await self.settled()

    async def tap(self, user: int, label: str) -> str:
        """Tap a button of the newest message; give what was said in passing."""
        number, data = self.telegram.button(user, label)
        update = self.telegram.taps(user, number, data)
        await self.accept(update)
        return self.telegram.toasts()[update["callback_query"]["id"]]

    async def begun(self, user: int) -> None:
        """Begin a case."""
        await self.accept(self.telegram.writes(user, "/new"))


@asynccontextmanager
async def running(
    harness: BotHarness, life: Coroutine[Any, Any, None] | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    """Run the bot by polling meanwhile, or in another way."""
    task = asyncio.create_task(life or harness.application.run_polling())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def drawn_at_once(drawing: Fields) -> bytes:
    """Draw nothing, at once: the words of a picture in place of its bytes."""
    return orjson.dumps(drawing)


async def set_at_once(_: str, page: Fields) -> bytes:
    """Set nothing, at once: the words of a page in place of its bytes."""
    return orjson.dumps(page)


async def claimed(store: Storage) -> Storage:
    """Have a store claimed by the bot of a rig, as every start does."""
    await store.transact(lambda uow: uow.claim_for_bot(PLANTED_TOKEN.partition(":")[0]))
    return store


class ReadyApplication(TelegramApplication):
    """A channel that handles updates before it was started, as if it had asked who it is."""

    def __init__(self, bot: TelegramBot, *parts: Any) -> None:
        super().__init__(bot, *parts)
        self._application._initialized = True
        bot._bot_user = User(4242, "b", is_bot=True, username="b")

    async def _run(self, *hook: Any) -> None:
        self._application._initialized = False
        await super()._run(*hook)


def bot_harness(
    store: Storage,
    script: Script | None = None,
    clock: Callable[[], float] | None = None,
    access: AccessPolicy | None = None,
    observation: Observation | None = None,
    bot: TelegramBot | None = None,
) -> BotHarness:
    """Put a channel together on a store; in a running loop. It may have a bot of its own."""
    load_note_reader()  # in virtual time hours would pass while a thread does it
    telegram, wall, log = ScriptedTelegram(script), Wall(), io.StringIO()
    numbers = itertools.count(0xA000)
    offered = flow_registry()
    both = build_services(offered, wall, lambda: f"{next(numbers):x}")
    logger = structlog.wrap_logger(structlog.PrintLogger(log), processors=[structlog.processors.JSONRenderer()])
    steady = clock or asyncio.get_running_loop().time
    transport = observation.observe_request(telegram) if observation else telegram
    application = ReadyApplication(
        bot or TelegramBot(PLANTED_TOKEN, "http://nowhere", transport),
        observation.observe_storage(store) if observation else store,
        both,
        offered.catalog,
        observation.observe_log(logger) if observation else logger,
        access or AccessPolicy(),
        RetentionPolicy(),
        steady,
        wall,
        drawn_at_once,
        set_at_once,
    )
    return BotHarness(telegram, store, application, log, wall)


@contextmanager
def virtual_bot_harness(
    folder: Path,
    script: Script | None = None,
    access: AccessPolicy | None = None,
    observation: Observation | None = None,
) -> Iterator[tuple[Callable[..., Any], BotHarness]]:
    """A rig on SQLite, in line, in virtual time; gives what runs something there, and the rig."""
    store = InlineStorage(empty_database(folder))
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:

        async def made() -> BotHarness:
            return bot_harness(await claimed(store), script, access=access, observation=observation)

        harness = runner.run(made())

        def run(work: Coroutine[Any, Any, Any], within: float = 100_000.0) -> Any:
            return runner.run(asyncio.wait_for(work, within))

        yield run, harness
        runner.run(store.close())
