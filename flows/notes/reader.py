"""Read a clinician's typed note into findings, each with its words, and say what was not understood.

Nothing is inferred: a scale, a percentage or a deficit that is only mentioned is context beside its question (G2, G3).
A question on which the note contradicts itself, or leaves a doubt, has no finding and is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from flows.errors import NoteTooLong
from flows.model.findings import Codes
from flows.model.flow import Flow
from flows.model.source_scope import ScopeMark
from flows.notes.bare import bared
from flows.notes.context.crossings import crossed
from flows.notes.context.lines import joined, joined_boldly
from flows.notes.context.neighbours import settled
from flows.notes.context.targets import Targets
from flows.notes.danger import dangers
from flows.notes.lexicon import Answer, Joint, Lexicon, Topic
from flows.notes.marks import marked
from flows.notes.matcher import Item, phrases
from flows.notes.redaction import hidden
from flows.notes.scope import Meaning, Truth, meanings
from flows.notes.tokenizer import cutter
from flows.notes.values import valued

MOST_CHARACTERS: Final = 500
"""A longer note is refused, not cut."""

_PASSED: Final = frozenset({"filler", "lesion", "spine", "mark", "or", "and"})
_PARTING: Final = frozenset({"sep", "break"})
_UNHEARD: Final = _PASSED | _PARTING
_UNSURE_LEVEL: Final = ("?",)
"""Stands for a level that may be one to be treated, so that the question of the levels is asked."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer that a note gives.

    Attributes:
        answer: its codes.
        words: the pieces of the note that it came from, letter by letter.
        start: where the first of them begins, in characters.
        end: the character after the last of them.
    """

    answer: Codes
    words: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Context:
    """Something that helps to answer a question and is not its answer: a scale, a percentage, a mention.

    Attributes:
        scale: the scale ("ECOG"), or what is spoken of ("collapse").
        value: the value as it was typed; "mentioned" or "denied" where there is none.
        words: the piece of the note.
        question: the code of the question that it helps with; empty where it is none.
    """

    scale: str
    value: str
    words: str
    question: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a note says.

    Attributes:
        findings: what was heard, by the code of its question, in question order.
        context: what helps and answers nothing, in the order of the note.
        not_understood: the pieces that were left over; never one that looks like a person.
        outside: the vertebrae outside T1–L5 that were named.
        identifiers: whether something looks like a name, a date or a number of a person.
        danger: the pieces that are signs of an emergency, whatever else was read.
        scope: what puts the case outside the scope of the source, in the writer's own words or score.
        did_you_mean: unknown words that are a slip away from a word of an answer, each with that word; to be asked.
    """

    findings: Mapping[str, Heard]
    context: tuple[Context, ...]
    not_understood: tuple[str, ...]
    outside: tuple[str, ...]
    identifiers: bool
    danger: tuple[str, ...] = ()
    scope: tuple[ScopeMark, ...] = ()
    did_you_mean: tuple[tuple[str, str], ...] = ()

    @property
    def answers(self) -> dict[str, Codes]:
        """Return the findings as the flow takes them."""
        return {question: heard.answer for question, heard in self.findings.items()}


def read(flow: Flow, lexicon: Lexicon, text: str) -> Reading:
    """Read a note of at most 500 characters.

    Raises:
        NoteTooLong: where it has more.
    """
    if len(text) > MOST_CHARACTERS:
        raise NoteTooLong(len(text), MOST_CHARACTERS)
    covered, identifiers = hidden(text, phrases(lexicon).knows, lexicon)
    bold = joined_boldly(covered)
    checked = None if bold == covered else _reader(flow, lexicon, text, bold).reading(identifiers=identifiers).answers
    return _reader(flow, lexicon, text, joined(covered, lexicon)).reading(identifiers=identifiers, checked=checked)


def signs_of_danger(lexicon: Lexicon, text: str) -> bool:
    """Return whether a text of any length holds a sign of an emergency; a note that is too long to be read may."""
    covered, _ = hidden(text, phrases(lexicon).knows, lexicon)
    found = settled(lexicon, covered, items := _items(lexicon, covered), meanings(items))
    return bool(dangers(lexicon, found))


