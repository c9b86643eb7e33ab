"""Work that is done beside the rest: held until it is done, and a failure of it is logged."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from structlog.typing import FilteringBoundLogger


class BackgroundTasks:
    """Holds tasks that nobody waits for."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        """Store the log."""
        self._log = log
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside the rest."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)

    async def close(self, within: float) -> None:
        """Wait some seconds for what is under way, then cancel it."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=within)
        for task in set(self._tasks):
            task.cancel()

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        fault = None if task.cancelled() else task.exception()
        if fault:
            self._log.error("task_failed", error=type(fault).__name__)
