"""What is drawn of cases: pictures, records and lists of decisions, each a message of its own."""
