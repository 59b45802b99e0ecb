"""The codes of languages of EBU STL (EBU Tech 3264, appendix 3)."""

from __future__ import annotations

from subtitled.plugin import Language

_EUROPEAN = (
    "sq br ca hr cy cs da de en es eo et eu fo fr fy ga gd gl is it se la lv lb lt hu mt nl no oc "
    "pl pt ro rm sr sk sl fi sv tr"
).split()
"""From 01 upwards."""
_OTHERS = (
    "am ar hy as az bm be bn bg my zh cv prs ff ka el gu gn ha he hi id ja kn kk km ko lo mk mg ms "
    "mo mr nd ne or pap fa pa ps qu ru rue sh sn si so srn sw tg ta tt te th uk ur uz vi zu"
).split()
"""From 7F downwards."""
_CODES = {
    **{language: 0x7F - n for n, language in enumerate(_OTHERS)},
    **{language: n for n, language in enumerate(_EUROPEAN, 1)},
    "nb": 0x1E,
    "nn": 0x1E,
    "bs": 0x54,
}
UNKNOWN = "00"


def find_language_code(language: Language) -> str:
    """Return the two digits of a language, ``00`` if the format has no code for it."""
    code = _CODES.get(str(language.primary))
    return UNKNOWN if code is None else f"{code:02X}"
