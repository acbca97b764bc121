"""What ``check_task`` finds, each in a task made to have it; and that a good task has none of it."""

import json
import random
import time
from pathlib import Path

import numpy as np
import pytest

from promptlab.task import Report, Task, check_task, load_task, make_task
from promptlab.task.similar import Signatures, similar_pairs, words_of

WORDS = ["red", "blue", "green", "stone", "river", "cloud", "tree", "house", "bird", "fish", "road", "light"]
WORDS += ["wind", "sand", "glass", "paper", "iron", "salt"]


def sentence(number: int) -> str:
    """Twelve words that depend on the number alone."""
    return " ".join(random.Random(number).choices(WORDS, k=12)) + f" {number}"


def sound(rows: int = 20, *, start: int = 0) -> list[tuple[str, str]]:
    return [(sentence(start + n), "xy"[n % 2]) for n in range(rows)]


def found(task: Task, kind: str) -> tuple[str, dict[str, int], tuple[str, ...]]:
    """Level, counts and ids of the only finding of a kind."""
    (finding,) = check_task(task).of_kind(kind)
    return finding.level, dict(finding.counts), finding.ids


def kinds(report: Report) -> set[str]:
    return {finding.kind for finding in report.findings if finding.level != "info"}


def test_a_sound_task_has_no_warning() -> None:
    report = check_task(make_task(train=sound(), dev=sound(10, start=100), test=sound(10, start=200)))
    assert kinds(report) == set()
    assert report.holds


def test_rows_and_labels_are_counted_by_split() -> None:
    report = check_task(make_task(train=sound(6), test=sound(4, start=50)))
    assert [dict(finding.counts) for finding in report.of_kind("rows")] == [{"rows": 6}, {"rows": 4}]
    assert [dict(finding.counts) for finding in report.of_kind("labels")] == [{"x": 3, "y": 3}, {"x": 2, "y": 2}]


def test_unlabelled_rows_are_counted() -> None:
    assert found(make_task([*sound(), "no label here"]), "unlabelled") == ("info", {"rows": 1}, ("test:21",))


def test_an_empty_text_is_a_warning() -> None:
    assert found(make_task([*sound(), ("  ", "x"), ("", "y")]), "empty") == (
        "warning",
        {"rows": 2},
        ("test:21", "test:22"),
    )


def test_texts_that_are_all_empty_are_an_error() -> None:
    assert found(make_task([("", "x"), (" ", "y")]), "empty")[0] == "error"


def test_empty_texts_are_no_duplicates() -> None:
    assert check_task(make_task([*sound(), ("", "x"), ("", "y")])).of_kind("duplicates") == ()


def test_an_exact_duplicate_within_a_split_is_a_warning() -> None:
    assert found(make_task([*sound(), sound()[3]]), "duplicates") == ("warning", {"rows": 1}, ("test:21",))


@pytest.mark.parametrize(("first", "second"), [("train", "dev"), ("train", "test"), ("dev", "test")])
def test_a_text_in_two_splits_is_an_error(first: str, second: str) -> None:
    splits = {first: sound(), second: [*sound(10, start=100), sound()[4]]}
    level, counts, ids = found(make_task(**splits), "leakage")  # type: ignore[arg-type]
    assert (level, counts, ids) == ("error", {"rows": 1}, (f"{second}:11",))


def test_leakage_between_dev_and_test_is_seen_though_train_has_the_text_too() -> None:
    shared = [("the very same text in all three", "x")]
    report = check_task(make_task(train=sound() + shared, dev=shared, test=shared))
    assert len(report.of_kind("leakage")) == 3


def test_a_changed_word_makes_a_near_duplicate() -> None:
    text = " ".join([*WORDS, *map(str, range(20))])
    assert found(make_task([*sound(), (text, "x"), (text.replace("river", "lake"), "x")]), "near_duplicates") == (
        "warning",
        {"rows": 1},
        ("test:22",),
    )


def test_case_and_punctuation_make_a_near_duplicate_of_a_short_text() -> None:
    assert found(make_task([*sound(), ("Not good!", "x"), ("not good", "x")]), "near_duplicates")[1] == {"rows": 1}


def test_a_near_duplicate_across_splits_is_a_warning() -> None:
    text = " ".join(WORDS)
    task = make_task(train=[*sound(), (text, "x")], test=[*sound(10, start=100), (text + " more", "x")])
    assert found(task, "near_leakage") == ("warning", {"rows": 1}, ("test:11",))


