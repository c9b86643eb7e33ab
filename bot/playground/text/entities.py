"""Formatted text as Telegram keeps it: cleaned, trimmed, its entities checked, untangled and in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from bot.playground.errors import ApiError
from bot.playground.storage import Json
from bot.playground.text.html import parse_html, utf16_length
from bot.playground.text.spans import covered, joined, meet, span, without

_CODE: Final = ("pre", "code")
_STYLES: Final = ("bold", "italic", "underline", "strikethrough", "spoiler")
# Where entities begin and end together, the outer one comes first; this is Telegram's order.
_ORDER: Final = ("blockquote", "expandable_blockquote", *_CODE, "text_link", "bot_command", *_STYLES)
_MOST: Final = 100
_LONGEST: Final = 32768
"""Bytes of a text with its markup."""

# Telegram finds these by itself, and passes over what a bot says of them.
_FOUND: Final = frozenset(
    ("mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bank_card_number")
)  # fmt: skip - a list of words
_NOT_OFFERED: Final = frozenset(("text_mention", "custom_emoji", "date_time"))
_FARTHEST: Final = 1_000_000
_SECOND_HALVES: Final = range(0xDC00, 0xE000)

_COMMAND: Final = re.compile(r"(?<![\w/@<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/@<>])")
_TRIMMED: Final = " \n"
# Telegram drops carriage returns, and makes a space of every other control character but the new line.
_CLEAN: Final = dict.fromkeys(range(32), " ") | {ord("\n"): "\n", ord("\r"): None}


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text without markup, and its entities in UTF-16 units."""

    text: str
    entities: tuple[Json, ...]

    def fields(self, text: str, entities: str) -> Json:
        """Return the two fields of a message, the second only where there are entities."""
        return {text: self.text} | ({entities: list(self.entities)} if self.entities else {})


def formatted(text: str, parse_mode: str = "", given: Iterable[Any] = ()) -> Formatted:
    """Read a text as the Bot API reads it from a request.

    Args:
        text: what the request says.
        parse_mode: HTML or nothing; the playground reads no other markup.
        given: the request's own entities; they count where there is no parse mode.

    Raises:
        ApiError: the markup or the entities are broken, or there are more entities than Telegram keeps.
    """
    if len(text.encode()) > _LONGEST:
        raise ApiError("text is too long")
    text = text.translate(_CLEAN)
    mode = parse_mode.lower()
    if mode == "html":
        plain, entities = parse_html(text)
    elif mode in ("markdown", "markdownv2"):
        raise ApiError.not_offered(f"parse_mode {parse_mode}")
    elif mode not in ("", "none"):
        raise ApiError("unsupported parse_mode")
    else:
        read = [entity for entity in map(_read, given) if entity]
        plain, entities = text, [_checked(entity, text) for entity in read if entity["length"]]
    tidy = _trimmed(plain, [*_untangled(entities), *_commands(plain, entities)])
    # Telegram silently drops the entities from the 101st on: half a card in bold is a fault worth hearing of.
    if len(tidy.entities) > _MOST:
        raise ApiError.not_offered(f"{len(tidy.entities)} entities, of which Telegram keeps the first {_MOST}")
    return tidy


def _read(entity: Any) -> Json | None:
    """Read an entity that came with a request; one that Telegram finds by itself is none."""
    if not isinstance(entity, dict):
        raise _unreadable("expected an Object")
    _check_fields(entity)
    kind = entity["type"]
    if kind in _FOUND:
        return None
    if kind in _NOT_OFFERED:
        raise ApiError.not_offered(f"entities of type {kind}")
    if kind not in _ORDER:
        raise _unreadable("Unsupported type specified")
    if kind == "text_link" and "url" not in entity:
        raise _unreadable('Can\'t find field "url"')
    for field in ("offset", "length"):
        if not 0 <= entity[field] <= _FARTHEST:
            raise ApiError(f"receive an entity with incorrect {field} {entity[field]}")
    return {key: entity[key] for key in ("type", "offset", "length", "url", "language") if key in entity}


