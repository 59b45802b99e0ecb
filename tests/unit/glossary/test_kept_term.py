"""A kept term holds for what it was kept for, and for nothing of another library."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from subtitled.glossary.kept_term import KeptScope, KeptTerm, from_json, to_json
from subtitled.plugin import Language

TERM = KeptTerm(
    id="t",
    scope=KeptScope.TITLE,
    library="films",
    place=Path("Dune/Dune.mkv"),
    fingerprint="c1",
    text="Arrakis",
    translations=((Language("de"), "Arrakis"),),
    do_not_translate=False,
    is_case_sensitive=False,
    actor="ana",
    at=1.0,
)


@pytest.mark.parametrize(
    ("library", "inside", "fingerprint", "holds"),
    [
        ("films", "Dune/Dune.mkv", "c1", True),
        ("films", "Dune (1984)/Dune.mkv", "c1", True),
        ("films", "Dune/Dune.mkv", "c2", True),
        ("films", "Other/Other.mkv", "c2", False),
        ("films", "Other/Other.mkv", None, False),
        # The same film elsewhere belongs to other people.
        ("series", "Dune/Dune.mkv", "c1", False),
        (None, "", "c1", False),
    ],
)
def test_a_term_of_a_title_holds_for_its_path_or_content_in_its_library(
    library: str | None, inside: str, fingerprint: str | None, holds: bool
) -> None:
    assert TERM.applies_to(library, Path(inside), fingerprint) is holds
    everywhere = replace(TERM, scope=KeptScope.ALL, library="")
    assert everywhere.applies_to(library, Path(inside), fingerprint)


def test_a_title_of_unknown_content_is_known_by_its_path_alone() -> None:
    unknown = replace(TERM, fingerprint="")
    assert unknown.applies_to("films", Path("Dune/Dune.mkv"), "")
    assert not unknown.applies_to("films", Path("Other.mkv"), "")


@pytest.mark.parametrize("scope", list(KeptScope))
def test_a_stored_term_is_as_it_was(scope: KeptScope) -> None:
    term = replace(TERM, scope=scope, place=Path("caf\udce9/x.mkv"))
    assert from_json("t", to_json(term)) == term
