"""The options, the facts, the gaps, the scales and the wording: loaded from TOML, checked once, shared by all."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Any, Final, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from flows.catalog.access_wording import AccessWording
from flows.catalog.record_wording import PaperWording
from flows.catalog.site import NO_SITE, Site
from flows.catalog.team_wording import TeamWording
from flows.catalog.wording import Wording, require_text
from flows.errors import CatalogError

Text = Annotated[str, Field(max_length=400), AfterValidator(require_text)]
FactId = Annotated[str, Field(pattern=r"^F[1-9][0-9]?$")]
CiteId = Annotated[str, Field(pattern=r"^[A-Z]{2,9}$")]
GapId = Annotated[str, Field(pattern=r"^G[1-9][0-9]?$")]
TraitId = Annotated[str, Field(pattern=r"^[AD][1-9][0-9]?$")]
Rating = Annotated[
    Literal["unknown", 1, 2, 3],
    # Python takes true for 1.
    BeforeValidator(lambda value: repr(value) if isinstance(value, bool) else value),
]
Model = TypeVar("Model", bound=BaseModel)

MOST_BYTES: Final = 200_000
"""A catalog file larger than this is a mistake, and is not read."""


class _Data(BaseModel):
    """Data of the catalog: nothing unknown, nothing changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Statement(_Data):
    """A statement and the facts that carry it."""

    text: Text
    facts: tuple[FactId, ...] = Field(min_length=1)


class Option(_Data):
    """A treatment: its indication, what it gains and costs, and how it is rated (unknown unless stated)."""

    name: Annotated[str, Field(max_length=80), AfterValidator(require_text)]
    short: Annotated[str, Field(max_length=24), AfterValidator(require_text)]
    approach: tuple[Literal["anterior", "posterior"], ...]
    skill: Rating
    equipment: Rating
    advantages: tuple[TraitId, ...]
    disadvantages: tuple[TraitId, ...]
    indication: tuple[Statement, ...] = Field(min_length=1)


class Source(_Data):
    """Where the facts come from."""

    name: Text
    publisher: Text
    section: Text
    year: Annotated[int, Field(ge=1990, le=2100)]


class Gap(_Data):
    """A place where the source is silent or double, and what the bot does there."""

    silent: Text
    here: Text


class Part(_Data):
    """A table of a scale: what each of its grades means, in order."""

    heading: Text
    grades: dict[Annotated[str, Field(max_length=40), AfterValidator(require_text)], Text] = Field(min_length=2)


class Scale(_Data):
    """A scale that helps to answer a question, with the publication that carries it; cited as `cite`."""

    cite: CiteId
    name: Annotated[str, Field(max_length=22), AfterValidator(require_text)]
    title: Text
    helps: Text
    source: Text
    parts: tuple[Part, ...] = Field(min_length=1)
    caveats: tuple[Text, ...] = Field(min_length=1)


class _Scales(_Data):
    scales: dict[Annotated[str, Field(pattern=r"^[a-z_]{1,24}$")], Scale]


class _Facts(_Data):
    edition: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]
    source: Source
    facts: dict[FactId, Text]
    gaps: dict[GapId, Gap]


class _Options(_Data):
    traits: dict[TraitId, Text]
    options: dict[Annotated[str, Field(pattern=r"^[a-z_]{1,24}$")], Option]


class Catalog(_Data):
    """Everything that clinicians edit, checked.

    Attributes:
        site: what the hospital says in a file of its own. It stands beside the rest, which is the same everywhere.
    """

    edition: str
    source: Source
    facts: dict[str, str]
    gaps: dict[str, Gap]
    traits: dict[str, str]
    options: dict[str, Option]
    scales: dict[str, Scale]
    wording: Wording
    team: TeamWording
    paper: PaperWording
    access: AccessWording
    site: Site = NO_SITE

    @property
    def known(self) -> frozenset[str]:
        """The ids that a statement may cite: facts, gaps and scales."""
        return frozenset({*self.facts, *self.gaps, *(scale.cite for scale in self.scales.values())})

    def says(self, fact: str) -> str:
        """Return the text behind a fact id or a gap id, or the publication of a scale.

        Raises:
            KeyError: where there is no such id.
        """
        cited = {scale.cite: scale.source for scale in self.scales.values()}
        if fact in cited:
            return cited[fact]
        return self.facts[fact] if fact in self.facts else self.gaps[fact].silent


