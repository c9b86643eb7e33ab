"""Where cases are worked: alone in a private chat, or by a team in a group; both from the same flow and words."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from bot.service.inline_search import Lookup
from bot.service.private_chat import Conversation
from bot.service.team.group_chat import TeamRoom
from flows.model.flow import Flow
from flows.pathways.registry import Library


class Rooms(NamedTuple):
    """The conversation of private chats, the room of groups, the flow that is meant where none is named, a look-up."""

    alone: Conversation
    team: TeamRoom
    flow: Flow
    lookup: Lookup


def rooms(offered: Library, clock: Callable[[], float], new_id: Callable[[], str]) -> Rooms:
    """Open both.

    Args:
        offered: the flows and their catalog; a team works the default one.
        clock: gives seconds since 1970, UTC.
        new_id: gives an id for a case, of small letters and digits, 16 at most.
    """
    alone = Conversation(*offered, clock, new_id)
    flow = offered.flow()
    return Rooms(alone, TeamRoom(*offered, clock, new_id, alone), flow, Lookup(offered))
