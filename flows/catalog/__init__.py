"""The shared option catalog and the wording: what clinicians edit, loaded and checked."""
