"""The commands of `spinemets`."""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

from cyclopts import App, Parameter

from bot.run import INTERRUPTED, quick_imports, run, say

if TYPE_CHECKING:  # the commands load only what they need
    from bot.service.ports import UnitOfWork
    from flows.pathways.registry import FlowRegistry

Result = TypeVar("Result")

app = App(
    name="spinemets",
    version=metadata.version("spinemets"),
    help="What one source supports for a symptomatic spinal metastasis, T1 to L5: a chat bot for spine surgeons.",
    version_flags=["--version"],
)
app.command(run)


@app.command
def playground(*, api_only: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Run the playground: the real bot in a browser, with no token and no network.

    Args:
        api_only: serve the local Bot API and its page without a bot; point one at it with BOT_API_URL.
    """
    with quick_imports():
        from bot import app as wiring
        from bot.settings import read_settings

    settings = read_settings()
    if api_only:
        return asyncio.run(wiring.run_api_only(settings, say))
    return asyncio.run(wiring.run(settings.model_copy(update={"bot_token": None}), say))


@app.command
def chat() -> int:
    """Run the same interview in this terminal; nothing is kept."""
    from rich.console import Console

    from bot.cli.chat import Terminal
    from bot.service.case_store import MemoryStorage
    from bot.service.private.private_chat import PrivateChat

    conversation = PrivateChat(*_registry(), time.time, lambda: secrets.token_hex(5))
    asyncio.run(Terminal(conversation, MemoryStorage(), Console(highlight=False), input).run())
    return 0


@app.command
def decide(
    note: str | None = None,
    /,
    *,
    json: Annotated[bool, Parameter(negative="")] = False,
    notes: Annotated[bool, Parameter(negative="")] = False,
    jsonl: Annotated[bool, Parameter(negative="")] = False,
    flow: str = "",
) -> int:
    """Decide a case from a typed note, or many cases from standard input; the exit status is 1 where one is at fault.

    Args:
        note: a case in clinicians' shorthand, such as "T8, fit, no deficit".
        json: print what was read of the note as one JSON object.
        notes: read notes, one a line, and write a JSON object for each.
        jsonl: read JSON objects, one a line, and write one for each.
        flow: the code of the flow that is asked; the metastasis where none is named.
    """
    from bot.cli import decide_note as typed
    from bot.cli.decide import decide_lines

    if (note is not None) + notes + jsonl != 1 or (json and note is None) or (flow and not jsonl):
        sys.exit('spinemets: give a note (with --json or without), or --notes, or --jsonl: spinemets decide "T8, fit"')
    offered = _registry()
    asked, lines, write = (offered.flow(flow), offered.catalog), sys.stdin.buffer, sys.stdout.buffer.write
    if note is not None:
        (typed.print_json if json else typed.print_card)(*asked, note)
        return 0
    return 1 if (typed.decide_notes if notes else decide_lines)(*asked, lines, write) else 0


@app.command
def flow(code: str = "", *, document: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Print a flow as a Mermaid chart, or the stages of a team's discussion.

    Args:
        code: the code of the flow; the metastasis where none is named; `discussion` for those stages.
        document: print the whole document for review instead: chart, questions, rules, notes, facts.
    """
    from flows.export import mermaid as diagram
    from flows.pathways.registry import flow_registry

    if code == "discussion" and not document:
        say(diagram.stages())
        return 0
    offered = flow_registry()
    pathway = offered.flow(code)
    sys.stdout.write(diagram.document(pathway, offered.catalog) if document else diagram.mermaid(pathway) + "\n")
    return 0


@app.command
def picture(
    case: Path, out: Path, /, *, option: str = "", dark: Annotated[bool | None, Parameter(negative="--light")] = None
) -> int:
    """Draw the spine of a case as a PNG: levels, extent, destruction, and the approach of an option.

    Args:
        case: a file with one JSON object, as `decide --jsonl` reads it.
        out: the PNG file to write.
        option: the code of the option whose approach is drawn; the headline's where none is named.
        dark: draw it on a dark ground, or with `--light` on a light one; as the site file says where neither is named.
    """
    from bot.cli.picture import CaseRefused, draw_case
    from flows.export.picture import Theme

    theme = None if dark is None else Theme.dark if dark else Theme.light
    try:
        say(draw_case(_registry(), case, out, option, theme))
    except CaseRefused as refused:
        sys.exit(f"spinemets: {refused}")
    return 0


site = App(name="site", help="The hospital's own file: its ratings, what is available there, its emergency line.")
app.command(site)


@site.command(name="check")
def site_check(file: Path) -> int:
    """Check a site file: print what it says, or every fault with its place and what to do.

    Args:
        file: the file, as docs/site.example.toml has it.
    """
    from bot.cli.site import summary
    from bot.site_file import read_site
    from flows.catalog.loader import catalog

    for line in (f"{file} can be used.", *summary(read_site(file), catalog().options)):
        say(line)
    return 0


editions = App(name="catalog", help="What this edition recommends, as a table, and what changed between two of them.")
app.command(editions)


@editions.command(name="export")
def catalog_export(file: Path, /) -> int:
    """Write what this edition recommends for every combination of findings as CSV: a row for each.

    Args:
        file: the file to write; one that is there is not written over.
    """
    from bot.cli.catalog import export_edition

    say(export_edition(_registry(), file))
    return 0


@editions.command(name="diff")
def catalog_diff(old: Path, new: Path, /) -> int:
    """Print which combinations of findings change their recommendation between two editions.

    Args:
        old: a file that `export` of the older version wrote.
        new: a file that `export` of the newer version wrote.
    """
    from bot.cli.catalog import TableRefused, diff_editions

    try:
        for line in diff_editions(old, new):
            say(line)
    except TableRefused as refused:
        sys.exit(f"spinemets: {refused}")
    return 0


@app.command
def doctor() -> int:
    """Look at this installation, line by line, and change nothing; the exit status is 1 where something is wrong."""
    from bot.doctor.examination import examine
    from bot.doctor.results import Mark

    async def told() -> int:
        results = await examine(time.time)
        for result in results:
            say(result.line)
        return int(any(result.mark is Mark.wrong for result in results))

    return asyncio.run(told())


@app.command
def setup() -> int:
    """Walk through a first installation, question by question: write `.env`, then look at it as `doctor` does."""
    import os
    from getpass import getpass

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        sys.exit("spinemets: setup asks questions, so it needs a terminal; without one, copy .env.example to .env")
    from bot.settings import ENV_FILE
    from bot.setup.wizard import SetupEnded, SetupTerminal, SetupWizard

    wizard = SetupWizard(SetupTerminal(say, input, getpass), ENV_FILE, os.environ)
    try:
        wizard.run()
    except (EOFError, KeyboardInterrupt, SetupEnded):
        say("\nNothing was written.")
        return INTERRUPTED
    say("Now everything is looked at, as `spinemets doctor` does it:")
    return doctor()


@app.command
def pair() -> int:
    """Print a code that makes whoever sends it to the bot in a private chat an administrator, for 15 minutes."""
    from bot.settings import read_settings
    from bot.setup.pair import begin_pairing

    for line in asyncio.run(begin_pairing(read_settings())):
        say(line)
    return 0


ERASED_SINCE: Final = (
    "What users erase after a backup was made is still in it, and no list of them is kept: keep backups for days, "
    "and after a restore ask users who erased their cases since then to send /forget again. Whoever was expelled "
    "since then is admitted again: look at /admitted."
)


@app.command
def backup(file: Path, /) -> int:
    """Write everything that the bot keeps into a new file, while it runs; the file is checked before it gets its name.

    Args:
        file: the file to write; one that is there is not written over.
    """
    from bot.settings import read_settings
    from bot.storage.backup.making import make_backup

    summary = make_backup(read_settings().database, file)
    size = file.stat().st_size // 1000
    say(f"{file}: a backup of {summary.cases} cases of bot {summary.bot or 'none yet'}, {size:,} kB, checked.")
    say(ERASED_SINCE)
    return 0


@app.command
def restore(file: Path, /) -> int:
    """Restore a backup into the database of the settings, while the bot is stopped; one with cases is left alone.

    Args:
        file: a file that `backup` wrote, of either kind of database.
    """
    from bot.settings import read_settings
    from bot.storage.backup.restoring import restore_backup

    settings = read_settings()
    summary = restore_backup(file, settings.database, settings.bot_id)
    say(f"{summary.cases} cases of bot {summary.bot or 'none yet'} were restored from {file}.")
    say(ERASED_SINCE)
    return 0


@app.command
def record(
    case: Path,
    out: Path | None = None,
    /,
    *,
    text: Annotated[bool, Parameter(negative="")] = False,
    german: Annotated[bool, Parameter(negative="")] = False,
    at: datetime | None = None,
) -> int:
    """Write the record of a case: one PDF page for the patient's file, or text for a hospital system.

    Args:
        case: a file with one JSON object, as `decide --jsonl` reads it.
        out: the file to write; with --text the terminal where none is named.
        text: write text in ASCII, 80 columns, instead of a page.
        german: in the text write ae, oe, ue and ss for German letters.
        at: the time that the record names, such as 2026-11-29T14:05+01:00, in UTC if it names no zone; else now.
    """
    from bot.cli.picture import CaseRefused
    from bot.cli.record import record_pdf, record_text

    if (out is None and not text) or (german and not text):
        sys.exit("spinemets: name the PDF to write, or give --text: spinemets record case.json record.pdf")
    offered, made = _registry(), at or datetime.now(UTC)
    try:
        written = record_text(offered, case, made, german=german) if text else record_pdf(offered, case, made)
    except CaseRefused as refused:
        sys.exit(f"spinemets: {refused}")
    if out is None:
        sys.stdout.buffer.write(written)
    else:
        out.write_bytes(written)
    return 0


dead = App(name="dead", help="Updates that were set aside because they could not be handled.")
app.command(dead)


@dead.command(name="list")
def dead_list() -> int:
    """List them: the number of the update and the name of what went wrong; never what it said."""
    for inbox_update, fault in asyncio.run(_with_storage(lambda uow: uow.dead_letters())):
        say(f"{inbox_update.update_id}\t{fault}")
    return 0


@dead.command(name="retry")
def dead_retry(update_id: int) -> int:
    """Mark one of them to be handled again: by a running bot within two minutes, by a stopped one at its next start.

    Args:
        update_id: the number that `list` shows.
    """
    done = asyncio.run(_with_storage(lambda uow: uow.retry_dead_letter(update_id)))
    return _report(done, update_id, "will be tried again", "is not among those that can be tried again")


@dead.command(name="drop")
def dead_drop(update_id: int) -> int:
    """Drop one of them, and erase what is kept of it.

    Args:
        update_id: the number that `list` shows.
    """
    done = asyncio.run(_with_storage(lambda uow: uow.drop_dead_letter(update_id)))
    return _report(done, update_id, "is dropped", "is not among the dead")


def _registry() -> FlowRegistry:
    """Load the flows and their catalog, with what the file of SITE_FILE says."""
    from bot.settings import read_settings
    from flows.pathways.registry import flow_registry

    return flow_registry(read_settings().site)


async def _with_storage(work: Callable[[UnitOfWork], Result]) -> Result:
    """Do something with what the bot keeps."""
    from bot.settings import read_settings
    from bot.storage.factory import create_storage

    store = create_storage(read_settings().database)
    try:
        return await store.transact(work)
    finally:
        await store.close()


def _report(done: bool, update_id: int, what: str, why_not: str) -> int:  # noqa: FBT001 - an outcome, not an option
    say(f"{update_id} {what}." if done else f"{update_id} {why_not}; `spinemets dead list` shows them.")
    return 0 if done else 1
