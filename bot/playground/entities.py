"""Formatted text as Telegram keeps it: cleaned, trimmed, its entities checked, untangled and in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from bot.playground.disk import Json
from bot.playground.markup import parse_html, units
from bot.playground.refused import Refused
from bot.playground.spans import covered, joined, meet, span, without

_CODE: Final = ("pre", "code")
_STYLES: Final = ("bold", "italic", "underline", "strikethrough", "spoiler")
# Where entities begin and end together, the outer one comes first; this is Telegram's order.
_ORDER: Final = ("blockquote", "expandable_blockquote", *_CODE, "text_link", "bot_command", *_STYLES)
_MOST: Final = 100

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
        """Give the two fields of a message, the second only where there are entities."""
        return {text: self.text} | ({entities: list(self.entities)} if self.entities else {})


def formatted(text: str, parse_mode: str = "", given: Iterable[Any] = ()) -> Formatted:
    """Read a text as the Bot API reads it from a request.

    Args:
        text: what the request says.
        parse_mode: HTML or nothing; the playground reads no other markup.
        given: the request's own entities; they count where there is no parse mode.

    Raises:
        Refused: the markup or the entities are broken, or there are more entities than Telegram keeps.
    """
    text = text.translate(_CLEAN)
    if parse_mode.lower() == "html":
        plain, entities = parse_html(text)
    elif parse_mode:
        raise Refused("unsupported parse_mode")
    else:
        plain, entities = text, [_checked(entity, units(text)) for entity in given]
    tidy = _trimmed(plain, [*_untangled(entities), *_commands(plain, entities)])
    # Telegram silently drops the entities from the 101st on: half a card in bold is a fault worth hearing of.
    if len(tidy.entities) > _MOST:
        raise Refused(f"too many entities: {len(tidy.entities)}, and Telegram keeps the first {_MOST}")
    return tidy


def _checked(entity: Any, end: int) -> Json:
    """Look at an entity that came with a request."""
    if not isinstance(entity, dict) or entity.get("type") not in _ORDER:
        raise Refused("can't parse MessageEntity: Unsupported type specified")
    offset, length = entity.get("offset"), entity.get("length")
    if not isinstance(offset, int) or not isinstance(length, int):
        raise Refused('can\'t parse MessageEntity: Field "offset" must be of type Number')
    if offset < 0 or length < 1:
        raise Refused(f"receive an entity with incorrect offset {offset}")
    if offset > end:
        raise Refused(f"entity begins after the end of the text at UTF-16 offset {offset}")
    if (last := offset + length) > end:
        words = f"ends after the end of the text at UTF-16 offset {last}"
        raise Refused(f"entity beginning at UTF-16 offset {offset} {words}")
    if entity["type"] == "text_link" and not entity.get("url"):
        raise Refused("can't parse MessageEntity: Can't find field \"url\"")
    return {key: entity[key] for key in ("type", "offset", "length", "url", "language") if key in entity}


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
        begin = units(text[: match.start()])
        if not any(meet((begin, begin + len(match[0])), hole) for hole in taken):
            yield {"type": "bot_command", "offset": begin, "length": len(match[0])}


def _trimmed(text: str, entities: list[Json]) -> Formatted:
    """Trim a text as Telegram does: its end, and its beginning as far as no entity begins there."""
    kept = text.rstrip(_TRIMMED)
    end = units(kept)
    cut = [entity | {"length": min(entity["length"], end - entity["offset"])} for entity in entities]
    cut = [entity for entity in cut if covered(kept, span(entity)).strip(_TRIMMED)]
    first = min((entity["offset"] for entity in cut), default=end)
    ahead = min(len(kept) - len(kept.lstrip(_TRIMMED)), first)
    moved = [entity | {"offset": entity["offset"] - ahead} for entity in cut]
    return Formatted(kept[ahead:], tuple(sorted(moved, key=_place)))


def _place(entity: Json) -> tuple[int, int, int]:
    return entity["offset"], -entity["length"], _ORDER.index(entity["type"])
