"""The words of a case that a team works together: data that a clinician edits, its blanks checked."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from flows.catalog.wording import Label, NumberedPageWording, PageWording, Text, Toast, WordingModel, placeholders


def _require_distinct(names: tuple[str, ...]) -> tuple[str, ...]:
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


CodeName = Annotated[str, Field(max_length=16)]


class TeamHeadings(WordingModel):
    """Headings and titles."""

    disputed: Text
    disputed_score: Annotated[str, placeholders("scale")]
    if_so: Annotated[str, placeholders("answer", "who")]
    was_disputed: Text
    against: Annotated[str, placeholders("held", "answer")]
    settled_by: Annotated[str, placeholders("answer", "who")]
    more_disputes: Annotated[str, placeholders("number")]
    vote: Text
    reasons: Text
    given_by: Text
    supports: Text
    nothing: Text
    decision: Annotated[str, placeholders("option")]
    decided: Annotated[str, placeholders("option")]
    superseded: Annotated[str, placeholders("option")]
    by: Annotated[str, placeholders("who")]
    dissent: Text
    departs: Text
    reason: Text
    choose: Text
    decide: Annotated[str, placeholders("option")]
    list_by: Annotated[str, placeholders("who")]
    to_read: Annotated[str, placeholders("when")]
    which: Text
    opened_by: Annotated[str, placeholders("who")]
    shared_by: Annotated[str, placeholders("who")]
    archived: Annotated[str, placeholders("name")]
    poll: Annotated[str, placeholders("name")]
    stray_vote: Annotated[str, placeholders("name")]
    unproven_vote: Annotated[str, placeholders("name")]
    unknown_poll: Text
    unpinned: Text
    poll_stays: Text
    record_stays: Annotated[str, placeholders("name")]
    topic_gone: Annotated[str, placeholders("name")]
    cases: Text
    typed: Text
    none_of_these: Annotated[str, Field(max_length=100)]


class TeamTexts(WordingModel):
    """What stands below a title."""

    dispute: Text
    reasons: Text
    choose: Text
    decide: Text
    departs: Text
    decided: Text
    record: Text
    superseded: Text
    which: Text
    archived: Annotated[str, placeholders("hours")]
    stray_vote: Text
    unproven_vote: Text
    unknown_poll: Text
    unpinned: Text
    record_waits: Text
    no_poll: Text
    poll_stays: Text
    record_stays: Text
    topic_gone: Text
    cases: Text
    no_cases: Text


class TeamLabels(WordingModel):
    """The labels of a team's buttons."""

    discuss: Label
    withdraw: Label
    reasons: Label
    withdraw_reasons: Label
    close: Label
    decide: Label
    reopen: Label
    share: Label
    to_group: Label
    as_it_stands: Label
    waits: Label
    settle: Annotated[str, Field(max_length=24), placeholders("answer")]


class TeamToasts(WordingModel):
    """What a member is told in passing."""

    first: Annotated[str, Field(max_length=80), placeholders("who", "answer")]
    vote_open: Toast
    decided: Toast
    not_permitted: Annotated[str, Field(max_length=120), placeholders("who")]
    leads_only: Toast
    open_disputes: Toast
    discussion_full: Toast
    which: Toast
    wrong_name: Toast
    disputed: Toast
    settled: Toast
    counted: Toast
    follows: Toast
    anonymous: Toast
    outsider: Toast
    not_finished: Toast
    wrong_stage: Toast
    unsure: Toast
    unchecked: Toast
    unproven: Toast
    hidden: Toast


class TeamPages(WordingModel):
    """The cards of a group that belong to no case."""

    not_here: NumberedPageWording
    help: PageWording
    anonymous: PageWording
    outsider: PageWording
    unproven: PageWording
    hidden: PageWording
    share: PageWording
    share_gone: PageWording
    link_gone: PageWording
    erase_privately: PageWording
    names_taken: PageWording
    too_many: NumberedPageWording
    no_minutes: PageWording
    minutes_unread: PageWording
    minutes_failed: PageWording
    minutes_refused: PageWording


class TeamCommands(WordingModel):
    """What the command menu of a group says."""

    case: Text
    cases: Text
    minutes: Text


class RecordWording(WordingModel):
    """The plain text for the patient's record, of a team or of one person."""

    begins: Annotated[str, placeholders("name", "when")]
    sourced: Annotated[str, placeholders("headline")]
    also: Annotated[str, placeholders("options")]
    findings: Annotated[str, placeholders("findings")]
    score: Annotated[str, placeholders("scale", "score", "band")]
    where: Annotated[str, placeholders("told", "where")]
    scored: Annotated[str, placeholders("source", "edition")]
    none: Text
    decided: Annotated[str, placeholders("option")]
    decided_alone: Annotated[str, placeholders("option")]
    departs: Annotated[str, placeholders("reason")]
    reason: Annotated[str, placeholders("reason")]
    disputed: Annotated[str, placeholders("by", "held", "settled")]
    one_member: Text
    members: Annotated[str, placeholders("number")]
    settled_by_giver: Annotated[str, placeholders("answer")]
    settled_by_other: Annotated[str, placeholders("answer")]
    votes: Annotated[str, placeholders("number", "all")]
    otherwise: Annotated[str, placeholders("votes")]
    source: Annotated[str, placeholders("source", "year", "edition")]


class TeamWording(WordingModel):
    """All the words of a team's case."""

    names: Annotated[tuple[CodeName, ...], Field(min_length=8, max_length=64), AfterValidator(_require_distinct)]
    heads: TeamHeadings
    lines: TeamTexts
    labels: TeamLabels
    reasons: dict[Annotated[str, Field(pattern=r"^[a-z_]{1,16}$")], Label]
    toasts: TeamToasts
    pages: TeamPages
    commands: TeamCommands
    record: RecordWording
