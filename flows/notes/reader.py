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
from flows.notes.lexicon import Answer, CompoundAnswer, Lexicon, Topic
from flows.notes.marks import marked
from flows.notes.matcher import Match, phrase_matcher
from flows.notes.redaction import redact
from flows.notes.scope import Mention, Polarity, resolve_mentions
from flows.notes.tokenizer import tokenizer
from flows.notes.values import valued

MOST_CHARACTERS: Final = 500
"""A longer note is refused, not cut."""

_PASSED: Final = frozenset({"filler", "lesion", "spine", "mark", "or", "and"})
_PARTING: Final = frozenset({"sep", "break"})
_IGNORED: Final = _PASSED | _PARTING
_UNSURE_LEVEL: Final = ("?",)
"""Stands for a level that may be one to be treated, so that the question of the levels is asked."""


@dataclass(frozen=True, slots=True)
class ExtractedFinding:
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
class NoteContext:
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

    findings: Mapping[str, ExtractedFinding]
    context: tuple[NoteContext, ...]
    not_understood: tuple[str, ...]
    outside: tuple[str, ...]
    identifiers: bool
    danger: tuple[str, ...] = ()
    scope: tuple[ScopeMark, ...] = ()
    did_you_mean: tuple[tuple[str, str], ...] = ()

    @property
    def answers(self) -> dict[str, Codes]:
        """Return the findings as the flow takes them."""
        return {question: finding.answer for question, finding in self.findings.items()}


def read_note(flow: Flow, lexicon: Lexicon, text: str) -> Reading:
    """Read a note of at most 500 characters.

    Raises:
        NoteTooLong: where it has more.
    """
    if len(text) > MOST_CHARACTERS:
        raise NoteTooLong(len(text), MOST_CHARACTERS)
    covered, identifiers = redact(text, phrase_matcher(lexicon).knows, lexicon)
    bold = joined_boldly(covered)
    checked = None if bold == covered else _reader(flow, lexicon, text, bold).reading(identifiers=identifiers).answers
    return _reader(flow, lexicon, text, joined(covered, lexicon)).reading(identifiers=identifiers, checked=checked)


def signs_of_danger(lexicon: Lexicon, text: str) -> bool:
    """Return whether a text of any length holds a sign of an emergency; a note that is too long to be read may."""
    covered, _ = redact(text, phrase_matcher(lexicon).knows, lexicon)
    found = settled(lexicon, covered, matches := _items(lexicon, covered), resolve_mentions(matches))
    return bool(dangers(lexicon, found))


def _items(lexicon: Lexicon, covered: str) -> list[Match]:
    tokens = tokenizer(lexicon).tokenize(covered)
    return valued(lexicon, bared(lexicon, crossed(lexicon, phrase_matcher(lexicon).match(tokens))))


def _reader(flow: Flow, lexicon: Lexicon, text: str, covered: str) -> _Reader:
    return _Reader(flow, lexicon, text, covered, _items(lexicon, covered))


@dataclass(frozen=True, slots=True)
class _Statement:
    """Something said of a question: an answer with its codes, or the topics of a run of words."""

    question: str
    codes: Codes
    topics: tuple[str, ...]
    scale: str
    truth: Polarity
    spans: tuple[tuple[int, int], ...]

    @property
    def says(self) -> bool:
        """Whether it is an answer, and no doubt of one."""
        return bool(self.codes) and self.truth is Polarity.affirmed

    @property
    def names(self) -> set[str]:
        """The topics as joints name them."""
        prefix = "no " if self.truth is Polarity.negated else ""
        return {prefix + topic for topic in self.topics if self.truth is not Polarity.uncertain}


