"""What the tests of the interview share: cases played by taps, cards read as Telegram reads them, a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from html.parser import HTMLParser
from typing import Any, Final

from bot.service.case_store import CaseRepository, MemoryStorage
from bot.service.private.private_chat import PrivateChat
from bot.service.replies import ActionContext, DeleteMessage, NoteInput, Reply
from bot.service.retention import LOOKS_APART, CaseRetention
from bot.telegram.rendering.callback_data import pack, unpack
from bot.telegram.rendering.html import screen
from flows.cards.card import Action, Button, Card, Line, Style, Tap
from flows.cards.case import CaseRenderer
from flows.catalog.loader import Catalog, catalog
from flows.engine import enumeration as space
from flows.engine.interview import Interview
from flows.model.case import Case
from flows.model.conditions import Condition
from flows.model.findings import Codes, Findings
from flows.model.flow import Flow
from flows.pathways.metastasis import METASTASIS
from flows.pathways.registry import flow_registry

FLOWS: Final = tuple(flow_registry().flows.values())
"""Every flow the bot offers; every promise is asked of each."""

CATALOG: Final = catalog()
INTERVIEW: Final = Interview(METASTASIS)
CARDS: Final = CaseRenderer(METASTASIS, CATALOG)
WHO: Final = "u1"

Path = tuple[tuple[str, Codes], ...]
"""Answers in the order they are given."""

T8: Final = {
    "levels": ("T8",),
    "fitness": ("fit",),
    "deficit": ("none",),
    "extent": ("body",),
    "destruction": ("limited",),
    "prior": ("none",),
}
T4: Final = {
    "levels": ("T4",),
    "fitness": ("fit",),
    "deficit": ("significant",),
    "extent": ("circumferential",),
    "destruction": ("extensive",),
    "single_approach": ("not_enough",),
    "prior": ("none",),
}


def new_case(flow: Flow = METASTASIS, edition: str = CATALOG.edition) -> Case:
    """Begin a case."""
    return Case("1f2e3d4c5b", flow.code, edition)


def answer(interview: Interview, case: Case, question: str, codes: Codes) -> Case:
    """Answer the question at hand as a person does: by a tap, or by ticks and Done."""
    asked = interview.flow.question(question)
    assert asked
    if not asked.several:
        return interview.answer(case, question, codes[0], WHO)
    for code in asked.codes:
        case = interview.mark(case, question, code, WHO, on=code in codes)
    return interview.done(case, question, WHO)


def played(findings: Findings, interview: Interview = INTERVIEW) -> Case:
    """Play a case to the end of its findings; those that are empty are not asked."""
    case = new_case(interview.flow)
    for question, codes in findings.items():
        if codes:
            case = answer(interview, case, question, codes)
    return case


def changed(case: Case, question: str, codes: Codes, interview: Interview = INTERVIEW) -> Case:
    """Change an earlier answer."""
    return answer(interview, interview.change(case, question, WHO), question, codes)


def drawn(case: Case) -> Card:
    """Draw where a case stands."""
    return CARDS.case(case, INTERVIEW.state(case))


def walked(paths: Iterable[Path], interview: Interview = INTERVIEW) -> dict[Path, Case]:
    """Play every way, each common beginning once: the case after each answer of each way."""
    ways: dict[Path, Case] = {(): new_case(interview.flow)}
    for path in paths:
        for end in range(1, len(path) + 1):
            if path[:end] not in ways:
                ways[path[:end]] = answer(interview, ways[path[: end - 1]], *path[end - 1])
    return ways


def every_path(flow: Flow) -> Iterator[Path]:
    """Give every case of a flow as the answers in the order they are asked."""
    for findings in space.cases(flow):
        yield tuple((code, codes) for code, codes in findings.items() if codes)


def guiding(flow: Flow) -> list[Condition]:
    """Give the conditions of a flow's rules, notes, places, forks and bands."""
    told = flow.guidance
    whens = [rule.when for rule in told.rules] + [note.when for note in told.notes]
    whens += [place.when for place in told.order] + [fork.when for fork in told.forks]
    return whens + [band.when for band in told.bands]


def buttons(card: Card) -> list[Button]:
    """Give the buttons of a card, row by row, each with what a tap on it wishes there."""
    return [button._replace(tap=card.tap_of(button)) for row in card.rows for button in row]


def labels(card: Card) -> list[str]:
    """Give the labels of the buttons."""
    return [button.label for button in buttons(card)]


def verbs(row: tuple[Button, ...]) -> list[Action]:
    """Give what the buttons of a row ask for."""
    return [button.tap.action for button in row]


def lines(card: Card, style: Style | None = None) -> list[Line]:
    """Give the lines of a card, or those of one style."""
    return [line for block in card.blocks if style in (None, block.style) for line in block.lines]


def tap_of(card: Card, label: str) -> Tap:
    """Find what the one button with this label wishes, as it comes back from the channel."""
    [button] = [button for button in buttons(card) if button.label == label]
    tap = unpack(pack(button.tap))
    assert tap
    return tap


class TelegramHtml(HTMLParser):
    """Reads a message as Telegram does: the text without tags, its entities, every tag closed where it should be."""

    KNOWN: Final = ("b", "i", "u", "s", "code", "pre", "a", "blockquote")

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.entities = 0
        self.faults: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag in self._open]

    @property
    def length(self) -> int:
        """The length as Telegram counts it, in UTF-16 units."""
        return len(self.text.encode("utf-16-le")) // 2

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.KNOWN:
            self.faults.append(f"<{tag}> is no tag of Telegram")
        if attrs and (tag, attrs) != ("blockquote", [("expandable", None)]):
            self.faults.append(f"<{tag}> has {attrs}")
        if tag in self._open:
            self.faults.append(f"<{tag}> within <{tag}>")
        self.entities += 1
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        self.text += data


