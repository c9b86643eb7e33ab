"""What only a playground can do, as the page asks for it: people come and go, groups move, topics open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.playground.errors import ApiError
from bot.playground.storage import Json
from bot.playground.web.params import PageParams
from bot.playground.world.admin import ChatAdmin


def act(admin: ChatAdmin, what: str, params: PageParams) -> Json:
    """Do what the page asks for; give the new number where something new has one.

    Raises:
        ApiError: 404 where nothing is called so, or the stage refuses it.
    """
    if what not in _ACTIONS:
        raise ApiError("Not Found", 404)
    number = _ACTIONS[what](admin, params)
    return {} if number is None else {"id": number}


def _chat(params: PageParams) -> int:
    return params.number("chat_id")


def _who(params: PageParams) -> tuple[int, int]:
    return params.number("chat_id"), params.number("person_id")


_ACTIONS: Final[dict[str, Callable[[ChatAdmin, PageParams], int | None]]] = {
    "join": lambda admin, params: admin.join(*_who(params)),
    "leave": lambda admin, params: admin.leave(*_who(params)),
    "kick": lambda admin, params: admin.kick(*_who(params)),
    "promote": lambda admin, params: admin.promote(*_who(params), params.text("status", "administrator")),
    "anonymous": lambda admin, params: admin.make_anonymous(*_who(params), on=params.flag("on", default=True)),
    "bot": lambda admin, params: admin.set_bot(
        _chat(params),
        params.text("status"),
        params.person(),
        pins=params.flag("pins", default=True),
        writes=params.flag("writes", default=True),
    ),
    "block": lambda admin, params: admin.block(params.number("person_id"), on=params.flag("on", default=True)),
    "migrate": lambda admin, params: admin.migrate(_chat(params)),
    "create": lambda admin, params: admin.create(params.text("title"), params.number("person_id")),
    "untopic": lambda admin, params: admin.drop_topic(_chat(params), params.number("topic")),
    "topic": lambda admin, params: admin.open_topic(_chat(params), params.text("name"), params.person()),
}
