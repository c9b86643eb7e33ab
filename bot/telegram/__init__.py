"""The Telegram adapter: updates in, desired screens out."""

import os

# The library gives durations as timedelta where this is set, and warns at each of them where it is not.
os.environ.setdefault("PTB_TIMEDELTA", "1")
