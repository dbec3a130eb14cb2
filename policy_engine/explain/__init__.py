"""DECISION → PROSE and JSON: why, what was missing, what would change it."""
