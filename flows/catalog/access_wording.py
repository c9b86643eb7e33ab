"""The words of access: pairing, asking, admitting and expelling."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from flows.catalog.wording import Label, NumberedPageWording, PageWording, Text, Toast, WordingModel, placeholders

NumberedToast = Annotated[str, Field(max_length=170), placeholders("number")]


class AccessToasts(WordingModel):
    """What a tap is told in passing."""

    asked: Toast
    asked_before: Toast
    too_many: Toast
    nobody: Toast
    has_access: Toast
    only_admins: Toast
    admitted: NumberedToast
    admitted_before: NumberedToast
    refused: NumberedToast
    expelled: NumberedToast
    not_admitted: NumberedToast
    last_admin: Toast
    settings: NumberedToast


class RequestWording(WordingModel):
    """What administrators read of somebody who asks."""

    title: Text
    line: Annotated[str, placeholders("person", "number")]


class AccessPages(WordingModel):
    """The cards of access."""

    unknown: NumberedPageWording
    asked: PageWording
    request: RequestWording
    welcome: PageWording
    declined: PageWording
    group_welcome: PageWording
    group_expelled: PageWording
    admitted: NumberedPageWording
    admitted_before: NumberedPageWording
    refused: NumberedPageWording
    expelled: NumberedPageWording
    not_admitted: NumberedPageWording
    settings: NumberedPageWording
    last_admin: PageWording
    whom: PageWording
    only_admins: PageWording
    open: PageWording
    privately: PageWording
    paired: PageWording
    wrong_code: PageWording
    many_codes: PageWording
    code_in_group: PageWording


class AdmittedListWording(WordingModel):
    """The words of the list of who is admitted."""

    title: Text
    line: Text
    nobody: Text


class AccessWording(WordingModel):
    """All the words of access."""

    admit: Label
    refuse: Label
    ask: Label
    expel: Annotated[str, placeholders("number")]
    admin: Label
    person: Label
    group: Label
    toasts: AccessToasts
    pages: AccessPages
    list: AdmittedListWording