def test_one_text_under_two_labels_is_an_error() -> None:
    task = make_task(train=[*sound(), ("Just so", "x")], test=[*sound(10, start=100), ("just so!", "y")])
    assert found(task, "two_labels") == ("error", {"texts": 1}, ("test:11",))


def test_equal_premises_with_other_hypotheses_are_no_duplicates() -> None:
    rows = [
        {"premise": "it rained", "hypothesis": f"thought number {n}", "text": "it rained", "label": "xy"[n % 2]}
        for n in range(6)
    ]
    assert "duplicates" not in kinds(check_task(make_task(rows)))


@pytest.mark.parametrize("other", ["Positive", "positive ", "POSITIVE", "posi-tive"])
def test_labels_that_differ_in_case_or_space_are_a_typing_error(other: str) -> None:
    expected = other != "posi-tive"
    task = make_task([(sentence(n), "positive") for n in range(4)] + [(sentence(9), other)])
    assert ("label_typo" in kinds(check_task(task))) is expected


def test_a_rare_label_close_to_a_frequent_one_is_a_typing_error() -> None:
    rows = [(sentence(n), "positive") for n in range(40)] + [(sentence(99), "postive")]
    assert found(make_task(rows), "label_typo")[1] == {"positive": 40, "postive": 1}


def test_two_frequent_labels_that_look_alike_are_no_typing_error() -> None:
    labels = ("Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)")
    assert "label_typo" not in kinds(check_task(make_task([(sentence(n), labels[n % 2]) for n in range(20)])))


def test_numbers_are_never_typing_errors_of_each_other() -> None:
    rows = [(sentence(n), "1000") for n in range(40)] + [(sentence(99), "1001")]
    assert "label_typo" not in kinds(check_task(make_task(rows)))


def test_a_label_of_a_row_or_two_among_frequent_ones_is_rare() -> None:
    rows = [(sentence(n), "ab"[n % 2]) for n in range(100)] + [(sentence(999), "quite another")]
    assert found(make_task(rows), "rare_label")[1] == {"quite another": 1}


@pytest.mark.parametrize(("most", "expected"), [(15, False), (16, True)])
def test_more_than_three_to_one_is_imbalance(most: int, expected: bool) -> None:
    rows = [(sentence(n), "x") for n in range(most)] + [(sentence(500 + n), "y") for n in range(5)]
    assert ("imbalance" in kinds(check_task(make_task(rows)))) is expected


def test_a_label_that_a_split_lacks_is_named() -> None:
    task = make_task(train=sound(), test=[(sentence(100), "x"), (sentence(101), "x")])
    (finding,) = check_task(task).of_kind("missing_label")
    assert (finding.split, finding.sentence) == ("test", "test has no row with the label 'y'.")


def test_lengths_are_measured_as_given_against_the_limit() -> None:
    report = check_task(make_task(sound()), lengths=lambda texts: [len(text) for text in texts], limit=60)
    longer = [row.id for row in make_task(sound()).test if len(row.fields["text"]) > 60]
    (finding,) = report.of_kind("too_long")
    assert (finding.level, list(finding.ids), finding.counts["limit"]) == ("warning", longer, 60)
    assert "pieces" in report.of_kind("lengths")[0].sentence


def test_without_a_limit_lengths_are_words_and_no_warning() -> None:
    report = check_task(make_task([("one two three", "x"), ("one", "y")]))
    assert report.of_kind("lengths")[0].counts["longest"] == 3
    assert report.of_kind("too_long") == ()


def test_a_report_is_json() -> None:
    report = check_task(make_task([*sound(), sound()[0]]))
    assert json.loads(json.dumps(report.to_dict()))["holds"] is True


def test_sentences_are_safe_for_a_terminal() -> None:
    labels = ["bad\x1b[2J", "Bad\x1b[2J"]
    report = check_task(make_task([(sentence(n), labels[n % 2]) for n in range(6)]))
    assert all("\x1b" not in finding.sentence for finding in report.findings)


def test_similar_pairs_are_found_and_others_are_not() -> None:
    generator = random.Random(5)
    texts = [[str(generator.randrange(10_000)) for _ in range(40)] for _ in range(300)]
    expected = set()
    for number in range(0, 100, 2):
        changed = list(texts[number])
        changed[generator.randrange(40)] = "changed"
        texts.append(changed)
        expected.add((number, len(texts) - 1))
    signatures = Signatures()
    for words in texts:
        signatures.add(words)
    pairs = similar_pairs(*signatures.finish())
    assert {tuple(pair) for pair in pairs.tolist()} == expected


