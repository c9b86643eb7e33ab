"""The words of a case that a team works together: data that a clinician edits, its blanks checked."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from flows.catalog.wording import Label, NumberedPage, Page, Text, Toast, Words, blanks


def _apart(names: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse names of cases that could be mistaken for each other: the same mark, or the same word.

    Raises:
        ValueError: naming the first that is like an earlier one.
    """
    seen: set[str] = set()
    for name in names:
        mark, _, word = name.partition(" ")
        if not word.isascii() or not word.isalpha() or {mark, word.lower()} & seen:
            raise ValueError(f"{name!r} must be a mark and a word that no other name has")
        seen |= {mark, word.lower()}
    return names


Name = Annotated[str, Field(max_length=16)]


class Heads(Words):
    """Headings and titles."""

    disputed: Text
    disputed_score: Annotated[str, blanks("scale")]
    if_so: Annotated[str, blanks("answer", "who")]
    was_disputed: Text
    against: Annotated[str, blanks("held", "answer")]
    settled_by: Annotated[str, blanks("answer", "who")]
    more_disputes: Annotated[str, blanks("number")]
    vote: Text
    reasons: Text
    given_by: Text
    supports: Text
    nothing: Text
    decision: Annotated[str, blanks("option")]
    decided: Annotated[str, blanks("option")]
    superseded: Annotated[str, blanks("option")]
    by: Annotated[str, blanks("who")]
    dissent: Text
    departs: Text
    reason: Text
    choose: Text
    decide: Annotated[str, blanks("option")]
    list_by: Annotated[str, blanks("who")]
    to_read: Annotated[str, blanks("when")]
    which: Text
    opened_by: Annotated[str, blanks("who")]
    handed_by: Annotated[str, blanks("who")]
    resting: Annotated[str, blanks("name")]
    poll: Annotated[str, blanks("name")]
    uncounted: Annotated[str, blanks("name")]
    unpinned: Text
    cases: Text
    typed: Text
    none_of_these: Annotated[str, Field(max_length=100)]


class Lines(Words):
    """What stands below a title."""

    hold: Text
    reasons: Text
    choose: Text
    decide: Text
    departs: Text
    decided: Text
    record: Text
    superseded: Text
    which: Text
    resting: Annotated[str, blanks("hours")]
    uncounted: Text
    unpinned: Text
    cases: Text
    no_cases: Text


class TeamLabels(Words):
    """The labels of a team's buttons."""

    discuss: Label
    withdraw: Label
    reasons: Label
    unsay: Label
    close: Label
    decide: Label
    reopen: Label
    share: Label
    to_group: Label
    as_it_stands: Label
    settle: Annotated[str, Field(max_length=24), blanks("answer")]


class TeamToasts(Words):
    """What a member is told in passing."""

    first: Annotated[str, Field(max_length=80), blanks("who", "answer")]
    vote_open: Toast
    decided: Toast
    not_yours: Annotated[str, Field(max_length=120), blanks("who")]
    leads_only: Toast
    unsettled: Toast
    crowded: Toast
    which: Toast
    wrong_name: Toast
    held: Toast
    settled: Toast
    counted: Toast
    follows: Toast
    masked: Toast
    outsider: Toast
    not_finished: Toast
    not_now: Toast
    unsure: Toast


class TeamPages(Words):
    """The cards of a group that belong to no case."""

    not_here: NumberedPage
    help: Page
    masked: Page
    outsider: Page
    share: Page
    share_gone: Page
    link_gone: Page
    erase_privately: Page
    names_taken: Page


class TeamCommands(Words):
    """What the command menu of a group says."""

    case: Text
    cases: Text


class RecordWords(Words):
    """The plain text for the patient's record, of a team or of one person."""

    begins: Annotated[str, blanks("name", "when")]
    sourced: Annotated[str, blanks("headline")]
    also: Annotated[str, blanks("options")]
    findings: Annotated[str, blanks("findings")]
    score: Annotated[str, blanks("scale", "score", "band")]
    where: Annotated[str, blanks("told", "where")]
    scored: Annotated[str, blanks("source", "edition")]
    none: Text
    decided: Annotated[str, blanks("option")]
    decided_alone: Annotated[str, blanks("option")]
    departs: Annotated[str, blanks("reason")]
    reason: Annotated[str, blanks("reason")]
    disputed: Annotated[str, blanks("by", "held", "settled")]
    one_member: Text
    members: Annotated[str, blanks("number")]
    settled_by_giver: Annotated[str, blanks("answer")]
    settled_by_other: Annotated[str, blanks("answer")]
    votes: Annotated[str, blanks("number", "all")]
    otherwise: Annotated[str, blanks("votes")]
    source: Annotated[str, blanks("source", "year", "edition")]


class TeamWords(Words):
    """All the words of a team's case."""

    names: Annotated[tuple[Name, ...], Field(min_length=8, max_length=64), AfterValidator(_apart)]
    heads: Heads
    lines: Lines
    labels: TeamLabels
    reasons: dict[Annotated[str, Field(pattern=r"^[a-z_]{1,16}$")], Label]
    toasts: TeamToasts
    pages: TeamPages
    commands: TeamCommands
    record: RecordWords
