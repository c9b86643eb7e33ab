"""The lexicon of notes: what clinicians' words mean to the questions, loaded from TOML and checked once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from flows.catalog.loader import load_file
from flows.errors import CatalogError

FILE: Final = "shorthand.toml"

Phrase = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^\S+( \S+)*$")]
PhraseList = Annotated[tuple[Phrase, ...], Field(min_length=1)]


class _Data(BaseModel):
    """Data of the lexicon: nothing unknown, nothing changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Same(_Data):
    """Data that is loaded once, and equal to itself alone: to compare all its phrases would cost too much."""

    def __eq__(self, other: object) -> bool:
        """Be the same object."""
        return self is other

    def __hash__(self) -> int:
        """Agree with `__eq__`."""
        return id(self)


class Answer(_Same):
    """Words that answer a question; not where a word of `not_before` follows ("fit for chemotherapy").

    Those that are said `at_end` answer only where a clause ends with them: "no prior", not "no prior films".

    Attributes:
        not_beside: the topics that make it say something else: "operable lung primary".
        topics_behind: where it belongs to a noun, the topics that may follow it all the same: "circ prior RT"; None
            where it stands by itself.
    """

    question: str
    code: str
    phrases: PhraseList
    not_before: tuple[str, ...] = ()
    at_end: bool = False
    denied_topic: str = ""
    not_beside: tuple[str, ...] = ()
    topics_behind: tuple[str, ...] | None = None


class Topic(_Same):
    """Words that touch a question without answering it; one that is denied may answer it ("no deficit").

    Attributes:
        opens: the questions whose answer right before it is about another thing: "limited destruction of the pedicle".
        part: whether it names a part of the body or what it does, so that "intact" denies a trouble of it.
        alone: whether it means something alone; "extensive" does with "prior thoracotomy", and not with "smoking".
        bare: whether it denies anything only where nothing follows it: "no neuro", not "no neuro review".
        danger: whether it is a sign of an emergency.
        not_beside: the topics that make it say something else: "inoperable lung primary".
    """

    name: str
    question: str
    scale: str
    phrases: PhraseList
    not_before: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    opens: tuple[str, ...] = ()
    part: bool = False
    alone: bool = True
    bare: bool = False
    danger: bool = False
    denied_answer: str = ""
    denied_topic: str = ""
    not_beside: tuple[str, ...] = ()


class CompoundAnswer(_Data):
    """Topics that answer together, within one run of words or anywhere in the note; "no x" is a denied x.

    What is `never` there is so nowhere in the note.
    """

    question: str
    code: str
    of: tuple[str, ...] = Field(min_length=2)
    never: tuple[str, ...] = ()
    within: Literal["run", "note"]


class BareAnswer(_Data):
    """Words that answer a question only where they stand bare among answers; after some behind a comma, or never."""

    question: str
    code: str
    words: PhraseList
    not_after: tuple[str, ...] = ()
    never_after: tuple[str, ...] = ()


class ScaleWords(_Data):
    """A published scale, or the age: it is context to a question and never an answer."""

    question: str
    names: PhraseList
    values: tuple[str, ...] = Field(min_length=2)


class Conjunctions(_Data):
    """Words between meanings: one that carries a "no" on, one that leaves it open, one that ends it."""

    either: PhraseList = Field(alias="or")
    both: PhraseList = Field(alias="and")
    termination: PhraseList = Field(alias="break")


class Uncertainty(_Data):
    """Words that leave a meaning open: the next one, the last one, all of their clause, or all but its levels.

    Those that say `more` speak of further levels: "T8 etc". Those `around` leave open what
    stands before them too: "intact above T8", "fit possibly".
    """

    next: PhraseList
    around: PhraseList
    last: PhraseList
    more: PhraseList
    clause: PhraseList
    time: PhraseList


class LevelContext(_Data):
    """What shows that a level beside it is none to be treated: "T2 weighted", "biopsy L1", "sensory level T10".

    Attributes:
        name: what it is.
        forms: how the level must be written, as a pattern; empty where any way will do.
        before: what stands right before it.
        behind: what stands right behind it.
        near: what stands in its sentence.
        topics: the topics that stand right beside it.
        passed: what may stand between, beside the words that always may.
        weak: whether a lesion beside the level says more: "biopsy T8 met".
        others: whether it counts only where another level stands in the note: "T8 asymptomatic".
        ends: whether its clause must end with it: "T7 normal", not "T8 normal height".
        spans: whether it counts for spans alone: "MRI T1 to L5".
        comma: whether a comma may part it from the level: "T4, N1".
        nouns: whether it is of one level of a list: "T8, L1 haemangioma".
        anywhere: whether `near` is anywhere in the note, so that only a lesion beside the level says more.
        label: whether a colon or a dash may part it from the level: "L1: haemangioma".
    """

    name: str
    forms: str = ""
    before: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    weak: bool = False
    others: bool = False
    ends: bool = False
    spans: bool = False
    comma: bool = False
    nouns: bool = False
    label: bool = False
    anywhere: bool = False


