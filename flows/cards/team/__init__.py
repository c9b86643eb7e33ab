"""The cards of a case that a team works."""
