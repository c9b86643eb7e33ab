"""Inline mode: queries typed in any chat, their answers and how long these are shared, and the messages chosen."""

from __future__ import annotations

from typing import Final

from bot.playground.chats.models import Person, Room
from bot.playground.errors import Refused
from bot.playground.storage import Json
from bot.playground.text.html import units
from bot.playground.world.state import Ground

_LONGEST_QUERY: Final = 256
_ANSWER_WITHIN: Final = 10.0
_KEPT_FOR: Final = 24 * 60 * 60.0
_PREFIX: Final = "inline-"
_DIGITS: Final = 18


class Inline:
    """What the bot answers to those who type its name."""

    def __init__(self, ground: Ground) -> None:
        """Stand on the ground of the world."""
        self._ground = ground

    def ask(self, room: Room, person: Person, query: str, offset: str = "") -> str:
        """Let a person type a query; give its id, which is an older one's where its answer is still good.

        Raises:
            Refused: the query is longer than Telegram's 256 characters.
        """
        if units(query) > _LONGEST_QUERY:
            raise Refused(f"A query has up to {_LONGEST_QUERY} characters.")
        if known := self._cached(person.id, query, offset):
            self._tell(known, person.id)
            return str(known["id"])
        disk, now = self._ground.disk, self._ground.clock()
        place = "sender" if room.type == "private" else room.type
        with self._ground.act():
            number = disk.number("inline query")
            asked = {"person_id": person.id, "query": query, "offset": offset}
            disk.put("inline query", 0, number, asked, at=now)
            body = {"id": str(number), "from": person.user(), "query": query, "offset": offset, "chat_type": place}
            self._ground.update("inline_query", body)
        return str(number)

    def answer(self, query_id: str, answer: Json) -> None:
        """Let the bot answer a query, within ten seconds and once.

        Args:
            query_id: the query.
            answer: `results` and `button` as they were checked, `cache_time` in seconds, and `is_personal`.

        Raises:
            Refused: there is no such query, or no longer.
        """
        disk, now = self._ground.disk, self._ground.clock()
        number = _number(query_id)
        with self._ground.act():
            disk.drop_before("inline query", 0, now - _ANSWER_WITHIN)
            disk.drop_before("inline answer", 0, now - _KEPT_FOR)
            asked = disk.get("inline query", 0, number)
            if asked is None:
                raise Refused("query is too old and response timeout expired or query ID is invalid")
            disk.drop("inline query", 0, number)
            kept = asked | answer | {"id": number, "at": now}
            disk.put("inline answer", 0, number, kept, at=now)
        self._tell(kept, asked["person_id"])

    def choose(self, room: Room, sender: Json, person: Person, chosen: tuple[str, str], place: Json) -> Json:
        """Let a person send a result; give the message.

        Args:
            room: the chat.
            sender: the fields that say who writes it.
            person: who that is.
            chosen: the ids of the query and of the result.
            place: the fields that say where in the chat it stands.

        Raises:
            Refused: 404 where there is no such result for this person.
        """
        answer, result = self._result(*chosen, person.id)
        keys = {"reply_markup": result["reply_markup"]} if "reply_markup" in result else {}
        content = result["content"] | keys | place | {"via_bot": self._ground.me()}
        with self._ground.act():
            message = self._ground.post(room, sender, content)
            inline_id = {"inline_message_id": self._remember(message)} if keys else {}
            if "sender_chat" not in sender:
                body = {"result_id": result["id"], "from": person.user(), "query": answer["query"]}
                self._ground.update("chosen_inline_result", body | inline_id)
        return message

    def id_of(self, message: Json) -> str:
        """Give the id by which the bot knows a message that was sent by way of it; empty for any other."""
        kept = self._ground.disk.get("inline id", message["chat"]["id"], message["message_id"])
        return f"{_PREFIX}{kept['number']}" if kept else ""

    def message(self, inline_id: str) -> Json:
        """Give the message that the bot knows by this id.

        Raises:
            Refused: there is none.
        """
        place = self._ground.disk.get("inline message", 0, _number(inline_id.removeprefix(_PREFIX)))
        message = self._ground.messages.get(place["chat_id"], place["message_id"]) if place else None
        if message is None:
            raise Refused("MESSAGE_ID_INVALID")
        return message

    def _remember(self, message: Json) -> str:
        number = self._ground.disk.number("inline message")
        chat_id, message_id = message["chat"]["id"], message["message_id"]
        self._ground.disk.put("inline message", 0, number, {"chat_id": chat_id, "message_id": message_id})
        self._ground.disk.put("inline id", chat_id, message_id, {"number": number})
        return f"{_PREFIX}{number}"

    def _cached(self, person_id: int, query: str, offset: str) -> Json | None:
        """Find an answer that Telegram would give again; where it is not personal, it was perhaps somebody else's."""
        for answer in reversed(self._ground.disk.every("inline answer", 0)):
            is_same = (answer["query"], answer["offset"]) == (query, offset)
            is_theirs = answer["person_id"] == person_id or not answer["is_personal"]
            if is_same and is_theirs and self._ground.clock() < answer["at"] + answer["cache_time"]:
                return answer
        return None

    def _result(self, query_id: str, result_id: str, person_id: int) -> tuple[Json, Json]:
        answer = self._ground.disk.get("inline answer", 0, _number(query_id))
        if answer and (answer["person_id"] == person_id or not answer["is_personal"]):
            for result in answer["results"]:
                if result["id"] == result_id:
                    return answer, result
        raise Refused("This result is gone.", 404)

    def _tell(self, answer: Json, person_id: int) -> None:
        """Tell the person's page what there is to choose from."""
        results = [{key: result[key] for key in ("id", "title", "description")} for result in answer["results"]]
        told = {"person_id": person_id, "inline_query_id": str(answer["id"]), "query": answer["query"]}
        self._ground.tell("inline", told | {"results": results, "button": answer["button"]})


def _number(said: str) -> int:
    return int(said) if said.isdecimal() and len(said) <= _DIGITS else 0
