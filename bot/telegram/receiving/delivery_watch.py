"""Whether Telegram's deliveries reach the webhook, by what getWebhookInfo tells of the last one that failed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from telegram import WebhookInfo


class DeliveryWatch:
    """Compares the last failed delivery, look by look: one that is new shows that the way to the bot is cut.

    Once it is cut, a delivery alone proves that it is not any more: while nobody taps, Telegram tries nothing.
    """

    def __init__(self, heard: Callable[[], None]) -> None:
        """Store what is called whenever updates come through, or would."""
        self._heard = heard
        self._last_error: datetime | None = None
        self._looked = False
        self._delivered = False
        self._cut = False

    def delivered(self) -> None:
        """Note that a delivery arrived, or that the webhook was set just now."""
        self._delivered, self._cut = True, False
        self._heard()

    def look(self, info: WebhookInfo) -> None:
        """Compare with the look before; an error of before the first one says nothing of now."""
        new_error = self._looked and info.last_error_date not in (None, self._last_error)
        self._cut = self._cut or (new_error and not self._delivered)
        self._last_error, self._looked, self._delivered = info.last_error_date, True, False
        if not self._cut:
            self._heard()
