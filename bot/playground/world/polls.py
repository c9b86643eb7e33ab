"""Polls: what Telegram refuses in them, who has voted for what, and what the bot hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from bot.playground.chats.models import CHANNEL, Chat, ChatMember
from bot.playground.errors import ApiError
from bot.playground.storage import Json
from bot.playground.world.state import ServerState

_LONGEST_QUESTION: Final = 300
_LONGEST_OPTION: Final = 100
_MOST: Final = 12


class Polls:
    """The polls that the bot has sent."""

    def __init__(self, state: ServerState) -> None:
        """Stand on the ground of the world."""
        self._state = state

    def begin(self, content: Json) -> Json:
        """Return a new poll as a Poll; `content` is what `checked` has let pass."""
        number = self._state.disk.number("poll")
        self._state.disk.put("votes", 0, number, {})
        return {"id": str(number)} | content

    def vote(self, chat_id: int, message_id: int, person_id: int, options: Sequence[int]) -> None:
        """Record a person's vote, or another one; no option takes the vote back.

        Raises:
            ApiError: 404 where there is no such poll or person; 409 where the poll is closed or keeps its votes; 400
                where there are no such options, or too many for it.
        """
        chat, message = self._state.chats.get(chat_id), self._message(chat_id, message_id)
        voter = chat.member(person_id)
        if message is None or voter is None or not chat.has(person_id):
            raise ApiError("There is no such poll, or this person is not in the chat.", 404)
        poll, chosen = message["poll"], sorted(set(options))
        votes = self.votes(poll["id"])
        if poll["is_closed"] or (str(person_id) in votes and not poll["allows_revoting"]):
            raise ApiError("This poll takes no vote from this person any more.", 409)
        if any(not 0 <= option < len(poll["options"]) for option in chosen):
            raise ApiError("This poll has no such option.")
        if len(chosen) > 1 and not poll["allows_multiple_answers"]:
            raise ApiError("This poll takes one option.")
        kept = {who: what for who, what in votes.items() if who != str(person_id)}
        kept |= {str(person_id): chosen} if chosen else {}
        with self._state.act():
            self._count(message, kept)
            self._tell_votes(chat, message["poll"], person_id)
            self._tell_bot(chat, message, voter, chosen)

    def retract(self, chat_id: int, message_id: int, person_id: int) -> None:
        """Retract a person's vote."""
        self.vote(chat_id, message_id, person_id, ())

    def stop(self, chat_id: int, message_id: int, markup: Json | None) -> Json:
        """Close a poll of the bot's own; return it.

        Raises:
            ApiError: there is none, it is somebody else's, or it is closed already.
        """
        message = self._state.messages.get(self._state.chats.reach(chat_id).id, message_id)
        if message is None:
            raise ApiError("message with poll to stop not found")
        if "poll" not in message:
            raise ApiError("message is not a poll")
        if message["from"]["id"] != self._state.bot_id or "forward_origin" in message:
            raise ApiError("poll can't be stopped")
        if message["poll"]["is_closed"]:
            raise ApiError("poll has already been closed")
        bare = {key: value for key, value in message.items() if key != "reply_markup"}
        closed = bare | {"poll": message["poll"] | {"is_closed": True}} | ({"reply_markup": markup} if markup else {})
        with self._state.act():
            self._state.redraw(closed)
            self._state.update("poll", closed["poll"])
        poll: Json = closed["poll"]
        return poll

    def votes(self, poll_id: str) -> Json:
        """Return who has voted for what: the numbers of the options by the person's id."""
        return self._state.disk.get("votes", 0, int(poll_id)) or {}

    def seen_by(self, poll: Json, person_id: int) -> Json:
        """Return the votes that a person may see: all, or the own one where the poll is anonymous."""
        votes = self.votes(poll["id"])
        return {who: what for who, what in votes.items() if not poll["is_anonymous"] or who == str(person_id)}

    def _message(self, chat_id: int, message_id: int) -> Json | None:
        message = self._state.messages.get(chat_id, message_id)
        return message if message and "poll" in message else None

    def _count(self, message: Json, votes: Json) -> None:
        """Keep the votes, and put the poll with its new numbers into the message."""
        poll = message["poll"]
        counts = [sum(number in chosen for chosen in votes.values()) for number in range(len(poll["options"]))]
        options = [
            option | {"voter_count": count} for option, count in zip(poll["options"], counts, strict=True)
        ]  # fmt: skip - one line is too long
        message["poll"] = poll | {"options": options, "total_voter_count": len(votes)}
        self._state.disk.put("votes", 0, int(poll["id"]), votes)
        self._state.redraw(message)

    def _tell_votes(self, chat: Chat, poll: Json, person_id: int) -> None:
        told = {"chat_id": chat.id, "poll_id": poll["id"], "votes": self.seen_by(poll, person_id)}
        self._state.note("votes", told | ({"person_id": person_id} if poll["is_anonymous"] else {}))

    def _tell_bot(self, chat: Chat, message: Json, voter: ChatMember, chosen: list[int]) -> None:
        """Send the bot the new numbers, and in an open poll the vote."""
        poll = message["poll"]
        self._state.update("poll", poll)
        if poll["is_anonymous"]:
            return
        who = {"voter_chat": chat.to_json(), "user": CHANNEL} if voter.is_anonymous else {"user": voter.person.user()}
        lasting = [poll["options"][number]["persistent_id"] for number in chosen]
        answer = {"poll_id": poll["id"], "option_ids": chosen, "option_persistent_ids": lasting}
        self._state.update("poll_answer", answer | who)


def checked(
    question: str, options: Sequence[Any], kind: str, *, anonymous: bool, several: bool, revoting: bool
) -> Json:
    """Return what a poll asks, as a Poll without its id.

    Raises:
        ApiError: Telegram would refuse it, or it is a quiz, which the page cannot show.
    """
    texts = [_text_of(option) for option in options]
    if kind == "quiz":
        raise ApiError.not_offered("a quiz")
    if kind not in ("", "regular"):
        raise ApiError("unsupported poll type specified")
    if not question:
        raise ApiError("text must be non-empty")
    if len(question) > _LONGEST_QUESTION:
        raise ApiError(f"poll question length must not exceed {_LONGEST_QUESTION}")
    if not options:
        raise ApiError("poll must have at least one answer option")
    if len(options) > _MOST:
        raise ApiError(f"poll can't have more than {_MOST} options")
    return {
        "question": question,
        "options": [_option(number, text) for number, text in enumerate(texts)],
        "total_voter_count": 0,
        "is_closed": False,
        "is_anonymous": anonymous,
        "type": "regular",
        "allows_multiple_answers": several,
        "allows_revoting": revoting,
        "members_only": False,
    }


def _text_of(option: Any) -> str:
    """Read the text of an option, which may be the whole of it."""
    if isinstance(option, str):
        return option.strip()
    if not isinstance(option, dict):
        raise ApiError("expected an option to be of type String")
    if "text" not in option:
        raise ApiError('can\'t find field "text"')
    return str(option["text"]).strip()


def _option(number: int, text: str) -> Json:
    if not text:
        raise ApiError("text must be non-empty")
    if len(text) > _LONGEST_OPTION:
        raise ApiError(f"poll options length must not exceed {_LONGEST_OPTION}")
    return {"persistent_id": str(number), "text": text, "voter_count": 0}
