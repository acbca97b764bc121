"""The panes of the screens: each shows one thing and hears of changes from the desk."""
