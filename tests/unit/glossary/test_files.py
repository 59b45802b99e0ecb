"""Glossaries in every format, and their errors."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.glossary.files import EXTENSIONS, parse_glossary, read_glossary
from subtitled.glossary.terms import Term, TermScope, most_specific
from subtitled.plugin import InputRejectedError, Language

EN, ES, DE, MX = Language("en"), Language("es"), Language("de"), Language("es-MX")


def pairs(terms: tuple[Term, ...], source: Language, target: Language) -> list[tuple[str, str]]:
    return [(term.source_text(source), term.target_text(target)) for term in terms]


TABLE = (
    "term,en,Spanish,note,do not translate\nComfyUI,,,a program,yes\n,dragon,dragón,,\nMordor,,,,\n"
)
TBX3 = """<?xml version="1.0"?>
<tbx xmlns="urn:iso:std:iso:30042:ed-2"><text><body>
<conceptEntry id="1"><langSec xml:lang="en"><termSec><term>wyrm</term>
<termNote type="administrativeStatus">deprecatedTerm-admn-sts</termNote></termSec>
<termSec><term>dragon</term></termSec></langSec>
<langSec xml:lang="es"><termSec><term>dragón</term></termSec></langSec></conceptEntry>
</body></text></tbx>"""
TBX2 = """<?xml version="1.0"?>
<!DOCTYPE martif SYSTEM "TBXcoreStructV02.dtd">
<martif type="TBX"><text><body><termEntry>
<langSet xml:lang="en"><tig><term>dragon</term></tig></langSet>
<langSet xml:lang="es"><ntig><termGrp><term>dragón</term></termGrp></ntig></langSet>
</termEntry></body></text></martif>"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "en,es\ndragon,dragón\n"),
        ("a.csv", "en;es;note\n\ndragon;dragón;the beast\n"),
        ("a.tsv", "English\tSpanish\ndragon\tdragón\n"),
        ("a.json", '[{"en": "dragon", "es": "dragón"}]'),
        ("a.tbx", TBX2),
        ("a.tbx", TBX3),
    ],
)
def test_every_glossary_format_gives_the_same_terms(name: str, text: str) -> None:
    found = parse_glossary(text, Path(name), TermScope.LIBRARY)
    assert found.issues == ()
    assert pairs(found.terms, EN, ES) == [("dragon", "dragón")]
    assert pairs(found.terms, ES, EN) == [("dragón", "dragon")]
    assert pairs(found.terms, EN, MX) == [("dragon", "dragón")]
    assert pairs(found.terms, EN, DE) == [("dragon", "")]


def test_a_term_without_a_language_is_called_the_same_everywhere() -> None:
    found = parse_glossary(TABLE, Path("a.csv"), TermScope.GLOBAL)
    assert found.issues == ()
    assert pairs(found.terms, EN, ES) == [
        ("ComfyUI", "ComfyUI"),
        ("dragon", "dragón"),
        ("Mordor", "Mordor"),
    ]
    assert [term.origin for term in found.terms] == ["a.csv:2", "a.csv:3", "a.csv:4"]


def test_of_two_terms_for_one_word_the_more_specific_counts() -> None:
    near = parse_glossary("en,es\nDragon,Smaug\n", Path("n.csv"), TermScope.TITLE).terms
    far = parse_glossary("en,es\ndragon,dragón\n", Path("f.csv"), TermScope.GLOBAL).terms
    assert pairs(tuple(most_specific([*near, *far], EN)), EN, ES) == [("Dragon", "Smaug")]


@pytest.mark.parametrize(
    ("name", "text", "where", "what", "kept"),
    [
        ("a.csv", "en,es,colour\ndragon,dragón,red\n", "a.csv:1", "'colour'", 1),
        ("a.csv", "en,case\ndragon,maybe\nelf,yes\n", "a.csv:2", "'maybe' in case", 2),
        ("a.csv", f"en\n{'x' * 300}\nelf\n", "a.csv:2", "300 characters", 1),
        ("a.json", '[\n{"en": "elf"},\n7,\n{"en": "orc"}]', "a.json:3", "not an object", 2),
        ("a.json", '[\n{"en": "elf"},\n{"en": ]', "a.json:3", "broken JSON", 1),
        ("a.json", '[{"en": "elf", "colour": "red"}]', "a.json:1", "'colour'", 1),
        ("a.tbx", TBX3.replace('"es"', '"spanish!"'), "a.tbx:3", "'spanish!'", 1),
    ],
)
def test_a_mistake_is_named_with_file_and_line_and_costs_no_other(
    name: str, text: str, where: str, what: str, kept: int
) -> None:
    found = parse_glossary(text, Path(name), TermScope.GLOBAL)
    assert len(found.terms) == kept
    (mistake,) = found.issues
    assert mistake.location == where
    assert what in mistake.message
    assert mistake.hint


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "dragon,dragón\nelf,elfo\n"),
        ("a.json", '{"dragon": "dragón"}'),
        ("a.tbx", "<tbx><text></tbx>"),
        ("a.tbx", '<!DOCTYPE a [<!ENTITY b "c">]><tbx>&b;</tbx>'),
        ("a.xlsx", "PK"),
    ],
)
def test_an_unusable_glossary_is_rejected_with_a_hint(name: str, text: str) -> None:
    with pytest.raises(InputRejectedError) as refused:
        parse_glossary(text, Path(name), TermScope.GLOBAL)
    assert refused.value.hint


def test_files_are_read_in_the_encodings_of_spreadsheets_and_again_when_they_change(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("en;es\ndragon;dragón\n".encode("utf-16"))
    assert pairs(read_glossary(path, TermScope.GLOBAL).terms, EN, ES) == [("dragon", "dragón")]
    path.write_bytes("en;es\ndragon;dragón\nelf;elfo\n".encode("cp1252"))
    assert len(read_glossary(path, TermScope.GLOBAL).terms) == 2
    (gone,) = read_glossary(tmp_path / "none.csv", TermScope.GLOBAL).issues
    assert "No such file" in gone.message


CELL = st.text(
    st.characters(exclude_categories=["C"], exclude_characters="\u2028\u2029\x85"), min_size=1
).map(lambda text: " ".join(text.split())[:60].strip())


@given(st.lists(st.tuples(CELL.filter(bool), CELL), max_size=12))
def test_whatever_a_spreadsheet_writes_is_read_back(rows: list[tuple[str, str]]) -> None:
    written = io.StringIO()
    csv.writer(written).writerows([("en", "es"), *rows])
    as_json = json.dumps([{"en": en, "es": es} for en, es in rows], indent=1)
    as_tbx = "".join(
        f'<termEntry><langSet xml:lang="en"><tig><term>{escape(en)}</term></tig></langSet>'
        f'<langSet xml:lang="es"><tig><term>{escape(es)}</term></tig></langSet></termEntry>'
        for en, es in rows
    )
    for name, text in (
        ("a.csv", written.getvalue()),
        ("a.json", as_json),
        ("a.tbx", f"<martif>{as_tbx}</martif>"),
    ):
        found = parse_glossary(text, Path(name), TermScope.GLOBAL)
        assert pairs(found.terms, EN, ES) == rows, name


@given(st.sampled_from(EXTENSIONS), st.text() | st.text("[]{}<>,;\"'\t\n:ens"))
def test_no_text_breaks_a_reader(ending: str, text: str) -> None:
    try:
        found = parse_glossary(text, Path(f"a.{ending}"), TermScope.GLOBAL)
    except InputRejectedError as refused:
        assert refused.hint
    else:
        assert all(term.source or term.translations for term in found.terms)
