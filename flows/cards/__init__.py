"""The cards: what a clinician reads and taps, in no channel's markup."""
