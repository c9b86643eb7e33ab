"""Stand in the place of the store, the transport and the log, pass everything on, and have it counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from prometheus_client import generate_latest
from structlog.typing import FilteringBoundLogger
from telegram.request import BaseRequest, RequestData

from bot.service.ports import NotSaved, OutboxMessage, Storage, UnitOfWork
from bot.telegram.health import Health
from bot.telegram.metrics.metrics import Metrics, Screen
from bot.telegram.metrics.notes import noted
from bot.telegram.request import AiohttpRequest
from flows.errors import VersionConflict

Result = TypeVar("Result")

LOOK_SECONDS: Final = 3.0
"""Seconds to wait for the database; Prometheus waits ten for the whole answer."""


class ObservedStorage:
    """A store of whose transactions the metrics are told once they are durable."""

    def __init__(self, store: Storage, metrics: Metrics) -> None:
        """Store both."""
        self._store = store
        self._metrics = metrics

    async def transact(self, work: Callable[[UnitOfWork], Result]) -> Result:
        """Do the work in one transaction, as the store does; it raises what the store raises."""
        result, notes = await self._store.transact(noted(work))
        self._metrics.committed(notes)
        return result

    async def close(self) -> None:
        """Close the store."""
        await self._store.close()

    async def metrics_page(self) -> bytes:
        """Return what Prometheus reads, with what the database holds now, if it says so soon."""
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                self._metrics.looked(*await self._store.transact(_look))
        except (NotSaved, TimeoutError, VersionConflict):
            self._metrics.database_away()
        return generate_latest(self._metrics.registry)


class ObservedRequest(BaseRequest):
    """A transport of whose calls the metrics are told: the method and the status, never the address."""

    __slots__ = ("_metrics", "_request")

    def __init__(self, request: BaseRequest, metrics: Metrics) -> None:
        """Store both."""
        self._request = request
        self._metrics = metrics

    @property
    def read_timeout(self) -> float | None:
        """Seconds to wait for an answer."""
        return self._request.read_timeout

    async def initialize(self) -> None:
        """Open the transport."""
        await self._request.initialize()

    async def shutdown(self) -> None:
        """Close the transport."""
        await self._request.shutdown()

    parse_json_payload = staticmethod(AiohttpRequest.parse_json_payload)

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *timeouts: Any, **named: Any
    ) -> tuple[int, bytes]:
        """Send one request, as the transport does; it raises what the transport raises."""
        began, status = time.monotonic(), "unreachable"
        try:
            answered, body = await self._request.do_request(url, method, request_data, *timeouts, **named)
            status = str(answered)
        finally:
            name = url.rpartition("/")[2]
            self._metrics.called(name, _screen(name, request_data), status, time.monotonic() - began)
        return answered, body


class ObservedLog:
    """A log of whose events the metrics are told, whether or not its level lets them be written."""

    def __init__(self, log: FilteringBoundLogger, metrics: Metrics) -> None:
        """Store both."""
        self._log = log
        self._metrics = metrics

    def __getattr__(self, level: str) -> Callable[..., Any]:
        """Return what writes at a level."""
        write: Callable[..., Any] = getattr(self._log, level)

        def log(event: str, **fields: Any) -> Any:
            self._metrics.logged(event)
            return write(event, **fields)

        return log


class Observation:
    """All that is put in the place of something else so that it is counted."""

    def __init__(self, metrics: Metrics) -> None:
        """Store the metrics; the store comes later."""
        self._metrics = metrics
        self._storage: ObservedStorage | None = None

    def observe_request(self, request: BaseRequest) -> BaseRequest:
        """Return the transport, observed."""
        return ObservedRequest(request, self._metrics)

    def observe_storage(self, store: Storage) -> Storage:
        """Return the store, observed; the page asks it what the database holds."""
        self._storage = ObservedStorage(store, self._metrics)
        return self._storage

    def observe_log(self, log: FilteringBoundLogger) -> FilteringBoundLogger:
        """Return the log, observed."""
        return cast("FilteringBoundLogger", ObservedLog(log, self._metrics))

    async def page(self, health: Health) -> bytes:
        """Return what `/metrics` shows; nothing before there is a store."""
        self._metrics.felt(health.as_dict())
        return await self._storage.metrics_page() if self._storage else b""


def _look(uow: UnitOfWork) -> tuple[list[OutboxMessage], int, int, dict[str, int]]:
    """Return what waits to be sent, how much waits to be handled, what is set aside, and the open cases."""
    return uow.pending_messages(), len(uow.pending_updates()), len(uow.dead_letters()), uow.count_open_cases()


def _screen(method: str, data: RequestData | None) -> Screen | None:
    """Return which message a call changes, or that it sends a new one; None for other calls."""
    if data is None or method not in {"editMessageText", "sendMessage"}:
        return None
    params = data.parameters
    return str(params.get("chat_id", "")), str(params.get("message_id", ""))
