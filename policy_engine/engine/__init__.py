"""GRAPH + REQUEST → DECISION: the combination of layers, updates, the denial in AWS's words."""
