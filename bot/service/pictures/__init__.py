"""The picture of a case: a message of its own, which shows what the case shows."""
