"""Who may use the bot beside the operator's lists: pairing, administrators, people and groups that they admit."""