class _Reader:
    """Combines the meanings of one note."""

    def __init__(self, flow: Flow, lexicon: Lexicon, text: str, covered: str, matches: list[Match]) -> None:
        self._flow = flow
        self._lexicon = lexicon
        self._text = text
        self._matches = matches
        self._mentions = settled(lexicon, covered, matches, resolve_mentions(matches))
        targets = Targets(lexicon, covered, matches, self._mentions)
        self._levels = {place: targets.truth(group) for group in targets.groups for place in group.places}
        for place in targets.called_intact():
            self._mentions[place] = self._mentions[place]._replace(polarity=Polarity.uncertain)
        for place, polarity in self._levels.items():
            if polarity is not Polarity.affirmed and self._describes(place - 1, place):
                self._mentions[place - 1] = self._mentions[place - 1]._replace(polarity=Polarity.uncertain)
        self._marks = marked(lexicon, matches, self._mentions, targets)
        self._dangers = dangers(lexicon, self._mentions)

    def _describes(self, place: int, level: int) -> bool:
        """Return whether an answer is said of what stands with a level that is none: "destruction of T8 rib"."""
        if place < 0 or not self._mentions[level].joined:
            return False
        sense = self._mentions[place].match.sense
        return isinstance(sense, Answer) and sense.question in {"extent", "destruction"}

    def reading(self, *, identifiers: bool, checked: Mapping[str, Codes] | None = None) -> Reading:
        """Return what the note says.

        Args:
            identifiers: whether something looks like a person.
            checked: what it says with its lines run together; what is not said then is asked.
        """
        parts = list(self._parts())
        joined = [part for compound in self._lexicon.compound_answers for part in _compound(compound, parts)]
        taken = {span for part in joined for span in part.spans}
        parts = [part for part in parts if not taken.issuperset(part.spans) or part.codes] + joined
        clear = {q.code: self._finding(q.code, parts) for q in self._flow.questions}
        findings = {code: finding for code, finding in clear.items() if finding and _stands(code, finding, checked)}
        named = [
            self._mentions[place] for place, polarity in sorted(self._levels.items()) if polarity is Polarity.affirmed
        ]
        outside = [(m.start, m.match.end) for m in named if m.match.token.outside]
        context = sorted(self._context(parts, findings))
        used = [span for part in parts if part.question in findings and part.codes for span in part.spans]
        used += [span for span, _ in context] + outside + [(mark.start, mark.end) for mark in self._marks]
        return Reading(
            findings,
            tuple(found for _, found in context),
            tuple(self._not_understood(used)),
            tuple(self._text[start:end] for start, end in outside),
            identifiers,
            tuple(dict.fromkeys(self._text[sign.start : sign.match.end] for sign in self._dangers)),
            tuple(mark.mark for mark in self._marks),
            tuple(dict.fromkeys(self._slips())),
        )

    def _slips(self) -> Iterator[tuple[str, str]]:
        """Return the unknown words that are a slip away from a word of an answer."""
        for match_ in self._matches:
            if match_.sense == "word" and (meant := phrase_matcher(self._lexicon).meant(match_.words[0])):
                yield self._text[match_.start : match_.end], meant

    def _parts(self) -> Iterator[_Statement]:
        """Return the answers and the runs of topics, with what is denied turned into what it then says."""
        run: list[tuple[Mention, Topic, Polarity]] = []
        for place, mention in enumerate(self._mentions):
            sense, polarity = self._statement_of(mention)
            level = self._levels.get(place, Polarity.negated)
            if run and mention.joined and sense == "levels" and level is Polarity.negated:
                continue  # "s/p T8 fusion" is one run.
            if run and not (mention.joined and _like(run[-1], sense, polarity)):
                yield _run(run)
                run = []
            span = ((mention.start, mention.match.end),)
            if isinstance(sense, Topic):
                run.append((mention, sense, polarity))
            elif isinstance(sense, Answer):
                yield _Statement(sense.question, (sense.code,), (), "", polarity, span)
            elif sense == "levels" and level is not Polarity.negated:
                codes = mention.match.token.codes if level is Polarity.affirmed else _UNSURE_LEVEL
                if codes:
                    yield _Statement("levels", codes, (), "", level, span)
        if run:
            yield _run(run)

    def _statement_of(self, mention: Mention) -> tuple[object, Polarity]:
        """Turn a denied meaning into what the lexicon says that it then means."""
        sense = mention.match.sense
        if mention.polarity is Polarity.negated and isinstance(sense, Topic) and sense.denied_answer:
            return self._lexicon.answer[sense.question, sense.denied_answer], Polarity.affirmed
        if mention.polarity is Polarity.negated and isinstance(sense, Answer | Topic) and sense.denied_topic:
            return self._lexicon.topic[sense.denied_topic], Polarity.affirmed
        if mention.polarity is Polarity.negated and isinstance(sense, Topic) and sense.name == "unfit":
            return sense, Polarity.uncertain
        return sense, mention.polarity

    def _finding(self, question: str, parts: list[_Statement]) -> ExtractedFinding | None:
        """Return the one answer to a question; None where there is none, two, or a doubt about another."""
        mine = [part for part in parts if part.question == question]
        said = [part for part in mine if part.says]
        codes = tuple(dict.fromkeys(code for part in said for code in part.codes))
        if not said or (len(codes) > 1 and question != "levels"):
            return None
        if any(self._contradicts(part, codes) for part in mine if not part.says):
            return None
        if (question, codes) == ("deficit", ("none",)) and self._dangers:
            return None
        spans = sorted({span for part in said for span in part.spans})
        words = tuple(self._text[start:end] for start, end in spans)
        answer = self._flow.question(question)
        return ExtractedFinding(
            answer.tidy(codes) if answer else codes, words, spans[0][0], max(end for _, end in spans)
        )

    def _contradicts(self, part: _Statement, codes: Codes) -> bool:
        """Return whether a denial, a doubt or a topic speaks against an answer."""
        if part.truth is Polarity.negated:
            return any(code in part.codes for code in codes)
        against = {code for topic in part.topics for code in self._lexicon.topic[topic].against}
        return any(code in against for code in codes) or any(code not in codes for code in part.codes)

    def _context(
        self, parts: list[_Statement], findings: Mapping[str, ExtractedFinding]
    ) -> Iterator[tuple[tuple[int, int], NoteContext]]:
        """Return what helps and answers nothing: scales, percentages, and topics that no contradiction touches."""
        clashing = {part.question for part in parts if part.codes and part.question not in findings}
        beside = self._percentages()
        measured = {topic.end for topic, _ in beside.values()}
        for part in parts:
            topics = [self._lexicon.topic[topic] for topic in part.topics]
            against = any(topic.against for topic in topics)
            if (
                any(topic.alone for topic in topics)
                and not part.codes
                and part.truth is not Polarity.uncertain
                and not (against and part.question in clashing)
            ):
                [(start, end)] = part.spans
                if end not in measured:
                    value = "denied" if part.truth is Polarity.negated else "mentioned"
                    yield (start, end), NoteContext(part.scale, value, self._text[start:end], part.question)
        for mention in self._mentions:
            if mention.polarity is Polarity.affirmed and mention.match.sense in {"scale", "percent"}:
                yield self._measured(mention, beside.get(mention.match.start))

    def _measured(self, mention: Mention, beside: tuple[Match, Topic] | None) -> tuple[tuple[int, int], NoteContext]:
        """Return a scale with its value, or a percentage with the topic that it measures."""
        match_ = mention.match
        start, end = match_.start, match_.end
        if match_.sense == "scale":
            name, value = match_.token.words
            return (start, end), NoteContext(name, value, self._text[start:end], self._lexicon.scales[name].question)
        value, scale, question = self._text[start:end].strip(), "percentage", ""
        if beside:
            start, end = min(start, beside[0].start), max(end, beside[0].end)
            scale, question = beside[1].scale, beside[1].question
        return (start, end), NoteContext(scale, value, self._text[start:end], question)

    def _percentages(self) -> dict[int, tuple[Match, Topic]]:
        """Return to each percentage, by its place, the topic beside it that it measures (">50% collapse")."""
        found: dict[int, tuple[Match, Topic]] = {}
        for one, two in zip(self._mentions, self._mentions[1:], strict=False):
            if not two.joined or {one.polarity, two.polarity} != {Polarity.affirmed}:
                continue
            for percent, other in ((one.match, two.match), (two.match, one.match)):
                if (
                    percent.sense == "percent"
                    and isinstance(other.sense, Topic)
                    and other.sense.question == "destruction"
                ):
                    found.setdefault(percent.start, (other, other.sense))
        return found

    def _not_understood(self, used: list[tuple[int, int]]) -> Iterator[str]:
        """Return the pieces that nothing has used, joined where they follow each other within a clause."""
        taken = {place for start, end in used for place in range(start, end)}
        first: Match | None = None
        last: Match | None = None
        for match_ in self._matches:
            free = taken.isdisjoint(range(match_.start, match_.end))
            if free and match_.sense in _PASSED and match_.token.words != ("?",):
                continue
            if first and last and (not free or match_.sense in _PARTING):
                yield self._text[first.start : last.end]
                first = None
            if free and (match_.sense not in _IGNORED or match_.token.words == ("?",)):
                first, last = first or match_, match_
        if first and last:
            yield self._text[first.start : last.end]


