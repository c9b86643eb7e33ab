"""The tables: what is kept of cases, of letters that came in, and of wishes that are still to be shown."""

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

STEPS: Final = JSON().with_variant(JSONB(), "postgresql")
"""The steps of a case as lists: [kind, question, [codes], who]; its talk: [act, subject, [codes], who, at]."""

_VOTED: Final = text("poll <> ''")
_SHARED: Final = text("name IS NOT NULL")

CASES: Final = Table(
    "cases",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("place", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("flow", Text, nullable=False),
    Column("edition", Text, nullable=False),
    Column("revision", LONG, nullable=False),
    Column("turn", LONG, nullable=False),
    Column("steps", STEPS, nullable=False),
    Column("card", LONG),
    Column("aside", Boolean, nullable=False),
    Column("touched", Double, nullable=False),
    # The rest is of cases that a team works; their name tells them from a person's own, which has none.
    Column("talk", STEPS),
    Column("name", Text),
    Column("opened", Double),
    Column("giver", Text),
    Column("poll", Text),
    Column("ballot", LONG),
    Column("minutes", LONG),
    # Serves `current` and `forget`. Without `touched`, so that an answer changes no index.
    Index("ix_cases_owner_place", "owner", "place"),
    Index("ix_cases_poll", "poll", sqlite_where=_VOTED, postgresql_where=_VOTED),
    Index("ix_cases_team_place", "place", sqlite_where=_SHARED, postgresql_where=_SHARED),
)

BOT: Final = Table(
    "bot",
    METADATA,
    # One row: the bot whose updates and messages are numbered here. Another bot numbers its own.
    Column("id", Text, primary_key=True),
    # What links of the bot are signed with.
    Column("secret", Text),
)

SILENT: Final = Table(
    "silent",
    METADATA,
    # Groups that were told once that the bot is not for them.
    Column("chat", Text, primary_key=True),
)

INBOX: Final = Table(
    "inbox",
    METADATA,
    Column("update_id", LONG, primary_key=True, autoincrement=False),
    Column("lane", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("toast", Text, nullable=False),
    Column("fault", Text, nullable=False),
    # Telegram's numbers may start anew: one that comes again with another fingerprint is another update.
    Column("fingerprint", Text, nullable=False, server_default=text("''")),
)

OUTBOX: Final = Table(
    "outbox",
    METADATA,
    # Each wish draws a number that no other ever had: a slot that was shown and is wished anew cannot be
    # mistaken for what it was before.
    Column("version", LONG, primary_key=True),
    # The number a slot was first wished under, while it waits under a later one.
    Column("first", LONG),
    Column("place", Text, nullable=False),
    Column("slot", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    UniqueConstraint("place", "slot"),
    sqlite_autoincrement=True,
)


def for_each_database(table: Table, say: Callable[[Insert], UpdateBase]) -> dict[str, UpdateBase]:
    """Put an insert in the words of each: both know "and where it is there already", but share no type for it."""
    return {"sqlite": say(sqlite.insert(table)), "postgresql": say(postgresql.insert(table))}
