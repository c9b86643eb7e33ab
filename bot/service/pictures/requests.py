"""What is asked of the picture of a case: that it is sent, for which option, on which ground."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.service.case_store import CaseRecord, CaseRepository
from bot.service.replies import ChangePicture, Reply, SendPicture
from flows.engine.interview import InterviewState
from flows.errors import StaleTap
from flows.export.picture import Theme
from flows.model.flow import Flow


def require_picture(flow: Flow, state: InterviewState, option: str) -> None:
    """Check that a case has a picture where it stands: beside its recommendation, of an option that this one has.

    Raises:
        StaleTap: where it has none.
    """
    if state.current or flow.guidance.bands or option not in {"", *flow.guidance.options}:
        raise StaleTap(option)


def send_picture(
    repository: CaseRepository, record: CaseRecord, expected: int, option: str, others: Iterable[CaseRecord]
) -> Reply:
    """Have the picture of a case sent.

    Args:
        repository: the transaction.
        record: the case as it shall be kept.
        expected: the revision that it was read at.
        option: whose approach is shown; empty for the option that stands as headline.
        others: cases of the same chat, the newest first: where no ground was chosen for this one, theirs holds.
    """
    theme = record.picture.theme or next((other.picture.theme for other in others if other.picture.theme), "")
    picture = record.picture._replace(option=option, theme=theme)
    repository.update(replace(record, picture=picture), expected)
    return Reply(effects=(SendPicture(record.case.id, chat=record.place),))


def change_theme(repository: CaseRepository, record: CaseRecord, theme: str, message: int | None, old: str) -> Reply:
    """Show the picture of a case on another ground.

    Args:
        repository: the transaction.
        record: the case.
        theme: the ground.
        message: the message that was tapped.
        old: what is said where that is not the picture of the case any more.
    """
    if message is None or message != record.picture.message_id or theme not in tuple(Theme):
        return Reply(toast=old)
    picture = record.picture._replace(theme=theme)
    repository.update(replace(record, picture=picture), record.case.revision)
    return Reply(effects=(ChangePicture(record.case.id, message, chat=record.place),))
