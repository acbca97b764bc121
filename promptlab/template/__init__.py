"""Templates: the language of prompts, its parts, filling it, and the library of templates."""

from promptlab.template.check import check_template
from promptlab.template.files import Entry, TemplateFile, read_templates
from promptlab.template.fill import Demonstration, Run, Segment, Span, fill_run, layout, with_demonstrations
from promptlab.template.library import (
    default_template,
    guess_kind,
    label_key,
    library_file,
    library_tasks,
    resolve_templates,
    shell_literal,
    split_reference,
)
from promptlab.template.parse import parse_parts
from promptlab.template.parts import (
    Control,
    Demonstrations,
    Field,
    Filter,
    Mask,
    Part,
    Role,
    Soft,
    Template,
    Text,
    Token,
    Trigger,
    Truncate,
    Turn,
)
from promptlab.template.show import show_parts

__all__ = [
    "Control",
    "Demonstration",
    "Demonstrations",
    "Entry",
    "Field",
    "Filter",
    "Mask",
    "Part",
    "Role",
    "Run",
    "Segment",
    "Soft",
    "Span",
    "Template",
    "TemplateFile",
    "Text",
    "Token",
    "Trigger",
    "Truncate",
    "Turn",
    "check_template",
    "default_template",
    "fill_run",
    "guess_kind",
    "label_key",
    "layout",
    "library_file",
    "library_tasks",
    "parse_parts",
    "read_templates",
    "resolve_templates",
    "shell_literal",
    "show_parts",
    "split_reference",
    "with_demonstrations",
]
