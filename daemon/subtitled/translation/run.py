"""One track put into another language: batch by batch, each a durable step."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from subtitled.config.plugins import ConfiguredComponent
from subtitled.costs.egress_gate import OutboundRequest
from subtitled.engines.protocol import ResourceUnavailableError
from subtitled.jobcontext.context import JobContext
from subtitled.plugin import (
    Batch,
    Cue,
    InputRejectedError,
    Language,
    Line,
    SetupError,
    SubtitledError,
    TextPair,
    TransientError,
    Translator,
    Word,
)
from subtitled.subtitles.hallucination import RemovedText
from subtitled.subtitles.rules import CueRules
from subtitled.subtitles.scripts import is_spaceless
from subtitled.subtitles.segmentation.word_repair import repair_words, restore_spaces
from subtitled.transcripts.store import variant_key

from .batching import Sentence, scene_batches, split_into_sentences
from .cache import PROTOCOL_VERSION, LineCache, line_key, save_untranslated
from .calls import call_translate
from .checks import LineIssue
from .retry_split import CONTEXT_LINES, translate_until_complete
from .timing import distribute_words

MAX_KEPT_SHARE = 0.2
"""The share of sentences that may stay in the language spoken; with more it is no translation."""


class TranslationRun:
    """One track, one pair of languages, and the translators that know the pair, best first."""

    def __init__(
        self,
        ctx: JobContext,
        track: int,
        source: Language,
        target: Language,
        chain: Sequence[str],
        *,
        terms: Callable[[str], tuple[TextPair, ...]] = lambda text: (),
        description: str = "",
    ) -> None:
        """Prepare a translation.

        Args:
            ctx: The job.
            track: The index of the audio track.
            source: The language of the text.
            target: The language to translate into.
            chain: The names of the translators, best first.
            terms: Returns the glossary entries that a text mentions.
            description: What the text is from, in one sentence, or "".
        """
        configured = ctx.services.config.translators
        self._ctx = ctx
        self._source, self._target = source, target
        self._terms, self._description = terms, description
        self._chain = [
            _ChainedTranslator(ctx, track, configured[name], source, target) for name in chain
        ]
        self._folder = self._chain[0].folder

    def words(self, heard: Sequence[Word], limits: CueRules, duration: float) -> tuple[Word, ...]:
        """The words of the translation, each sentence's within the time of its own.

        Raises :class:`~subtitled.plugin.SubtitledError`; what was translated by then is kept.
        """
        clean = repair_words(heard, duration)
        if not is_spaceless(self._source):
            clean = restore_spaces(clean)
        said = split_into_sentences(clean, self._source)
        texts = self._texts(said, limits)
        return tuple(
            word
            for number, sentence in enumerate(said)
            for word in distribute_words(sentence, texts[number], self._target)
        )

    def lines(self, cues: Sequence[Cue], limits: CueRules) -> dict[int, str]:
        """The text of each cue by its number, one translated with a view to the others: of cues
        that somebody made, which keep their times. Raises as :meth:`words`."""
        said = [Sentence((Word(" ".join(c.text.split()), c.start, c.end),)) for c in cues]
        return self._texts(said, limits)

    def _texts(self, said: Sequence[Sentence], limits: CueRules) -> dict[int, str]:
        ctx = self._ctx
        texts: dict[int, str] = {}
        notes: list[RemovedText] = []
        kept = 0
        parts = scene_batches(said, self._chain[0].size)
        for count, numbers in enumerate(parts):
            ctx.steps.checkpoint()
            ctx.progress_chunk(f"translating to {self._target}", count, len(parts))
            done = ctx.steps.run(
                f"translate to {self._target} {count + 1}/{len(parts)}",
                partial(self._batch, said, numbers, limits, dict(texts)),
            )
            texts |= dict(done["lines"])
            for number, reason, is_kept in done["notes"]:
                sentence = said[number]
                notes.append(RemovedText(sentence.start, sentence.end, sentence.text, reason))
                kept += is_kept
        save_untranslated(self._folder, tuple(notes))
        if kept > MAX_KEPT_SHARE * len(said):
            reasons = sorted({note.reason for note in notes})
            raise InputRejectedError(
                f"{kept} of {len(said)} sentences could not be put into "
                f"{self._target.english_name}, such as for this: {reasons[0]}",
                "Configure another translator for this pair of languages, or another model",
            )
        return texts

    def _batch(
        self, said: Sequence[Sentence], numbers: range, limits: CueRules, before: dict[int, str]
    ) -> dict[str, Any]:
        """One step: the lines of a batch as [number, text], and notes as [number, why, kept]."""
        sources = {number: said[number].text for number in numbers}
        texts = {n: text for n, text in sources.items() if not any(map(str.isalpha, text))}
        faults: dict[int, LineIssue] = {}
        error: SubtitledError | None = None
        for member in self._chain:
            missing = [number for number in numbers if number not in texts]
            if not missing or member.given_up:
                error = error or member.given_up
                continue
            lines = [self._line(said, number, limits) for number in missing]
            context = [
                TextPair(said[n].text, before[n])
                for n in range(max(0, numbers.start - CONTEXT_LINES), numbers.start)
                if n in before
            ]
            try:
                self._translate_with(member, said, lines, context, texts, faults)
            except ResourceUnavailableError:
                raise  # for a budget of which its owner said that it is to be waited for
            except (TransientError, SetupError) as one:
                # The next in the chain does the rest; this one is not tried again in this run.
                member.given_up = error = one
        notes: list[list[Any]] = []
        for number in numbers:
            if number in texts:
                continue
            fault = faults.get(number)
            if fault is None and error is not None:
                raise error
            reason = fault.reason if fault else "it was asked for too often"
            texts[number] = fault.text if fault and fault.is_minor else sources[number]
            kept = not (fault and fault.is_minor)
            name = self._source.english_name
            notes.append([number, f"left in {name}: {reason}" if kept else reason, kept])
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
        member: _ChainedTranslator,
        said: Sequence[Sentence],
        lines: Sequence[Line],
        context: Sequence[TextPair],
        texts: dict[int, str],
        faults: dict[int, LineIssue],
    ) -> None:
        """What one translator makes of some lines, into ``texts`` and ``faults``."""
        keys = {}
        for line in lines:
            before = said[line.id - 1].text if line.id else ""
            keys[line.id] = line_key(line.text, before, self._terms_in([line]))
            known = member.lines[keys[line.id]]
            if isinstance(known, str):
                texts[line.id] = known
            elif known is not None:
                _keep_best_issue(faults, line.id, known)

        def keep(good: dict[int, str], bad: dict[int, LineIssue]) -> None:
            texts.update(good)
            for number, fault in bad.items():
                _keep_best_issue(faults, number, fault)
            member.lines.save({keys[number]: one for number, one in (good | bad).items()})

        new = [line for line in lines if member.lines[keys[line.id]] is None]
        for part in _split_portions(new, member.size):
            batch = Batch(
                tuple(part),
                *(self._source, self._target),
                glossary=self._terms_in(part),
                previous=tuple(context),
                description=self._description,
            )
            translate_until_complete(batch, texts, partial(self._ask, member), keep)

    def _ask(self, member: _ChainedTranslator, batch: Batch) -> Sequence[Line]:
        """One call, through the gate. A budget that is spent ends this translator's part."""
        ctx, passed = self._ctx, False
        errand = OutboundRequest(
            component=member.name,
            capabilities=member.able,
            media=ctx.job.media,
            library=ctx.job.library,
            kind="text",
            amount=float(sum(len(line.text) for line in batch.lines)),
            key=member.idempotency_key(batch),
        )
        try:
            with ctx.services.egress_gate.authorise(errand) as receipts:
                passed = True
                said = call_translate(member.name, member.translator, batch)
                receipts += said.usage
        except InputRejectedError as error:
            if passed:
                raise
            raise TransientError(error.message, error.hint) from error
        return said.lines

    def _terms_in(self, lines: Sequence[Line]) -> tuple[TextPair, ...]:
        """The terms that some lines mention."""
        return self._terms("\n".join(line.text for line in lines))


