"""The README of a bundle: what it is, how good it was, how to use it."""

from collections.abc import Mapping
from typing import Any

from promptlab.pipeline.described import labels_of, method_text, verbalizer_text
from promptlab.results.wording import accuracy, unpacked
from promptlab.text import listed, safe_text


def card(table: Mapping[str, Any], name: str) -> str:
    """Markdown from the tables of a bundle."""
    classifiers = table.get("member") or [table]
    labels = labels_of(classifiers[0]["verbalizer"])
    model = table["model"]
    packed = unpacked(model.get("quantization", ""))
    lines = [
        f"# {name}",
        "",
        *([safe_text(table["about"], newlines=True), ""] if table.get("about") else []),
        f"A text classifier made with promptlab {table['versions']['promptlab']} on {table['created']}.",
        "",
        f"- Model: {model['name']} ({model['family']}, {model['dtype']}{packed}), which is not part of this folder.",
        f"- Labels: {listed(labels, most=40)}",
        *(f"- Template: `{_inline(one['template']['text'])}`" for one in classifiers),
        *(f"- Verbalizer: {text}" for text in dict.fromkeys(verbalizer_text(one["verbalizer"]) for one in classifiers)),
        *_learnt(table),
        *_figures(table),
        "",
        "```python",
        "import promptlab",
        "",
        f'classify = promptlab.load("{name}")',
        'classify(["a text"])',
        "```",
        "",
        "`bundle.toml` holds everything that was set; promptlab runs no code from this folder.",
    ]
    return "\n".join(lines) + "\n"


def _figures(table: Mapping[str, Any]) -> list[str]:
    metrics, data = table.get("metrics", {}), table.get("data", {})
    if "accuracy" not in metrics:
        return []
    where = " ".join(str(data[key]) for key in ("task", "split") if key in data)
    shown = accuracy(metrics["accuracy"], tuple(metrics["interval"]), metrics["n"])
    return [f"- Accuracy: {shown} on {where}".rstrip()]


def _learnt(table: Mapping[str, Any]) -> list[str]:
    method = method_text(table.get("method", {}))
    return [f"- Learnt: {method}"] if method else []


def _inline(text: str) -> str:
    return text.replace("\n", "\\n").replace("`", "'")
