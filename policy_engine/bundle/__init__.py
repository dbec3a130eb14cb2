"""Reads what users have: bundles, authorization details, key and grant dumps; the only room that opens files."""
