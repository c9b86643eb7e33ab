"""The hospital's own file: what it says of itself and of each option, checked as the catalog is, every fault named."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

from flows.errors import SiteFileError

MOST_NAME: Final = 50
"""Characters of a name: it stands within a line of a card."""

MOST_LINE: Final = 100
"""Characters of the emergency line: more than two lines of a phone would push the recommendation out of sight."""

THEMES: Final = ("light", "dark")

_STEPS: Final = (1, 2, 3)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MARKUP: Final = re.compile(r"<[^ ]|[<>]\Z|</|`|\*\*|__|\]\(|&#?\w+;")
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
"""Categories of characters that cannot be seen, or that a client may show as something else."""

_FEW: Final = 8
"""So many allowed names are listed whole."""

_LEAST: Final = 3
"""Letters of a word that is taken for a part of what is meant."""


@dataclass(frozen=True, slots=True)
class LocalOption:
    """What a hospital says of one option.

    Attributes:
        available: whether it is carried out there.
        skill: its own rating of the skill that it takes, 1 to 3; None where it states none.
        equipment: the same of the equipment.
        reviewer: who reviewed the ratings; empty without one.
        date: when, such as "2026-03-12"; empty without a rating.
    """

    available: bool = True
    skill: int | None = None
    equipment: int | None = None
    reviewer: str = ""
    date: str = ""

    @property
    def is_rated(self) -> bool:
        """Whether the hospital states a rating of its own."""
        return self.skill is not None or self.equipment is not None


@dataclass(frozen=True, slots=True)
class Site:
    """A hospital in its own words; all is empty where there is no file. It changes no verdict of the source.

    Attributes:
        hospital: its name.
        emergency: whom to call, with phone numbers; it stands with the emergency note.
        zone: the time zone in which times are written.
        picture: the ground of pictures, as long as a person chose none.
        options: what it says of options, by their codes.
    """

    hospital: str = ""
    emergency: str = ""
    zone: str = ""
    picture: str = ""
    options: Mapping[str, LocalOption] = field(default_factory=dict)

    def option(self, code: str) -> LocalOption:
        """Return what it says of an option: available and not rated where it says nothing."""
        return self.options.get(code, LocalOption())

    @property
    def emergency_line(self) -> str:
        """The emergency line, led by whose it is; empty where there is none."""
        return f"{self.hospital}: {self.emergency}" if self.emergency else ""


NO_SITE: Final = Site()
"""What is known of a hospital without a file."""


class KnownValues(NamedTuple):
    """What a site file is checked against.

    Attributes:
        options: the codes of the catalog's options.
        zones: the names of the time zones.
        today: the latest date that it is anywhere, such as "2026-03-12".
    """

    options: Collection[str]
    zones: Collection[str]
    today: str


Place = tuple[str, str]
"""A fault: the key it stands at, and what is wrong with what to do."""

Check = Callable[[Any], str]
"""Returns what is wrong with a value, and what to do; nothing where it is fine."""


def parse_site(name: str, text: str, known: KnownValues) -> Site:
    """Read a site file, and check all of it.

    Args:
        name: what the file is called in a fault.
        text: what it says.
        known: what it is checked against.

    Raises:
        SiteFileError: with every fault named by file, key, what is wrong and what to do.
    """
    try:
        raw = tomllib.loads(text)
    except RecursionError:
        raise SiteFileError([f"{name}: is nested too deep; write it as in docs/site.example.toml"]) from None
    except ValueError as error:
        raise SiteFileError([f"{name}: {_syntax(str(error))}"]) from None
    faults = [f"{name}: {key}: {why}" for key, why in _faults(raw, known)]
    if faults:
        raise SiteFileError(faults)
    options = {code: _option(table) for code, table in raw.pop("options", {}).items()}
    return Site(**{key: value.strip() for key, value in raw.items()}, options=options)


def _option(table: Mapping[str, Any]) -> LocalOption:
    """Return what a table says that was checked; a date as it is written."""
    texts = {key: str(table[key]).strip() for key in ("reviewer", "date") if key in table}
    return LocalOption(**{**table, **texts})


def _faults(raw: Mapping[str, Any], known: KnownValues) -> Iterator[Place]:
    """Yield every fault of a file, in its order."""
    checks: dict[str, Check] = {
        "hospital": lambda value: _text(value, MOST_NAME),
        "emergency": lambda value: _text(value, MOST_LINE),
        "zone": lambda value: _zone(value, known.zones),
        "picture": _theme,
        "options": lambda value: "" if isinstance(value, dict) else "must be tables, such as [options.combined]",
    }
    if "hospital" not in raw:
        yield "hospital", 'is missing; write hospital = "Name of your hospital"'
    yield from _table("", raw, checks)
    options = raw.get("options")
    for code, table in options.items() if isinstance(options, dict) else ():
        place = f"options.{_shown(code)}"
        if code not in known.options:
            yield place, f"is not an option{_meant(code, known.options)}"
        if isinstance(table, dict):
            yield from _option_faults(place, table, known.today)
        else:
            yield place, "must be a table, such as [options.combined], with its keys below"


def _option_faults(place: str, table: Mapping[str, Any], today: str) -> Iterator[Place]:
    """Yield every fault of one option."""
    checks: dict[str, Check] = {
        "available": lambda value: "" if isinstance(value, bool) else "must be true or false, without quotes",
        "skill": _step,
        "equipment": _step,
        "reviewer": lambda value: _text(value, MOST_NAME),
        "date": lambda value: _day(value, today),
    }
    yield from _table(f"{place}.", table, checks)
    rated = [key for key in ("skill", "equipment") if key in table]
    for key, example in (("reviewer", '"A. Example"'), ("date", today)):
        if rated and key not in table:
            yield f"{place}.{key}", f"is missing; a rating needs it, such as {key} = {example}"
        if not rated and key in table:
            yield f"{place}.{key}", "stands without a rating; add skill or equipment, or remove this line"
    if not table:
        yield place, "holds nothing; write available, or skill and equipment, or remove the table"


def _table(place: str, table: Mapping[str, Any], checks: Mapping[str, Check]) -> Iterator[Place]:
    """Yield what is wrong with the keys of a table, and with their values."""
    for key, value in table.items():
        check = checks.get(key)
        why = check(value) if check else f"is not a key of this file{_meant(key, checks)}"
        if why:
            yield f"{place}{_shown(key)}", why


def _text(value: object, most: int) -> str:
    """Check a text that stands on cards: one line of plain words."""
    if not isinstance(value, str):
        return "must be text in quotes"
    if not value.strip():
        return "must not be blank; write it, or remove this line"
    if len(value) > most:
        return f"has {len(value)} characters; write at most {most}"
    if hidden := next((sign for sign in value if unicodedata.category(sign) in _INVISIBLE), ""):
        return f"holds a line break or an invisible character (U+{ord(hidden):04X}); remove it"
    if markup := _MARKUP.search(value):
        return f"holds markup ({markup[0]}); write plain words"
    return ""


def _zone(value: object, zones: Collection[str]) -> str:
    if not isinstance(value, str):
        return 'must be text in quotes, such as "Europe/Berlin"'
    return "" if value.strip() in zones else f"{_shown(value)} is not a time zone{_meant(value, zones)}"


def _theme(value: object) -> str:
    fine = isinstance(value, str) and value.strip() in THEMES
    return "" if fine else 'must be "light" or "dark"'


def _step(value: object) -> str:
    fine = type(value) is int and value in _STEPS  # Python takes true for 1
    return "" if fine else "must be 1, 2 or 3, without quotes; remove this line if you have no rating"


def _day(value: object, today: str) -> str:
    """Check a date, with quotes around it or without."""
    text = str(value).strip()
    if not _DATE.fullmatch(text):
        return "must be a date, such as 2026-03-12"
    try:
        tomllib.loads(f"date = {text}")
    except ValueError:
        return f"{text} is a day that no calendar has; write the day of the review"
    return f"{text} is in the future; write the day of the review" if text > today else ""


def _meant(word: str, allowed: Collection[str]) -> str:
    """Name what was probably meant, and what is allowed where that is a short list."""
    low = re.sub(r"[^a-z0-9/]+", "_", word.lower()).strip("_")
    names = {name.lower(): name for name in allowed}
    within = [name for name in names if low in name] if len(low) >= _LEAST else []
    near = get_close_matches(low, names, 1, 0.6) or within[:1]
    guess = f"; did you mean {names[near[0]]}?" if near else ""
    if len(names) <= _FEW:
        listed = ", ".join(allowed)
        return f"{guess} Allowed: {listed}" if guess else f"; allowed: {listed}"
    return guess or "; write one such as Europe/Berlin"


def _shown(key: str) -> str:
    """Return a key as it is repeated in a fault: short, and nothing in it that a terminal obeys."""
    short = key if len(key) <= MOST_NAME else key[:MOST_NAME] + "…"
    return short if short.isprintable() else ascii(short)


def _syntax(message: str) -> str:
    """Return what the parser says, and what to do."""
    if "overwrite" in message or "twice" in message or "mutate" in message:
        return f"{message}; each key and each table may stand only once"
    return f"is not TOML: {message}; compare that line with docs/site.example.toml"
