"""The wording of cards, commands and toasts: data that a clinician edits, its blanks checked."""

from __future__ import annotations

from string import Formatter
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from flows.model.source_scope import ScopeMark


def require_text(text: str) -> str:
    """Refuse a text with nothing to read in it.

    Raises:
        ValueError: for a blank text.
    """
    if not text.strip():
        raise ValueError("must not be blank")
    return text


Text = Annotated[str, Field(max_length=600), AfterValidator(require_text)]
Toast = Annotated[str, Field(max_length=200), AfterValidator(require_text)]
Label = Annotated[str, Field(max_length=24), AfterValidator(require_text)]


def placeholders(*allowed: str) -> AfterValidator:
    """Refuse a text whose {blanks} are not exactly the allowed ones."""

    def check(text: str) -> str:
        parts = list(Formatter().parse(text))
        found = {blank for _, blank, _, _ in parts if blank is not None}
        if found != set(allowed) or any(form or conversion for _, _, form, conversion in parts):
            shown = ", ".join(f"{{{blank}}}" for blank in allowed)
            raise ValueError(f"must hold the blanks {shown} and no others")
        return text

    return AfterValidator(check)


class WordingModel(BaseModel):
    """Words: nothing unknown, nothing changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Left(WordingModel):
    """How many questions may still follow."""

    last: Text
    exactly: Annotated[str, placeholders("most")]
    between: Annotated[str, placeholders("fewest", "most")]
    either: Annotated[str, placeholders("fewest", "most")]
    at_most: Annotated[str, placeholders("most")]
    numbers: Annotated[tuple[Text, ...], Field(min_length=2)]

    def said(self, fewest: int, most: int) -> str:
        """Return in words how many follow."""
        text = self._form(fewest, most)
        return text.format(fewest=self._number(fewest), most=self._number(most))

    def _form(self, fewest: int, most: int) -> str:
        if most == 0:
            return self.last
        if fewest == most:
            return self.exactly
        if fewest == 0:
            return self.at_most
        return self.either if most == fewest + 1 else self.between

    def _number(self, number: int) -> str:
        return self.numbers[number] if number < len(self.numbers) else str(number)


class VerdictWording(WordingModel):
    """How each verdict reads."""

    indicated: Text
    judgement: Text
    not_indicated: Text
    not_recommended: Text
    contraindicated: Text


class ResultWording(WordingModel):
    """The words of the recommendation."""

    why: Text
    but: Text
    none: Text
    none_if_so: Text
    notes: Text
    findings: Text
    unneeded: Text
    footer: Annotated[str, placeholders("source", "year", "edition")]
    closing: Annotated[str, placeholders("source", "year", "scope")]
    terms: Annotated[str, placeholders("edition")]
    disclaimer: Text
    older: Annotated[str, placeholders("began", "edition")]
    changing: Text
    change: Text
    copy_block: Text
    points: Text
    score: Annotated[str, placeholders("scale", "score", "band")]
    scored: Annotated[str, placeholders("source", "edition")]
    linked_score: Annotated[str, placeholders("score", "band", "where")]
    scored_finding: Annotated[str, placeholders("score", "band", "where")]


class DetailWording(WordingModel):
    """The words of an option's detail."""

    indication: Text
    advantages: Text
    disadvantages: Text
    none_stated: Text
    ratings: Text
    skill: Text
    equipment: Text
    unknown: Text
    skill_steps: Annotated[tuple[Text, ...], Field(min_length=3, max_length=3)]
    equipment_steps: Annotated[tuple[Text, ...], Field(min_length=3, max_length=3)]
    facts: Text

    def step(self, rating: int | str, steps: tuple[str, ...]) -> str:
        """Return a rating from 1 to 3 as its step; anything else as not known."""
        return f"{rating} · {steps[rating - 1]}" if isinstance(rating, int) else self.unknown


class SiteWording(WordingModel):
    """What is said in the name of the hospital, from its own file."""

    rating: Annotated[str, placeholders("hospital")]
    reviewed: Annotated[str, placeholders("reviewer", "date")]
    not_here: Text
    refer: Text
    referred: Annotated[str, placeholders("option", "hospital")]
    rated: Annotated[str, placeholders("rating", "option", "steps", "reviewed")]
    about: Annotated[str, placeholders("hospital")]
    months: Annotated[tuple[Text, ...], Field(min_length=12, max_length=12)]


class WhatIfWording(WordingModel):
    """The words of what is still possible, of what another answer would change, and of options side by side."""

    in_play: Text
    all_in_play: Text
    certain: Text
    out: Text
    would: Text
    could: Text
    title: Text
    line: Annotated[str, placeholders("answer", "then")]
    doubt: Annotated[str, placeholders("doubt", "answer")]
    same_headline: Text
    levels: Text
    maybe: Annotated[str, placeholders("options")]
    asks: Text
    settle: Text
    other_levels: Text
    doubts: dict[Annotated[str, Field(pattern=r"^[a-z_]{1,24}$")], Label]
    what_if: Text
    now: Text
    then: Text
    then_asked: Annotated[str, placeholders("question")]
    differs: Text
    same: Text
    nothing: Text
    team: Text
    either: Text
    less: Annotated[str, placeholders("levels")]
    less_of: Annotated[str, placeholders("levels")]
    more: Annotated[str, placeholders("levels")]
    more_of: Annotated[str, placeholders("levels")]
    only: Annotated[str, placeholders("levels")]
    only_of: Annotated[str, placeholders("levels")]
    compared: Text
    versus: Text
    verdict: Text
    all_share: Text
    nothing_more: Text


