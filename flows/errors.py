"""What can go wrong in the flows, each named for what happened and carrying what the user can do."""

from __future__ import annotations


class FlowError(Exception):
    """Anything the flows refuse; its text is fit for the user's eyes."""


class StaleTap(FlowError):
    """A tap on a question that is no longer at hand: the present card is to be drawn again."""


class EmptySelection(FlowError):
    """Done was tapped on a choice of several while nothing was chosen."""


class ChosenOtherwise(FlowError):
    """A button that names one choice was tapped while others are chosen: what is chosen now is to be shown first."""


class AnswersWouldGo(FlowError):
    """Starting over would take several answers away: it is to be asked first whether it is meant."""


class NothingToUndo(FlowError):
    """Back was tapped where nothing lies behind."""


class WrongStage(FlowError):
    """The discussion is at a stage that does not take this: the vote is open, or the case is decided."""


class NotPermitted(FlowError):
    """Somebody else gave this, or opened the case: only they, or whoever opened it, may do so."""


class OpenDisputes(FlowError):
    """A finding is disputed: it is to be settled before the vote."""


class ReasonWanted(FlowError):
    """The decision departs from what the source supports: it needs a reason."""


class DiscussionFull(FlowError):
    """More was said of a case than is kept of one."""


class UnknownFlow(FlowError):
    """A flow was asked for that is not offered; its text names those that are."""


class VersionConflict(FlowError):
    """Another writer changed the case since it was read: run again from the new state."""


class FindingError(FlowError):
    """A finding that is missing, unknown or not one of its answers.

    Attributes:
        finding: the code of the finding; None where the whole record is no object.
        allowed: what would have been accepted.
    """

    def __init__(self, finding: str | None, message: str, allowed: tuple[str, ...] = ()) -> None:
        """Name the finding, say what is wrong with it, list what is allowed."""
        super().__init__(message)
        self.finding = finding
        self.allowed = allowed


class CatalogError(FlowError):
    """The catalog cannot be used; every fault is listed with its file, its place and what is allowed."""

    def __init__(self, faults: list[str]) -> None:
        """Keep the faults, one line each."""
        super().__init__("the catalog cannot be used:\n" + "\n".join(f"  {fault}" for fault in faults))
        self.faults = faults


class SiteFileError(FlowError):
    """The hospital's own file cannot be used; every fault is listed with its file, its key and what to do."""

    def __init__(self, faults: list[str]) -> None:
        """Keep the faults, one line each."""
        super().__init__("the site file cannot be used:\n" + "\n".join(f"  {fault}" for fault in faults))
        self.faults = faults


class EditionTableError(FlowError):
    """A table of an edition cannot be read.

    Attributes:
        line: the line that is at fault.
    """

    def __init__(self, line: int, fault: str) -> None:
        """Store the line, and what is wrong with it."""
        super().__init__(fault)
        self.line = line


class NoteTooLong(FlowError):
    """A typed note has more characters than are read.

    Attributes:
        length: how many it has.
        most: how many are read.
    """

    def __init__(self, length: int, most: int) -> None:
        """Store how long it is and how long it may be."""
        super().__init__(f"the note has {length} characters; at most {most} are read")
        self.length = length
        self.most = most
