"""In a group, reading takes nothing from the others: it opens by a link in the reader's private chat."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from group_kit import ADVISED, BOARD, LEVELS, LINDQVIST, OKAFOR, OPEN, REYES, Group, grouped
from kit import CATALOG, buttons, labels, read, tap_of
from starlette.responses import JSONResponse
from team_kit import ANA, BEN, CLEO, T8_TAPS
from team_kit import FakeGroup as Team
from telegram_kit import SOON, data

from bot.service.case_store import CaseRepository
from bot.service.links.read_links import MOST, case_in, link_to_case, page_in
from bot.service.links.share_links import LINK_LIFETIME
from bot.service.policies import AccessPolicy
from bot.service.replies import ActionContext, Reply
from bot.service.tap_rules import RULES, Where
from flows.cards.card import PERSON, Action, Card, Tap
from flows.model.findings import Codes

NOW = 1_800_000_000.0
OF_THE_GROUP = "Answer and vote on the card in your group."


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a group have as many calls as it likes."""
    monkeypatch.setattr("bot.telegram.sending.rate_limit.GROUP_BURST", 10_000)
    monkeypatch.setattr("bot.telegram.sending.rate_limit.CHAT_BURST", 10_000)


# The links.


@pytest.mark.parametrize(
    ("verb", "what"),
    [(Action.option, ""), (Action.changes, ""), *((Action.scale, code) for code in CATALOG.scales), (Action.show, "")],
)
@pytest.mark.parametrize("case", ["f" * 10, "f" * 10 + "xt12"])
def test_a_link_to_what_a_card_of_a_group_offers_fits_telegram_and_is_read_as_it_was_written(
    verb: Action, what: str, case: str
) -> None:
    tap = Tap(verb, what, case=case, turn=7)
    payload = link_to_case("secret", tap, ANA, NOW)
    assert len(payload) <= MOST
    assert case_in("secret", payload, ANA, NOW + LINK_LIFETIME) == Tap(verb, what, case=case)


@pytest.mark.parametrize("case", ["f" * 10, "f" * 16])
def test_what_a_link_has_no_room_for_leads_to_its_list(case: str) -> None:
    for tap in (Tap(Action.compare, "posterior_mis", "others"), Tap(Action.option, "posterior_corpectomy")):
        payload = link_to_case("secret", tap._replace(case=case), ANA, NOW)
        assert len(payload) <= MOST
        assert case_in("secret", payload, ANA, NOW) == Tap(tap.action, case=case)


def test_a_link_opens_nothing_for_another_person_when_it_is_old_or_where_a_sign_of_it_was_changed() -> None:
    payload = link_to_case("secret", Tap(Action.option, case="c1"), ANA, NOW)
    assert case_in("secret", payload, BEN, NOW) is None
    assert case_in("other", payload, ANA, NOW) is None
    assert case_in("secret", payload, ANA, NOW + LINK_LIFETIME + 1) is None
    for place, sign in enumerate(payload):
        changed = payload[:place] + ("0" if sign != "0" else "1") + payload[place + 1 :]
        assert case_in("secret", changed, ANA, NOW) is None
    assert case_in("secret", f"{payload}_sins", ANA, NOW) is None


@pytest.mark.parametrize("payload", ["see-er", "see-nw", "see-wp_m", "see-fi", "see-zz", "see-", "see-br/x", "seebr"])
def test_a_link_to_a_page_does_nothing_but_show_it(payload: str) -> None:
    assert page_in(payload) is None


# No channel between.


