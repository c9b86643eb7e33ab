"""Pictures are drawn on a thread of their own: one that fails or hangs costs itself, and no process waits for it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from typing import Any

import pytest

from bot.pictures import drawing_thread
from bot.pictures.drawing_thread import DrawingThread
from bot.pictures.typesetter import NotDrawn
from flows.catalog.loader import catalog
from flows.export.picture import Drawing, SpinePictures, SpineView
from flows.pathways.metastasis import METASTASIS

HANGING = """
import asyncio, time
from bot.pictures import drawing_thread
from bot.pictures.typesetter import NotDrawn
drawing_thread.draw_png = lambda *_: time.sleep(3600)
try:
    asyncio.run(drawing_thread.DrawingThread(0.05).draw({}))
except NotDrawn as fault:
    print(fault)
"""


async def test_the_spine_is_drawn_beside_the_loop() -> None:
    drawing = SpinePictures(METASTASIS, catalog()).drawing(SpineView({"levels": ("T8",)}))
    assert (await DrawingThread().draw(drawing)).startswith(b"\x89PNG")


@pytest.mark.parametrize("error", [NotDrawn("ModuleNotFoundError"), KeyboardInterrupt("a panic is no Exception")])
async def test_whatever_fails_is_named_by_its_kind_and_the_next_picture_is_drawn(
    monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def draw(_: str, drawing: Drawing) -> bytes:
        if not drawing:
            raise error
        return b"drawn"

    monkeypatch.setattr(drawing_thread, "draw_png", draw)
    thread = DrawingThread()
    with pytest.raises(NotDrawn) as failed:
        await thread.draw({})
    assert str(failed.value) == (str(error) if isinstance(error, NotDrawn) else "KeyboardInterrupt")
    assert await thread.draw({"levels": []}) == b"drawn"


async def test_what_takes_too_long_is_given_up_and_not_drawn_when_its_turn_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free, drawn = threading.Event(), list[Any]()

    def draw(_: str, drawing: Drawing) -> bytes:
        drawn.append(drawing["levels"])
        free.wait()
        return b"drawn"

    monkeypatch.setattr(drawing_thread, "draw_png", draw)
    thread = DrawingThread(0.05)
    given_up = await asyncio.gather(
        *(thread.draw({"levels": level}) for level in ("T8", "T9")), return_exceptions=True
    )
    assert [str(fault) for fault in given_up] == ["TimeoutError"] * 2
    free.set()
    assert await thread.draw({"levels": "T10"}) == b"drawn"
    assert drawn == ["T8", "T10"]


def test_no_process_waits_for_a_drawing_that_hangs() -> None:
    ended = subprocess.run([sys.executable, "-c", HANGING], capture_output=True, text=True, timeout=20, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "TimeoutError\n", "")
