"""Where cases are worked: alone in a private chat, or by a team in a group; both from the same flow and words."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from bot.service.access.administration import AccessAdministration
from bot.service.inline_search import InlineSearch
from bot.service.pictures.case_pictures import CasePictures
from bot.service.pictures.case_records import CaseRecords
from bot.service.private.private_chat import PrivateChat
from bot.service.retention import CaseRetention
from bot.service.team.group_chat import GroupChat
from flows.model.flow import Flow
from flows.pathways.registry import FlowRegistry


class Services(NamedTuple):
    """The conversation of private chats, the room of groups, the flow meant where none is named, look-up, papers."""

    private: PrivateChat
    team: GroupChat
    flow: Flow
    inline_search: InlineSearch
    pictures: CasePictures
    records: CaseRecords
    retention: CaseRetention
    access: AccessAdministration


def build_services(
    offered: FlowRegistry, clock: Callable[[], float], new_id: Callable[[], str], *, drawn: bool = False
) -> Services:
    """Open both.

    Args:
        offered: the flows and their catalog; a team works the default one.
        clock: gives seconds since 1970, UTC.
        new_id: gives an id for a case, of small letters and digits, 16 at most.
        drawn: whether the channel has a page on which the spine is tapped.
    """
    private = PrivateChat(*offered, clock, new_id, drawn=drawn)
    flow = offered.flow()
    team = GroupChat(*offered, clock, new_id, private)
    pictures = CasePictures(flow, offered.catalog, private, team)
    records = CaseRecords(offered.catalog, private, team, clock)
    access = AccessAdministration(offered.catalog, clock)
    return Services(private, team, flow, InlineSearch(offered), pictures, records, CaseRetention(clock), access)