@dataclass
class Reader:
    """A member's private chat with the bot."""

    team: Team
    who: str
    cards: dict[int, Card] = field(default_factory=dict)
    toast: str = ""
    forged: str = ""

    @property
    def card(self) -> Card:
        return self.cards[max(self.cards)]

    async def follow(self, payload: str) -> None:
        """Follow a link that was made for this person."""
        room, context = self.team.services.team.reading, ActionContext(self.who, self.who)

        def opened(repository: CaseRepository) -> Reply:
            tap = room.linked(repository, payload, context)
            assert tap
            record = room.of(repository, tap)
            assert record
            return room.shown(repository, record, tap, context)

        await self._shown(opened)

    async def tap(self, *said: str) -> None:
        for label in said:
            await self.wish(tap_of(self.card, label))

    async def wish(self, tap: Tap) -> None:
        room, context = self.team.services.team.reading, ActionContext(self.who, self.who, max(self.cards))

        def tapped(repository: CaseRepository) -> Reply:
            record = room.of(repository, tap)
            assert record
            return room.shown(repository, record, tap, context)

        await self._shown(tapped)

    async def _shown(self, work: Callable[[CaseRepository], Reply]) -> None:
        reply = await self.team.store.transact(work)
        self.toast, self.forged = reply.toast, reply.forged
        for show in reply.shows:
            self.cards[show.message_id or max(self.cards, default=0) + 1] = show.card


@pytest.mark.parametrize("label", ["All options", "What would change it"])
async def test_what_a_member_reads_leaves_the_card_of_the_group_as_it_is(label: str) -> None:
    team = Team()
    card = await team.finished()
    shown, record = dict(team.messages), await team.kept()
    await team.tap(label, who=BEN, at=card)
    assert (team.messages, await team.kept(), team.toast) == (shown, record, "")
    reader = Reader(team, BEN)
    await reader.follow(team.opens)
    assert reader.card.label.startswith(shown[card].label.partition(" · ")[0])
    assert OF_THE_GROUP in read(reader.card).text
    assert (team.messages, await team.kept()) == (shown, record)


async def test_a_scale_beside_a_question_opens_for_the_reader_alone() -> None:
    team = Team()
    await team.command("case")
    await team.tap(*T8_TAPS[:3])
    shown = dict(team.messages)
    [scale] = [label for label in labels(team.card) if label.startswith("? ")]
    await team.tap(scale, who=BEN)
    assert team.messages == shown
    reader = Reader(team, BEN)
    await reader.follow(team.opens)
    await reader.tap(CATALOG.wording.labels.to_question)
    assert reader.card.title == team.card.title
    assert {button.tap.action for button in buttons(reader.card)} <= {Action.scale, Action.show}


async def test_everything_that_can_be_read_is_reached_in_private_and_nothing_can_be_done_there() -> None:
    team = Team()
    card = await team.finished()
    await team.tap("All options", who=BEN, at=card)
    before, shown = await team.kept(), dict(team.messages)
    reader = Reader(team, BEN)
    await reader.follow(team.opens)
    offered, seen, titles = [b.tap for b in buttons(reader.card)], set[Tap](), set[str]()
    while offered:
        tap = offered.pop()
        seen.add(tap)
        await reader.wish(tap)
        assert reader.toast == ""
        titles.add(reader.card.title)
        assert all(Where.reading in RULES[b.tap.action].where for b in buttons(reader.card))
        assert PERSON[0] not in read(reader.card).text, "nobody is named in another person's chat"
        offered += [b.tap for b in buttons(reader.card) if b.tap not in {*seen, *offered}]
    assert {option.name for option in CATALOG.options.values()} <= titles
    assert {tap.action for tap in seen} == {Action.show, Action.option, Action.changes, Action.what_if, Action.compare}
    assert (await team.kept(), team.messages) == (before, shown)


@pytest.mark.parametrize("verb", [verb for verb in Action if Where.reading not in RULES[verb].where])
async def test_data_that_answers_votes_or_decides_is_refused_in_private(verb: Action) -> None:
    team = Team()
    card = await team.finished()
    await team.tap("All options", at=card)
    reader = Reader(team, ANA)
    await reader.follow(team.opens)
    before, shown = await team.kept(), reader.card
    said: tuple[Codes, ...] = (("deficit", "minor"), ("posterior_mis", ""), ("", ""))
    for question, *choice in said:
        await reader.wish(Tap(verb, question, choice[0], "c1", before["c1"].case.turn))
        assert (reader.toast, reader.forged) == (CATALOG.wording.toasts.misplaced, "misplaced")
    assert (await team.kept(), reader.card) == (before, shown)


