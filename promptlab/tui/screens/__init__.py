"""The screens: one a mode, and the questions that lie above them."""
