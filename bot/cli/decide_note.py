"""`spinemets decide` with a typed note: what was read of it, what is still asked, and what the source supports."""

from __future__ import annotations

import sys
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable
from typing import Any

import orjson
from rich.console import Console
from rich.text import Text

from flows.catalog.headline import HeadlineText
from flows.catalog.loader import Catalog
from flows.catalog.site_text import SiteText
from flows.errors import FindingError, NoteTooLong
from flows.export.records import Record, error_record, recommendation_record, scope_of
from flows.export.scope_text import CITED, scope_texts
from flows.model.findings import Codes
from flows.model.flow import Flow
from flows.model.rules import Recommendation, decide
from flows.notes.lexicon import lexicon
from flows.notes.reader import ExtractedFinding, Reading, read_note

IDENTIFIERS = "something was left out because it looked like a name, a date or a number of a person"


def record_of(flow: Flow, catalog: Catalog, reading: Reading) -> Record:
    """Return a reading as a plain record; the recommendation is null while a question is still asked.

    No recommendation goes without the words that it was made of, what was left over and whether something was hidden.
    """
    missing = flow.open_questions(reading.answers)
    return {
        "emergency": _emergency(flow, reading),
        "findings": {code: _heard(flow, code, extracted) for code, extracted in reading.findings.items()},
        "context": [{"scale": c.scale, "value": c.value, "words": c.words} for c in reading.context],
        "scope": scope_of(catalog, reading.scope),
        "missing": list(missing),
        "not_understood": list(reading.not_understood),
        "did_you_mean": [{"words": typed, "meant": meant} for typed, meant in reading.did_you_mean],
        "outside": list(reading.outside),
        "hidden": reading.identifiers,
        "recommendation": _advice(flow, catalog, reading, missing),
    }


def decide_notes(flow: Flow, catalog: Catalog, lines: Iterable[bytes], write: Callable[[bytes], Any]) -> int:
    """Read and decide notes, one a line; one that is at fault says so in its place, and the rest go on.

    Args:
        flow: the flow whose questions the notes answer.
        catalog: its catalog.
        lines: notes in UTF-8, one a line; a byte order mark before one is skipped.
        write: takes each answer, a JSON object with its line feed.

    Returns:
        How many lines were at fault: too long, or no UTF-8.
    """
    faults = 0
    for line in lines:
        try:
            answer = record_of(
                flow, catalog, read_note(flow, lexicon(), line.removeprefix(BOM_UTF8).decode().rstrip("\r\n"))
            )
        except (NoteTooLong, UnicodeDecodeError) as error:
            faults += 1
            said = str(error) if isinstance(error, NoteTooLong) else "the note is not UTF-8"
            answer = error_record(FindingError(None, said))
        write(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE))
    return faults


def print_json(flow: Flow, catalog: Catalog, note: str) -> None:
    """Print what was read of a note as one JSON object.

    Raises:
        NoteTooLong: where it has more characters than are read.
    """
    record = record_of(flow, catalog, read_note(flow, lexicon(), _typed(note)))
    sys.stdout.buffer.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))


def print_card(flow: Flow, catalog: Catalog, note: str) -> None:
    """Print what was read of a note for a reader at the terminal.

    Raises:
        NoteTooLong: where it has more characters than are read.
    """
    reading = read_note(flow, lexicon(), _typed(note))
    console = Console(highlight=False)
    if reading.danger:
        console.print(Text(_urgent(flow), style="bold red"))
    for question in flow.questions:
        if question.code in reading.findings:
            extracted = reading.findings[question.code]
            words = " … ".join(extracted.words)
            console.print(Text.assemble((question.finding_text(extracted.answer), "bold"), f"  “{words}”"))
    for heading, pieces in (
        ("Noted, not used", [context.words for context in reading.context]),
        ("Not understood", reading.not_understood),
        ("Did you mean …? Not used", [f"{typed} – {meant}" for typed, meant in reading.did_you_mean]),
        ("Outside T1–L5", reading.outside),
        ("Left out", [IDENTIFIERS] if reading.identifiers else []),
    ):
        if pieces:
            console.print(Text(f"{heading}: {' · '.join(pieces)}"))
    _print_advice(flow, catalog, reading, console)


def _emergency(flow: Flow, reading: Reading) -> Record | None:
    """Return the safety note with the words that are signs of an emergency; None without any."""
    return {"text": _urgent(flow), "words": list(reading.danger)} if reading.danger else None


def _urgent(flow: Flow) -> str:
    return " ".join(note.text for note in flow.guidance.notes if note.urgent)


def _advice(flow: Flow, catalog: Catalog, reading: Reading, missing: Codes) -> Record | None:
    return None if missing else recommendation_record(flow, catalog, flow.effective(reading.answers), reading.scope)


def _print_advice(flow: Flow, catalog: Catalog, reading: Reading, console: Console) -> None:
    """Print the questions that are still asked, or else what the source says."""
    console.print()
    for said in scope_texts(catalog.wording.scope, reading.scope):
        console.print(Text(f"{said.text} ({', '.join(CITED)})", style="bold red"))
    missing = flow.open_questions(reading.answers)
    if missing:
        asked = [question.text for question in flow.questions if question.code in missing]
        console.print(Text("\n".join(["Still asked, or possibly:", *(f"· {text}" for text in asked)])))
    else:
        _print_recommendation(catalog, decide(flow.guidance, flow.effective(reading.answers)), console)
    source, words = catalog.source, catalog.wording.result
    footer = words.footer.format(source=source.name, year=source.year, edition=catalog.edition)
    console.print(Text(f"\n{footer}\n{words.disclaimer}", style="dim"))


def _print_recommendation(catalog: Catalog, result: Recommendation, console: Console) -> None:
    """Print the headline, or what must be settled before it, every option with its reasons, and the notes."""
    told, fork, site = HeadlineText(catalog), result.fork, SiteText(catalog)
    console.print(Text(told.title(result), style="bold"))
    if fork:
        name = site.named(catalog.options[fork.option].name, fork.option)
        instead = f"{name} ({', '.join(fork.facts)})"
        leading = told.if_so(result)
        leading = site.named(leading, result.headline.option) if result.headline else leading
        console.print(Text(f"{fork.if_so}: {leading}\n{fork.if_not}: {instead}"))
    for line in site.lines(result.leading_options):
        console.print(Text(line))
    for advice in result.options:
        verdict = site.marked(getattr(catalog.wording.verdicts, advice.verdict.name), advice.option)
        console.print(Text.assemble("\n", (catalog.options[advice.option].name, "bold"), f": {verdict}"))
        for rule in advice.reasons:
            console.print(Text(f"· {rule.because} ({', '.join(rule.facts)})"))
    console.print()
    for note in result.notes:
        facts = f" ({', '.join(note.facts)})" if note.facts else ""
        console.print(Text(note.text + facts, style="bold red" if note.urgent else "dim"))


def _heard(flow: Flow, code: str, extracted: ExtractedFinding) -> Record:
    question = flow.question(code)
    several = question is not None and question.several
    return {"answer": list(extracted.answer) if several else extracted.answer[0], "words": list(extracted.words)}


def _typed(note: str) -> str:
    """Return what was typed, also if its bytes were no UTF-8, or came from a file with a byte order mark."""
    return note.encode("utf-8", "replace").removeprefix(BOM_UTF8).decode()