async def test_what_is_read_is_what_holds_now_and_says_what_is_disputed_or_decided() -> None:
    team = Team()
    card = await team.finished()
    await team.tap("What would change it", who=CLEO, at=card)
    reader = Reader(team, CLEO)
    await reader.follow(team.opens)
    await team.tap("✎ Answers", "✎ no deficit", "Significant", who=BEN, at=card)
    await reader.tap(CATALOG.wording.labels.to_card)
    assert reader.card.title == "Disputed: Posterior MIS or Posterior (open)"
    assert "Disputed: no deficit or significant deficit" in read(reader.card).text
    await team.tap("✎ Answers", "✎ no deficit", "Settle: no deficit", "Close", "Posterior MIS", "Decide", at=card)
    await reader.tap("All options")
    assert "Decided: Posterior MIS" in read(reader.card).text
    await team.tap("Reopen", "‹ Back", at=card)
    await reader.wish(Tap(Action.option, case="c1"))
    assert reader.toast == CATALOG.wording.toasts.stale
    assert reader.card.title.startswith("Earlier thoracic")


async def test_the_list_that_somebody_opens_to_act_says_who_and_goes_when_another_acts() -> None:
    team = Team()
    card = await team.finished()
    await team.tap("Discuss", at=card)
    for label, who in (("Add reason", BEN), ("Close", ANA)):
        await team.tap(label, who=who, at=card)
        assert f"Opened by {PERSON[0]}{who}{PERSON[1]}" in read(team.messages[card]).text
        await team.vote("Posterior MIS", CLEO)
        assert team.messages[card].title == "Posterior MIS"
    shown = team.messages[card]
    await team.tap("Close", who=BEN, at=card)
    assert (team.toast, team.messages[card]) == (CATALOG.team.toasts.leads_only, shown)


# Through Telegram's door.


@dataclass
class Door:
    """A group in front of the bot, and the links that its members were given."""

    group: Group
    links: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.group.seat.play.world.listen(self._hear)

    async def link(self, label: str, who: int) -> str:
        """Tap a button of the newest card, and give the payload of the link that the answer opens."""
        known = len(self.links)
        await self.group.tap(label, who)
        await self.group.until(lambda: len(self.links) > known)
        assert self.links[-1][0] == who
        address, _, payload = self.links[-1][1].partition("?start=")
        assert address == "https://t.me/spinemets_bot"
        return payload

    def private(self, who: int) -> list[dict[str, Any]]:
        world = self.group.seat.play.world
        return [message for message in world.messages.every(who) if message["from"]["id"] == world.bot_id]

    async def reads(self, who: int, text: str) -> dict[str, Any]:
        """Wait until the newest message of a private chat says so."""
        end = time.monotonic() + SOON
        while not (said := self.private(who)) or text not in said[-1]["text"]:
            assert time.monotonic() < end, ([message["text"] for message in said], self.group.toasts)
            await asyncio.sleep(0.01)
        return said[-1]

    async def follow(self, payload: str, who: int, text: str) -> dict[str, Any]:
        await self.group.seat.play.say(f"/start {payload}", who, person_id=who)
        return await self.reads(who, text)

    async def tap(self, label: str, who: int) -> None:
        card = self.private(who)[-1]
        await self.group.seat.play.tap(card["message_id"], data(card, label), chat_id=who, person_id=who)

    def _hear(self, event: str, content: dict[str, Any]) -> None:
        if event == "answered" and "url" in content:
            assert content["text"] == "", "a client that is given words opens nothing"
            self.links.append((content["person_id"], content["url"]))


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with grouped(tmp_path, OPEN) as group:
        yield Door(group)


async def test_a_member_who_never_started_the_bot_reads_in_private_and_the_group_keeps_its_card(door: Door) -> None:
    shown = await door.group.finished()
    payload = await door.link("All options", OKAFOR)
    await door.follow(payload, OKAFOR, OF_THE_GROUP)
    await door.tap("Combined", OKAFOR)
    await door.reads(OKAFOR, "Combined anterior and posterior")
    await door.tap("‹ Back to the card", OKAFOR)
    await door.reads(OKAFOR, "What the source adds")
    assert len(door.private(OKAFOR)) == 1
    assert door.group.card(ADVISED) == shown
    assert str(REYES) not in str(door.private(OKAFOR))


