"""What the application knows, without a screen: the session, edits of label words, drafts, trash, settings."""
