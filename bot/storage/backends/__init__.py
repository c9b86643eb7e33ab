"""The two databases, each with what only it does."""
