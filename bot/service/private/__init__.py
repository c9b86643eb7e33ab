"""What a person alone does: their cases, notes and pages in a private chat."""
