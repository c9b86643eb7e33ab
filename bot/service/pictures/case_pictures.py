"""What the picture of a case shows when it is drawn, and what follows when it was sent, or could not be."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

from bot.service.case_store import CaseRecord, CaseRepository
from bot.service.private.private_chat import PrivateChat
from bot.service.replies import ChangePicture, DeleteMessage, Reply, ShowCard
from bot.service.team.group_chat import GroupChat
from flows.cards.card import Action, Button, Tap
from flows.cards.pages import Pages
from flows.catalog.loader import Catalog
from flows.export.picture import Drawing, SpinePictures, Theme
from flows.model.flow import Flow

_OTHER: Final = {Theme.light: Theme.dark, Theme.dark: Theme.light}


class CasePicture(NamedTuple):
    """A picture to be drawn.

    Attributes:
        place: where the case is.
        message_id: the message that shows it by now; None while there is none.
        caption: the words below it.
        button: what changes its ground.
    """

    place: str
    message_id: int | None
    drawing: Drawing
    caption: str
    button: Button


class CasePictures:
    """Describes the pictures of cases, and remembers where they are."""

    def __init__(self, flow: Flow, catalog: Catalog, private: PrivateChat, team: GroupChat) -> None:
        """Store the flow that has pictures, its words, and where cases are worked."""
        self._pictures = SpinePictures(flow, catalog)
        self._catalog = catalog
        self._private = private
        self._team = team

    def of(self, repository: CaseRepository, case_id: str) -> CasePicture | None:
        """Return the picture of a case as it stands now; None where the case is gone."""
        record = repository.get(case_id)
        if record is None:
            return None
        theme = Theme(record.picture.theme or Theme.light)
        view = (
            (self._team if record.team else self._private).cases.spine_view(repository, record)._replace(theme=theme)
        )
        labels = self._catalog.wording.labels
        button = Button(getattr(labels, _OTHER[theme]), Tap(Action.theme, _OTHER[theme], case=case_id))
        drawing, caption = self._pictures.drawing(view), self._pictures.caption(view)
        return CasePicture(record.place, record.picture.message_id, drawing, caption, button)

    def on_sent(self, repository: CaseRepository, case_id: str, chat: str, message: int) -> Reply:
        """Remember which message shows the picture of a case; one that showed it before is deleted.

        The case may have gone on since it was drawn, so it is looked at once more.
        """
        record = repository.get(case_id)
        if record is None:
            return Reply(effects=(DeleteMessage(message, chat=chat),))
        before = record.picture.message_id
        self._keep(repository, record, message)
        former = (DeleteMessage(before, chat=record.place),) if before not in (None, message) else ()
        return Reply(effects=(*former, ChangePicture(case_id, message, chat=record.place)))

    def on_lost(self, repository: CaseRepository, case_id: str, chat: str, message: int) -> Reply:
        """Forget a picture that cannot be changed any more; it is deleted, since it would show what holds no more."""
        record = repository.get(case_id)
        if record and record.picture.message_id == message:
            self._keep(repository, record, None)
        return Reply(effects=(DeleteMessage(message, chat=chat),))

    def failed(self, repository: CaseRepository, case_id: str) -> Reply:
        """Return the notice that the picture of a case could not be drawn."""
        return self._notice(repository, case_id, "picture_failed")

    def refused(self, repository: CaseRepository, case_id: str) -> Reply:
        """Return the notice that Telegram refused the picture of a case."""
        return self._notice(repository, case_id, "picture_refused")

    def _notice(self, repository: CaseRepository, case_id: str, page: str) -> Reply:
        record = repository.get(case_id)
        card = Pages(self._catalog).bare(getattr(self._catalog.wording.pages, page))
        return Reply((ShowCard(card, chat=record.place),)) if record else Reply()

    @staticmethod
    def _keep(repository: CaseRepository, record: CaseRecord, message: int | None) -> None:
        picture = record.picture._replace(message_id=message)
        if picture != record.picture:
            repository.update(replace(record, picture=picture), record.case.revision)
