"""The public surface: these names and no others, each documented."""

import inspect

import promptlab

NAMES = [
    "Ensemble",
    "Example",
    "LabelWords",
    "LanguageModel",
    "Pipeline",
    "PromptlabError",
    "Readout",
    "Scores",
    "Task",
    "Template",
    "Word",
    "WordVerbalizer",
    "__version__",
    "compare",
    "load",
    "load_model",
    "load_task",
    "save",
    "wrap_model",
]


def test_the_public_names_are_these() -> None:
    assert promptlab.__all__ == NAMES


def test_every_public_name_is_there_and_documented() -> None:
    for name in NAMES:
        value = getattr(promptlab, name)
        assert name == "__version__" or (inspect.getdoc(value) or "").endswith((".", "``")), name


def test_public_methods_are_documented() -> None:
    for name in NAMES:
        value = getattr(promptlab, name)
        if inspect.isclass(value) and value.__module__.startswith("promptlab"):
            own = [
                (key, one) for key, one in vars(value).items() if not key.startswith("_") and inspect.isfunction(one)
            ]
            assert [f"{name}.{key}" for key, one in own if not inspect.getdoc(one)] == []


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(promptlab, "nonsense")