async def test_a_link_that_another_person_follows_opens_nothing(door: Door) -> None:
    await door.group.finished()
    payload = await door.link("All options", OKAFOR)
    await door.follow(payload, LINDQVIST, "This link has expired")


async def test_who_left_the_group_reads_nothing_more_by_link_or_by_tap(door: Door) -> None:
    await door.group.finished()
    payload = await door.link("All options", OKAFOR)
    await door.follow(payload, OKAFOR, OF_THE_GROUP)
    door.group.seat.play.world.admin.leave(OPEN, OKAFOR)
    shown = door.private(OKAFOR)[-1]
    await door.tap("Combined", OKAFOR)
    await door.group.told(OKAFOR, "Only members of this group")
    assert door.private(OKAFOR)[-1] == shown
    await door.follow(payload, OKAFOR, "Only members of this group")


async def test_nobody_reads_a_case_with_made_up_data_where_telegram_does_not_say_who_is_a_member(
    tmp_path: Path,
) -> None:
    async def hidden(when: str, method: str, _: dict[str, Any]) -> Any:
        if (when, method) == ("before", "getChatMember"):
            refusal = {"ok": False, "error_code": 400, "description": "Bad Request: CHAT_ADMIN_REQUIRED"}
            return JSONResponse(refusal, 400)
        return None

    async with grouped(tmp_path, BOARD, fault_hook=hidden) as group:
        door = Door(group)
        await group.finished()
        payload = await door.link("All options", REYES)
        await door.follow(payload, REYES, OF_THE_GROUP)
        combined = data(door.private(REYES)[-1], "Combined")
        await group.seat.play.say("/help", OKAFOR, person_id=OKAFOR)
        await door.reads(OKAFOR, "How to use it")
        page = door.private(OKAFOR)[-1]
        await group.seat.play.tap(page["message_id"], combined, chat_id=OKAFOR, person_id=OKAFOR, stale=True)
        await group.told(OKAFOR, "Telegram doesn't say if you are in that group")
        assert door.private(OKAFOR)[-1] == page


async def test_a_member_of_a_listed_group_reads_its_cases_though_nobody_listed_them(tmp_path: Path) -> None:
    access = AccessPolicy(open=False, users=frozenset({REYES}), chats=frozenset({BOARD}))
    async with grouped(tmp_path, BOARD, access=access) as group:
        door = Door(group)
        await group.finished()
        payload = await door.link("All options", OKAFOR)
        await door.follow(payload, OKAFOR, OF_THE_GROUP)
        await door.tap("Combined", OKAFOR)
        await door.reads(OKAFOR, "Combined anterior and posterior")
        await door.group.seat.play.say("/new", OKAFOR, person_id=OKAFOR)
        await door.reads(OKAFOR, CATALOG.wording.pages.not_listed.title)


async def test_a_case_of_one_s_own_is_no_team_s_and_stays_closed_to_others(door: Door) -> None:
    harness = door.group.seat
    await harness.say("/new", LEVELS)
    card = await harness.newest()
    forged = data(card, "T8").replace(".on.levels.T8", ".op")
    await door.follow("see-br", OKAFOR, "The six options")
    page = door.private(OKAFOR)[-1]
    await harness.play.tap(page["message_id"], forged, chat_id=OKAFOR, person_id=OKAFOR, stale=True)
    await door.group.told(OKAFOR, CATALOG.wording.toasts.gone)


async def test_pages_of_a_group_open_for_the_reader_alone(door: Door) -> None:
    await door.group.say("/options", answer="The six options")
    shown = door.group.cards()
    payload = await door.link("Combined", OKAFOR)
    await door.follow(payload, OKAFOR, "Combined anterior and posterior")
    assert door.group.cards() == shown