def _items(lexicon: Lexicon, covered: str) -> list[Item]:
    pieces = cutter(lexicon).cut(covered)
    return valued(lexicon, bared(lexicon, crossed(lexicon, phrases(lexicon).found(pieces))))


def _reader(flow: Flow, lexicon: Lexicon, text: str, covered: str) -> _Reader:
    return _Reader(flow, lexicon, text, covered, _items(lexicon, covered))


@dataclass(frozen=True, slots=True)
class _Part:
    """Something said of a question: an answer with its codes, or the topics of a run of words."""

    question: str
    codes: Codes
    topics: tuple[str, ...]
    scale: str
    truth: Truth
    spans: tuple[tuple[int, int], ...]

    @property
    def says(self) -> bool:
        """Whether it is an answer, and no doubt of one."""
        return bool(self.codes) and self.truth is Truth.said

    @property
    def names(self) -> set[str]:
        """The topics as joints name them."""
        prefix = "no " if self.truth is Truth.denied else ""
        return {prefix + topic for topic in self.topics if self.truth is not Truth.open}


class _Reader:
    """Puts the meanings of one note together."""

    def __init__(self, flow: Flow, lexicon: Lexicon, text: str, covered: str, items: list[Item]) -> None:
        self._flow = flow
        self._lexicon = lexicon
        self._text = text
        self._items = items
        self._meanings = settled(lexicon, covered, items, meanings(items))
        targets = Targets(lexicon, covered, items, self._meanings)
        self._levels = {place: targets.truth(group) for group in targets.groups for place in group.places}
        for place in targets.called_intact():
            self._meanings[place] = self._meanings[place]._replace(truth=Truth.open)
        for place, truth in self._levels.items():
            if truth is not Truth.said and self._describes(place - 1, place):
                self._meanings[place - 1] = self._meanings[place - 1]._replace(truth=Truth.open)
        self._marks = marked(lexicon, items, self._meanings, targets)
        self._dangers = dangers(lexicon, self._meanings)

    def _describes(self, place: int, level: int) -> bool:
        """Return whether an answer is said of what stands with a level that is none: "destruction of T8 rib"."""
        if place < 0 or not self._meanings[level].joined:
            return False
        sense = self._meanings[place].item.sense
        return isinstance(sense, Answer) and sense.question in {"extent", "destruction"}

    def reading(self, *, identifiers: bool, checked: Mapping[str, Codes] | None = None) -> Reading:
        """Return what the note says.

        Args:
            identifiers: whether something looks like a person.
            checked: what it says with its lines run together; what is not said then is asked.
        """
        parts = list(self._parts())
        joined = [part for joint in self._lexicon.joints for part in _joined(joint, parts)]
        taken = {span for part in joined for span in part.spans}
        parts = [part for part in parts if not taken.issuperset(part.spans) or part.codes] + joined
        clear = {q.code: self._heard(q.code, parts) for q in self._flow.questions}
        findings = {code: heard for code, heard in clear.items() if heard and _stands(code, heard, checked)}
        named = [self._meanings[place] for place, truth in sorted(self._levels.items()) if truth is Truth.said]
        outside = [(m.start, m.item.end) for m in named if m.item.piece.outside]
        context = sorted(self._context(parts, findings))
        used = [span for part in parts if part.question in findings and part.codes for span in part.spans]
        used += [span for span, _ in context] + outside + [(mark.start, mark.end) for mark in self._marks]
        return Reading(
            findings,
            tuple(found for _, found in context),
            tuple(self._left(used)),
            tuple(self._text[start:end] for start, end in outside),
            identifiers,
            tuple(dict.fromkeys(self._text[sign.start : sign.item.end] for sign in self._dangers)),
            tuple(mark.mark for mark in self._marks),
            tuple(dict.fromkeys(self._slips())),
        )

    def _slips(self) -> Iterator[tuple[str, str]]:
        """Return the unknown words that are a slip away from a word of an answer."""
        for item in self._items:
            if item.sense == "word" and (meant := phrases(self._lexicon).meant(item.words[0])):
                yield self._text[item.start : item.end], meant

    def _parts(self) -> Iterator[_Part]:
        """Give the answers and the runs of topics, with what is denied turned into what it then says."""
        run: list[tuple[Meaning, Topic, Truth]] = []
        for place, meaning in enumerate(self._meanings):
            sense, truth = self._turned(meaning)
            level = self._levels.get(place, Truth.denied)
            if run and meaning.joined and sense == "levels" and level is Truth.denied:
                continue  # "s/p T8 fusion" is one run.
            if run and not (meaning.joined and _like(run[-1], sense, truth)):
                yield _run(run)
                run = []
            span = ((meaning.start, meaning.item.end),)
            if isinstance(sense, Topic):
                run.append((meaning, sense, truth))
            elif isinstance(sense, Answer):
                yield _Part(sense.question, (sense.code,), (), "", truth, span)
            elif sense == "levels" and level is not Truth.denied:
                codes = meaning.item.piece.codes if level is Truth.said else _UNSURE_LEVEL
                if codes:
                    yield _Part("levels", codes, (), "", level, span)
        if run:
            yield _run(run)

    def _turned(self, meaning: Meaning) -> tuple[object, Truth]:
        """Turn a denied meaning into what the lexicon says that it then means."""
        sense = meaning.item.sense
        if meaning.truth is Truth.denied and isinstance(sense, Topic) and sense.denied_answer:
            return self._lexicon.answer[sense.question, sense.denied_answer], Truth.said
        if meaning.truth is Truth.denied and isinstance(sense, Answer | Topic) and sense.denied_topic:
            return self._lexicon.topic[sense.denied_topic], Truth.said
        if meaning.truth is Truth.denied and isinstance(sense, Topic) and sense.name == "unfit":
            return sense, Truth.open
        return sense, meaning.truth

    def _heard(self, question: str, parts: list[_Part]) -> Heard | None:
        """Give the one answer to a question; None where there is none, two, or a doubt about another."""
        mine = [part for part in parts if part.question == question]
        said = [part for part in mine if part.says]
        codes = tuple(dict.fromkeys(code for part in said for code in part.codes))
        if not said or (len(codes) > 1 and question != "levels"):
            return None
        if any(self._speaks_against(part, codes) for part in mine if not part.says):
            return None
        if (question, codes) == ("deficit", ("none",)) and self._dangers:
            return None
        spans = sorted({span for part in said for span in part.spans})
        words = tuple(self._text[start:end] for start, end in spans)
        answer = self._flow.question(question)
        return Heard(answer.tidy(codes) if answer else codes, words, spans[0][0], max(end for _, end in spans))

    def _speaks_against(self, part: _Part, codes: Codes) -> bool:
        """Tell whether a denial, a doubt or a topic speaks against an answer."""
        if part.truth is Truth.denied:
            return any(code in part.codes for code in codes)
        against = {code for topic in part.topics for code in self._lexicon.topic[topic].against}
        return any(code in against for code in codes) or any(code not in codes for code in part.codes)

    def _context(self, parts: list[_Part], findings: Mapping[str, Heard]) -> Iterator[tuple[tuple[int, int], Context]]:
        """Give what helps and answers nothing: scales, percentages, and topics that no contradiction touches."""
        clashing = {part.question for part in parts if part.codes and part.question not in findings}
        beside = self._percentages()
        measured = {topic.end for topic, _ in beside.values()}
        for part in parts:
            topics = [self._lexicon.topic[topic] for topic in part.topics]
            against = any(topic.against for topic in topics)
            if (
                any(topic.alone for topic in topics)
                and not part.codes
                and part.truth is not Truth.open
                and not (against and part.question in clashing)
            ):
                [(start, end)] = part.spans
                if end not in measured:
                    value = "denied" if part.truth is Truth.denied else "mentioned"
                    yield (start, end), Context(part.scale, value, self._text[start:end], part.question)
        for meaning in self._meanings:
            if meaning.truth is Truth.said and meaning.item.sense in {"scale", "percent"}:
                yield self._measured(meaning, beside.get(meaning.item.start))

    def _measured(self, meaning: Meaning, beside: tuple[Item, Topic] | None) -> tuple[tuple[int, int], Context]:
        """Give a scale with its value, or a percentage with the topic that it measures."""
        item = meaning.item
        start, end = item.start, item.end
        if item.sense == "scale":
            name, value = item.piece.words
            return (start, end), Context(name, value, self._text[start:end], self._lexicon.scales[name].question)
        value, scale, question = self._text[start:end].strip(), "percentage", ""
        if beside:
            start, end = min(start, beside[0].start), max(end, beside[0].end)
            scale, question = beside[1].scale, beside[1].question
        return (start, end), Context(scale, value, self._text[start:end], question)

    def _percentages(self) -> dict[int, tuple[Item, Topic]]:
        """Give to each percentage, by its place, the topic beside it that it measures (">50% collapse")."""
        found: dict[int, tuple[Item, Topic]] = {}
        for one, two in zip(self._meanings, self._meanings[1:], strict=False):
            if not two.joined or {one.truth, two.truth} != {Truth.said}:
                continue
            for percent, other in ((one.item, two.item), (two.item, one.item)):
                if (
                    percent.sense == "percent"
                    and isinstance(other.sense, Topic)
                    and other.sense.question == "destruction"
                ):
                    found.setdefault(percent.start, (other, other.sense))
        return found

    def _left(self, used: list[tuple[int, int]]) -> Iterator[str]:
        """Give the pieces that nothing has used, joined where they follow each other within a clause."""
        taken = {place for start, end in used for place in range(start, end)}
        first: Item | None = None
        last: Item | None = None
        for item in self._items:
            free = taken.isdisjoint(range(item.start, item.end))
            if free and item.sense in _PASSED and item.piece.words != ("?",):
                continue
            if first and last and (not free or item.sense in _PARTING):
                yield self._text[first.start : last.end]
                first = None
            if free and (item.sense not in _UNHEARD or item.piece.words == ("?",)):
                first, last = first or item, item
        if first and last:
            yield self._text[first.start : last.end]


