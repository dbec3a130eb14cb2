"""THE NOUNS of the core, frozen: key, key states, grant, operation, caller. Nothing is decided here."""
