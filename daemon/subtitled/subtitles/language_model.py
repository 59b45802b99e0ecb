"""The languages that py3langid knows by their labels, and its model.

The model takes 70 MB, so the daemon and workers have another process load it.
"""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any, Final

from subtitled.helper_process import HelperProcess, answer_questions
from subtitled.memory import released_when_idle
from subtitled.plugin import Language

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

CONFUSABLE_GROUPS = tuple(
    frozenset(group.split())
    for group in (
        "no nb nn da",
        "sr hr bs sh cnr me",
        "id ms",
        "zh cmn yue wuu lzh",
        "hi ur mr ne",
        "cs sk",
        "bg mk",
        "gl pt",
        "ca oc an es ext",
        "af nl",
        "fa prs tg",
        "fr gcf gcr wa",
        "en pcm",
        "de lb",
        "lv ltg",
        "uz uzs",
        "gn gug",
        "zu xh st nso sn rw",
        "ar ary arz",
        "az tr tk crh",
        "it vec lij",
    )
)
"""Groups of languages whose texts are not told apart."""
_TWINS = tuple(
    frozenset(group.split())
    for group in ("sr hr bs sh cnr", "id ms", "no nb nn da", "zh cmn wuu yue lzh", "fa prs")
)
LABEL_ALIASES = {"nb": "no", "nn": "no", "yue": "zh", "fil": "tl"}
"""Labels of one language that py3langid knows under another code."""


def are_twins(language: Language, other: Language) -> bool:
    """Check whether two languages are written so much alike that either name is right."""
    pair = {str(language.primary), str(other.primary)}
    return any(pair <= twins for twins in _TWINS)


def are_same(language: Language, other: Language) -> bool:
    """Check whether two tags mean one language, whatever script or region they say."""
    first, second = (
        LABEL_ALIASES.get(str(one.primary), str(one.primary)) for one in (language, other)
    )
    return first == second


@functools.cache
def labels_for(language: Language) -> frozenset[str]:
    """Return the labels that the identifier may give a text in this language."""
    primary = str(language.primary)
    names = frozenset({primary, LABEL_ALIASES.get(primary, primary)})
    return names.union(*(group for group in CONFUSABLE_GROUPS if primary in group))


@functools.cache
def known_labels() -> frozenset[str]:
    """Return the labels of all languages that the model knows."""
    return frozenset(_process.ask(("labels", ""), _answer))


def start_loading() -> bool:
    """Have another process load the model, if others answer questions.

    Returns:
        Whether one does.
    """
    return _process.start()


def classify_text(text: str) -> tuple[str, float]:
    """Return the label of the language that a text is most likely in, and its probability."""
    label, probability = _process.ask(("classify", text), _answer)
    return label, probability


def rank_labels(text: str) -> list[tuple[str, float]]:
    """Return all labels with the probability that a text is in their language, best first."""
    return [(label, share) for label, share in _process.ask(("rank", text), _answer)]


def rank_likelihoods(text: str) -> list[tuple[str, float]]:
    """Return all labels with the log-likelihood of a text in their language, best first."""
    return [(label, score) for label, score in _process.ask(("likelihoods", text), _answer)]


@released_when_idle
@functools.cache
def load_identifier() -> LanguageIdentifier:
    """Load the model with normalised probabilities: about 0.5 s and 70 MB, until released.

    Threads that want it at the same time wait for one that loads it.
    """
    with _loading:
        return _read_model()


_loading = threading.Lock()


@released_when_idle
@functools.cache
def _read_model() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@released_when_idle
@functools.cache
def load_likelihoods() -> LanguageIdentifier:
    """Return an identifier that gives log-likelihoods. It shares the tables of the other one."""
    from py3langid.langid import LanguageIdentifier

    loaded = load_identifier()
    return LanguageIdentifier(
        loaded.nb_ptc,
        loaded.nb_pc,
        loaded.nb_classes,
        loaded.tk_nextmove,
        loaded.tk_output,
        tk_row=loaded.tk_row,
    )


_process: Final = HelperProcess("subtitled.subtitles.language_model")


def _answer(question: tuple[str, str]) -> Any:
    """Answer a question with the model in this process."""
    kind, text = question
    if kind == "labels":
        return list(load_identifier().labels)
    if kind == "classify":
        return load_identifier().classify(text)
    identifier = load_identifier() if kind == "rank" else load_likelihoods()
    return identifier.rank(text)


if __name__ == "__main__":
    load_identifier()
    answer_questions(_answer)
