"""The interview in a terminal: the same conversation, its buttons numbered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from bot.service.case_store import CaseRepository, CaseStorage
from bot.service.private.private_chat import PrivateChat
from bot.service.replies import ActionContext, Reply, SendPicture
from flows.cards.card import Block, Button, Card, Line, Style

HERE: Final = ActionContext("terminal", "terminal", 1)
NO_PICTURE: Final = "A terminal shows no picture. `spinemets picture` draws one into a file."
END: Final = frozenset({"q", "quit", "exit"})


@dataclass
class Terminal:
    """Shows cards and reads choices: a number, a button's label, a command, or q to end."""

    conversation: PrivateChat
    store: CaseStorage
    console: Console
    read: Callable[[str], str]
    _card: Card = field(default=Card("", ""), init=False)

    async def run(self) -> None:
        """Talk until the reader ends it."""
        await self._take("/start")
        while True:
            try:
                typed = self.read("\nnumber, label, /command or q: ").strip()
            except (EOFError, KeyboardInterrupt):
                return
            if typed.lower() in END:
                return
            await self._take(typed)

    async def _take(self, typed: str) -> None:
        """Do what was typed, and show what follows."""
        self._show(await self.store.transact(lambda repository: self._answer(repository, typed)))

    def _answer(self, repository: CaseRepository, typed: str) -> Reply:
        button = self._chosen(typed)
        if typed.startswith("/"):
            return self.conversation.command(repository, typed[1:].lower(), HERE)
        if button and button.copy_text:
            return Reply(toast=button.copy_text)
        if button is None:
            return Reply(toast=f"“{typed[:20]}” is none of the choices.")
        return self.conversation.tap(repository, self._card.tap_of(button), HERE)

    def _chosen(self, typed: str) -> Button | None:
        """Find the button that was meant, by its number or the beginning of its label."""
        buttons = [button for row in self._card.rows for button in row]
        if typed.isascii() and typed.isdecimal():
            number = int(typed)
            return buttons[number - 1] if 1 <= number <= len(buttons) else None
        return next((b for b in buttons if typed and b.label.lower().startswith(typed.lower())), None)

    def _show(self, reply: Reply) -> None:
        if reply.shows:
            self._card = reply.shows[-1].card
            self._print(self._card)
        if any(isinstance(effect, SendPicture) for effect in reply.effects):
            self.console.print(Text(NO_PICTURE, style="italic"))
        if reply.toast:
            self.console.print(Text(reply.toast, style="italic"))

    def _print(self, card: Card) -> None:
        self.console.rule()
        if card.label:
            self.console.print(Text(card.label, style="dim"))
        for line in card.above:
            self.console.print(_line(line), style="bold red")
        self.console.print(Text(card.title, style="bold"))
        for block in card.blocks:
            self.console.print(Padding(_block(block), (1, 0, 0, 0)))
        number = 0
        self.console.print()
        for row in card.rows:
            cells = [f"[{number + place}] {button.label}" for place, button in enumerate(row, 1)]
            number += len(row)
            self.console.print(Text("   ".join(cells), style="cyan"))


def _block(block: Block) -> Text:
    text = Text(style={Style.urgent: "bold red", Style.small: "dim"}.get(block.style, ""))
    if block.heading:
        text.append(block.heading + "\n", style="bold")
    bullet = "· " if block.style in {Style.listed, Style.folded} else ""
    return text.append_text(Text("\n").join([Text(bullet).append_text(_line(line)) for line in block.lines]))


def _line(line: Line) -> Text:
    text = Text(f"{line.lead}: " if line.lead else "", style="bold")
    facts = f" ({', '.join(line.facts)})" if line.facts else ""
    return Text().append_text(text).append(line.text + facts)
