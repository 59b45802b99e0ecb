"""One track put into another language: batch by batch, each a durable step."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from subtitled.costs.gate import Errand
from subtitled.engines.wire import Waiting
from subtitled.jobcontext.context import JobContext
from subtitled.plugin import (
    Batch,
    Cue,
    Language,
    Line,
    Misconfigured,
    Pair,
    Problem,
    Rejected,
    Temporary,
    Translator,
    TranslatorCapabilities,
    Word,
)
from subtitled.subtitles.guards import Removal
from subtitled.subtitles.layout.repair import repair, spaced
from subtitled.subtitles.limits import Limits
from subtitled.subtitles.scripts import is_spaceless
from subtitled.transcripts.store import recipe

from .calls import ask
from .checks import Fault
from .layout import words_of
from .protocol import CONTEXT, settle
from .scenes import batches
from .sentences import Sentence, sentences
from .store import PROTOCOL, Lines, keep_notes, line_key

MOST_KEPT = 0.2
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
        terms: Callable[[str], tuple[Pair, ...]] = lambda text: (),
        about: str = "",
    ) -> None:
        """``terms`` says what must be called what, of what a text mentions; ``about`` in a sentence
        what it is from."""
        configured = ctx.services.config.translators
        self._ctx = ctx
        self._source, self._target = source, target
        self._terms, self._about = terms, about
        self._chain = [
            _ChainedTranslator(ctx, track, configured[name], source, target) for name in chain
        ]
        self._folder = self._chain[0].folder

    def words(self, heard: Sequence[Word], limits: Limits, duration: float) -> tuple[Word, ...]:
        """The words of the translation, each sentence's within the time of its own.

        Raises :class:`~subtitled.plugin.Problem`; what was translated by then is kept.
        """
        clean = repair(heard, duration)
        if not is_spaceless(self._source):
            clean = spaced(clean)
        said = sentences(clean, self._source)
        texts = self._texts(said, limits)
        return tuple(
            word
            for number, sentence in enumerate(said)
            for word in words_of(sentence, texts[number], self._target)
        )

    def lines(self, cues: Sequence[Cue], limits: Limits) -> dict[int, str]:
        """The text of each cue by its number, one translated with a view to the others: of cues
        that somebody made, which keep their times. Raises as :meth:`words`."""
        said = [Sentence((Word(" ".join(c.text.split()), c.start, c.end),)) for c in cues]
        return self._texts(said, limits)

    def _texts(self, said: Sequence[Sentence], limits: Limits) -> dict[int, str]:
        ctx = self._ctx
        texts: dict[int, str] = {}
        notes: list[Removal] = []
        kept = 0
        parts = batches(said, self._chain[0].size)
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
                notes.append(Removal(sentence.start, sentence.end, sentence.text, reason))
                kept += is_kept
        keep_notes(self._folder, tuple(notes))
        if kept > MOST_KEPT * len(said):
            reasons = sorted({note.reason for note in notes})
            raise Rejected(
                f"{kept} of {len(said)} sentences could not be put into "
                f"{self._target.english_name}, such as for this: {reasons[0]}",
                "Configure another translator for this pair of languages, or another model",
            )
        return texts

    def _batch(
        self, said: Sequence[Sentence], numbers: range, limits: Limits, before: dict[int, str]
    ) -> dict[str, Any]:
        """One step: the lines of a batch as [number, text], and notes as [number, why, kept]."""
        sources = {number: said[number].text for number in numbers}
        texts = {n: text for n, text in sources.items() if not any(map(str.isalpha, text))}
        faults: dict[int, Fault] = {}
        problem: Problem | None = None
        for member in self._chain:
            missing = [number for number in numbers if number not in texts]
            if not missing or member.given_up:
                problem = problem or member.given_up
                continue
            lines = [self._line(said, number, limits) for number in missing]
            context = [
                Pair(said[n].text, before[n])
                for n in range(max(0, numbers.start - CONTEXT), numbers.start)
                if n in before
            ]
            try:
                self._translate_with(member, said, lines, context, texts, faults)
            except Waiting:
                raise  # for a budget of which its owner said that it is to be waited for
            except (Temporary, Misconfigured) as one:
                # The next in the chain does the rest; this one is not tried again in this run.
                member.given_up = problem = one
        notes: list[list[Any]] = []
        for number in numbers:
            if number in texts:
                continue
            fault = faults.get(number)
            if fault is None and problem is not None:
                raise problem
            reason = fault.reason if fault else "it was asked for too often"
            texts[number] = fault.text if fault and fault.slight else sources[number]
            kept = not (fault and fault.slight)
            name = self._source.english_name
            notes.append([number, f"left in {name}: {reason}" if kept else reason, kept])
        return {"lines": sorted([n, text] for n, text in texts.items()), "notes": notes}

    def _line(self, said: Sequence[Sentence], number: int, limits: Limits) -> Line:
        sentence = said[number]
        after = said[number + 1].start if number + 1 < len(said) else sentence.end + limits.linger
        seconds = max(min(after, sentence.end + limits.linger) - sentence.start, 0.0)
        return Line(number, sentence.text, room=round(seconds * limits.cps))

    def _translate_with(
        self,
        member: _ChainedTranslator,
        said: Sequence[Sentence],
        lines: Sequence[Line],
        context: Sequence[Pair],
        texts: dict[int, str],
        faults: dict[int, Fault],
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
                _remember(faults, line.id, known)

        def keep(good: dict[int, str], bad: dict[int, Fault]) -> None:
            texts.update(good)
            for number, fault in bad.items():
                _remember(faults, number, fault)
            member.lines.keep({keys[number]: one for number, one in (good | bad).items()})

        new = [line for line in lines if member.lines[keys[line.id]] is None]
        for part in _portions(new, member.size):
            batch = Batch(
                tuple(part),
                *(self._source, self._target),
                terms=self._terms_in(part),
                before=tuple(context),
                about=self._about,
            )
            settle(batch, texts, partial(self._ask, member), keep)

    def _ask(self, member: _ChainedTranslator, batch: Batch) -> Sequence[Line]:
        """One call, through the gate. A budget that is spent ends this translator's part."""
        ctx, passed = self._ctx, False
        errand = Errand(
            component=member.name,
            able=member.able,
            medium=ctx.job.media,
            library=ctx.job.library,
            kind="text",
            amount=float(sum(len(line.text) for line in batch.lines)),
            key=member.idempotency_key(batch),
        )
        try:
            with ctx.services.egress_gate.sending(errand) as receipts:
                passed = True
                said = ask(member.name, member.translator, batch)
                receipts += said.sent
        except Rejected as problem:
            if passed:
                raise
            raise Temporary(problem.what, problem.cure) from problem
        return said.lines

    def _terms_in(self, lines: Sequence[Line]) -> tuple[Pair, ...]:
        """The terms that some lines mention."""
        return self._terms("\n".join(line.text for line in lines))


class _ChainedTranslator:
    """One translator of a chain, made when it is first asked."""

    def __init__(
        self, ctx: JobContext, track: int, configured: Any, source: Language, target: Language
    ) -> None:
        settings = configured.settings.essence()
        facts = settings | {" protocol": PROTOCOL, " source": source}
        store = ctx.services.store.track_folder(ctx.job.fingerprint, track)
        self.name: str = configured.name
        self.able: TranslatorCapabilities = configured.component.capabilities(configured.settings)
        self.size = max(1, self.able.batch)
        self.folder = store / recipe(configured.name, facts, target)
        self.lines = Lines(self.folder)
        self.given_up: Problem | None = None
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
            self._made = self._configured.make()
        return self._made


def _remember(faults: dict[int, Fault], number: int, fault: Fault) -> None:
    """The least fault that any translator's line had; of equal ones the first."""
    if number not in faults or (fault.slight and not faults[number].slight):
        faults[number] = fault


def _portions(lines: Sequence[Line], size: int) -> Iterator[Sequence[Line]]:
    rest = iter(lines)
    while portion := list(itertools.islice(rest, size)):
        yield portion
