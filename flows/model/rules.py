"""Rules, and the one pure function of the medicine: findings in, a recommendation out."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from flows.model.conditions import Always, Condition
from flows.model.findings import Codes, Findings
from flows.model.source_scope import ScopeCode


class Verdict(IntEnum):
    """What the source says of an option, from the weakest word to the strongest: the strongest one wins."""

    indicated = 1
    judgement = 2
    not_indicated = 3
    not_recommended = 4
    contraindicated = 5

    @property
    def is_no(self) -> bool:
        """Whether it is one of the three kinds of "no"."""
        return self >= Verdict.not_indicated


@dataclass(frozen=True, slots=True)
class Rule:
    """When `when` holds, the source says `verdict` of `option`, because …, carried by `facts`.

    Attributes:
        id: the rule in the decision rules that it states ("R3").
        brief: the reason in a few words, for where it must fit a line; `because` where that is short enough.
    """

    id: str
    option: str
    verdict: Verdict
    when: Condition
    because: str
    facts: Codes
    brief: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A line that stands on the card when `when` holds.

    Attributes:
        facts: what carries it; none where it is the project's own word.
        urgent: whether it stands right below the headline.
        closing: whether it closes the card, with the source.
        of: the options it speaks of: it stands only if one of them is indicated or a matter of judgement.
        brief: the note in a few words, for the last line of the card; only of one that closes it.
    """

    when: Condition
    text: str
    facts: Codes
    urgent: bool = False
    closing: bool = False
    of: Codes = ()
    brief: str = ""

    def stands(self, findings: Findings, supported: Container[str]) -> bool:
        """Return whether the note is on the card, given the options that are indicated or a matter of judgement."""
        spoken_of = not self.of or any(option in supported for option in self.of)
        return spoken_of and self.when.evaluate(findings) is True


@dataclass(frozen=True, slots=True)
class DisplayRule:
    """A place in the order on the card: taken by `option` with one of `verdicts` when `when` holds."""

    option: str
    verdicts: tuple[Verdict, ...] = tuple(Verdict)
    when: Condition = Always()  # noqa: RUF009 - immutable


@dataclass(frozen=True, slots=True)
class Fork:
    """Something to be settled before the headline holds, while `when` holds.

    Attributes:
        title: what is to be settled; it stands in place of the headline.
        if_so: when the headline holds.
        if_not: when `option` does instead, carried by `facts`.
    """

    when: Condition
    title: str
    if_so: str
    if_not: str
    option: str
    facts: Codes


@dataclass(frozen=True, slots=True)
class Band:
    """A class of a score: it is called `name` while `when` holds, and means what `because` says.

    Attributes:
        outside: what it puts a case that it helps outside the scope of the source for; None where it does not.
    """

    code: str
    name: str
    when: Condition
    because: str
    facts: Codes
    outside: ScopeCode | None = None


@dataclass(frozen=True, slots=True)
class Guidance:
    """What the source says in one flow.

    A flow that advises has rules for every option, an order on the card and perhaps forks; one that scores has
    bands. Both may have notes.

    Attributes:
        direction: of a score whose classes do not say it: whether higher or lower is better.
        caveat: of a score: what must be known of whoever reads it beside the question that it helps with.
    """

    rules: tuple[Rule, ...] = ()
    notes: tuple[Note, ...] = ()
    order: tuple[DisplayRule, ...] = ()
    forks: tuple[Fork, ...] = ()
    bands: tuple[Band, ...] = ()
    direction: str = ""
    caveat: str = ""

    @property
    def options(self) -> frozenset[str]:
        """The options that it speaks of."""
        return frozenset(rule.option for rule in self.rules)


@dataclass(frozen=True, slots=True)
class OptionVerdict:
    """One option with its verdict and every reason that holds, those of the verdict first."""

    option: str
    verdict: Verdict
    reasons: tuple[Rule, ...]

    @property
    def decisive(self) -> tuple[Rule, ...]:
        """The reasons that carry the verdict."""
        return tuple(reason for reason in self.reasons if reason.verdict is self.verdict)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Every option with its verdict and reasons, in card order, the notes, the fork that is open, the band reached."""

    options: tuple[OptionVerdict, ...]
    notes: tuple[Note, ...]
    fork: Fork | None = None
    band: Band | None = None

    @property
    def headline(self) -> OptionVerdict | None:
        """The first option that is indicated; None where nothing is."""
        return next(iter(self.with_verdict(Verdict.indicated)), None)

    @property
    def leading_options(self) -> tuple[str, ...]:
        """The options that the headline names: the first that is indicated, and what takes its place at a fork."""
        lead = (self.headline.option,) if self.headline else ()
        return (*lead, self.fork.option) if self.fork else lead

    def with_verdict(self, *verdicts: Verdict) -> tuple[OptionVerdict, ...]:
        """The options with one of the verdicts, in card order."""
        return tuple(advice for advice in self.options if advice.verdict in verdicts)


def facts_of(rules: Iterable[Rule]) -> tuple[str, ...]:
    """Return the ids of the facts of rules, each once."""
    return tuple(dict.fromkeys(fact for rule in rules for fact in rule.facts))


def decide(guidance: Guidance, findings: Findings) -> Recommendation:
    """Turn findings into a recommendation.

    Args:
        guidance: the rules, the notes and the order.
        findings: those that count, one for each question, NOT_ASKED where it is not asked.
    """
    holding: dict[str, list[Rule]] = {}
    for rule in guidance.rules:
        if rule.when.evaluate(findings):
            holding.setdefault(rule.option, []).append(rule)
    options = [_weigh(option, reasons) for option, reasons in holding.items()]
    options.sort(key=lambda advice: _rank(guidance.order, advice, findings))
    supported = {advice.option for advice in options if not advice.verdict.is_no}
    notes = tuple(note for note in guidance.notes if note.stands(findings, supported))
    fork = next((fork for fork in guidance.forks if fork.when.evaluate(findings)), None)
    band = next((band for band in guidance.bands if band.when.evaluate(findings)), None)
    return Recommendation(tuple(options), notes, fork, band)


def _weigh(option: str, holding: list[Rule]) -> OptionVerdict:
    """Return the strongest verdict; a bare "indication met" under a "no" is left out."""
    verdict = max(rule.verdict for rule in holding)
    spoken = [rule for rule in holding if not (verdict.is_no and rule.verdict is Verdict.indicated)]
    spoken.sort(key=lambda rule: -rule.verdict)
    return OptionVerdict(option, verdict, tuple(spoken))


def _rank(order: Sequence[DisplayRule], advice: OptionVerdict, findings: Findings) -> tuple[int, int]:
    """Return the group (indicated, judgement, the rest) and the first place within it that the option takes."""
    group = min(advice.verdict, Verdict.not_indicated)
    for position, place in enumerate(order):
        if place.option == advice.option and advice.verdict in place.verdicts and place.when.evaluate(findings):
            return group, position
    return group, len(order)
