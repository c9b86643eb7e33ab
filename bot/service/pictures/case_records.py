"""What the record of a case says when it is set, and what follows when it was sent, could not be, or is withdrawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

from bot.service.case_store import CaseRecord, CaseRepository
from bot.service.private.private_chat import PrivateChat
from bot.service.replies import DeleteMessage, Reply, ShowCard
from bot.service.team.group_chat import GroupChat
from bot.service.times import for_file_name, in_utc
from flows.cards.pages import Pages
from flows.cards.team.case import code_word
from flows.catalog.loader import Catalog
from flows.export.record_page import Page


class CaseDocument(NamedTuple):
    """The record of a case, to be set.

    Attributes:
        place: where the case is.
        page: what it says; a placeholder stands for each person.
        file_name: a name that tells no finding.
        caption: the words below it.
    """

    place: str
    page: Page
    file_name: str
    caption: str


class CaseRecords:
    """Describes the records of cases, and remembers where they are."""

    def __init__(self, catalog: Catalog, private: PrivateChat, team: GroupChat, clock: Callable[[], float]) -> None:
        """Store the words, where cases are worked, and the clock (seconds since 1970)."""
        self._catalog = catalog
        self._private = private
        self._team = team
        self._clock = clock

    def of(self, repository: CaseRepository, case_id: str) -> CaseDocument | None:
        """Return the record of a case as it stands now; None where it is gone, not finished, or not decided."""
        record = repository.get(case_id)
        if record is None:
            return None
        cases = self._team.cases if record.team else self._private.cases
        page, name = cases.record_page(repository, record, self._clock()), cases.name_of(record)
        if page is None:
            return None
        at, words = float(str(page["seconds"])), self._catalog.paper.page
        file_name = words.file.format(case=code_word(name), when=for_file_name(at))
        return CaseDocument(record.place, page, file_name, words.caption.format(case=name, when=in_utc(at)))

    def on_sent(self, repository: CaseRepository, case_id: str, chat: str, message: int) -> Reply:
        """Remember which message holds the record of a case; the one that held it before is deleted.

        So is one that came after its case was opened again.
        """
        record = repository.get(case_id)
        if record is None or self.of(repository, case_id) is None:
            return Reply(effects=(DeleteMessage(message, chat=chat),))
        before = record.picture.record_message_id
        _keep(repository, record, message)
        former = (DeleteMessage(before, chat=record.place),) if before not in (None, message) else ()
        return Reply(effects=former)

    def withdrawn(self, repository: CaseRepository, records: Iterable[CaseRecord]) -> tuple[DeleteMessage, ...]:
        """Have the records of cases deleted that name somebody whose number was erased; they can be asked for anew."""
        deleted: list[DeleteMessage] = []
        for case_id in dict.fromkeys(record.case.id for record in records):
            record = repository.get(case_id)
            if record and record.picture.record_message_id is not None:
                deleted.append(DeleteMessage(record.picture.record_message_id, chat=record.place))
                _keep(repository, record, None)
        return tuple(deleted)

    def failed(self, repository: CaseRepository, case_id: str) -> Reply:
        """Return the notice that the record of a case could not be set."""
        return self._notice(repository, case_id, "record_failed")

    def refused(self, repository: CaseRepository, case_id: str) -> Reply:
        """Return the notice that Telegram refused the record of a case."""
        return self._notice(repository, case_id, "record_refused")

    def _notice(self, repository: CaseRepository, case_id: str, page: str) -> Reply:
        record = repository.get(case_id)
        card = Pages(self._catalog).bare(getattr(self._catalog.wording.pages, page))
        return Reply((ShowCard(card, chat=record.place),)) if record else Reply()


def _keep(repository: CaseRepository, record: CaseRecord, message: int | None) -> None:
    picture = record.picture._replace(record_message_id=message)
    if picture != record.picture:
        repository.update(replace(record, picture=picture), record.case.revision)
