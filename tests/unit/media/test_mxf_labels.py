"""Multichannel audio labels of MXF files name tracks and channels."""

from __future__ import annotations

import base64
import zlib
from pathlib import Path
from typing import Any

import pytest

from subtitled.media.mxf_labels import CHANNEL_NAMES, add_mxf_labels, read_mxf_labels
from subtitled.media.stream_tags import find_title, read_marks

WRITTEN = (
    b"c-pO1Yitx%6u$S)W83X(+gJlA&1RKatc|OfSlce8k8HP38cOwtsBP#{s@wM?T4UN!m5?HmK#C}cF#$`oSgE9hh7e"
    b"<bM*LBv1*Fmt6OA#%RGU}?+wq*cJF|C&CGw-Q*_}JzoX7W_d(K@oKK&V{P#Q-WrA#J$guG5DkqCj`NSAldNO1Ae3"
    b"*;V`3Nd9Gib<mpV(@i@afvdO>UI);?g>5{Toeji<T~(M3*V$1JHDm-O2%j;n}rZ&W7GlENw%UR5RWQo6CFYn%9zB"
    b"x>;mFopfNkfgh1?URga@mDytAVM~}l4r;TD^a#T}xh@C@48;qR8L_|VF77+yzMMP{E*(M@(M507QMK4K2WYi^zoH"
    b"6@yCL#*xdW;GPh9SAS3YkhW7L4TD1Ox+<<<t}h+zP3%7Y?*3RK#jfs79e|st?32G%-{G@fi$huwcYT1%&sX&xnJJ"
    b"5Gf7U*&XCuDt3Z|Rz7nzKnF9tWLvPYncxNe23`)6QWY9E*|3pigaOebQ$#R*GBsrfsK^utd&6y1Ojd)s+_GpxVRw"
    b"?uae#B87zf*jB#L_~;TU*yJ_;nF7~5kDBb4`sM~@?ejl>bV;KeKNi53tEb>$jfyc#jUS??AFv!jisg^+kE*?2Xy#"
    b"SjwBy`Vd^1<?j`Y5$4{s?hF;2yU}>JA}kZIM2y|{G;0dW9CAeTZWgy+mLAUVjNVe{VgIYR-Ora!SwTrRpGgVmk-a"
    b"tV>x!>_@Hva)>lw=V6Z>2DXsJRv|GOW40BTwg+qeprANZ`STA4Oh|KSl-<Nspa0W`AXn0~z_qtU?Z5Opgk_m57u%"
    b"m@u+c|Q%?AGwuncbOh)|a}9KAV2Aq2jCIg%v5@4u9aCqw(E0PM00pmF7JEQF2z5oAJzeosXbk7b@sneKqe{t-|$j"
    b"Aoj^s)l;oYuHXkyuq^an;Yi<Bvwff@|Cgc4lA`MRqQU=R$ZLH1$N2|uUs=EDlhJ)gdPWZoEIGqVVvP%Ce!sSEd&#"
    b"?JrY0SE867PX`3ZY|nlCOGefey<ZGQ2sw>zpXT>rG-xdTspTmR?8*Sqhh#=m`Y^^xNx-c5&-7iy%eQ|U{tU{b8{_"
    b"3`eM+SNtt#=0);?D-@6#Jw3dBE$X2(Ars=MjQuS-o}UPeEWuqTOYk~^PFE>Fj&V)OmYV2l*E#H_>_}M_=PDYD_~t"
    b"q8b}jy0@g;F0dE7O5hs>N{w5exAXG^<fFTSh5HAFy&7>1d{NUCB#%<&c>(B*|>=2T*wmp(PwQ`{Np_4_M5BAIqj#"
    b"hiWGm~XHSvzS5I#pyNr|N_iW@{pKJZD`9@x$5=oD9N9GOViIWHKMFytQIx0k5HeS5bg<PEo){SD>G)D(?C)?pXSj"
    b"BU!Cx0l|L+5D*20+DgheeLLL!WDBr?GwkjXM93b%?A95?>?Id>98dYHbn^4D9m8vHdVjWLXQu2Mc=lMhH$XAB-d}"
    b"#+YyFttI$@YUX3#bK<&-yf+w`yJx@X_>3HiZ4ivPD6y_RS6S{keaq1|YL{pkQkUGNmK^R~1FJFk#bll+L?)ra(~1"
    b"CR7(*U<6{?Ij6&&(5W$?yt?TbeCe3r=5=iQhNaI%|NOd2y}89fiMlBXROL2>{<uXvYtCg>-*FbbD85MN52?(#dp#"
    b"*$1J-RZhG9ca`F@>mShlflJ#)+2Y1gZF#?bGk%#qkK^_^G*Bl;SSuxX_aOd%;+44jSj|8Hh6v*RwQcNm1lT27QK*"
    b">6JaRM;%PI%WyTKJ^leBnS=@X>4&c2^(E{{Z(zH0J"
)
"""The pack, the primer, the descriptors of sound and the labels of a file that raw2bmx wrote, with
four mono tracks: the sides of the programme in English, a French one, a description."""
HEADER = zlib.decompress(base64.b85decode(WRITTEN))
TITLES = [
    "Left, Standard Stereo, Main Program, Documentary",
    "Right, Standard Stereo, Main Program, Documentary",
    "Mono One, Monoaural, Alternative Program",
    "Visually Impaired Narrative",
]


