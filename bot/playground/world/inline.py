"""Inline mode: queries typed in any chat, their answers and how long these are shared, and the messages chosen."""

from __future__ import annotations

from typing import Final

from bot.playground.chats.models import Chat, Person
from bot.playground.errors import ApiError
from bot.playground.storage import Json
from bot.playground.text.html import utf16_length
from bot.playground.world.state import ServerState

_LONGEST_QUERY: Final = 256
_ANSWER_WITHIN: Final = 10.0
_KEPT_FOR: Final = 24 * 60 * 60.0
_PREFIX: Final = "inline-"
_DIGITS: Final = 18


class InlineQueries:
    """What the bot answers to those who type its name."""

    def __init__(self, state: ServerState) -> None:
        """Stand on the ground of the world."""
        self._state = state

    def ask(self, chat: Chat, person: Person, query: str, offset: str = "") -> str:
        """Record a query that a person types; return its id, which is an older one's if its answer is still good.

        Raises:
            ApiError: the query is longer than Telegram's 256 characters.
        """
        if utf16_length(query) > _LONGEST_QUERY:
            raise ApiError(f"A query has up to {_LONGEST_QUERY} characters.")
        if known := self._cached(person.id, query, offset):
            self._tell(known, person.id)
            return str(known["id"])
        store, now = self._state.disk, self._state.clock()
        place = "sender" if chat.type == "private" else chat.type
        with self._state.act():
            number = store.number("inline query")
            asked = {"person_id": person.id, "query": query, "offset": offset}
            store.put("inline query", 0, number, asked, at=now)
            body = {"id": str(number), "from": person.user(), "query": query, "offset": offset, "chat_type": place}
            self._state.update("inline_query", body)
        return str(number)

    def answer(self, query_id: str, answer: Json) -> None:
        """Store the bot's answer to a query, within ten seconds and once.

        Args:
            query_id: the query.
            answer: `results` and `button` as they were checked, `cache_time` in seconds, and `is_personal`.

        Raises:
            ApiError: there is no such query, or no longer.
        """
        store, now = self._state.disk, self._state.clock()
        number = _number(query_id)
        with self._state.act():
            store.drop_before("inline query", 0, now - _ANSWER_WITHIN)
            store.drop_before("inline answer", 0, now - _KEPT_FOR)
            asked = store.get("inline query", 0, number)
            if asked is None:
                raise ApiError("query is too old and response timeout expired or query ID is invalid")
            store.drop("inline query", 0, number)
            kept = asked | answer | {"id": number, "at": now}
            store.put("inline answer", 0, number, kept, at=now)
        self._tell(kept, asked["person_id"])

    def choose(self, chat: Chat, sender: Json, person: Person, chosen: tuple[str, str], place: Json) -> Json:
        """Send a result in a person's name; return the message.

        Args:
            chat: the chat.
            sender: the fields that say who writes it.
            person: who that is.
            chosen: the ids of the query and of the result.
            place: the fields that say where in the chat it stands.

        Raises:
            ApiError: 404 where there is no such result for this person.
        """
        answer, result = self._result(*chosen, person.id)
        keys = {"reply_markup": result["reply_markup"]} if "reply_markup" in result else {}
        content = result["content"] | keys | place | {"via_bot": self._state.me()}
        with self._state.act():
            message = self._state.post(chat, sender, content)
            inline_id = {"inline_message_id": self._remember(message)} if keys else {}
            if "sender_chat" not in sender:
                body = {"result_id": result["id"], "from": person.user(), "query": answer["query"]}
                self._state.update("chosen_inline_result", body | inline_id)
        return message

    def id_of(self, message: Json) -> str:
        """Return the id by which the bot knows a message that was sent by way of it; empty for any other."""
        kept = self._state.disk.get("inline id", message["chat"]["id"], message["message_id"])
        return f"{_PREFIX}{kept['number']}" if kept else ""

    def message(self, inline_id: str) -> Json:
        """Return the message that the bot knows by this id.

        Raises:
            ApiError: there is none.
        """
        place = self._state.disk.get("inline message", 0, _number(inline_id.removeprefix(_PREFIX)))
        message = self._state.messages.get(place["chat_id"], place["message_id"]) if place else None
        if message is None:
            raise ApiError("MESSAGE_ID_INVALID")
        return message

    def _remember(self, message: Json) -> str:
        number = self._state.disk.number("inline message")
        chat_id, message_id = message["chat"]["id"], message["message_id"]
        self._state.disk.put("inline message", 0, number, {"chat_id": chat_id, "message_id": message_id})
        self._state.disk.put("inline id", chat_id, message_id, {"number": number})
        return f"{_PREFIX}{number}"

    def _cached(self, person_id: int, query: str, offset: str) -> Json | None:
        """Find an answer that Telegram would give again; where it is not personal, it was perhaps somebody else's."""
        for answer in reversed(self._state.disk.every("inline answer", 0)):
            is_same = (answer["query"], answer["offset"]) == (query, offset)
            is_theirs = answer["person_id"] == person_id or not answer["is_personal"]
            if is_same and is_theirs and self._state.clock() < answer["at"] + answer["cache_time"]:
                return answer
        return None

    def _result(self, query_id: str, result_id: str, person_id: int) -> tuple[Json, Json]:
        answer = self._state.disk.get("inline answer", 0, _number(query_id))
        if answer and (answer["person_id"] == person_id or not answer["is_personal"]):
            for result in answer["results"]:
                if result["id"] == result_id:
                    return answer, result
        raise ApiError("This result is gone.", 404)

    def _tell(self, answer: Json, person_id: int) -> None:
        """Send the person's page what there is to choose from."""
        results = [{key: result[key] for key in ("id", "title", "description")} for result in answer["results"]]
        told = {"person_id": person_id, "inline_query_id": str(answer["id"]), "query": answer["query"]}
        self._state.tell("inline", told | {"results": results, "button": answer["button"]})


def _number(params: str) -> int:
    return int(params) if params.isdecimal() and len(params) <= _DIGITS else 0
