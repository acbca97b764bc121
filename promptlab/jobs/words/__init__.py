"""Working on label words: expand, refine, calibrate, ask what if, search, learn; each a generator of events."""
