"""The vocabulary of a flow and a case, known by every other package of `flows`."""
