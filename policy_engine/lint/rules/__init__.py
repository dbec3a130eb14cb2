"""The lint rules, one file a rule or a tight family."""
