"""What `/metrics` counts: what the bot does and how fast, never a person, a chat or a case."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from browser import free_port
from commands import Spinemets, ended
from conftest import PLANTED_TOKEN, BotHarness, Fields, data_of, refused, virtual_bot_harness
from local_bot_api import running_playground
from prometheus_client.parser import text_string_to_metric_families

from bot.service.ports import NotSaved
from bot.telegram.health import Health
from bot.telegram.metrics.metrics import Metrics
from bot.telegram.metrics.observers import Observation
from bot.telegram.receiving.http_server import serve
from bot.telegram.receiving.webhook import create_webhook_app
from flows.catalog.loader import catalog
from flows.pathways.registry import flow_registry

ANNE, BEN = 700_700_701, 700_700_702
TO_THE_END = ("T8", "Only T8", "Fit", "None", "Body only", "Limited", "None")

Run = Callable[..., Any]


class Observed:
    """A bot whose metrics are read."""

    def __init__(self, run: Run, harness: BotHarness, observation: Observation) -> None:
        self.run = run
        self.harness = harness
        self.observation = observation

    def page(self) -> str:
        return str(self.run(self.observation.page(self.harness.application.health)).decode())

    def samples(self) -> dict[str, float]:
        """Return every number of the page, by name and labels."""
        found: dict[str, float] = {}
        for family in text_string_to_metric_families(self.page()):
            for sample in family.samples:
                labels = ",".join(f"{key}={value}" for key, value in sample.labels.items())
                found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
        return found

    def answer(self, user: int, *labels: str) -> None:
        async def taps() -> None:
            for label in labels:
                await self.harness.tap(user, label)

        self.run(taps())

    def accept(self, *updates: Fields) -> None:
        self.run(self.harness.accept(*updates))


def observation_by(clock: Callable[[], float]) -> Observation:
    return Observation(Metrics(flow_registry().flow(), clock, "0.1.0", catalog().edition))


@pytest.fixture
def script() -> list[Callable[[str, Fields], Fields | None]]:
    """What Telegram answers in place of what it would."""
    return []


@pytest.fixture
def observed(tmp_path: Path, script: list[Callable[[str, Fields], Fields | None]]) -> Iterator[Observed]:
    async def answered(method: str, params: Fields) -> Fields | None:
        return script[0](method, params) if script else None

    observation = observation_by(lambda: asyncio.get_running_loop().time())
    with virtual_bot_harness(tmp_path, answered, observation=observation) as (run, harness):
        yield Observed(run, harness, observation)


def test_updates_taps_and_screens_are_counted(observed: Observed) -> None:
    observed.run(observed.harness.begun(ANNE))
    observed.answer(ANNE, *TO_THE_END, "All options")
    samples = observed.samples()
    assert samples["spinemets_updates_total"] == 1 + len(TO_THE_END) + 1
    assert samples["spinemets_taps_total{outcome=counted}"] == len(TO_THE_END)
    assert samples["spinemets_taps_total{outcome=shown}"] == 1
    assert samples["spinemets_screen_seconds_count"] == 1 + len(TO_THE_END) + 1
    assert samples["spinemets_api_calls_total{method=answerCallbackQuery,status=200}"] == len(TO_THE_END) + 1
    assert samples["spinemets_open_cases{kind=private}"] == 1
    assert samples["spinemets_open_cases{kind=team}"] == 0
    assert samples["spinemets_database_up"] == 1
    assert samples[f"spinemets_info{{edition={catalog().edition},version=0.1.0}}"] == 1


def test_a_recommendation_is_counted_each_time_that_a_case_becomes_complete(observed: Observed) -> None:
    observed.run(observed.harness.begun(ANNE))
    observed.answer(ANNE, *TO_THE_END[:-1])
    assert not any(name.startswith("spinemets_recommendations_total") for name in observed.samples())
    observed.answer(ANNE, TO_THE_END[-1])
    once = observed.samples()
    assert once["spinemets_recommendations_total{headline=posterior_mis}"] == 1
    observed.answer(ANNE, "‹ Back")
    assert observed.samples()["spinemets_recommendations_total{headline=posterior_mis}"] == 1
    observed.answer(ANNE, TO_THE_END[-1])
    assert observed.samples()["spinemets_recommendations_total{headline=posterior_mis}"] == 2
    observed.run(observed.harness.begun(BEN))
    observed.answer(BEN, "T8", "Only T8", "Unfit: comorbidities")
    assert observed.samples()["spinemets_recommendations_total{headline=nonoperative}"] == 1


def test_a_refused_pace_shows_in_the_calls_and_in_the_wait_for_the_screen(
    observed: Observed, script: list[Callable[[str, Fields], Fields | None]]
) -> None:
    observed.run(observed.harness.begun(ANNE))
    left = [3]

    def slow(method: str, _: Fields) -> Fields | None:
        if method != "editMessageText" or not left[0]:
            return None
        left[0] -= 1
        return refused(429, "Too Many Requests: retry after 5", retry_after=5)

    script.append(slow)
    observed.answer(ANNE, "T8")
    samples = observed.samples()
    assert samples["spinemets_api_calls_total{method=editMessageText,status=429}"] == 3
    assert samples["spinemets_screen_seconds_sum"] >= 15
    assert samples["spinemets_screen_seconds_bucket{le=10.0}"] == samples["spinemets_screen_seconds_count"] - 1
    assert samples["spinemets_log_events_total{event=not_shown}"] == 3


def test_what_waits_to_be_sent_has_a_depth_and_an_age(
    observed: Observed, script: list[Callable[[str, Fields], Fields | None]]
) -> None:
    observed.run(observed.harness.begun(ANNE))
    assert observed.samples()["spinemets_outbox_messages"] == 0
    assert observed.samples()["spinemets_outbox_oldest_seconds"] == 0
    script.append(lambda method, _: refused(502, "Bad Gateway") if method == "editMessageText" else None)
    number, data = observed.harness.telegram.button(ANNE, "T8")

    async def waits() -> None:
        await observed.harness.application.receiver.accept([observed.harness.telegram.taps(ANNE, number, data)])
        await asyncio.sleep(100)

    observed.run(waits())
    samples = observed.samples()
    assert samples["spinemets_outbox_messages"] == 1
    assert samples["spinemets_outbox_oldest_seconds"] == pytest.approx(100, abs=1)
    script.clear()
    observed.run(observed.harness.settled())
    assert observed.samples()["spinemets_outbox_messages"] == 0


def test_what_is_set_aside_is_counted_and_stays_to_be_seen(
    observed: Observed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    observed.run(observed.harness.begun(ANNE))
    monkeypatch.setattr(observed.harness.application._housekeeping._private, "command", fail)
    observed.accept(observed.harness.telegram.writes(ANNE, "/new"))
    samples = observed.samples()
    assert samples["spinemets_updates_set_aside_total"] == 1
    assert samples["spinemets_dead_letters"] == 1
    assert samples["spinemets_log_events_total{event=set_aside}"] == 1


def test_a_forged_tap_is_counted_and_changes_no_case(observed: Observed) -> None:
    observed.run(observed.harness.begun(ANNE))
    number, data = observed.harness.telegram.button(ANNE, "T8")
    assert data_of(observed.harness.telegram.newest(ANNE)[1], "T8") == data
    observed.accept(observed.harness.telegram.taps(ANNE, number, "no button of ours"))
    samples = observed.samples()
    assert samples["spinemets_log_events_total{event=forged_tap}"] >= 1
    assert samples["spinemets_taps_total{outcome=answered}"] == 1
    assert "spinemets_taps_total{outcome=counted}" not in samples


def test_a_database_that_is_away_leaves_the_rest_of_the_page(
    observed: Observed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: object) -> None:
        raise NotSaved("planted")

    observed.run(observed.harness.begun(ANNE))
    monkeypatch.setattr(observed.harness.store, "transact", away)
    samples = observed.samples()
    assert samples["spinemets_database_up"] == 0
    assert samples["spinemets_outbox_messages"] != samples["spinemets_outbox_messages"], "it is not a number"
    assert not any(name.startswith("spinemets_open_cases") for name in samples)
    assert samples["spinemets_updates_total"] == 1


def test_the_health_of_the_bot_is_on_the_page(observed: Observed) -> None:
    before = observed.samples()
    assert (before["spinemets_well"], before["spinemets_ready"], before["spinemets_can_save"]) == (0, 0, 1)
    observed.harness.application.health.ready()
    observed.run(observed.harness.begun(ANNE))
    observed.run(asyncio.sleep(7))
    after = observed.samples()
    assert (after["spinemets_well"], after["spinemets_ready"]) == (1, 1)
    assert after["spinemets_seconds_since_commit"] == pytest.approx(7, abs=1)
    assert after["spinemets_seconds_since_poll"] != after["spinemets_seconds_since_poll"], "it has not polled"


def test_no_person_chat_case_or_token_is_on_the_page(observed: Observed) -> None:
    for person in (ANNE, BEN):
        observed.run(observed.harness.begun(person))
        observed.answer(person, *TO_THE_END)
    page = observed.page()
    assert page.count("\n") > 50
    for word in (str(ANNE), str(BEN), PLANTED_TOKEN.partition(":")[2], "4242", "nowhere", "T8", "a000"):
        assert word not in page, word


async def test_the_page_stands_beside_the_health_and_only_where_it_is_wanted() -> None:
    async def page() -> bytes:
        return b"spinemets_updates_total 7.0\n"

    health = Health(time.monotonic)
    for wanted, status in ((page, 200), (None, 404)):
        address = f"127.0.0.1:{free_port()}"
        async with (
            serve(create_webhook_app(health, _accepts_nothing, "", "", wanted), address),
            aiohttp.ClientSession() as session,
            session.get(f"http://{address}/metrics") as answer,
        ):
            assert answer.status == status
            if wanted:
                assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
                assert await answer.read() == await page()


async def _accepts_nothing(_: list[Any]) -> int:
    raise AssertionError


@pytest.mark.slow
async def test_a_bot_shows_its_metrics_where_it_listens(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    async with running_playground(token=PLANTED_TOKEN) as play, aiohttp.ClientSession() as session:
        settings = {"BOT_TOKEN": PLANTED_TOKEN, "BOT_API_URL": play.url, "HTTP_LISTEN": address, "ACCESS": "open"}
        bot = Spinemets(tmp_path).start("run", **settings)
        try:
            page = ""
            end = time.monotonic() + 60
            while "spinemets_ready 1.0" not in page:
                assert time.monotonic() < end, page
                await asyncio.sleep(0.1)
                with suppress(aiohttp.ClientError):
                    async with session.get(f"http://{address}/metrics") as answer:
                        page = await answer.text()
        finally:
            await asyncio.to_thread(ended, bot)
    assert 'spinemets_api_calls_total{method="getMe",status="200"} 1.0' in page
    assert "spinemets_database_up 1.0" in page
