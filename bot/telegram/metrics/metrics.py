"""The metrics themselves, and how they are counted from what was committed, called and logged."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector

from bot.service.case_store import CaseRecord
from bot.service.ports import OutboxKind, OutboxMessage
from bot.telegram.metrics.notes import TransactionNotes
from flows.engine.interview import Interview
from flows.model.flow import Flow
from flows.model.rules import decide

SCREEN_SECONDS: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
CALL_SECONDS: Final = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
REMEMBERED: Final = 10_000
"""Updates, screens and cases that are remembered until something is known of them; the oldest are dropped."""

_CARDS: Final = (OutboxKind.edit_card, OutboxKind.send_card, OutboxKind.send_page, OutboxKind.send_decision)
HEALTH: Final = {
    "ready": "1 if the bot has started",
    "well": "1 if the bot is well",
    "can_save": "1 if the last write succeeded",
    "seconds_since_poll": "Seconds since a poll got somewhere",
    "seconds_since_commit": "Seconds since something was written",
}
NO_OPTION: Final = "none"
UNSETTLED: Final = "settle_fitness_first"

Key = TypeVar("Key")
Value = TypeVar("Value")
Screen = tuple[str, str]
"""A chat, and the message there that is changed; empty for a new one."""


class Metrics:
    """Counts; each method is called on the event loop."""

    def __init__(self, flow: Flow, clock: Callable[[], float], version: str, edition: str) -> None:
        """Begin at nought, by a steady clock."""
        self.registry = registry = CollectorRegistry()
        self._interview = Interview(flow)
        self._clock = clock
        self._came: OrderedDict[int, float] = OrderedDict()
        self._awaited: OrderedDict[Screen, float] = OrderedDict()
        self._queued: OrderedDict[int, float] = OrderedDict()
        self._recommended: OrderedDict[str, int] = OrderedDict()
        ProcessCollector(registry=registry)
        built = Info("spinemets", "Versions of the program and of its content.", registry=registry)
        built.info({"version": version, "edition": edition})
        self._updates = Counter("spinemets_updates", "Updates that were taken in.", registry=registry)
        self._taps = Counter("spinemets_taps", "Taps that were handled, by outcome.", ["outcome"], registry=registry)
        self._dead = Counter("spinemets_updates_set_aside", "Updates whose handling failed.", registry=registry)
        self._screens = Histogram(
            "spinemets_screen_seconds",
            "Seconds from taking an update in until Telegram has taken the screen that follows.",
            buckets=SCREEN_SECONDS,
            registry=registry,
        )
        self._calls = Counter(
            "spinemets_api_calls",
            "Calls of the Bot API, by method and HTTP status; unreachable without an answer.",
            ["method", "status"],
            registry=registry,
        )
        self._call_seconds = Histogram(
            "spinemets_api_call_seconds",
            "Seconds that calls of the Bot API took, without those that wait for updates.",
            buckets=CALL_SECONDS,
            registry=registry,
        )
        self._recommendations = Counter(
            "spinemets_recommendations",
            "Cases whose last open question was answered, by the option that the recommendation begins with.",
            ["headline"],
            registry=registry,
        )
        self._logged = Counter(
            "spinemets_log_events",
            "Events, whether or not LOG_LEVEL lets them be written.",
            ["event"],
            registry=registry,
        )
        self._outbox = Gauge("spinemets_outbox_messages", "Messages that wait to be sent.", registry=registry)
        self._oldest = Gauge(
            "spinemets_outbox_oldest_seconds", "For how long this process knows the oldest of them.", registry=registry
        )
        self._inbox = Gauge("spinemets_inbox_updates", "Updates that wait to be handled.", registry=registry)
        self._letters = Gauge("spinemets_dead_letters", "Updates that are set aside.", registry=registry)
        self._open = Gauge("spinemets_open_cases", "Cases that do not rest, by kind.", ["kind"], registry=registry)
        self._health = {
            name: Gauge(f"spinemets_{name}", f"{words}, as /healthz says.", registry=registry)
            for name, words in HEALTH.items()
        }
        self._database = Gauge("spinemets_database_up", "1 if the database answered this scrape.", registry=registry)

    def felt(self, health: Mapping[str, object]) -> None:
        """Note how the bot is, as `/healthz` says it."""
        for name, gauge in self._health.items():
            value = health[name]
            gauge.set(float(value) if isinstance(value, int | float) else float("nan"))

    def committed(self, notes: TransactionNotes) -> None:
        """Count what a transaction did that is now durable."""
        now = self._clock()
        self._updates.inc(len(notes.arrived))
        self._dead.inc(notes.dead_letters)
        for update_id in notes.arrived:
            _remember(self._came, update_id, now)
        for message in notes.queued:
            _remember(self._queued, message.version, now)
        if notes.finished is not None:
            self._handled(notes, self._came.pop(notes.finished, now))

    def called(self, method: str, screen: Screen | None, status: str, seconds: float) -> None:
        """Count a call of the Bot API; one that shows a screen ends the wait of whoever asked for it."""
        self._calls.labels(method, status).inc()
        if method != "getUpdates":
            self._call_seconds.observe(seconds)
        if screen and status == "200" and (came := self._awaited.pop(screen, None)) is not None:
            self._screens.observe(self._clock() - came)

    def logged(self, event: str) -> None:
        """Count something that is worth a line in the log."""
        self._logged.labels(event).inc()

    def looked(self, waiting: list[OutboxMessage], inbox: int, dead: int, open_cases: dict[str, int]) -> None:
        """Note what the database holds."""
        now = self._clock()
        since = {message.version: self._queued.get(message.version, now) for message in waiting}
        self._queued = OrderedDict(sorted(since.items()))
        self._outbox.set(len(waiting))
        self._oldest.set(now - min(since.values(), default=now))
        self._inbox.set(inbox)
        self._letters.set(dead)
        for kind, number in open_cases.items():
            self._open.labels(kind).set(number)
        self._database.set(1)

    def database_away(self) -> None:
        """Note that the database does not say what it holds."""
        for gauge in (self._outbox, self._oldest, self._inbox, self._letters):
            gauge.set(float("nan"))
        self._open.clear()
        self._database.set(0)

    def _handled(self, notes: TransactionNotes, came: float) -> None:
        cards = [message for message in notes.queued if message.kind in _CARDS]
        if any(message.kind is OutboxKind.answer_callback for message in notes.queued):
            outcome = "counted" if notes.records else "shown" if cards else "answered"
            self._taps.labels(outcome).inc()
        for message in cards:
            target = message.target if message.kind is OutboxKind.edit_card else ""
            _remember(self._awaited, (message.queue, target), came)
        for record in notes.records:
            self._count_recommendation(record)

    def _count_recommendation(self, record: CaseRecord) -> None:
        """Count a case that has just become complete, once for each time that it does."""
        flow, case = self._interview.flow, record.case
        if case.flow != flow.code or self._recommended.get(case.id) == len(case.answer_events):
            return
        state = self._interview.state(case)
        if state.current or not case.answer_events:
            self._recommended.pop(case.id, None)
            return
        before = self._recommended.get(case.id)
        _remember(self._recommended, case.id, len(case.answer_events))
        if before is None:
            result = decide(flow.guidance, state.findings)
            lead = UNSETTLED if result.fork else result.headline.option if result.headline else NO_OPTION
            self._recommendations.labels(lead).inc()


def _remember(of: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    of[key] = value
    if len(of) > REMEMBERED:
        of.popitem(last=False)
