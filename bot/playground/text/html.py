"""Telegram's HTML: text with tags in, plain text and its entities out, every fault in Telegram's words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bot.playground.errors import ApiError
from bot.playground.storage import Json
from bot.playground.text.tags import REFERENCE, TYPES, argument, character, link

_PLAIN: Final = re.compile(r"[^<&]+")
_SPACE: Final = re.compile(r"[ \t\r\n\v]*")
_TAG_NAME: Final = re.compile(r"[^ \t\r\n\v>]*")
_ATTRIBUTE: Final = re.compile(r"[^ \t\r\n\v=>/\"']*")
_EQUALS: Final = re.compile(r"=?")
_TOKEN: Final = re.compile(r"[0-9A-Za-z.-]*")
_LITERAL: Final = re.compile(r"'[^']*'|\"[^\"]*\"")


def utf16_length(text: str) -> int:
    """Measure a text as Telegram does, in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def parse_html(html: str) -> tuple[str, list[Json]]:
    """Part a text from its tags; the entities come in the order in which they end."""
    return _Reader(html).read()


@dataclass(slots=True)
class _Tag:
    """A tag that is still open, and where in the text it began."""

    name: str
    argument: str
    offset: int
    piece: int


class _Reader:
    """Reads from left to right, in one pass."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._at = 0
        self._pieces: list[str] = []
        self._units = 0
        self._open: list[_Tag] = []
        self._entities: list[Json] = []

    def read(self) -> tuple[str, list[Json]]:
        while self._more():
            if plain := self._scan(_PLAIN):
                self._say(plain)
            elif self._html[self._at] == "&":
                self._reference()
            elif self._html.startswith("</", self._at):
                self._end_tag()
            else:
                self._start_tag()
        if self._open:
            raise _broken(f'Can\'t find end tag corresponding to start tag "{self._open[-1].name}"')
        for entity in self._entities:
            if entity["type"] == "code":
                entity.pop("language", None)  # it counts only within <pre>
        return "".join(self._pieces), self._entities

    def _more(self) -> bool:
        return self._at < len(self._html)

    def _scan(self, pattern: re.Pattern[str]) -> str:
        """Read what matches here, perhaps nothing, and step behind it."""
        match = pattern.match(self._html, self._at)
        self._at = match.end() if match else self._at
        return match[0] if match else ""

    def _say(self, text: str) -> None:
        self._pieces.append(text)
        self._units += utf16_length(text)

    def _reference(self) -> None:
        match = REFERENCE.match(self._html, self._at)
        self._at = match.end() if match else self._at + 1
        self._say(character(match) if match else "&")

    def _start_tag(self) -> None:
        begin = self._at
        self._at += 1
        name = self._scan(_TAG_NAME).lower()
        if not self._more():
            raise self._broken_at(begin, "Unclosed start tag")
        if name not in TYPES:
            raise self._broken_at(begin, f'Unsupported start tag "{name}"')
        params = self._attributes(name, begin)
        if name == "span" and params != "spoiler":
            raise self._broken_at(begin, 'Tag "span" must have class "tg-spoiler"')
        self._open.append(_Tag(name, params, self._units, len(self._pieces)))

    def _attributes(self, tag: str, begin: int) -> str:
        params = ""
        while not self._html.startswith(">", self._at):
            self._scan(_SPACE)
            if self._html.startswith(">", self._at):
                break
            name = self._scan(_ATTRIBUTE)
            if not name:
                raise self._broken_at(begin, f'Empty attribute name in the tag "{tag}"')
            self._scan(_SPACE)
            equals = self._scan(_EQUALS)
            self._scan(_SPACE)
            if not self._more():
                raise self._broken_at(begin, f'Unclosed start tag "{tag}"')
            params = argument(tag, name, self._value(begin) if equals else "") or params
        self._at += 1
        return params

    def _value(self, begin: int) -> str:
        start = self._at
        if quoted := self._html[start] in "'\"":
            value = REFERENCE.sub(character, self._scan(_LITERAL)[1:-1])
        else:
            value = self._scan(_TOKEN).lower()
        if not self._more() or (quoted and self._at == start):
            raise self._broken_at(begin, "Unclosed start tag")
        if not quoted and self._html[self._at] not in " \t\r\n\v>":
            raise self._broken_at(start, "Unexpected end of name token")
        return value

    def _end_tag(self) -> None:
        begin = self._at
        if not self._open:
            raise self._broken_at(begin, "Unexpected end tag")
        self._at += len("</")
        name = self._scan(_TAG_NAME).lower()
        self._scan(_SPACE)
        if not self._more():
            raise self._broken_at(begin, "Unclosed end tag")
        self._at += len(">")
        tag = self._open.pop()
        if name not in ("", tag.name):
            raise self._broken_at(begin, "Unmatched end tag", f', expected "</{tag.name}>", found "</{name}>"')
        if self._units > tag.offset:
            self._close(tag)

    def _close(self, tag: _Tag) -> None:
        entity: Json = {"type": TYPES[tag.name], "offset": tag.offset, "length": self._units - tag.offset}
        if tag.argument and tag.name == "code":
            entity["language"] = tag.argument
        elif tag.argument and tag.name == "blockquote":
            entity["type"] = "expandable_blockquote"
        elif tag.name == "a":
            entity["url"] = link(tag.argument or "".join(self._pieces[tag.piece :]))
        if entity.get("url") != "" and not self._joined(entity):
            self._entities.append(entity)

    def _joined(self, entity: Json) -> bool:
        """Make one of <pre> and <code class="language-…"> around the same text."""
        last = self._entities[-1] if self._entities else {}
        spans = [(each.get("offset"), each.get("length")) for each in (last, entity)]
        language = last.get("language") or entity.get("language")
        joined = {last.get("type"), entity["type"]} == {"pre", "code"} and spans[0] == spans[1] and bool(language)
        if joined:
            last.update(type="pre", language=language)
        return joined

    def _broken_at(self, at: int, words: str, more: str = "") -> ApiError:
        return _broken(f"{words} at byte offset {len(self._html[:at].encode())}{more}")


def _broken(words: str) -> ApiError:
    return ApiError(f"can't parse entities: {words}")