def _stands(question: str, heard: Heard, checked: Mapping[str, Codes] | None) -> bool:
    """Return whether an answer is the same with the lines of the note run together."""
    return checked is None or checked.get(question) == heard.answer


def _like(one: tuple[Meaning, Topic, Truth], sense: object, truth: Truth) -> bool:
    """Tell whether a topic speaks of the same as the one before it, and as truly."""
    return isinstance(sense, Topic) and (sense.scale, truth) == (one[1].scale, one[2])


def _run(run: list[tuple[Meaning, Topic, Truth]]) -> _Part:
    """Make one part of topics that follow each other."""
    (first, topic, truth), (last, _, _) = run[0], run[-1]
    names = tuple(topic.name for _, topic, _ in run)
    return _Part(topic.question, (), names, topic.scale, truth, ((first.start, last.item.end),))


def _joined(joint: Joint, parts: list[_Part]) -> Iterator[_Part]:
    """Give the answer that topics give together, once for each run of words or once for the note."""
    topics = [part for part in parts if part.question == joint.question and part.topics]
    groups = [topics] if joint.within == "note" else [[part] for part in topics]
    if {name for part in topics for name in part.names}.intersection(joint.never):
        return
    for group in groups:
        names = {name for part in group for name in part.names}
        if not all(names.intersection(of.split("|")) for of in joint.of):
            continue
        wanted = {name for of in joint.of for name in of.split("|")}
        spans = tuple(span for part in group if part.names & wanted for span in part.spans)
        yield _Part(joint.question, (joint.code,), (), "", Truth.said, spans)
