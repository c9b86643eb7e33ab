"""Draws pictures on a thread, one after the other: no card waits for one, and no process for one that hangs."""

from __future__ import annotations

import asyncio
import queue
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from bot.pictures.typesetter import NotDrawn, draw_png
from flows.export.picture import Drawing

SPINE: Final = "picture.typ"

LONGEST: Final = 10.0
"""Seconds that a picture is waited for; the first takes a fifth of one, those before it in the queue as long."""


@dataclass(frozen=True, slots=True)
class _Order:
    """A picture that somebody waits for."""

    drawing: Drawing
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[bytes]

    def finish(self) -> None:
        """Draw the picture and hand it over, or the name of what failed."""
        picture: bytes | NotDrawn
        try:
            picture = draw_png(SPINE, self.drawing)
        except NotDrawn as fault:
            picture = fault
        except BaseException as fault:  # noqa: BLE001 - a panic of the compiler is no Exception
            picture = NotDrawn(type(fault).__name__)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(self._hand_over, picture)

    def _hand_over(self, picture: bytes | NotDrawn) -> None:
        if self.done.done():
            return
        if isinstance(picture, NotDrawn):
            self.done.set_exception(picture)
        else:
            self.done.set_result(picture)


class DrawingThread:
    """One thread that draws, begun with the first picture. It is no reason for a process to stay."""

    def __init__(self, longest: float = LONGEST) -> None:
        """Store the seconds that a picture is waited for."""
        self._longest = longest
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def draw(self, drawing: Drawing) -> bytes:
        """Draw the spine.

        Raises:
            NotDrawn: whatever went wrong, or it took too long.
        """
        loop = asyncio.get_running_loop()
        order = _Order(drawing, loop, loop.create_future())
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
