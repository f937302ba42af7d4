"""Exports into the store: mapping profiles, number and date parsing, value checks, QA."""
