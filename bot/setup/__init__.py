"""The first installation at a terminal: questions that lead to `.env`, and a code that pairs an administrator."""