def _stands(question: str, finding: ExtractedFinding, checked: Mapping[str, Codes] | None) -> bool:
    """Return whether an answer is the same with the lines of the note run together."""
    return checked is None or checked.get(question) == finding.answer


def _like(one: tuple[Mention, Topic, Polarity], sense: object, polarity: Polarity) -> bool:
    """Return whether a topic speaks of the same as the one before it, and as truly."""
    return isinstance(sense, Topic) and (sense.scale, polarity) == (one[1].scale, one[2])


def _run(run: list[tuple[Mention, Topic, Polarity]]) -> _Statement:
    """Make one part of topics that follow each other."""
    (first, topic, polarity), (last, _, _) = run[0], run[-1]
    names = tuple(topic.name for _, topic, _ in run)
    return _Statement(topic.question, (), names, topic.scale, polarity, ((first.start, last.match.end),))


def _compound(compound: CompoundAnswer, parts: list[_Statement]) -> Iterator[_Statement]:
    """Return the answer that topics give together, once for each run of words or once for the note."""
    topics = [part for part in parts if part.question == compound.question and part.topics]
    groups = [topics] if compound.within == "note" else [[part] for part in topics]
    if {name for part in topics for name in part.names}.intersection(compound.never):
        return
    for group in groups:
        names = {name for part in group for name in part.names}
        if not all(names.intersection(of.split("|")) for of in compound.of):
            continue
        wanted = {name for of in compound.of for name in of.split("|")}
        spans = tuple(span for part in group if part.names & wanted for span in part.spans)
        yield _Statement(compound.question, (compound.code,), (), "", Polarity.affirmed, spans)
