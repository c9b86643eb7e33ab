"""The terminal: the same conversation, its buttons numbered, chosen by number or by the beginning of a label."""

from __future__ import annotations

import io
import itertools

from rich.console import Console

from bot.cli.chat import Terminal
from bot.service.case_store import MemoryStorage
from bot.service.private.private_chat import PrivateChat
from flows.pathways.registry import flow_registry


async def told(*typed: str) -> str:
    """Type lines into a terminal, and give all that it shows; the input ends after them."""
    lines = iter(typed)
    numbers = itertools.count(1)

    def read(_: str) -> str:
        try:
            return next(lines)
        except StopIteration:
            raise EOFError from None

    shown = io.StringIO()
    conversation = PrivateChat(*flow_registry(), lambda: 0.0, lambda: f"{next(numbers):x}")
    await Terminal(conversation, MemoryStorage(), Console(file=shown, width=100), read).run()
    return shown.getvalue()


async def test_a_case_is_answered_by_labels_and_by_numbers() -> None:
    shown = await told(
        "New case", "T8", "Only T8", "1", "None", "Body only", "Limited", "None", "All options", "Anterior"
    )
    assert " · 2, at most five left" in shown
    assert "T8 · 1 level\nPosterior MIS" in shown
    assert "Anterior corpectomy and stabilization" in shown
    assert "shorter construct (A7)" in shown


async def test_a_toast_is_told_below_the_card() -> None:
    assert "Choose at least one level first." in await told("/new", "Done")


async def test_what_is_no_choice_is_said_to_be_none() -> None:
    shown = await told("0", "99", "a word that is on no button")
    assert shown.count("is none of the choices") == 3


async def test_commands_work_as_in_a_chat() -> None:
    shown = await told("/about", "/OPTIONS", "/nonsense")
    assert "Where the source is silent or contradicts itself" in shown
    assert "The six options" in shown
    assert "Unknown command" in shown


async def test_it_ends_at_a_word_and_shows_nothing_after_it() -> None:
    assert "The six options" not in await told("q", "/options")


async def test_a_picture_that_a_terminal_cannot_show_is_said_to_be_drawn_by_a_command() -> None:
    shown = await told("New case", "T8", "Only T8", "Fit", "None", "Body only", "Limited", "None", "Picture")
    assert shown.endswith("A terminal shows no picture. `spinemets picture` draws one into a file.\n")
