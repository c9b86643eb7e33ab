"""One file is one step from a version of the tables to the next, and is never changed once it was released."""
