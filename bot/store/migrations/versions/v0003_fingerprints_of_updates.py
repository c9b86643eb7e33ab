"""A fingerprint of each update: a number that comes again with another one stands for another update."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0003"
down_revision = "v0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the fingerprint; updates from before have none, and are known by their number alone."""
    op.add_column("inbox", sa.Column("fingerprint", sa.Text(), nullable=False, server_default=sa.text("''")))
