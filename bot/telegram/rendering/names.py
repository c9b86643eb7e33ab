"""Replaces ids by names, at the last moment: literally, made distinct if two look alike, never stored."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from html import escape, unescape
from typing import Any, Final

from flows.cards.card import PERSON

BOT: Final = "\ue002"
"""Stands for the bot's username in a screen that is kept; Telegram tells it at the start."""

LONGEST: Final = 32
"""Characters of a name that are shown."""

SOMEBODY: Final = "someone"
"""Who had their number erased, or cannot be asked after."""

_ISOLATED: Final = ("\u2068", "\u2069")
"""What keeps a name that is written from right to left from turning round what stands beside it."""

_UNSEEN: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks that show nothing, though Unicode does not count them among the controls."""

_ID: Final = re.compile(f"{PERSON[0]}([^{PERSON[1]}]*){PERSON[1]}")

_SEPARATOR: Final = ", "
_LIST: Final = re.compile(f"{_ID.pattern}(?:{_SEPARATOR}{_ID.pattern})+")
_TAG: Final = re.compile("<[^>]*>")

ON_PAPER: Final = 20
"""Characters of a name on a page that is printed."""

FEW: Final = 3
"""Names of a list there; how many more there are is said."""

PRINTED: Final = re.compile(
    "[ -~\\u00a1-\\u017f\\u0218-\\u021b\\u0370-\\u0377\\u037a-\\u037f\\u0384-\\u038a\\u038c"
    "\\u038e-\\u03a1\\u03a3-\\u045f\\u2010-\\u2015\\u2018-\\u201e…]"
)
"""The letters and signs that the fonts of the package have: Latin, Greek, Cyrillic."""

MAX_TEXT: Final = 4096
"""Units of UTF-16 that Telegram takes of a text."""

_SHORTER: Final = ((LONGEST, 10_000), (12, 10_000), (12, 10), (12, 3), (8, 0))
"""Characters of a name and names in a list, as they are tried where a text is too long otherwise."""

CONFUSABLES: Final = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u03bf\u03b1\u03bd\u03c1\u03c5\u0443\u043a\u043c\u043d\u0442\u0432\u03ba\u03b9\u0131|10i",
    "aeopcyxljshdqwoavpuykmhtbkllllol",
)
"""Small letters of other alphabets, and signs, that look like one of ours; an i is an l, as its capital is."""

_CAPITALS: Final = str.maketrans(
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7", "ABEZHIKMNOPTYX"
)
"""Greek capitals look like ours where their small letters do not."""


def has_placeholders(written: str) -> bool:
    """Return whether a name is still to be put into a screen, as it is kept."""
    return PERSON[0] in written or BOT in written


def ids_in(value: object) -> set[str]:
    """Return the ids of the people who are named anywhere in a screen."""
    if isinstance(value, str):
        return set(_ID.findall(value))
    inner: Iterable[object] = ()
    if isinstance(value, Mapping):
        inner = value.values()
    elif isinstance(value, list | tuple):
        inner = value
    return set().union(*map(ids_in, inner))


def insert_names(screen: Mapping[str, Any], names: Mapping[str, str], bot: str) -> dict[str, Any]:
    """Insert names into a screen: as HTML in its text, as they are everywhere else.

    Args:
        screen: the parameters of a method of the Bot API.
        names: what each person is called, by id; who is missing is somebody.
        bot: the bot's username.
    """
    filled_in: dict[str, Any] = {}
    for longest, most in _SHORTER:
        filled_in = _insert_shortened(screen, disambiguate(names, longest), bot, most)
        if _length(str(filled_in.get("text", ""))) <= MAX_TEXT:
            break
    return filled_in


def insert_page_names(page: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Insert names into a page that is printed: short ones, few of a list, in letters that its fonts have.

    Args:
        page: what the page says.
        names: what each person is called, by id; who is missing is somebody.
    """
    shown = {user_id: _printable(name) for user_id, name in disambiguate(names, ON_PAPER).items()}
    few = _insert(page, lambda text: _LIST.sub(lambda found: _shortened(found[0], FEW), text))
    filled_in: dict[str, Any] = _insert(few, lambda text: insert_names_text(text, shown))
    return filled_in


