"""``promptlab words expand``: words to add to each label, from WordNet, neighbours, the model itself and word lists."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptlab.cli import console, options
from promptlab.cli.loading import Machine, reading_cache
from promptlab.cli.words import out as outs
from promptlab.errors import ConfigError

if TYPE_CHECKING:
    from promptlab.jobs.words.expansion import Wanted
    from promptlab.verbalizer import LabelWords

Seeds = Annotated[
    list[str] | None,
    typer.Argument(metavar="LABEL=SEED,...", help="Words to begin from. Default: those of --words, or label names."),
]
Sources = Annotated[
    list[str] | None,
    typer.Option("--source", metavar="SOURCE", help="wordnet, neighbours, model, list. Default: the first two."),
]
Lists = Annotated[
    list[str] | None,
    typer.Option("--list", metavar="FILE", help="A word list: text, CSV, JSON or TOML; LABEL=FILE for one label."),
]
Map = Annotated[str | None, typer.Option("--map", metavar="NAME=LABEL,...", help="Labels that a list names otherwise.")]
Count = Annotated[int, typer.Option(metavar="N", help="Words to find for each label.")]
Senses = Annotated[
    list[str] | None,
    typer.Option("--sense", metavar="NAME", help="A sense to begin from, as words senses names it. Default: all."),
]
Parts = Annotated[
    list[str] | None,
    typer.Option("--part", metavar="PART", help="noun, verb, adjective, adverb: the senses to begin from."),
]
Relations = Annotated[
    list[str] | None,
    typer.Option(
        "--relation",
        metavar="RELATION",
        help="similar, also, hyponym, hypernym, derived, pertainym, topic, antonym. Default: all.",
    ),
]
Depth = Annotated[int, typer.Option(metavar="N", help="Steps along WordNet's relations; 0 gives synonyms alone.")]
Encoder = Annotated[
    str, typer.Option(metavar="ENCODER", help="auto, the model's input or output embeddings, a name or a folder.")
]
Candidates = Annotated[
    str, typer.Option(metavar="WORDS", help="Where neighbours are looked for: model, wordnet, or a word list.")
]
Texts = Annotated[int, typer.Option(metavar="N", help="Unlabelled texts that are read for priors and for model.")]
K = Annotated[
    int | None, typer.Option("--k", metavar="N", help="Labelled rows a label for --source model. Default: none.")
]
MostPieces = Annotated[int, typer.Option(metavar="N", help="Pieces that a word may have in this model.")]
MinPrior = Annotated[
    float | None, typer.Option(metavar="LOGPROB", help="Leave out words below this natural log-probability.")
]
Forms = Annotated[bool, typer.Option("--forms", help="Keep every form of a word (movie, movies), not the first alone.")]
Effect = Annotated[bool, typer.Option("--effect/--no-effect", help="Measure each word's effect on labelled rows.")]
Accept = Annotated[
    str | None, typer.Option(metavar="WHICH", help="Found words to switch on: all, the N best of each label, or words.")
]


def expand_words(
    seeds: Seeds = None,
    task: options.Task = None,
    template: options.Template = None,
    words: options.Words = None,
    source: Sources = None,
    count: Count = 50,
    sense: Senses = None,
    part: Parts = None,
    relation: Relations = None,
    depth: Depth = 2,
    encoder: Encoder = "auto",
    candidates: Candidates = "model",
    lists: Lists = None,
    mapping: Map = None,
    most_pieces: MostPieces = 1,
    min_prior: MinPrior = None,
    forms: Forms = False,
    texts: Texts = 200,
    k: K = None,
    effect: Effect = True,
    accept: Accept = None,
    out: outs.Reference = None,
    replace: outs.Replace = False,
    model: options.Model = None,
    split: options.Split = None,
    limit: options.Limit = None,
    seed: options.Seed = None,
    text: options.Text = None,
    label: options.Label = None,
    labels: options.Labels = None,
    encoding: options.Encoding = None,
    revision: options.Revision = None,
    device: options.Device = "auto",
    dtype: options.Dtype = None,
    threads: options.Threads = None,
    offline: options.Offline = False,
    max_length: options.MaxLength = None,
    cache: options.Cache = None,
    json: options.Json = False,
) -> None:
    """Find words to add to each label, each with its score, its prior, its effect and where it comes from.

    Nothing enters a verbalizer unasked: --out writes the found words switched off, unless --accept names them.
    --task brings priors (over train texts) and effects (on dev, else train); without it the labels are the seeds'.
    """
    from dataclasses import replace as replace_in

    from promptlab.cli.progress import listening
    from promptlab.cli.words.expanded import show_expansion
    from promptlab.cli.words.seeds import begin_alone, begin_with_task
    from promptlab.jobs.evaluation import finish
    from promptlab.jobs.words.expand import expand
    from promptlab.spec import RunSpec

    if seeds and words:
        raise ConfigError("Give the seeds as arguments or with --words, not both.")
    if accept is not None and out is None:
        raise ConfigError("--accept switches on what --out writes: name a file and an entry with --out.")
    kept = None if out is None else outs.Out.parse(out, source=words, replace=replace)
    given: dict[str, Any] = {"task": task, "template": template, "words": words, "model": model, "split": split}
    given |= {"limit": limit, "seed": seed, "text": text, "label": label, "labels": labels, "dtype": dtype}
    spec = RunSpec().override(**given)
    machine = Machine(device, threads, offline, spec.dtype, max_length, revision)
    if task is None:
        begun = begin_alone(spec, seeds or ())
    else:
        begun = begin_with_task(spec, seeds or (), offline=offline, encoding=encoding, texts=texts, k=k, effects=effect)
    wanted = replace_in(
        _wanted(begun.seeds, source=source, part=part, relation=relation, lists=lists, mapping=mapping, k=k),
        senses=tuple(sense or ()),
        count=count,
        depth=depth,
        encoder=encoder,
        candidates=candidates,
        most_pieces=most_pieces,
        min_prior=min_prior,
        forms=forms,
    )
    wanted.check(has_texts=len(begun.material.texts) > 0)
    lm = machine.load(spec.model[0])
    with listening("Reading") as listen:
        reading = reading_cache(cache, begun.rows)
        events = expand(lm, begun.seeds, wanted, begun.material, cache=reading, offline=offline)
        expansion = finish(events, listen)
    grown = expansion.accepted(accept)
    if json:
        console.show_document("words expand", [{"model": lm.name, **begun.about, **expansion.to_json()}])
    else:
        show_expansion(expansion)
    _keep(grown, kept, found=len(expansion.found), seeds=begun.seeds)


def _wanted(
    seeds: "LabelWords",
    *,
    source: list[str] | None,
    part: list[str] | None,
    relation: list[str] | None,
    lists: list[str] | None,
    mapping: str | None,
    k: int | None,
) -> "Wanted":
    """The choices with names, each checked; a word list is a source without being asked for."""
    from promptlab.jobs.words.expansion import Wanted
    from promptlab.options import convert
    from promptlab.verbalizer.found import Source
    from promptlab.verbalizer.word_lists import check_map, parse_map, read_word_list
    from promptlab.verbalizer.wordnet import PARTS, RELATIONS, Part, Relation

    sources: list[Source] = [convert(name, Source, where="--source") for name in source or ("wordnet", "neighbours")]
    if "list" in sources and not lists:
        raise ConfigError("--source list needs a word list: name it with --list FILE.")
    if k is not None and "model" not in sources:
        raise ConfigError("--k goes with --source model, which alone uses labels.")
    names = parse_map(mapping, seeds.labels) if mapping else {}
    listings = tuple(read_word_list(reference, seeds.labels, names=names) for reference in lists or ())
    check_map(names, listings)
    return Wanted(
        sources=tuple(dict.fromkeys((*sources, "list") if lists else sources)),
        parts=tuple(convert(name, Part, where="--part") for name in part) if part else PARTS,
        relations=tuple(convert(name, Relation, where="--relation") for name in relation) if relation else RELATIONS,
        lists=listings,
    )


def _keep(words: "LabelWords", out: outs.Out | None, *, found: int, seeds: "LabelWords") -> None:
    """Write the words where that was asked for, and say which of them count."""
    if out is None:
        console.say(
            "Nothing was added: --out verbalizers/mine.toml#name writes these words, switched off unless --accept says."
        )
        return
    out.write(words)
    on = len(words.every_word()) - len(seeds.every_word())
    console.say(f"Of {found:,} found words {on:,} count; the others stand there with on = false.")
