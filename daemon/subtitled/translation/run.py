"""The translation of one track into one language, batch by batch in durable steps."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial
from typing import Any

from subtitled.costs.egress_gate import OutboundRequest
from subtitled.engines.protocol import ResourceUnavailableError
from subtitled.jobcontext.context import JobContext
from subtitled.plugin import (
    LOCAL,
    Batch,
    Cue,
    InputRejectedError,
    Language,
    Line,
    SetupError,
    SubtitledError,
    TextPair,
    TransientError,
    Word,
)
from subtitled.subtitles.hallucination import RemovedText
from subtitled.subtitles.rules import CueRules
from subtitled.subtitles.scripts import is_spaceless
from subtitled.subtitles.segmentation.word_repair import repair_words, restore_spaces

from .batching import Sentence, scene_batches, split_into_sentences
from .cache import line_key, save_untranslated
from .calls import call_translate
from .chain import ChainedTranslator
from .checks import LineIssue
from .corrected_words import correct_words
from .retry_split import CONTEXT_LINES, translate_until_complete
from .timing import distribute_words

OPEN_SENTENCES = 2
"""Sentences at the end of a text that goes on, which may still become others."""
MAX_KEPT_SHARE = 0.2
"""Share of sentences that may stay untranslated. With more, nothing is published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationRequest:
    """What is translated, and by which translators."""

    track: int
    """The index of the audio track."""
    source: Language
    """The language of the text."""
    target: Language
    """The language to translate into."""
    translators: Sequence[str]
    """The names of the translators, best first."""
    terms: Callable[[str], tuple[TextPair, ...]] = lambda text: ()
    """Returns the glossary entries that a text mentions."""
    description: str = ""
    """What the text is from, in one sentence, or ""."""
    approved: tuple[Cue, ...] = ()
    """What a person approved of the spoken text; empty if nobody did."""


