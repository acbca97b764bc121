"""Verbalizers that learn from labelled rows in place of label words, and how one is chosen."""
