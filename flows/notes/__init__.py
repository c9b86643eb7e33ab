"""What reading a clinician's note is made of: the lexicon, the grammar, and the reach of a "no"."""
