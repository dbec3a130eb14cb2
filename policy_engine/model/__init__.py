"""THE NOUNS of the domain, frozen. No text is read here and nothing is decided."""
