"""Cases that a team works: what is said of them, their name, their vote; groups that are told to be silent in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "v0002"
down_revision = "v0001"
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add what a team's case needs."""
    op.add_column("cases", sa.Column("talk", sa.JSON().with_variant(JSONB(), "postgresql")))
    op.add_column("cases", sa.Column("name", sa.Text()))
    op.add_column("cases", sa.Column("opened", sa.Double()))
    op.add_column("cases", sa.Column("giver", sa.Text()))
    op.add_column("cases", sa.Column("poll", sa.Text()))
    op.add_column("cases", sa.Column("ballot", LONG))
    op.add_column("cases", sa.Column("minutes", LONG))
    _index("ix_cases_poll", "poll", "poll <> ''")
    _index("ix_cases_team_place", "place", "name IS NOT NULL")
    op.add_column("bot", sa.Column("secret", sa.Text()))
    op.create_table(
        "silent", sa.Column("chat", sa.Text(), nullable=False), sa.PrimaryKeyConstraint("chat", name="pk_silent")
    )


def _index(name: str, column: str, only: str) -> None:
    op.create_index(name, "cases", [column], sqlite_where=sa.text(only), postgresql_where=sa.text(only))