def write(folder: Path, content: bytes) -> Path:
    path = folder / "a.mxf"
    path.write_bytes(content)
    return path


def streams(*channels: int) -> list[dict[str, Any]]:
    sounds = [{"codec_type": "audio", "index": n, "channels": c} for n, c in enumerate(channels, 1)]
    return [{"codec_type": "video", "index": 0}, *sounds]


@pytest.mark.parametrize("run_in", [b"", b"Broadcast" * 700])
def test_tracks_are_named_by_channel_sound_field_and_group(tmp_path: Path, run_in: bytes) -> None:
    labels = read_mxf_labels(write(tmp_path, run_in + HEADER))
    assert [track.title for track in labels] == TITLES


def test_titles_and_descriptions_are_those_of_the_tracks(tmp_path: Path) -> None:
    found = streams(1, 1, 1, 1)
    found[1]["tags"] = {"title": "Host"}
    add_mxf_labels(write(tmp_path, HEADER), found)
    assert [find_title(stream) for stream in found[1:]] == ["Host", *TITLES[1:]]
    assert [sorted(read_marks(stream)) for stream in found[1:]] == [
        [],
        [],
        [],
        ["audio description"],
    ]
    assert find_title(found[0]) == ""


def test_labels_of_other_tracks_than_those_that_are_there_name_none(tmp_path: Path) -> None:
    found = streams(1, 1)
    add_mxf_labels(write(tmp_path, HEADER), found)
    assert not any("tags" in stream for stream in found)


def test_channels_of_a_track_are_named_by_their_numbers(tmp_path: Path) -> None:
    found = streams(2, 2, 2, 2)
    add_mxf_labels(write(tmp_path, HEADER), found)
    assert [stream[CHANNEL_NAMES] for stream in found[1:3]] == [["Left", ""], ["Right", ""]]


@pytest.mark.parametrize("length", [0, 10, 30, 100, len(HEADER) // 2, len(HEADER) - 1])
def test_a_header_that_is_cut_off_names_what_it_still_has(tmp_path: Path, length: int) -> None:
    found = read_mxf_labels(write(tmp_path, HEADER[:length]))
    assert all(track.title in ("", *TITLES) or track.title for track in found)


def test_lengths_that_lie_harm_nothing(tmp_path: Path) -> None:
    for place in range(0, len(HEADER), 13):
        lying = HEADER[:place] + b"\xff\xff\xff\xff" + HEADER[place + 4 :]
        read_mxf_labels(write(tmp_path, lying))
