"""Findings about policies: rules, their registry, what they look at, and the forms in which findings leave.

This room reads no files and prints nothing: it gets texts and gives a report. `cli.policy_lint` is its door.
"""
