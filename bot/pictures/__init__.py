"""Pictures and papers of a case: typst draws what `flows.export` describes."""
