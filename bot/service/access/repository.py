"""The port of the lists that are kept in the database: who is admitted, who asks, and the codes that pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Admission:
    """A person or a group that may use the bot.

    Attributes:
        number: the ID of the chat; that of a person is positive, that of a group negative.
        is_admin: whether they administer the bot.
    """

    number: str
    is_admin: bool = False


class RequestState(StrEnum):
    """How far somebody has come who has no access."""

    wrote = "wrote"
    asked = "asked"
    refused = "refused"


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """What is remembered for a day of somebody who has no access.

    Attributes:
        since: when they first wrote, in seconds since 1970.
        told: whether they were told how access works.
        state: whether they asked for it, and were refused.
        wrong_codes: how many codes they sent that do not pair.
    """

    since: float
    told: bool = False
    state: RequestState = RequestState.wrote
    wrong_codes: int = 0


class AccessRepository(Protocol):
    """What one transaction sees and writes of the lists."""

    def is_admitted(self, *numbers: str) -> bool:
        """Return whether one of these is admitted: a person, or the group that they are in."""
        ...

    def administrators(self) -> list[str]:
        """Return the people who administer the bot."""
        ...

    def admit(self, number: str, *, is_admin: bool = False) -> None:
        """Admit a person or a group, or make an admitted person an administrator."""
        ...

    def expel(self, number: str) -> bool:
        """Remove a person or a group from the list; False where it was not on it."""
        ...

    def list_admitted(self, most: int, skip: int = 0) -> list[Admission]:
        """List who is admitted, administrators first."""
        ...

    def move_admission(self, old: str, new: str) -> bool:
        """Have an admission hold for the number that a group has from now on; False where there is none."""
        ...

    def add_pairing_code(self, code_hash: str, until: float) -> None:
        """Keep the hash of a code that pairs until a time, in seconds since 1970."""
        ...

    def pairing_codes(self, now: float) -> list[str]:
        """Return the hashes of the codes that pair now."""
        ...

    def drop_pairing_codes(self, hashes: Sequence[str] | None = None) -> None:
        """Drop codes; all where none is named."""
        ...

    def get_request(self, number: str) -> AccessRequest | None:
        """Return what is remembered of somebody who has no access."""
        ...

    def put_request(self, number: str, request: AccessRequest, most: int) -> None:
        """Remember it; of more than `most` people the ones who wrote first are forgotten."""
        ...

    def drop_request(self, number: str) -> None:
        """Forget somebody who had no access."""
        ...

    def count_asking(self) -> int:
        """Return how many people have asked for access and are remembered."""
        ...

    def expire_access(self, now: float, kept: float) -> None:
        """Delete codes whose time is over, and what was remembered for `kept` seconds."""
        ...
