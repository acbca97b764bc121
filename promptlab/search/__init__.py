"""Searches: what looks through many prompts or label words by itself, and reports on rows that it never saw."""
