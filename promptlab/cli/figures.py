"""How an evaluation reads: its figures, labels and confusions as lines, from the result that the store keeps."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from promptlab.cli.tables import Column, number, table_lines, text
from promptlab.results import wording
from promptlab.text import counted, safe_text, shorten

# Labels up to which a confusion matrix is shown whole; above it, the confusions that were most frequent.
_MOST_LABELS = 12
_MOST_CONFUSIONS = 12
_FIGURES = {
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro-F1",
    "mcc": "MCC",
    "ece": "ECE",
    "brier": "Brier",
}


def fact_lines(facts: Iterable[tuple[str, str]], *, width: int) -> list[str]:
    """Name and value, a line each, values aligned and broken at words."""
    shown = [(name, safe_text(value)) for name, value in facts]
    indent = max((len(name) for name, _ in shown), default=0) + 2
    lines = []
    for name, value in shown:
        wrapped = textwrap.wrap(value, max(width - indent, 30), break_on_hyphens=False) or [""]
        lines += [f"{name if not place else '':{indent}}{line}".rstrip() for place, line in enumerate(wrapped)]
    return lines


def result_lines(result: Mapping[str, Any], *, width: int) -> list[str]:
    """One evaluation: what was evaluated, how good it was, label by label, and what was confused with what."""
    return [
        *fact_lines(_head(result), width=width),
        "",
        *fact_lines(_figures(result), width=width),
        "",
        *_further_figures(result, width=width),
        "",
        *label_table(result, width=width),
        "",
        *confusion_lines(result, width=width),
        *cut_lines(result, width=width),
    ]


def template_text(result: Mapping[str, Any]) -> str:
    """The template on one line, as ``--template`` takes it; of an ensemble, how many there are."""
    template = result["template"]
    return counted(len(template), "template") if isinstance(template, list) else template.replace("\n", "\\n")


def words_text(result: Mapping[str, Any]) -> str:
    """The label words on one line, as ``--words`` takes them."""
    words = (result["words"] or {}).get("words", {})
    return "  ".join(f"{label}={','.join(map(_word, entries))}" for label, entries in words.items())


def model_text(result: Mapping[str, Any]) -> str:
    """The model, how its weights were packed where they were, its precision and device."""
    packed = wording.unpacked(result.get("quantization", ""))
    return f"{result['model']}{packed}, {result['dtype']} on {result['device']}"


def accuracy(figures: Mapping[str, Any]) -> str:
    """The accuracy with its interval and rows."""
    low, high = figures["interval"]
    return wording.accuracy(figures["accuracy"], (low, high), figures["n"])


def baseline(result: Mapping[str, Any]) -> str:
    """What always giving the most frequent label would reach, and whether the prompt can be told from that."""
    share = result["majority"]["share"]
    low, high = result["interval"]
    if low > share:
        return always(result)
    if high < share:
        return f"{always(result)}: this prompt is worse"
    return f"{always(result)}: this prompt is no better, as far as {counted(result['n'], 'row')} can tell"


def always(result: Mapping[str, Any]) -> str:
    """``0.500, always answering 'negative'``."""
    label, share = result["majority"]["label"], result["majority"]["share"]
    return f"{wording.figure(share)}, always answering {shorten(label, 40)!r}"


def label_table(result: Mapping[str, Any], *, width: int) -> list[str]:
    """Rows, precision, recall and F1 of each label."""
    columns = (text("label"), number("rows"), number("predicted"), number("precision"), number("recall"), number("F1"))
    rows = [
        (
            label,
            f"{own['n']:,}",
            f"{own['predicted']:,}",
            *(wording.figure(own[key]) for key in ("precision", "recall", "f1")),
        )
        for label, own in result["per_label"].items()
    ]
    return table_lines(columns, rows, width=width)


def confusion_lines(result: Mapping[str, Any], *, width: int) -> list[str]:
    """The confusion matrix, or the most frequent confusions when there are many labels."""
    labels = result["labels"]
    if len(labels) > _MOST_LABELS:
        return _confusion_list(result, width=width)
    titles = labels
    rows = [
        (label, *(f"{count:,}" for count in counts)) for label, counts in zip(labels, result["confusion"], strict=True)
    ]
    if _matrix_width(rows, titles) > width:
        titles = [str(place) for place in range(1, len(labels) + 1)]
        rows = [(f"{title} {row[0]}", *row[1:]) for title, row in zip(titles, rows, strict=True)]
    return table_lines((text("true \\ predicted"), *map(number, titles)), rows, width=width)


def cut_lines(result: Mapping[str, Any], *, width: int) -> list[str]:
    """What was cut from long texts, if anything was."""
    cut = result["cut"]
    if not cut["rows"]:
        return []
    rows = f"{counted(cut['rows'], 'text')} of {result['n']:,}"
    sentence = f"{rows} did not fit into the prompt whole: {counted(cut['pieces'], 'piece')} were cut."
    return ["", *textwrap.wrap(sentence, width)]


def _head(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    name = result.get("template_name")
    words = result.get("words_name")
    facts = [
        ("Task", f"{result['task']}, {result['split']}, {counted(result['n'], 'row')}"),
        ("Template", f"{name}: {template_text(result)}" if name else template_text(result)),
    ]
    if result["words"]:
        how = " (read whole)" if result.get("pieces") == "whole" else ""
        facts.append(("Words", (f"{words}: " if words else "") + words_text(result) + how))
    elif isinstance(kind := result.get("verbalizer"), str):
        facts.append(("Verbalizer", f"{kind}, {wording.depths(result['depths'])}"))
    if result.get("demonstrations"):
        upto = "at most " if result["cut"].get("demonstrations") else ""
        facts.append(("Shown", f"{upto}{counted(result['demonstrations'], 'solved example')} in each prompt"))
    return [*facts, ("Model", model_text(result))]


def _figures(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    calibration = result["calibration"]
    facts = [("Accuracy", accuracy(result) + (", calibrated" if calibration else ""))]
    if calibration:
        facts.append(("", f"{accuracy(calibration['raw'])}, uncalibrated"))
    facts.append(("Baseline", baseline(result)))
    return [*facts, *([("Calibrated", f"{calibration['kind']}, on {calibration['support']}")] if calibration else [])]


def _further_figures(result: Mapping[str, Any], *, width: int) -> list[str]:
    """The other figures; with and without calibration below each other."""
    shown: dict[str, Mapping[str, Any]] = {"": result}
    if result["calibration"]:
        shown = {"calibrated": result, "uncalibrated": result["calibration"]["raw"]}
    rows = [[name, *(wording.figure(figures[key]) for key in _FIGURES)] for name, figures in shown.items()]
    columns = [Column(""), *map(number, _FIGURES.values())]
    if not result["calibration"]:
        columns, rows = columns[1:], [row[1:] for row in rows]
    return table_lines(columns, rows, width=width)


def _matrix_width(rows: Sequence[Sequence[str]], titles: Sequence[str]) -> int:
    first = max(len("true \\ predicted"), *(len(row[0]) for row in rows))
    return first + sum(2 + max(len(title), *(len(row[place]) for row in rows)) for place, title in enumerate(titles, 1))


def _confusion_list(result: Mapping[str, Any], *, width: int) -> list[str]:
    labels = result["labels"]
    wrong = [
        (count, labels[true], labels[given])
        for true, counts in enumerate(result["confusion"])
        for given, count in enumerate(counts)
        if count and true != given
    ]
    wrong.sort(key=lambda entry: -entry[0])
    rows = [(f"{count:,}", true, given) for count, true, given in wrong[:_MOST_CONFUSIONS]]
    lines = table_lines((number("rows"), text("true"), text("predicted")), rows, width=width)
    more = len(wrong) - len(rows)
    return ["Most frequent confusions", *lines, *([f"and {counted(more, 'other pair')}"] if more > 0 else [])]


def _word(entry: Any) -> str:
    word = entry["text"] if isinstance(entry, dict) else entry
    return word if isinstance(word, str) else " ".join(word)