class LevelWords(_Data):
    """What shows that a level is one to be treated now, that it may be, or that it is none."""

    treated: tuple[str, ...]
    symptomatic: PhraseList
    parting: PhraseList
    passed: PhraseList
    doubtful: PhraseList
    harmless: PhraseList
    contexts: tuple[LevelContext, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """Return the words that are of levels, whatever they show."""
        return (*self.symptomatic, *self.doubtful, *self.harmless, *self.passed)

    @cached_property
    def passing(self) -> frozenset[str]:
        """The words that may stand between any context and its level."""
        return frozenset(self.passed)

    @cached_property
    def bridging(self) -> frozenset[str]:
        """The words that may stand between some contexts and their level."""
        return frozenset(word for context in self.contexts for word in context.passed) - self.passing

    @cached_property
    def topical(self) -> tuple[LevelContext, ...]:
        """The contexts that a topic shows."""
        return tuple(context for context in self.contexts if context.topics)

    @cached_property
    def doubting(self) -> frozenset[str]:
        """The words that make a level one that may be ill."""
        return frozenset(self.doubtful)


class LineWords(_Data):
    """Words that no line ends with, and words that none begins with, unless its sentence goes on."""

    goes_on_behind: PhraseList
    goes_on_ahead: PhraseList


class Values(_Data):
    """What a form puts behind an item: that it is so, that it is not, that nobody has said."""

    deny: PhraseList
    affirm: PhraseList
    unfilled: PhraseList


class ScopeWords(_Data):
    """What puts a case outside the scope of the source, in the writer's own words (G10)."""

    asymptomatic: PhraseList
    intradural: PhraseList
    primary: PhraseList
    stable: PhraseList
    stable_how: PhraseList
    stable_what: PhraseList


class Crossing(_Data):
    """A part of the body and its trouble, which mean a topic in either order: "legs feel heavy"."""

    topic: str
    parts: PhraseList
    troubles: PhraseList


class Negation(_Data):
    """Words that deny what follows, and words that deny what stands right before them.

    Attributes:
        preceding: deny what follows.
        following: deny what follows, or leave open what stands before.
        following_nil: deny what follows, or what stands before where nothing follows.
        following_resolved: deny a trouble that stands right before: "weakness: none".
        following_normal: deny the trouble of a part that stands right before or behind: "sphincters intact".
        following_healthy: deny the trouble of a part that stands right before: "bladder ok".
    """

    preceding: PhraseList
    following: PhraseList
    following_nil: PhraseList
    following_resolved: PhraseList
    following_normal: PhraseList
    following_healthy: PhraseList


class PseudoPhrases(_Data):
    """Phrases that answer nothing, and take their words away from shorter ones that would."""

    phrases: PhraseList


Word = Literal[
    "filler",
    "lesion",
    "pathology",
    "spine",
    "neutral",
    "asymptomatic",
    "intradural",
    "primary",
    "stable",
    "degree",
    "or",
    "and",
    "break",
    "no",
    "not",
    "nil",
    "gone",
    "sound",
    "fine",
    "next",
    "around",
    "last",
    "more",
    "clause",
    "time",
    "apart",
]
Sense = Answer | Topic | Word
"""What a phrase is to the reader."""


class Lexicon(_Same):
    """All words that notes are read by."""

    filler: PhraseList
    lesion: PhraseList
    pathology: PhraseList
    spine: PhraseList
    neutral: PhraseList
    degree: PhraseList
    german: PhraseList
    lines: LineWords
    values: Values
    scope: ScopeWords
    crossed: tuple[Crossing, ...]
    plain: PhraseList
    endings: PhraseList
    conjunctions: Conjunctions
    negation: Negation
    uncertainty: Uncertainty
    levels: LevelWords
    answers: tuple[Answer, ...]
    topics: tuple[Topic, ...]
    compound_answers: tuple[CompoundAnswer, ...]
    bare: tuple[BareAnswer, ...] = ()
    pseudo_phrases: PseudoPhrases
    scales: dict[str, ScaleWords]

    @cached_property
    def topic(self) -> dict[str, Topic]:
        """The topics by name."""
        return {topic.name: topic for topic in self.topics}

    @cached_property
    def answer(self) -> dict[tuple[str, str], Answer]:
        """An answer by its question and code."""
        return {(answer.question, answer.code): answer for answer in self.answers}

    @cached_property
    def barely(self) -> dict[str, tuple[Answer, BareAnswer]]:
        """The bare words, each with its answer."""
        return {word: (self.answer[bare.question, bare.code], bare) for bare in self.bare for word in bare.words}

    def entries(self) -> Iterator[tuple[str, Sense]]:
        """Return every phrase with what it is."""
        for answer in self.answers:
            yield from ((phrase, answer) for phrase in answer.phrases)
        for topic in self.topics:
            yield from ((phrase, topic) for phrase in topic.phrases)
        yield from ((phrase, "apart") for phrase in self.pseudo_phrases.phrases)
        yield from ((phrase, "no") for phrase in self.negation.preceding)
        yield from ((phrase, "not") for phrase in self.negation.following)
        yield from ((phrase, "nil") for phrase in self.negation.following_nil)
        yield from ((phrase, "gone") for phrase in self.negation.following_resolved)
        yield from ((phrase, "sound") for phrase in self.negation.following_normal)
        yield from ((phrase, "fine") for phrase in self.negation.following_healthy)
        yield from ((phrase, "or") for phrase in self.conjunctions.either)
        yield from ((phrase, "and") for phrase in self.conjunctions.both)
        yield from ((phrase, "break") for phrase in self.conjunctions.termination)
        yield from ((phrase, "next") for phrase in self.uncertainty.next)
        yield from ((phrase, "around") for phrase in self.uncertainty.around)
        yield from ((phrase, "last") for phrase in self.uncertainty.last)
        yield from ((phrase, "more") for phrase in self.uncertainty.more)
        yield from ((phrase, "clause") for phrase in self.uncertainty.clause)
        yield from ((phrase, "time") for phrase in self.uncertainty.time)
        yield from ((phrase, "filler") for phrase in self.filler)
        yield from ((phrase, "lesion") for phrase in self.lesion)
        yield from ((phrase, "pathology") for phrase in self.pathology)
        yield from ((phrase, "spine") for phrase in self.spine)
        yield from ((phrase, "neutral") for phrase in self.neutral)
        yield from ((phrase, "degree") for phrase in self.degree)
        yield from ((phrase, "asymptomatic") for phrase in self.scope.asymptomatic)
        yield from ((phrase, "intradural") for phrase in self.scope.intradural)
        yield from ((phrase, "primary") for phrase in self.scope.primary)
        yield from ((phrase, "stable") for phrase in self.scope.stable)


@cache
def lexicon() -> Lexicon:
    """Return the lexicon that comes with the package, loaded once, when it is first needed."""
    return load_lexicon(files("flows") / "catalog" / "data")


def load_lexicon(folder: Traversable) -> Lexicon:
    """Load and check the lexicon of a folder.

    Raises:
        CatalogError: with every fault named: its shape, a phrase that stands twice, a topic that is not there.
    """
    words = load_file(folder, FILE, Lexicon)
    faults = [f"{FILE}: {phrase!r} stands {n} times" for phrase, n in _counted(words).items() if n > 1]
    senses: tuple[Answer | Topic, ...] = (*words.answers, *words.topics)
    cited = [name for sense in senses for name in sense.not_beside]
    cited += [
        name
        for compound in words.compound_answers
        for names in (*compound.of, *compound.never)
        for name in names.split("|")
    ]
    cited += [sense.denied_topic for sense in senses if sense.denied_topic]
    cited += [name for answer in words.answers for name in answer.topics_behind or ()]
    cited += [*words.levels.treated, *(crossing.topic for crossing in words.crossed)]
    cited += [name for context in words.levels.contexts for name in context.topics]
    faults += [
        f"{FILE}: bare {bare.words[0]!r}: {bare.question}.{bare.code} is no answer"
        for bare in words.bare
        if (bare.question, bare.code) not in words.answer
    ]
    faults += [
        f"{FILE}: topic {topic.name!r}: {topic.question}.{topic.denied_answer} is no answer"
        for topic in words.topics
        if topic.denied_answer and (topic.question, topic.denied_answer) not in words.answer
    ]
    names = {name.removeprefix("no ") for name in cited}
    faults += [f"{FILE}: {name!r} is no topic" for name in sorted(names - set(words.topic))]
    if faults:
        raise CatalogError(faults)
    return words


def _counted(words: Lexicon) -> Counter[str]:
    return Counter(phrase.casefold() for phrase, _ in words.entries())
