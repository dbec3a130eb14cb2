"""Whole-policy questions, asked of the decision graph."""
