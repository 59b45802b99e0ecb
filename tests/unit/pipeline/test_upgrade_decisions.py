"""Which subtitles that are to be made again are made again, and why others are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from subtitled.db.sidecars import SidecarRecord
from subtitled.pipeline.upgrade_decisions import UpgradeQuestion, add_upgrades
from subtitled.plugin import Language, SubtitleKind
from subtitled.policy.coverage import SIDECAR, ExistingSubtitle
from subtitled.policy.requirements import Decision, Origin, Requirement, Source
from subtitled.subtitles.makers import NO_MAKERS, Maker, Makers

EN, ES = Language("en"), Language("es")
BASE = Makers(Maker("whisper", "base", "0.1"))
SMALL = Makers(Maker("whisper", "small", "0.1"))
OURS = ExistingSubtitle(
    language=EN,
    kind=SubtitleKind.FULL,
    origin=SIDECAR,
    location="Film.en.srt",
    format="srt",
    is_ours=True,
)
NOTHING = Decision(requirements=(), unsatisfiable=(), reasons=())


def _record(name: str = "Film.en.srt", makers: Makers = BASE) -> SidecarRecord:
    return SidecarRecord(
        path=Path("/films") / name,
        media=Path("/films/Film.mkv"),
        fingerprint="f",
        language=EN,
        kind=SubtitleKind.FULL,
        format=name.rpartition(".")[2],
        sha256="s",
        makers=makers,
    )


def _decide(existing: Sequence[ExistingSubtitle]) -> Decision:
    """Want English and Spanish as srt and vtt, as the policy does."""
    requirements = []
    for language in (EN, ES):
        counting = [item for item in existing if not item.is_superseded]
        is_served = any(not item.is_ours and item.language == language for item in counting)
        formats = [item.format for item in counting if item.language == language]
        missing = tuple(fmt for fmt in ("srt", "vtt") if fmt not in formats)
        if missing and not is_served and any(item.language == language for item in existing):
            source = Source(Origin.AUDIO, "", EN)
            requirements.append(
                Requirement(language=language, formats=missing, reason="", sources=(source,))
            )
    return Decision(requirements=tuple(requirements), unsatisfiable=(), reasons=())


def _question(*existing: ExistingSubtitle, **changes: object) -> UpgradeQuestion:
    question = UpgradeQuestion(
        requested=(_record(),),
        existing=existing,
        begun=frozenset(),
        spoken=EN,
        decide=_decide,
        find_makers=lambda requirement: SMALL,
    )
    return replace(question, **changes)  # type: ignore[arg-type]


def test_a_subtitle_is_made_again_in_the_formats_that_it_has() -> None:
    decision = add_upgrades(NOTHING, _question(OURS))
    (upgrade,) = decision.upgrades
    assert (upgrade.language, upgrade.formats) == (EN, ("srt",))
    assert decision.has_work
    assert not decision.is_incomplete
    (reason,) = decision.reasons
    assert reason == (
        "Film.en.srt: to be made again by whisper/small@0.1; whisper/base@0.1 made it"
    )
    both = (_record(), _record("Film.en.vtt"))
    vtt = replace(OURS, location="Film.en.vtt", format="vtt")
    (upgrade,) = add_upgrades(NOTHING, _question(OURS, vtt, requested=both)).upgrades
    assert upgrade.formats == ("srt", "vtt")


@pytest.mark.parametrize(
    ("existing", "changes", "word"),
    [
        ((replace(OURS, is_ours=False, is_edited=True),), {}, "edited it"),
        ((), {}, "it is gone"),
        ((replace(OURS, is_outdated=True),), {}, "edited it"),
        ((replace(OURS, is_superseded=True),), {}, "edited it"),
        ((OURS,), {"begun": frozenset({(EN, SubtitleKind.FULL)})}, "a person edits"),
        (
            (OURS, replace(OURS, location="Film.English.srt", is_ours=False)),
            {},
            "another one serves",
        ),
        ((OURS,), {"decide": lambda existing: NOTHING}, "not wanted"),
        ((OURS,), {"find_makers": lambda requirement: BASE}, "would make it now"),
        ((OURS,), {"find_makers": lambda requirement: NO_MAKERS}, "no configured engine"),
    ],
)
def test_what_stays_says_why(
    existing: tuple[ExistingSubtitle, ...], changes: dict[str, object], word: str
) -> None:
    decision = add_upgrades(NOTHING, _question(*existing, **changes))
    assert decision.upgrades == ()
    (reason,) = decision.reasons
    assert reason.startswith("Film.en.srt: not made again: ")
    assert word in reason


def test_a_translation_of_approved_text_is_not_made_of_what_another_engine_hears() -> None:
    nmt, other = Maker("nmt"), Maker("deepl")
    translation = replace(OURS, language=ES, location="Film.es.srt")
    approved = replace(OURS, is_ours=False, is_edited=True, is_approved=True)
    record = _record("Film.es.srt", Makers(BASE.engine, nmt))
    question = _question(approved, translation, requested=(record,))
    with_other_engine = replace(question, find_makers=lambda r: Makers(SMALL.engine, nmt))
    decision = add_upgrades(NOTHING, with_other_engine)
    assert decision.upgrades == ()
    assert "approved the text" in decision.reasons[0]
    with_other_translator = replace(question, find_makers=lambda r: Makers(BASE.engine, other))
    assert len(add_upgrades(NOTHING, with_other_translator).upgrades) == 1
