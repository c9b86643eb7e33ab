"""Draws on a thread, one thing after the other: no card waits for a drawing, and no process for one that hangs."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from bot.pictures.typesetter import NotDrawn, draw_png, typeset_pdf
from flows.export.picture import Drawing
from flows.export.record_page import Page

SPINE: Final = "picture.typ"

LONGEST: Final = 10.0
"""Seconds that a drawing is waited for; the first takes a fifth of one, those before it in the queue as long."""


@dataclass(frozen=True, slots=True)
class _Order:
    """A drawing that somebody waits for."""

    draw: Callable[[], bytes]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[bytes]

    def finish(self) -> None:
        """Draw it and hand it over, or the name of what failed."""
        drawn: bytes | NotDrawn
        try:
            drawn = self.draw()
        except NotDrawn as fault:
            drawn = fault
        except BaseException as fault:  # noqa: BLE001 - a panic of the compiler is no Exception
            drawn = NotDrawn(type(fault).__name__)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(self._hand_over, drawn)

    def _hand_over(self, drawn: bytes | NotDrawn) -> None:
        if self.done.done():
            return
        if isinstance(drawn, NotDrawn):
            self.done.set_exception(drawn)
        else:
            self.done.set_result(drawn)


class DrawingThread:
    """One thread that draws, begun with the first drawing. It is no reason for a process to stay."""

    def __init__(self, longest: float = LONGEST) -> None:
        """Store the seconds that a drawing is waited for."""
        self._longest = longest
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def draw(self, drawing: Drawing) -> bytes:
        """Draw the spine as a PNG.

        Raises:
            NotDrawn: whatever went wrong, or it took too long.
        """
        return await self._drawn(partial(draw_png, SPINE, drawing))

    async def typeset(self, template: str, page: Page) -> bytes:
        """Set a page as a PDF.

        Raises:
            NotDrawn: as drawing does.
        """
        return await self._drawn(partial(typeset_pdf, template, page))

    async def _drawn(self, draw: Callable[[], bytes]) -> bytes:
        loop = asyncio.get_running_loop()
        order = _Order(draw, loop, loop.create_future())
        self._orders.put(order)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="pictures", daemon=True)
            self._thread.start()
        try:
            async with asyncio.timeout(self._longest):
                return await order.done
        except TimeoutError:
            failure = NotDrawn(TimeoutError.__name__)
        raise failure

    def _work(self) -> None:
        while True:
            order = self._orders.get()
            if not order.done.done():
                order.finish()