def _check_fields(entity: Json) -> None:
    for field in ("offset", "length", "type"):
        if field not in entity:
            raise _unreadable(f'Can\'t find field "{field}"')
        if field != "type" and not isinstance(entity[field], int):
            raise _unreadable(f'Field "{field}" must be a Number')


def _checked(entity: Json, text: str) -> Json:
    """Return an entity that lies within the text and cuts no symbol."""
    offset, last, end = entity["offset"], entity["offset"] + entity["length"], utf16_length(text)
    if offset > end:
        raise ApiError(f"entity begins after the end of the text at UTF-16 offset {offset}")
    if _cuts(text, offset):
        raise ApiError(f"entity begins in a middle of a UTF-16 symbol at byte offset {_byte(text, offset + 1)}")
    if last > end:
        words = f"ends after the end of the text at UTF-16 offset {last}"
        raise ApiError(f"entity beginning at UTF-16 offset {offset} {words}")
    if _cuts(text, last):
        words = f"ends in a middle of a UTF-16 symbol at byte offset {_byte(text, last + 1)}"
        raise ApiError(f"entity beginning at UTF-16 offset {offset} {words}")
    return entity


def _cuts(text: str, unit: int) -> bool:
    """Return whether a UTF-16 unit is the second half of a symbol."""
    half = text.encode("utf-16-le")[2 * unit : 2 * unit + 2]
    return int.from_bytes(half, "little") in _SECOND_HALVES


def _byte(text: str, unit: int) -> int:
    """Return the byte of UTF-8 at which a UTF-16 unit begins."""
    return len(covered(text, (0, unit)).encode())


def _unreadable(words: str) -> ApiError:
    return ApiError(f"can't parse MessageEntity: {words}")


def _untangled(entities: list[Json]) -> Iterator[Json]:
    """Join styles that touch, and cut them out of code: code holds no other entity, and lies in none but a quote."""
    code = joined(span(entity) for entity in entities if entity["type"] in _CODE)
    for style in _STYLES:
        styled = joined(span(entity) for entity in entities if entity["type"] == style)
        for begin, end in without(styled, code):
            yield {"type": style, "offset": begin, "length": end - begin}
    for entity in entities:
        tangled = entity["type"] == "text_link" and any(meet(span(entity), hole) for hole in code)
        if entity["type"] not in _STYLES and not tangled:
            yield entity


def _commands(text: str, entities: list[Json]) -> Iterator[Json]:
    """Find the commands that one could tap, outside code and links."""
    taken = [span(entity) for entity in entities if entity["type"] in (*_CODE, "text_link", "bot_command")]
    for match in _COMMAND.finditer(text):
        begin = utf16_length(text[: match.start()])
        if not any(meet((begin, begin + len(match[0])), hole) for hole in taken):
            yield {"type": "bot_command", "offset": begin, "length": len(match[0])}


def _trimmed(text: str, entities: list[Json]) -> Formatted:
    """Trim a text as Telegram does: its end, and its beginning as far as no entity begins there."""
    kept = text.rstrip(_TRIMMED)
    end = utf16_length(kept)
    cut = [entity | {"length": min(entity["length"], end - entity["offset"])} for entity in entities]
    cut = [entity for entity in cut if covered(kept, span(entity)).strip(_TRIMMED)]
    first = min((entity["offset"] for entity in cut), default=end)
    ahead = min(len(kept) - len(kept.lstrip(_TRIMMED)), first)
    moved = [entity | {"offset": entity["offset"] - ahead} for entity in cut]
    return Formatted(kept[ahead:], tuple(sorted(moved, key=_place)))


def _place(entity: Json) -> tuple[int, int, int]:
    return entity["offset"], -entity["length"], _ORDER.index(entity["type"])
