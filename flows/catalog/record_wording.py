"""The words of a record on paper: data that a clinician edits, its blanks checked."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from flows.catalog.wording import Label, Text, WordingModel, placeholders

Topic = Annotated[str, Field(max_length=60)]


class PageOfRecordWording(WordingModel):
    """The words of one page, which is handed to a colleague or put into the patient's file."""

    lang: Label
    author: Label
    caption: Annotated[str, placeholders("case", "when")]
    file: Annotated[str, placeholders("case", "when")]
    title: Annotated[str, placeholders("when")]
    title_named: Annotated[str, placeholders("name", "when")]
    case: Label
    about: Annotated[str, placeholders("case", "levels", "when")]
    kind: Text
    patient: Text
    by_hand: Text
    picture: Annotated[str, placeholders("caption")]
    decision: Text
    no_vote: Text
    uncited: Text
    sourced: Annotated[str, placeholders("headline")]
    findings: Text
    finding: Label
    answer: Label
    given_by: Label
    not_asked: Text
    scores: Text
    no_score: Text
    disputed: Text
    options: Text
    option: Label
    verdict: Label
    because: Label
    notes: Text
    cited: Text
    here: Annotated[str, placeholders("silent", "here")]
    limits: Text
    source: Annotated[str, placeholders("source", "publisher", "section", "year", "edition")]
    limit: Text
    own_words: Text
    nobody: Text
    topics: dict[Annotated[str, Field(pattern=r"^[a-z_]{1,24}$")], Topic]


class MinutesWording(WordingModel):
    """The words of a list of decisions, for a board's minutes."""

    file: Annotated[str, placeholders("when")]
    caption: Annotated[str, placeholders("since", "until", "number")]
    title: Annotated[str, placeholders("until")]
    head: Text
    about: Annotated[str, placeholders("since", "until", "number")]
    time: Label
    case: Label
    findings: Label
    sourced: Label
    decision: Label
    disputes: Label
    status: Label
    by: Label
    voters: Label
    patient: Label
    holds: Text
    superseded: Text
    unnamed: Text
    named: Text


class PaperWording(WordingModel):
    """All the words of a record."""

    page: PageOfRecordWording
    minutes: MinutesWording