class _ChainedTranslator:
    """One translator of a chain, made when it is first asked."""

    def __init__(
        self,
        ctx: JobContext,
        track: int,
        configured: ConfiguredComponent[Translator],
        source: Language,
        target: Language,
    ) -> None:
        settings = configured.settings.result_fields()
        facts = settings | {" protocol": PROTOCOL_VERSION, " source": source}
        store = ctx.services.store.track_folder(ctx.job.fingerprint, track)
        self.name: str = configured.name
        self.able = configured.component_class.capabilities(configured.settings)
        self.size = max(1, self.able.max_batch_lines)
        self.folder = store / variant_key(configured.name, facts, target)
        self.lines = LineCache(self.folder)
        self.given_up: SubtitledError | None = None
        self._configured = configured
        self._made: Translator | None = None

    def idempotency_key(self, batch: Batch) -> str:
        """A name for one call: done again, it is the same."""
        said = json.dumps([[line.id, line.text] for line in batch.lines])
        digest = hashlib.sha256(said.encode()).hexdigest()[:16]
        return f"{'/'.join(self.folder.parts[-3:])}/{digest}"

    @property
    def translator(self) -> Translator:
        if self._made is None:
            self._made = self._configured.create()
        return self._made


def _keep_best_issue(faults: dict[int, LineIssue], number: int, fault: LineIssue) -> None:
    """The least fault that any translator's line had; of equal ones the first."""
    if number not in faults or (fault.is_minor and not faults[number].is_minor):
        faults[number] = fault


def _split_portions(lines: Sequence[Line], size: int) -> Iterator[Sequence[Line]]:
    rest = iter(lines)
    while portion := list(itertools.islice(rest, size)):
        yield portion
