"""What the page says in a request: each value read as what it must be, or refused in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.playground.errors import ApiError
from bot.playground.storage import Json

_LARGEST_ID: Final = 2**53


@dataclass(frozen=True, slots=True)
class PageParams:
    """An object that the page has sent."""

    values: Json

    def number(self, name: str, default: int | None = None) -> int:
        """Read a whole number."""
        value = self.values.get(name, default)
        if not isinstance(value, int) or abs(value) > _LARGEST_ID:
            raise ApiError(f"“{name}” must be a whole number.")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        """Read a text."""
        value = self.values.get(name, default)
        if not isinstance(value, str):
            raise ApiError(f"“{name}” must be a text.")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Read a yes or no."""
        return self.values.get(name, default) is True

    def numbers(self, name: str) -> list[int]:
        """Read a list of whole numbers."""
        value = self.values.get(name)
        if not isinstance(value, list) or not all(isinstance(each, int) for each in value):
            raise ApiError(f"“{name}” must be a list of whole numbers.")
        return value

    def person(self) -> int | None:
        """Read who is meant, if anyone is named."""
        return None if self.values.get("person_id") is None else self.number("person_id")
