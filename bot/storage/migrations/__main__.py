"""Drafts the next migration from what schema.py says and the migrations do not; a person then corrects it."""

from __future__ import annotations

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from bot.storage.migrate import HERE, known_versions, upgrade


def draft(what: str, scripts: Path = HERE) -> None:
    """Write the next migration, named for what it changes."""
    with create_engine("sqlite://").begin() as connection:
        upgrade(connection, scripts)
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(scripts).replace("%", "%%"))
        config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
        newest = int(known_versions()[-1].removeprefix("v"))
        command.revision(config, what, autogenerate=True, rev_id=f"v{newest + 1:04}")


if __name__ == "__main__":
    draft(" ".join(sys.argv[1:]))
