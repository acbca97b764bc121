"""What a model itself says at the slot: its likeliest words over texts, and those that set labels' texts apart."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from promptlab.errors import ConfigError
from promptlab.model import Readout
from promptlab.scoring.calibrate import fit_prior
from promptlab.scoring.vocabulary import SlotVocabulary
from promptlab.scoring.words import WordVerbalizer

_BLOCK = 4096  # words scored at a time
# Words outside the likeliest of all texts are too rare to judge: their differences are noise. Measured over both kinds
# of model: 1,000 finds more words of knowledge-base lists than 2,000, and twice as many as none.
MOST = 1000


def likeliest(readout: Readout, vocabulary: SlotVocabulary) -> Tensor:
    """The log of each word's mean probability over the texts: (W,)."""
    parts = [scores.logsumexp(0) for scores in _blocks(readout, vocabulary)]
    return torch.cat(parts) - torch.tensor(float(len(readout))).log()


def set_apart(readout: Readout, vocabulary: SlotVocabulary, shares: Tensor, *, most: int = MOST) -> Tensor:
    """How much likelier each word is at the texts of one label than at the others': (C, W), in nats.

    ``shares`` (N, C) say how far a text belongs to each label: ones and zeros where labels are known. It is the
    difference of mean log-probabilities; words that are not among the ``most`` likeliest overall have -inf. Raises
    ConfigError for a label without texts, or with all of them.
    """
    if len(empty := (shares.sum(0) <= 0).nonzero()) or len(empty := ((1 - shares).sum(0) <= 0).nonzero()):
        raise ConfigError(f"Label {int(empty[0]) + 1} has no texts to set apart from others, or all of them.")
    own = shares / shares.sum(0)  # (N, C)
    rest = (1 - shares) / (1 - shares).sum(0)  # (N, C)
    contrast = (own - rest).T  # (C, N)
    apart = torch.cat([contrast @ scores for scores in _blocks(readout, vocabulary)], dim=1)  # (C, W)
    overall = likeliest(readout, vocabulary)
    least = overall.topk(min(most, len(overall))).values[-1]
    return apart.masked_fill(overall < least, -torch.inf)


def pseudo_labels(readout: Readout, verbalizer: WordVerbalizer) -> Tensor:
    """How far each text belongs to each label by its words, batch-calibrated: (N, C), rows that sum to one."""
    raw = verbalizer.raw(readout).cpu()  # (N, C)
    return (raw - torch.tensor(fit_prior(raw))).softmax(-1)


def known_labels(labels: Sequence[str | None], names: Sequence[str]) -> Tensor:
    """The same from labels that are known: (N, C), ones and zeros."""
    places = [names.index(label) for label in labels if label is not None]
    assert len(places) == len(labels)
    return one_hot(torch.tensor(places), len(names)).float()


def _blocks(readout: Readout, vocabulary: SlotVocabulary) -> Iterator[Tensor]:
    """Log-probabilities (N, block) at the slot."""
    yield from (readout.tokens(part)[:, 0].cpu() for part in torch.split(vocabulary.ids, _BLOCK))