class TranslationRun:
    """Translates one track for one language pair with a chain of translators."""

    def __init__(self, ctx: JobContext, request: TranslationRequest) -> None:
        configured = ctx.services.config.translators
        self._ctx = ctx
        self._source, self._target = request.source, request.target
        self._terms, self._description = request.terms, request.description
        self._chain = [
            ChainedTranslator(
                ctx, request.track, (request.source, request.target), configured[name]
            )
            for name in request.translators
        ]
        self._folder = self._chain[0].folder
        self._approved = request.approved
        self._former_before: dict[int, str] = {}
        """The text before a sentence, where a person corrected that text and not the sentence."""

    @property
    def is_local(self) -> bool:
        """Whether the first translator works on this machine."""
        return bool(self._chain[0].able.destination == LOCAL)

    @property
    def variant(self) -> str:
        """The variant under which lines that were not translated are stored."""
        return self._folder.name

    def words(self, spoken: Sequence[Word], limits: CueRules, duration: float) -> tuple[Word, ...]:
        """Translate words.

        Args:
            spoken: All words of the track.
            limits: The cue rules of the target language.
            duration: The duration of the media file in seconds.

        Returns:
            The translated words. Those of a sentence lie within its time.

        Raises:
            SubtitledError: No translator could do it. Finished lines stay in the cache.
        """
        clean = self._clean(spoken, duration)
        sentences = split_into_sentences(clean, self._source)
        if self._approved:
            former = sentences
            corrected = correct_words(clean, self._approved, self._source)
            sentences = split_into_sentences(corrected, self._source)
            self._former_before = dict(_texts_before(former, sentences))
        texts = self._texts(sentences, limits)
        return tuple(
            word
            for number, sentence in enumerate(sentences)
            for word in distribute_words(sentence, texts[number], self._target)
        )

    def _clean(self, spoken: Sequence[Word], duration: float) -> Sequence[Word]:
        clean = repair_words(spoken, duration)
        return clean if is_spaceless(self._source) else restore_spaces(clean)

    def translate_ahead(
        self,
        spoken: Sequence[Word],
        is_wanted: Callable[[], bool],
        *,
        limits: CueRules,
        duration: float,
    ) -> None:
        """Translate the batches that later words do not change, and keep their lines in the cache.

        This is no step. :meth:`words` asks for what is not in the cache.

        Args:
            spoken: The words from the beginning of the track to some pause. Others follow.
            is_wanted: Is asked before each batch. False ends the work.
            limits: The cue rules of the target language.
            duration: The duration of the media file in seconds.

        Raises:
            SubtitledError: A translator failed.
        """
        sentences = split_into_sentences(self._clean(spoken, duration), self._source)
        size, texts = self._chain[0].size, dict[int, str]()
        for numbers in scene_batches(sentences, size):
            if numbers.start + size > len(sentences) - OPEN_SENTENCES or not is_wanted():
                return
            texts |= dict(self._batch(sentences, numbers, limits, dict(texts))["lines"])

    def lines(self, cues: Sequence[Cue], limits: CueRules) -> dict[int, str]:
        """Translate human cues, which keep their times.

        Returns:
            The text of each cue by its number.

        Raises:
            SubtitledError: As :meth:`words`.
        """
        sentences = [
            Sentence((Word(text=" ".join(c.text.split()), start=c.start, end=c.end),)) for c in cues
        ]
        return self._texts(sentences, limits)

    def _texts(self, sentences: Sequence[Sentence], limits: CueRules) -> dict[int, str]:
        ctx = self._ctx
        texts: dict[int, str] = {}
        notes: list[RemovedText] = []
        untranslated_count = 0
        parts = scene_batches(sentences, self._chain[0].size)
        for count, numbers in enumerate(parts):
            ctx.steps.checkpoint()
            ctx.progress_chunk(f"translating to {self._target}", count, len(parts))
            result = ctx.steps.run(
                f"translate to {self._target} {count + 1}/{len(parts)}",
                partial(self._batch, sentences, numbers, limits, dict(texts)),
            )
            texts |= dict(result["lines"])
            for number, reason, is_kept in result["notes"]:
                sentence = sentences[number]
                notes.append(RemovedText(sentence.start, sentence.end, sentence.text, reason))
                untranslated_count += is_kept
        save_untranslated(self._folder, tuple(notes))
        if untranslated_count > MAX_KEPT_SHARE * len(sentences):
            reasons = sorted({note.reason for note in notes})
            raise InputRejectedError(
                f"{untranslated_count} of {len(sentences)} sentences could not be translated into "
                f"{self._target.english_name}, for example: {reasons[0]}",
                "Configure another translator for this pair of languages, or another model",
            )
        return texts

    def _batch(
        self,
        sentences: Sequence[Sentence],
        numbers: range,
        limits: CueRules,
        before: dict[int, str],
    ) -> dict[str, Any]:
        """Run one step.

        Returns:
            ``lines`` as [number, text], and ``notes`` as [number, reason, is untranslated].
        """
        sources = {number: sentences[number].text for number in numbers}
        texts = {n: text for n, text in sources.items() if not any(map(str.isalpha, text))}
        faults: dict[int, LineIssue] = {}
        error: SubtitledError | None = None
        for member in self._chain:
            missing = [number for number in numbers if number not in texts]
            if not missing or member.given_up:
                error = error or member.given_up
                continue
            lines = [self._line(sentences, number, limits) for number in missing]
            context = [
                TextPair(sentences[n].text, before[n])
                for n in range(max(0, numbers.start - CONTEXT_LINES), numbers.start)
                if n in before
            ]
            try:
                self._translate_with(member, sentences, lines, context, texts, faults)
            except ResourceUnavailableError:
                raise  # The user wants to wait for this budget.
            except (TransientError, SetupError) as failure:
                # The next translator continues. This one is not called again in this run.
                member.given_up = error = failure
        notes: list[list[Any]] = []
        for number in numbers:
            if number in texts:
                continue
            issue = faults.get(number)
            if issue is None and error is not None:
                raise error
            reason = issue.reason if issue else "too many calls"
            texts[number] = issue.text if issue and issue.is_minor else sources[number]
            is_untranslated = not (issue and issue.is_minor)
            name = self._source.english_name
            note = f"left in {name}: {reason}" if is_untranslated else reason
            notes.append([number, note, is_untranslated])
        return {"lines": sorted([n, text] for n, text in texts.items()), "notes": notes}

    def _line(self, said: Sequence[Sentence], number: int, limits: CueRules) -> Line:
        sentence = said[number]
        after = (
            said[number + 1].start
            if number + 1 < len(said)
            else sentence.end + limits.max_extension
        )
        seconds = max(min(after, sentence.end + limits.max_extension) - sentence.start, 0.0)
        return Line(number, sentence.text, max_chars=round(seconds * limits.max_cps))

    def _translate_with(
        self,
        member: ChainedTranslator,
        said: Sequence[Sentence],
        lines: Sequence[Line],
        context: Sequence[TextPair],
        texts: dict[int, str],
        faults: dict[int, LineIssue],
    ) -> None:
        """Translate lines with one translator and put the results into ``texts`` and ``faults``."""
        keys = {}
        for line in lines:
            before = said[line.id - 1].text if line.id else ""
            before = self._former_before.get(line.id, before)
            keys[line.id] = line_key(line.text, before, self._terms_in([line]))
            cached = member.lines[keys[line.id]]
            if isinstance(cached, str):
                texts[line.id] = cached
            elif cached is not None:
                _keep_best_issue(faults, line.id, cached)

        def keep(good: dict[int, str], bad: dict[int, LineIssue]) -> None:
            texts.update(good)
            for number, fault in bad.items():
                _keep_best_issue(faults, number, fault)
            member.lines.save(
                {keys[number]: line_result for number, line_result in (good | bad).items()}
            )

        new = [line for line in lines if member.lines[keys[line.id]] is None]
        for part in _split_portions(new, member.size):
            batch = Batch(
                lines=tuple(part),
                source=self._source,
                target=self._target,
                glossary=self._terms_in(part),
                previous=tuple(context),
                description=self._description,
            )
            translate_until_complete(batch, texts, partial(self._ask, member), keep)

    def _ask(self, member: ChainedTranslator, batch: Batch) -> Sequence[Line]:
        """Call a translator once, through the egress gate.

        Raises:
            TransientError: The gate refused, for example because a budget is spent. The next
                translator then continues.
            InputRejectedError: The translator refused the text.
        """
        ctx, is_authorised = self._ctx, False
        outbound = OutboundRequest(
            component=member.name,
            capabilities=member.able,
            media=ctx.job.media,
            library=ctx.job.library,
            kind="text",
            amount=float(sum(len(line.text) for line in batch.lines)),
            key=member.idempotency_key(batch),
        )
        try:
            with ctx.services.egress_gate.authorise(outbound) as receipts:
                is_authorised = True
                translation = call_translate(member.name, member.translator, batch)
                receipts += translation.usage
        except InputRejectedError as error:
            if is_authorised:
                raise
            raise TransientError(error.message, error.hint) from error
        return translation.lines

    def _terms_in(self, lines: Sequence[Line]) -> tuple[TextPair, ...]:
        """Return the glossary terms that some lines mention."""
        return self._terms("\n".join(line.text for line in lines))


def _texts_before(
    former: Sequence[Sentence], sentences: Sequence[Sentence]
) -> Iterator[tuple[int, str]]:
    """Yield the number of each sentence that is as it was, with the text that was before it.

    So a sentence is not translated again because the one before it was corrected.
    """
    old, new = [one.text for one in former], [one.text for one in sentences]
    for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        for offset in range(block.size):
            number = block.a + offset
            yield block.b + offset, old[number - 1] if number else ""


def _keep_best_issue(faults: dict[int, LineIssue], number: int, fault: LineIssue) -> None:
    """Keep the least serious issue of any translator, the first of equal ones."""
    if number not in faults or (fault.is_minor and not faults[number].is_minor):
        faults[number] = fault


def _split_portions(lines: Sequence[Line], size: int) -> Iterator[Sequence[Line]]:
    rest = iter(lines)
    while portion := list(itertools.islice(rest, size)):
        yield portion
