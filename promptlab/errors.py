"""Errors that a user can cause: each message says what happened, where, and what to do."""


class PromptlabError(Exception):
    """The root: whatever the command and the application print as one or two plain sentences."""


class TemplateError(PromptlabError):
    """A template that cannot be parsed or used; ``line`` and ``column`` count from 1, 0 when there is no place."""

    def __init__(self, message: str, *, line: int = 0, column: int = 0) -> None:
        place = f"line {line}, column {column}: " if line else ""
        super().__init__(place + message)
        self.line, self.column = line, column


class DataError(PromptlabError):
    """A file or a row of a task that cannot be used."""


class ConfigError(PromptlabError):
    """An option, a reference or a TOML file that cannot be used."""


class ModelError(PromptlabError):
    """A model that cannot be loaded, or that cannot answer a template."""


class MemoryFull(ModelError):
    """Memory ran out although a single row was read at a time."""


class BundleError(PromptlabError):
    """A bundle that is damaged, hostile or from a newer version."""


class StoreError(PromptlabError):
    """The run store or a cache that cannot be read or written."""
