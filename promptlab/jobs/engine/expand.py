"""``expand``: words for a label from WordNet, lists, the model's own words and neighbours, a source after the other."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from promptlab.errors import ConfigError, PromptlabError
from promptlab.jobs.engine.asked import calibration_of, words_of
from promptlab.jobs.engine.effects import Seen, see
from promptlab.jobs.engine.held import Held, Say, Unread
from promptlab.jobs.engine.proposing import Ground, from_lists_of, from_rows, from_vectors, from_wordnet_of
from promptlab.jobs.wire import Request
from promptlab.jobs.words.expansion import Wanted
from promptlab.jobs.words.measured import with_pieces, with_priors
from promptlab.jobs.words.sources import Proposals, in_case_of_seeds
from promptlab.text import listed, nearest
from promptlab.verbalizer import LabelWords, Word, fit_labels
from promptlab.verbalizer.filters import best_of
from promptlab.verbalizer.found import FoundWord, Source, merge

_COUNT, _MOST = 50, 500
# Pieces that a found word may have where more than the first are scored.
_PIECES = 4
# The quick ones first.
_SOURCES: Mapping[Source, tuple[str, Callable[[Ground], Proposals]]] = {
    "wordnet": ("looking in WordNet", from_wordnet_of),
    "list": ("reading the lists", from_lists_of),
    "model": ("looking at what the model says", from_rows),
    "neighbours": ("looking for neighbours", from_vectors),
}


def expand(held: Held, request: Request, say: Say) -> dict[str, Any]:
    """The words found for one label, those dropped, and what the model says most; an event for each source done.

    The model is not asked: its own words come from the rows that were read. A source that fails is a note; the last
    error is raised where none is left.
    """
    ground = _ground(held, request, say)
    proposals: dict[Source, Proposals] = {}
    failures: list[Exception] = []
    for source, (phase, propose) in _SOURCES.items():
        if source not in ground.sources:
            continue
        ground.looking_in = source
        ground.phase(phase)
        try:
            proposals[source] = in_case_of_seeds(propose(ground), ground.seeds)
        except (PromptlabError, Unread) as error:
            failures.append(error)
            ground.note(str(error), level="warning")
            continue
        found, _ = _measured(ground, {source: proposals[source]})
        say({"kind": "found", "source": source, "words": [_table(word) for word in found]})
    if not proposals:
        raise failures[-1] if failures else ConfigError(f"Name a source to look in: {listed(_SOURCES)}.")
    found, dropped = _measured(ground, proposals)
    return {
        "found": [_table(word) for word in found],
        "dropped": [_table(word) for word in dropped],
        "likeliest": [{"word": word, "logprob": logprob} for word, logprob in ground.likeliest],
        "notes": list(ground.notes),
    }


def _ground(held: Held, request: Request, say: Say) -> Ground:
    words, label = words_of(request), str(request.fields["label"])
    if label not in words.labels:
        raise ConfigError(f"There is no label {label!r}.{nearest(label, words.labels)}")
    if not words.active(label):
        raise ConfigError(f"The label {label!r} has no words that count to begin from. Give it one.")
    for source in request.fields.get("sources") or ():
        if source not in _SOURCES:
            raise ConfigError(f"There is no source {source!r}.{nearest(source, _SOURCES)} Known: {listed(_SOURCES)}.")
    return Ground(
        label=label,
        seeds=replace(words, words={one: words.words[one] for one in words.labels if words.active(one)}),
        sources=tuple(request.fields.get("sources") or ("wordnet", "neighbours")),
        senses=tuple(request.fields.get("senses") or ()),
        lists=tuple(request.fields.get("lists") or ()),
        count=max(1, min(int(request.fields.get("count") or _COUNT), _MOST)),
        folder=held.workspace,
        say=say,
        **_read(held, request, words),
    )


def _read(held: Held, request: Request, words: LabelWords) -> dict[str, Any]:
    """The reading and what is known of the words on it; nothing while the model is being loaded."""
    try:
        reading = held.current(request)
        words = fit_labels(words, reading.task.labels)
        if reading.template.slots() != 1:
            raise ConfigError(
                f"Single words are looked for at one slot, and the template has {reading.template.slots()}."
            )
        return {"reading": reading, "seen": see(reading, words, calibration_of(request, reading))}
    except Unread:
        return {}


def _measured(ground: Ground, proposals: Mapping[Source, Proposals]) -> tuple[list[FoundWord], list[FoundWord]]:
    """The label's words, best first, with pieces, priors and effects where there is a reading; and those dropped."""
    merged, seen = merge(proposals), ground.seen
    merged = [word for word in merged if word.label == ground.label]
    if ground.reading is not None and seen is not None:
        most = 1 if seen.words.pieces == "first" else _PIECES
        merged = with_pieces(merged, seen.lm, ground.reading.template, Wanted(most_pieces=most))
        if seen.readout is not None and not seen.readout.whole_only:
            merged = with_priors(merged, seen.readout, None)
    found, dropped = best_of(merged, ground.seeds, count=ground.count)
    return (found if seen is None else _with_effects(seen, ground.label, found)), dropped[: ground.count]


def _with_effects(seen: Seen, label: str, found: list[FoundWord]) -> list[FoundWord]:
    changes = seen.added({label: [Word(one.text) for one in found]})
    return [replace(one, effect=changes.get((label, one.text))) for one in found]


def _table(word: FoundWord) -> dict[str, Any]:
    """The word in JSON's types, under the names that the application knows."""
    return {
        "text": word.text,
        "label": word.label,
        "sources": [{"source": one.source, "rank": one.rank, "why": one.why} for one in word.origins],
        "score": round(word.score, 4),
        "pieces": list(word.pieces),
        "prior": word.prior,
        "effect": word.effect,
        "dropped": word.dropped,
    }
