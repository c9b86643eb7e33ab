"""The first tables: a bot, its cases, the updates that it got and the messages that are still to be sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "v1001"
down_revision = None
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
EVENTS = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "bots",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text()),
        sa.Column("observed", sa.Double()),
        sa.Column("heard_at", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_bots"),
    )
    op.create_table(
        "cases",
        sa.Column("bot_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.Text(), nullable=False),
        sa.Column("thread_id", LONG, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Text()),
        sa.Column("level", sa.Text()),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("revision", LONG, nullable=False),
        sa.Column("turn", LONG, nullable=False),
        sa.Column("answer_events", EVENTS, nullable=False),
        sa.Column("card_message_id", LONG),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("due_since", sa.Double()),
        sa.Column("picture_message_id", LONG),
        sa.Column("picture_option", sa.Text()),
        sa.Column("picture_theme", sa.Text()),
        sa.Column("record_message_id", LONG),
        sa.Column("discussion_events", EVENTS),
        sa.Column("code_name", sa.Text()),
        sa.Column("created_at", sa.Double()),
        sa.Column("shared_by", sa.Text()),
        sa.Column("poll_id", sa.Text()),
        sa.Column("poll_message_id", LONG),
        sa.Column("decision_message_id", LONG),
        sa.Column("undelivered", sa.Text()),
        sa.PrimaryKeyConstraint("bot_id", "id", name="pk_cases"),
    )
    op.create_index("ix_cases_owner", "cases", ["bot_id", "owner", "chat_id", "thread_id"])
    _index("ix_cases_poll", ["bot_id", "poll_id"], "poll_id <> ''")
    _index("ix_cases_team", ["bot_id", "chat_id", "thread_id"], "code_name IS NOT NULL")
    op.create_table(
        "refused_chats",
        sa.Column("bot_id", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "chat_id", name="pk_refused_chats"),
    )
    op.create_table(
        "moved_chats",
        sa.Column("bot_id", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.Text(), nullable=False),
        sa.Column("listed_as", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "chat_id", name="pk_moved_chats"),
    )
    op.create_table(
        "admitted",
        sa.Column("bot_id", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.Text(), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "chat_id", name="pk_admitted"),
    )
    op.create_table(
        "pairing_codes",
        sa.Column("bot_id", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "code_hash", name="pk_pairing_codes"),
    )
    op.create_table(
        "access_requests",
        sa.Column("bot_id", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.Text(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("wrong_codes", LONG, nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "chat_id", name="pk_access_requests"),
    )
    op.create_table(
        "inbox",
        sa.Column("bot_id", sa.Text(), nullable=False),
        sa.Column("update_id", LONG, autoincrement=False, nullable=False),
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answer_text", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("note_findings", EVENTS),
        sa.Column("note_others", EVENTS),
        sa.Column("note_scope", EVENTS),
        sa.Column("note_message_id", LONG),
        sa.Column("note_key", sa.Text()),
        sa.PrimaryKeyConstraint("bot_id", "update_id", name="pk_inbox"),
    )
    op.create_table(
        "outbox",
        sa.Column("version", LONG, nullable=False),
        sa.Column("bot_id", sa.Text(), nullable=False),
        sa.Column("enqueued_as", LONG),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("number", LONG, nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("erases", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_outbox"),
        sa.UniqueConstraint(
            "bot_id", "queue", "kind", "target", "number", name="uq_outbox_bot_id_queue_kind_target_number"
        ),
        sqlite_autoincrement=True,
    )


def _index(name: str, columns: list[str], only: str) -> None:
    op.create_index(name, "cases", columns, sqlite_where=sa.text(only), postgresql_where=sa.text(only))