def _printable(name: str) -> str:
    """Write a name in the letters that the fonts of the package have; one that has none of them is somebody."""
    composed = unicodedata.normalize("NFC", name.strip("".join(_ISOLATED)))
    return " ".join("".join(map(_letter, composed)).split()) or SOMEBODY


def _letter(character: str) -> str:
    """Return a letter, or what is left of it without its marks; nothing where it is of another script."""
    if PRINTED.fullmatch(character):
        return character
    return "".join(part for part in unicodedata.normalize("NFKD", character) if PRINTED.fullmatch(part))


def _insert_shortened(screen: Mapping[str, Any], shown: Mapping[str, str], bot: str, most: int) -> dict[str, Any]:
    """Insert names into a screen; of a list that is longer than `most`, so many and how many more there are."""
    filled_in: dict[str, Any] = _insert(screen, lambda text: insert_names_text(text, shown).replace(BOT, bot))
    if "text" not in screen:
        return filled_in
    is_html = bool(screen.get("parse_mode"))
    written = {user_id: escape(name, quote=False) if is_html else name for user_id, name in shown.items()}
    text = _LIST.sub(lambda found: _shortened(found[0], most), str(screen["text"]))
    filled_in["text"] = insert_names_text(text, written).replace(BOT, bot)
    return filled_in


def _shortened(listed: str, most: int) -> str:
    """Return the first `most` of a list of people, and how many more there are; the number alone where none fits."""
    people = listed.split(_SEPARATOR)
    if len(people) <= most + 1:
        return listed
    left = f"+{len(people) - most}" if most else f"{len(people)} people"
    return _SEPARATOR.join((*people[:most], left))


def _length(text: str) -> int:
    """Return how long Telegram finds a text: in units of UTF-16, without the tags."""
    return len(unescape(_TAG.sub("", text)).encode("utf-16-le")) // 2


def insert_names_text(text: str, shown: Mapping[str, str]) -> str:
    """Insert what people are called into a text."""
    return _ID.sub(lambda found: shown.get(found[1], SOMEBODY), text)


def disambiguate(names: Mapping[str, str], longest: int = LONGEST) -> dict[str, str]:
    """Write each name so that it can be read; where two look alike, each with a short tag that is always the same."""
    looks: dict[str, list[str]] = {}
    for user_id, name in names.items():
        looks.setdefault(_skeleton(name), []).append(user_id)
    alike = {user_id for group in looks.values() if len(group) > 1 for user_id in group}
    tags = {user_id: f" #{_tag(user_id)}" for user_id in alike}
    return {
        user_id: f"{_ISOLATED[0]}{_clean(name, longest)}{tags.get(user_id, '')}{_ISOLATED[1]}"
        for user_id, name in names.items()
    }


def _insert(value: Any, put: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return put(value)
    if isinstance(value, Mapping):
        return {key: _insert(inner, put) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_insert(inner, put) for inner in value]
    return value


def _clean(name: str, longest: int = LONGEST) -> str:
    """Leave out what cannot be seen or turns the text round, and what comes after the longest name."""
    seen = "".join(
        c
        for c in name
        if unicodedata.category(c)[0] != "C" and unicodedata.category(c) not in ("Zl", "Zp") and c not in _UNSEEN
    )
    text = " ".join(seen.split())
    marks = 0
    record: list[str] = []
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= 2:  # noqa: PLR2004 - no script stacks more, and a name must not paint over other lines
            record.append(character)
    text = "".join(record)
    text = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return text or SOMEBODY


def _skeleton(name: str) -> str:
    """Reduce a name to what the eye sees of it."""
    plain = unicodedata.normalize("NFKD", _clean(name)).translate(_CAPITALS).casefold()
    return "".join(c for c in plain.translate(CONFUSABLES) if c.isalnum())


def _tag(user_id: str) -> str:
    """Return a short tag for a person that is the same in every case."""
    return hashlib.sha256(user_id.encode()).hexdigest()[:3]
