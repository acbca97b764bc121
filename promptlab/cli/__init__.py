"""The commands: options, calls and printing; what they do lies in the rooms above."""
