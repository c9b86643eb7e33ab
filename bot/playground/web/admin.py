"""What only a playground can do, as the page asks for it: people come and go, groups move, topics open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.playground.errors import Refused
from bot.playground.storage import Json
from bot.playground.web.params import Said
from bot.playground.world.admin import Stage


def act(stage: Stage, what: str, said: Said) -> Json:
    """Do what the page asks for; give the new number where something new has one.

    Raises:
        Refused: 404 where nothing is called so, or the stage refuses it.
    """
    if what not in _ACTS:
        raise Refused("Not Found", 404)
    number = _ACTS[what](stage, said)
    return {} if number is None else {"id": number}


def _chat(said: Said) -> int:
    return said.number("chat_id")


def _who(said: Said) -> tuple[int, int]:
    return said.number("chat_id"), said.number("person_id")


_ACTS: Final[dict[str, Callable[[Stage, Said], int | None]]] = {
    "join": lambda stage, said: stage.join(*_who(said)),
    "leave": lambda stage, said: stage.leave(*_who(said)),
    "kick": lambda stage, said: stage.kick(*_who(said)),
    "promote": lambda stage, said: stage.promote(*_who(said), said.text("status", "administrator")),
    "anonymous": lambda stage, said: stage.make_anonymous(*_who(said), on=said.flag("on", default=True)),
    "bot": lambda stage, said: stage.set_bot(
        _chat(said),
        said.text("status"),
        said.person(),
        pins=said.flag("pins", default=True),
        writes=said.flag("writes", default=True),
    ),
    "block": lambda stage, said: stage.block(said.number("person_id"), on=said.flag("on", default=True)),
    "migrate": lambda stage, said: stage.migrate(_chat(said)),
    "create": lambda stage, said: stage.create(said.text("title"), said.number("person_id")),
    "untopic": lambda stage, said: stage.drop_topic(_chat(said), said.number("topic")),
    "topic": lambda stage, said: stage.open_topic(_chat(said), said.text("name"), said.person()),
}
