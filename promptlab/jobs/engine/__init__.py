"""The engine: one process beside the application that reads, scores and answers; see ``jobs.wire`` for its lines."""
