"""Two themes of our own, in colours that people who see no red or green can tell apart; and which theme is used."""

from collections.abc import Mapping

from textual.theme import Theme

DARK = Theme(
    name="promptlab-dark",
    primary="#5fa8ff",
    secondary="#8fb8de",
    accent="#ffb454",
    warning="#ffb454",
    error="#ff8f5a",
    success="#6cc4ff",
    foreground="#e6e6e6",
    background="#12161c",
    surface="#181d25",
    panel="#222936",
    dark=True,
)
CONTRAST = Theme(
    name="promptlab-contrast",
    primary="#ffd400",
    secondary="#ffffff",
    accent="#00e5ff",
    warning="#ffd400",
    error="#ff9d00",
    success="#00e5ff",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1a1a1a",
    dark=True,
)
OWN = (DARK, CONTRAST)
DEFAULT = DARK.name


def usable_theme(name: str, themes: Mapping[str, Theme], *, no_color: bool) -> tuple[str, str]:
    """The theme to use for the one that was chosen, and a sentence where it is another one.

    Without colours the terminal's own themes are black on black, so one of ours is used.
    """
    if name not in themes:
        return DEFAULT, f"There is no theme {name!r}; {DEFAULT} is used."
    if no_color and themes[name].ansi:
        return DEFAULT, f"NO_COLOR is set, under which the theme {name} cannot be read; {DEFAULT} is used."
    return name, ""