@cache
def reading(html: str) -> TelegramHtml:
    """Read a message; the same one is read once."""
    return TelegramHtml(html)


def read(card: Card) -> TelegramHtml:
    """Render a card for Telegram and read it back."""
    return reading(str(screen(card)["text"]))


def plain(card: Card) -> str:
    """Write a card as it is read on the phone, with its keyboard below, for a person to judge."""
    rows = [" ".join(f"[ {button.label} ]" for button in row) for row in card.rows]
    return "\n".join([read(card).text, "", *rows, ""])


def refusals(card: Card) -> list[str]:
    """Give what Telegram would refuse in a card; nothing where all is well."""
    sent: Any = screen(card)
    rows: list[list[dict[str, Any]]] = sent["reply_markup"]["inline_keyboard"]
    told = reading(sent["text"])
    datas = [button["callback_data"] for row in rows for button in row if "callback_data" in button]
    copied = [button["copy_text"]["text"] for row in rows for button in row if "copy_text" in button]
    faults = list(told.faults)
    if not 1 <= told.length <= 4096 or not told.text.strip():
        faults.append(f"{told.length} characters of text")
    if told.entities > 100:
        faults.append(f"{told.entities} entities")
    if len(datas) > 100 or not all(1 <= len(row) <= 8 for row in rows):
        faults.append(f"{len(datas)} buttons in rows of {[len(row) for row in rows]}")
    faults += [f"callback data {data!r}" for data in datas if not 1 <= len(data.encode()) <= 64]
    faults += [f"a text to copy of {len(text)}" for text in copied if not 1 <= len(text) <= 256]
    faults += [f"a blank label beside {b}" for row in rows for b in row if not b["text"].strip()]
    return faults


@dataclass
class FakePrivateChat:
    """One person's chat with the bot, with no channel between: messages, each with the card it shows now."""

    place: str = "p1"
    who: str = WHO
    store: MemoryStorage = field(default_factory=MemoryStorage)
    words: Catalog = CATALOG
    messages: dict[int, Card] = field(default_factory=dict)
    toast: str = ""
    forged: str = ""
    wiped: list[int] = field(default_factory=list)
    now: float = 1_800_000_000.0
    ids: int = 0

    def __post_init__(self) -> None:
        self.conversation = PrivateChat(flow_registry().flows, self.words, self._clock, self._new_id)

    @property
    def last(self) -> int:
        """The newest message."""
        return max(self.messages)

    @property
    def card(self) -> Card:
        """What the newest message shows."""
        return self.messages[self.last]

    async def command(self, name: str) -> None:
        """Send a command."""
        await self._do(
            lambda repository: self.conversation.command(repository, name, ActionContext(self.place, self.who))
        )

    async def follow(self, payload: str) -> None:
        """Follow a start link."""
        context = ActionContext(self.place, self.who)
        await self._do(lambda repository: self.conversation.on_start_link(repository, payload, context))

    async def write(self, said: NoteInput | None = None) -> None:
        """Send a text; of what it says nothing but codes gets this far."""
        await self._do(
            lambda repository: self.conversation.notes.typed(
                repository, ActionContext(self.place, self.who), said or NoteInput()
            )
        )

    async def tap(self, *labels: str, at: int | None = None) -> None:
        """Tap buttons by their labels, in the newest message or in another."""
        for label in labels:
            message = at or self.last
            await self.press(tap_of(self.messages[message], label), message)

    async def press(self, tap: Tap | None, at: int) -> None:
        """Let a tap come from a message, whatever it shows by now."""
        context = ActionContext(self.place, self.who, at)
        await self._do(lambda repository: self.conversation.tap(repository, tap, context))

    async def kept(self) -> dict[str, Any]:
        """Give what is kept, by case."""
        cases: dict[str, Any] = dict(self.store._cases)
        return cases

    async def case(self) -> Case:
        """Give the only case that is kept."""
        [record] = (await self.kept()).values()
        case: Case = record.case
        return case

    async def _do(self, work: Callable[[CaseRepository], Reply]) -> None:
        """Do one thing in one transaction, and show what follows, message by message."""
        reply = await self.store.transact(work)
        self.toast, self.forged = reply.toast, reply.forged
        self.wiped += [deed.message_id for deed in reply.effects if isinstance(deed, DeleteMessage)]
        shows = list(reply.shows)
        while shows:
            show = shows.pop(0)
            message = show.message_id if show.message_id is not None else max(self.messages, default=0) + 1
            self.messages[message] = show.card
            if show.message_id is None and show.case:
                told = await self.store.transact(partial(self._arrived, show.case, message))
                shows += told.shows

    def _arrived(self, case: str, message: int, repository: CaseRepository) -> Reply:
        return self.conversation.on_card_sent(repository, case, message)

    def _clock(self) -> float:
        self.now += 1
        return self.now

    def _new_id(self) -> str:
        self.ids += 1
        return f"{self.who}c{self.ids}"


def expired(retention: CaseRetention, repository: CaseRepository, keep: float) -> int:
    """Look twice, a day of running apart, for cases whose time is over, and return how many were erased."""
    retention.expire_due(repository, keep, 0.0)
    return retention.expire_due(repository, keep, LOOKS_APART)
