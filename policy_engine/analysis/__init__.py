"""Whole-policy questions, asked of the decision graph: what can be allowed at all, and by which request."""