def test_words_of_scripts_without_spaces_are_characters() -> None:
    assert words_of("Très BON, café! 日本語") == ["très", "bon", "café", "日", "本", "語"]


def test_a_hundred_thousand_rows_are_checked_in_reasonable_time() -> None:
    vocabulary = np.array([f"w{n}" for n in range(5000)])
    drawn = np.random.default_rng(0).integers(0, 5000, (100_000, 15))
    rows = [(" ".join(words), "xy"[n % 2]) for n, words in enumerate(vocabulary[drawn])]
    rows += [(rows[n][0] + " twice", rows[n][1]) for n in range(500)]
    start = time.perf_counter()
    report = check_task(make_task(rows))
    assert time.perf_counter() - start < 60
    assert report.of_kind("near_duplicates")[0].counts["rows"] == pytest.approx(500, abs=5)


def test_the_committed_samples_are_sound() -> None:
    folder = Path(__file__).parents[2] / "promptlab" / "task" / "samples"
    if not (folder / "reviews").is_dir() or not (folder / "tickets").is_dir():
        pytest.skip("the samples are not there")
    for name, labels in (("reviews", 2), ("tickets", 5)):
        task = load_task(name)
        assert len(task.labels) == labels
        assert min(map(len, (task.train, task.dev, task.test))) > 0
        assert len(task.train) + len(task.dev) + len(task.test) >= 150
        assert kinds(check_task(task)) == set()
    assert load_task("sample").name == load_task("reviews").name


def test_a_few_times_rarer_is_enough_for_a_typing_error_in_a_word_but_not_in_a_short_label() -> None:
    word = [(sentence(n), "negative") for n in range(10)] + [(sentence(99 + n), "negatve") for n in range(2)]
    assert found(make_task(word), "label_typo")[1] == {"negative": 10, "negatve": 2}
    short = [(sentence(n), "yes") for n in range(10)] + [(sentence(99), "yet")]
    assert "label_typo" not in kinds(check_task(make_task(short)))


@pytest.mark.parametrize(
    ("frequent", "rare"), [("neutral", "nuetral"), ("positive", "possitve"), ("sports", "sprots"), ("good", "goood")]
)
def test_one_or_two_slips_are_a_typing_error_at_five_to_one(frequent: str, rare: str) -> None:
    for n, expected in ((5, True), (4, False)):
        rows = [(sentence(number), frequent) for number in range(n)] + [(sentence(99), rare)]
        assert ("label_typo" in kinds(check_task(make_task(rows)))) is expected


@pytest.mark.parametrize(
    ("one", "other"), [("bad", "Bad"), ("no", "n o"), ("sci fi", "scifi"), ("very_good", "Very good")]
)
def test_case_and_spaces_are_a_typing_error_at_any_ratio(one: str, other: str) -> None:
    assert "label_typo" in kinds(check_task(make_task([(sentence(n), (one, other)[n % 2]) for n in range(8)])))


@pytest.mark.parametrize(
    ("frequent", "rare"),
    [
        ("type a", "type b"),
        ("level10", "level11"),
        ("Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)"),
        ("typical", "atypical"),
        ("relevant", "irrelevant"),
        ("internal", "external"),
        ("male", "female"),
        ("C", "C++"),
        ("-1", "1"),
        ("yes", "yess"),
    ],
)
def test_labels_that_are_meant_to_differ_are_no_typing_error(frequent: str, rare: str) -> None:
    rows = [(sentence(n), frequent) for n in range(40)] + [(sentence(99), rare), (sentence(100), "n/a")]
    assert "label_typo" not in kinds(check_task(make_task(rows)))


def test_a_single_label_is_an_error() -> None:
    rows = [(sentence(n), "positive") for n in range(5)]
    (finding,) = check_task(make_task(rows, labels=["negative", "positive"])).of_kind("one_label")
    assert (finding.level, finding.counts) == ("error", {"positive": 5})
    assert "There is only one label: every row has 'positive'" in finding.sentence


def test_one_word_is_a_word() -> None:
    (finding,) = check_task(make_task([("one", "x"), ("two", "y")])).of_kind("lengths")
    assert finding.sentence == "test: texts of 1 word in the middle, 95% up to 1, the longest 1."
