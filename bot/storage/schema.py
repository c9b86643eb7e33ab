"""The tables: cases, who may use the bot, updates that came in, and messages that are still to be sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    UpdateBase,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB

Insert = sqlite.Insert | postgresql.Insert
"""How either database says it."""

METADATA: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

LONG: Final = BigInteger().with_variant(Integer(), "sqlite")
"""A whole number of 64 bits; SQLite keeps those under INTEGER, and only so named is a key the row's own number."""

EVENTS: Final = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""Answers of a case as lists: [kind, question, [codes], who]; its discussion: [act, subject, [codes], who, at].
Of a note its findings: [question, [codes]]; else codes. No objects, whose keys PostgreSQL would sort."""

VOTED: Final = text("poll_id <> ''")
_SHARED: Final = text("code_name IS NOT NULL")

# The id of the bot leads every key: chats, messages and updates are numbered for each bot anew.

BOTS: Final = Table(
    "bots",
    METADATA,
    # One row: a database belongs to one bot, and another one is refused.
    Column("id", Text, primary_key=True),
    # What links of the bot are signed with.
    Column("secret", Text),
    # Seconds that the bot has run in all, by steady clocks.
    Column("observed", Double),
    # When updates last came through, in seconds since 1970.
    Column("heard_at", Double),
)

CASES: Final = Table(
    "cases",
    METADATA,
    Column("bot_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("chat_id", Text, nullable=False),
    # 0 where the case belongs to the whole chat.
    Column("thread_id", LONG, nullable=False),
    Column("owner", Text, nullable=False),
    # Of a case that helps another one: which, and at which level.
    Column("parent_id", Text),
    Column("level", Text),
    Column("flow", Text, nullable=False),
    Column("edition", Text, nullable=False),
    Column("revision", LONG, nullable=False),
    Column("turn", LONG, nullable=False),
    Column("answer_events", EVENTS, nullable=False),
    Column("card_message_id", LONG),
    Column("archived", Boolean, nullable=False),
    Column("updated_at", Double, nullable=False),
    # What `observed` was when the time of the case was first found over.
    Column("due_since", Double),
    # The message with its picture, whose approach it shows (empty for the headline's), and on which ground (empty
    # while nobody has chosen one).
    Column("picture_message_id", LONG),
    Column("picture_option", Text),
    Column("picture_theme", Text),
    # The message with its record as a document.
    Column("record_message_id", LONG),
    # The rest is of cases that a team works; their code name tells them from a person's own, which has none.
    Column("discussion_events", EVENTS),
    Column("code_name", Text),
    Column("created_at", Double),
    Column("shared_by", Text),
    Column("poll_id", Text),
    Column("poll_message_id", LONG),
    Column("decision_message_id", LONG),
    # What Telegram refused to take: "card", "record", "poll", with a space between; empty for nothing.
    Column("undelivered", Text),
    # Serves `current` and `forget`. Without `updated_at`, so that an answer changes no index.
    Index("ix_cases_owner", "bot_id", "owner", "chat_id", "thread_id"),
    Index("ix_cases_poll", "bot_id", "poll_id", sqlite_where=VOTED, postgresql_where=VOTED),
    Index("ix_cases_team", "bot_id", "chat_id", "thread_id", sqlite_where=_SHARED, postgresql_where=_SHARED),
)

REFUSED_CHATS: Final = Table(
    "refused_chats",
    METADATA,
    # Groups that were told once that the bot is not for them, and polls of which a vote did not count.
    Column("bot_id", Text, primary_key=True),
    Column("chat_id", Text, primary_key=True),
)

MOVED_CHATS: Final = Table(
    "moved_chats",
    METADATA,
    # Supergroups that were listed groups before, under another number: the permission of that one holds.
    Column("bot_id", Text, primary_key=True),
    Column("chat_id", Text, primary_key=True),
    Column("listed_as", Text, nullable=False),
)

ADMITTED: Final = Table(
    "admitted",
    METADATA,
    # Whom administrators admitted: people (positive numbers) and groups (negative ones).
    Column("bot_id", Text, primary_key=True),
    Column("chat_id", Text, primary_key=True),
    Column("is_admin", Boolean, nullable=False),
)

PAIRING_CODES: Final = Table(
    "pairing_codes",
    METADATA,
    # Codes that make who sends one an administrator, as hashes alone, until a time in seconds since 1970.
    Column("bot_id", Text, primary_key=True),
    Column("code_hash", Text, primary_key=True),
    Column("expires_at", Double, nullable=False),
)

ACCESS_REQUESTS: Final = Table(
    "access_requests",
    METADATA,
    # Who wrote without access: whether they were told how it works, and whether they asked for it. A row lives a day.
    Column("bot_id", Text, primary_key=True),
    Column("chat_id", Text, primary_key=True),
    Column("since", Double, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("wrong_codes", LONG, nullable=False),
)

INBOX: Final = Table(
    "inbox",
    METADATA,
    Column("bot_id", Text, primary_key=True),
    Column("update_id", LONG, primary_key=True, autoincrement=False),
    Column("chat", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("answer_text", Text, nullable=False),
    Column("error", Text, nullable=False),
    # Telegram's numbers may start anew: one that comes again with another fingerprint is another update.
    Column("fingerprint", Text, nullable=False),
    # What was read of a typed note, as codes; its words are in memory alone, under the key.
    Column("note_findings", EVENTS),
    Column("note_others", EVENTS),
    Column("note_scope", EVENTS),
    Column("note_message_id", LONG),
    Column("note_key", Text),
)

OUTBOX: Final = Table(
    "outbox",
    METADATA,
    # Each message draws a number that no other ever had: a target that was shown and is queued again cannot be
    # mistaken for what it was before. It is drawn for all bots alike, and so is a key without one:
    # SQLite draws numbers that never come again for a key of one column alone.
    Column("version", LONG, primary_key=True),
    Column("bot_id", Text, nullable=False),
    # The number under which a target was first queued, while it waits under a later one.
    Column("enqueued_as", LONG),
    Column("queue", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False),
    # Which vote of the case is to be opened; 0 for everything else.
    Column("number", LONG, nullable=False),
    Column("payload", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    # Asked for by an erasure: it may be the last to bear the number of a person, and is wiped once it was shown.
    Column("erases", Boolean, nullable=False),
    UniqueConstraint("bot_id", "queue", "kind", "target", "number"),
    sqlite_autoincrement=True,
)


def for_each_database(table: Table, say: Callable[[Insert], UpdateBase]) -> dict[str, UpdateBase]:
    """Return an insert in both dialects: both know "on conflict", but share no type for it."""
    return {"sqlite": say(sqlite.insert(table)), "postgresql": say(postgresql.insert(table))}