class LabelWording(WordingModel):
    """The labels of the buttons that are no answers."""

    new: Label
    go_on: Label
    done: Label
    only: Annotated[str, placeholders("choice")]
    back: Label
    restart: Label
    start_over: Label
    by_buttons: Label
    to_card: Label
    to_case: Label
    to_question: Label
    scale: Annotated[str, placeholders("scale")]
    all_scales: Label
    scales: Label
    changes: Label
    to_changes: Label
    levels: Label
    to_levels: Label
    answers: Label
    every_option: Label
    browse: Label
    all_options: Label
    about: Label
    help: Label
    home: Label
    erase: Label
    keep: Label
    confirm: Label
    delete_message: Label
    in_private: Label
    copy_text: Label
    picture: Label
    record: Label
    draw: Label
    light: Label
    dark: Label
    newer: Label
    older: Label


class Restart(WordingModel):
    """The words that ask before a case begins again."""

    title: Annotated[str, placeholders("count")]
    line: Text


class ToastWording(WordingModel):
    """What a tap is told in passing."""

    stale: Toast
    empty_selection: Toast
    chosen_otherwise: Toast
    nothing_to_undo: Toast
    shown_elsewhere: Toast
    unknown_button: Toast
    misplaced: Toast
    gone: Toast
    archived: Toast
    old_picture: Toast
    failed: Toast
    message_deleted: Toast
    not_saved: Toast
    slow_save: Toast
    not_listed: Annotated[str, Field(max_length=180), placeholders("number")]


class NoteWording(WordingModel):
    """The words of what was read of a typed note."""

    label: Text
    title: Text
    missing: Text
    context: Text
    left: Text
    guess: Text
    outside: Text
    leave_out: Text
    if_right: Text
    supports: Text
    long: Text
    incomplete: Text
    asked: Text
    drop: Annotated[str, placeholders("finding")]
    more: Text


class PictureWording(WordingModel):
    """The words in the picture of the spine, and below it."""

    level: Text
    levels: Text
    no_level: Text
    incomplete: Text
    tumour: Annotated[str, placeholders("extent")]
    pedicles: Text
    destroyed: Text
    for_all: Text
    disputed: Text
    anterior: Text
    posterior: Text
    upper: Text
    exposure: Text
    view: Text
    foot: Annotated[str, placeholders("source", "year", "edition")]
    caption: Annotated[str, placeholders("case", "levels", "headline")]


class DrawingWording(WordingModel):
    """The words of the page on which the spine is tapped."""

    title: Text
    hint: Text
    legend: Text
    later: Text
    nothing: Text
    send: Text
    sending: Text
    sent: Text
    saved: Text
    failed: Text
    refused: Text
    slow: Text


class Scope(WordingModel):
    """What is said of a case outside the scope of the source, by what was found; `scored` is of one's own score."""

    asymptomatic: Text
    stable_spine: Text
    sins: Annotated[str, placeholders("value")]
    scored: Annotated[str, placeholders("value")]
    escc: Annotated[str, placeholders("value")]
    level: Annotated[str, placeholders("value")]
    primary: Text
    intradural: Text
    left_out: Label

    def said(self, mark: ScopeMark) -> str:
        """Return what is said of a mark that a note left."""
        text: str = getattr(self, mark.code.value)
        return text.format(value=mark.value)


class PageWording(WordingModel):
    """A card of plain words."""

    title: Text
    lines: Annotated[tuple[Text, ...], Field(min_length=1, max_length=12)]


class NumberedPageWording(WordingModel):
    """A card that tells a number."""

    title: Text
    line: Annotated[str, placeholders("number")]


class PagesWording(WordingModel):
    """The cards that belong to no case."""

    start: PageWording
    help: PageWording
    about: PageWording
    about_gaps: Text
    options: PageWording
    scales: PageWording
    scores: PageWording
    forget: PageWording
    forgotten: PageWording
    nothing_kept: PageWording
    archived: PageWording
    nothing_open: PageWording
    superseded: PageWording
    gone: PageWording
    stray: PageWording
    outage: PageWording
    no_text: PageWording
    own_card: PageWording
    unknown_command: PageWording
    slow: PageWording
    not_listed: NumberedPageWording
    failed: PageWording
    picture_failed: PageWording
    picture_refused: PageWording
    record_failed: PageWording
    record_refused: PageWording


class RecentWording(WordingModel):
    """The words of the list of one's last cases."""

    title: Text
    line: Text
    nothing: Text
    progress: Annotated[str, placeholders("step")]
    ago: Annotated[str, placeholders("age")]
    now: Text


class CommandWording(WordingModel):
    """What the command menu says of each command."""

    recent: Text

    start: Text
    new: Text
    sins: Text
    scores: Text
    options: Text
    scales: Text
    help: Text
    about: Text
    cancel: Text
    forget: Text


class Wording(WordingModel):
    """All the words that are not questions, rules, options or facts."""

    case: Text
    step: Annotated[str, placeholders("number", "left")]
    left: Left
    verdicts: VerdictWording
    marks: VerdictWording
    brief: VerdictWording
    result: ResultWording
    detail: DetailWording
    site: SiteWording
    what_if: WhatIfWording
    labels: LabelWording
    restart: Restart
    toasts: ToastWording
    pages: PagesWording
    note: NoteWording
    picture: PictureWording
    drawing: DrawingWording
    scope: Scope
    recent: RecentWording
    commands: CommandWording
