"""How a saved bundle is used from a shell."""

import shlex


def predict_command(folder: str, what: str = '"text"') -> str:
    """The command that classifies one text with the bundle, or ``what`` else; the folder is quoted for the shell."""
    place = f"./{folder}" if folder.startswith("-") else folder
    return f"promptlab predict {shlex.quote(place)} {what}"