@cache
def catalog() -> Catalog:
    """Return the catalog that comes with the package, loaded once."""
    return load_catalog(files("flows") / "catalog" / "data")


def load_catalog(folder: Traversable) -> Catalog:
    """Load and check the catalog files of a folder: shape first, then what they cite of each other.

    Raises:
        CatalogError: with every fault named by its file, its place and what is allowed.
    """
    faults: list[str] = []
    facts = _read(folder, "facts.toml", _Facts, faults)
    options = _read(folder, "options.toml", _Options, faults)
    scales = _read(folder, "scales.toml", _Scales, faults)
    wording = _read(folder, "wording.toml", Wording, faults)
    team = _read(folder, "team.toml", TeamWording, faults)
    paper = _read(folder, "record.toml", PaperWording, faults)
    access = _read(folder, "access.toml", AccessWording, faults)
    if facts is None or options is None or scales is None:
        raise CatalogError(faults)
    if wording is None or team is None or paper is None or access is None:
        raise CatalogError(faults)
    faults += _dangling(facts, options)
    if faults:
        raise CatalogError(faults)
    return Catalog(
        edition=facts.edition,
        source=facts.source,
        facts=facts.facts,
        gaps=facts.gaps,
        traits=options.traits,
        options=options.options,
        scales=scales.scales,
        wording=wording,
        team=team,
        paper=paper,
        access=access,
    )


def load_file(folder: Traversable, name: str, model: type[Model]) -> Model:
    """Load and check one file of a folder, into the model of its data.

    Raises:
        CatalogError: with every fault named by its place and what is allowed.
    """
    faults: list[str] = []
    read = _read(folder, name, model, faults)
    if read is None:
        raise CatalogError(faults)
    return read


def _read(folder: Traversable, name: str, model: type[Model], faults: list[str]) -> Model | None:
    """Read one file into its model, or add its faults."""
    try:
        raw = (folder / name).read_bytes()
        if len(raw) > MOST_BYTES:
            faults.append(f"{name}: {len(raw)} bytes; allowed: {MOST_BYTES}")
            return None
        return model.model_validate(tomllib.loads(raw.decode()))
    except OSError as error:
        faults.append(f"{name}: cannot be read ({error.strerror})")
    except ValidationError as error:
        faults += [
            f"{name}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}{_allowed(model, fault)}"
            for fault in error.errors(include_url=False)
        ]
    except (ValueError, RecursionError) as error:
        faults.append(f"{name}: not TOML: {error}")
    return None


def _allowed(model: type[BaseModel], fault: ErrorDetails) -> str:
    """Name the keys that are known where a fault is an unknown one."""
    if fault["type"] != "extra_forbidden":
        return ""
    kind: Any = model
    for part in fault["loc"][:-1]:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            kind = kind.model_fields[str(part)].annotation
        else:
            kind = next(inner for inner in reversed(get_args(kind)) if inner is not Ellipsis)
    return f"; allowed: {', '.join(kind.model_fields)}"


def _dangling(facts: _Facts, options: _Options) -> list[str]:
    """Find the ids that options cite and nobody defines, and the traits that nobody cites."""
    faults: list[str] = []
    cited: set[str] = set()
    for code, option in options.options.items():
        place = f"options.toml: options.{code}"
        for number, statement in enumerate(option.indication):
            faults += _unknown(f"{place}.indication.{number}.facts", statement.facts, facts.facts)
        for side, letter in (("advantages", "A"), ("disadvantages", "D")):
            traits: tuple[str, ...] = getattr(option, side)
            faults += _unknown(f"{place}.{side}", traits, [t for t in options.traits if t.startswith(letter)])
            cited.update(traits)
    faults += [f"options.toml: traits.{trait}: cited by no option" for trait in options.traits if trait not in cited]
    return faults


def _unknown(place: str, ids: Iterable[str], known: Iterable[str]) -> list[str]:
    """Name each id that is not known, with its place and those that are."""
    allowed = tuple(known)
    return [f"{place}: {cited!r} is not known; allowed: {', '.join(allowed)}" for cited in ids if cited not in allowed]
