"""Forged data of every button, from every kind of message: what the table does not allow changes and shows nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import pytest
from kit import CATALOG, FakePrivateChat, buttons, expired, labels, tap_of
from team_kit import ANA, BEN, HOUR, T8_TAPS, FakeGroup

from bot.service.case_store import CaseRepository
from bot.service.replies import FOREIGN, MISPLACED, ActionContext, NoteInput
from bot.service.tap_rules import RULES, Where, Who
from flows.cards.card import Action, Card, Tap
from flows.cards.note import IDENTIFIERS
from flows.model.findings import Codes

REFUSED: Final = CATALOG.wording.toasts.misplaced
SAID: Final[tuple[Codes, ...]] = (("", ""), ("m", "1"), ("sins", ""), ("deficit", "minor"), ("posterior_mis", "other"))
"""What a forged button says behind its verb."""


@dataclass
class Board:
    """A group in which one case is decided and another one is open, with a list of the open ones below."""

    group: FakeGroup
    decided: int
    record: int
    open: int
    page: int

    def case_on(self, message: int) -> str:
        """Give the case whose data is forged for a message: the one that it shows."""
        return "c1" if message in (self.decided, self.record) else "c2"


async def board() -> Board:
    group = FakeGroup()
    decided = await group.decided()
    [record] = group.pinned
    await group.command("case")
    opened = max(group.messages)
    await group.command("cases")
    return Board(group, decided, record, opened, max(group.messages))


@pytest.mark.parametrize("verb", Action)
def test_every_button_has_its_place_in_the_table(verb: Action) -> None:
    assert RULES[verb].where


@pytest.mark.parametrize("verb", Action)
async def test_forged_data_on_any_message_of_a_group_is_refused_where_the_table_does_not_allow_it(
    verb: Action,
) -> None:
    stands = await board()
    group, kinds = stands.group, {stands.record: Where.record, stands.open: Where.card, stands.page: Where.group_page}
    shown, record = dict(group.messages), await group.kept()
    for message, (question, choice), bound in product(kinds, SAID, (True, False)):
        # Data of a case that comes from a list may be that of an earlier card; data of none on a card is no page's.
        where = (Where.card if message == stands.page else kinds[message]) if bound else Where.group_page
        allowed = where in RULES[verb].where and (bound or message == stands.page)
        if allowed:
            continue
        case = stands.case_on(message) if bound else ""
        turn = record[case].case.turn if case else 0
        await group.wish(Tap(verb, question, choice, case, turn), BEN, message)
        assert (group.toast, group.forged) == (REFUSED, MISPLACED), (message, question, bound)
        assert (group.messages, await group.kept(), group.wiped) == (shown, record, [])


@pytest.mark.slow
@pytest.mark.parametrize("owner", ["c1", "c2", "erased", "resting", ""])
@pytest.mark.parametrize("verb", Action)
async def test_no_forged_data_of_a_plain_member_takes_the_place_of_a_record_or_of_another_case_s_card(
    verb: Action, owner: str
) -> None:
    stands = await board()
    group = stands.group
    await group.store.transact(lambda repository: _rest(repository, "c2" if owner == "resting" else ""))
    record = await group.kept()
    case = "c2" if owner == "resting" else owner
    turn = record[case].case.turn if case in record else 0
    for question, choice in SAID:
        for message in (stands.record, stands.decided if case != "c1" else stands.open):
            shown = group.messages[message]
            await group.wish(Tap(verb, question, choice, case, turn), BEN, message)
            assert group.messages[message] == shown, (message, question)
            assert group.wiped == []
    assert group.pinned == [stands.record]
    assert (await group.kept())["c1"].case == record["c1"].case


def _rest(repository: CaseRepository, case: str) -> None:
    """Let a case rest, and no message be known to show it, as where the bot was removed."""
    if case:
        record = repository.get(case)
        assert record
        repository.update(replace(record, archived=True, card_message_id=None), record.case.revision)


async def test_a_record_stands_where_its_case_is_erased_and_its_button_is_pressed() -> None:
    stands = await board()
    group = stands.group
    shown = group.messages[stands.record]
    await group.store.transact(lambda repository: expired(group.services.retention, repository, -1.0))
    assert await group.kept() == {}
    await group.tap("Reopen", at=stands.record)
    assert group.toast == CATALOG.wording.toasts.gone
    assert group.messages[stands.record] == shown


async def test_a_copy_of_a_card_that_bears_the_button_is_told_to_be_out_of_date() -> None:
    group = FakeGroup()
    card = await group.finished()
    group.messages[card + 1] = group.messages[card]
    await group.tap("Discuss", at=card + 1)
    assert group.toast == CATALOG.wording.toasts.shown_elsewhere
    assert group.messages[card + 1].title == CATALOG.wording.pages.superseded.title


@pytest.mark.parametrize("verb", [verb for verb in Action if RULES[verb].who is Who.leader])
async def test_what_the_table_leaves_to_a_leader_changes_nothing_where_another_member_asks_for_it(
    verb: Action,
) -> None:
    group = FakeGroup()
    card = await group.finished()
    if verb is Action.withdraw:
        await group.tap("Discuss", at=card)
    if verb is Action.reopen:
        await group.tap("Close", "Posterior MIS", "Decide", at=card)
    before = await group.case()
    await group.wish(Tap(verb, "posterior_mis", "", before.case.id, before.case.turn), BEN, card)
    assert group.toast == CATALOG.team.toasts.leads_only
    assert (await group.case()).case == before.case
    assert group.forged == ""


@pytest.mark.parametrize("verb", Action)
async def test_forged_data_in_a_private_chat_is_refused_where_the_table_does_not_allow_it(verb: Action) -> None:
    private_chat = FakePrivateChat()
    await private_chat.command("new")
    await private_chat.tap(*T8_TAPS)
    await private_chat.command("start")
    shown, record = dict(private_chat.messages), await private_chat.kept()
    [case] = [each.case for each in record.values()]
    for message, (question, choice), where in product((1, 2), SAID, (Where.page, Where.own)):
        if where in RULES[verb].where and verb is not Action.delete_message:
            continue
        bound = {"case": case.id, "turn": case.turn} if where is Where.own else {}
        await private_chat.press(Tap(verb, question, choice, **bound), message)
        assert (private_chat.toast, private_chat.forged) == (REFUSED, MISPLACED)
        assert (private_chat.messages, await private_chat.kept(), private_chat.wiped) == (shown, record, [])


async def test_a_message_is_deleted_only_where_that_was_offered_in_this_chat() -> None:
    private_chat = FakePrivateChat()
    await private_chat.write(NoteInput({}, (IDENTIFIERS,), "5", 17))
    [wipe] = [button.tap for button in buttons(private_chat.card) if button.tap.action is Action.delete_message]
    for choice in ("17", wipe.choice.replace("17_", "18_"), wipe.choice[:-1], f"{wipe.choice}0", ""):
        await private_chat.press(wipe._replace(choice=choice), 1)
        assert (private_chat.toast, private_chat.forged, private_chat.wiped) == (REFUSED, MISPLACED, [])
    other = FakePrivateChat("p2", "u2", private_chat.store)
    await other.press(wipe, 1)
    assert (other.forged, other.wiped) == (MISPLACED, [])
    await private_chat.press(wipe, 1)
    assert private_chat.wiped == [17]


async def test_of_a_note_the_message_that_was_offered_is_deleted_and_no_other() -> None:
    private_chat = FakePrivateChat()
    await private_chat.write(NoteInput({"levels": ("T8",)}, (IDENTIFIERS,), "5", 17))
    [wipe] = [button.tap for button in buttons(private_chat.card) if button.tap.action is Action.delete_message]
    await private_chat.press(wipe._replace(choice="18"), 1)
    assert (private_chat.toast, private_chat.forged, private_chat.wiped) == (REFUSED, MISPLACED, [])
    await FakePrivateChat("p2", "u2", private_chat.store).press(wipe, 1)
    await private_chat.press(wipe, 1)
    assert private_chat.wiped == [17]


async def test_a_late_tap_on_a_case_that_went_on_elsewhere_is_no_forgery() -> None:
    group = FakeGroup()
    card = await group.finished()
    late = tap_of(group.messages[card], "Discuss")
    await group.command("cases")
    await group.tap(labels(group.card)[0])
    shown = group.messages[card]
    await group.wish(late, BEN, card)
    assert (group.toast, group.forged) == (CATALOG.wording.toasts.shown_elsewhere, "")
    assert group.messages[card] == shown


async def test_data_of_another_chat_s_case_is_foreign() -> None:
    group = FakeGroup()
    card: Card = group.messages[await group.finished()]
    tap = tap_of(card, "Discuss")
    reply = await group.store.transact(
        lambda repository: group.services.team.tap(repository, tap, ActionContext("-200", ANA, 1, bears=True))
    )
    assert (reply.forged, reply.shows) == (FOREIGN, ())


async def test_a_resting_card_says_so_whether_or_not_the_button_still_stood_there() -> None:
    group = FakeGroup()
    card = await group.finished()
    late = tap_of(group.messages[card], "Discuss")
    group.now += 49 * HOUR
    await group.do(lambda repository: group.services.team.changes.archive_idle(repository, 48 * HOUR))
    await group.wish(late, BEN, card)
    assert (group.toast, group.forged) == (CATALOG.wording.toasts.archived, "")
    assert labels(group.messages[card]) == [CATALOG.wording.labels.go_on]
