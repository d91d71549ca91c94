"""``nmclick doctor``: facts about the machine, and what they mean for who wants to run nmclick on it."""
