"""Small valid inputs of every kind, from which the fuzzer makes broken ones."""

from __future__ import annotations

import json

SRT = (
    b"1\n00:00:01,000 --> 00:00:02,500\n<i>Hello</i> there.\n\n"
    b"2\n00:00:03,000 --> 00:00:04,000\n- Who?\n- {\\an8}Me. 1984\n"
)
SUBTITLES = {
    "srt": (SRT, b"\xef\xbb\xbf" + SRT, SRT.decode().encode("utf-16"), SRT.replace(b"\n", b"\r\n")),
    "vtt": (
        b"WEBVTT - x\n\nNOTE y\n\nSTYLE\n::cue { color: red }\n\nid\n"
        b"00:01.000 --> 00:02.000 line:40%\n<v Ann><c.red>Hello</c> &amp; <00:01.500>you\n",
    ),
    "ass": (
        b"[Script Info]\nPlayResX: 384\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\n"
        b"Style: Default,Arial,16\n\n[Events]\nFormat: Layer, Start, End, Style, Text\n"
        b"Dialogue: 0,0:00:01.00,0:00:02.00,Default,{\\i1}Hello\\N{\\p1}m 0 0 l 1 1{\\p0}you\n",
    ),
    "sub": (b"{1}{1}25\n{25}{50}{y:i}Hello|you\n{60}{90}Bye\n", b"00:00:01.00,00:00:02.00\nHi\n"),
    "smi": (
        b"<SAMI><HEAD><STYLE>.ENCC {Name: English; lang: en-US;}</STYLE></HEAD><BODY>"
        b"<SYNC Start=1000><P Class=ENCC>Hello<br>you<SYNC Start=2000><P Class=ENCC>&nbsp;"
        b"</BODY></SAMI>",
    ),
    "ttml": (
        b'<tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling">'
        b'<body><div><p begin="1s" end="00:00:02.5">Hello <span begin="0.5s">you</span><br/>'
        b'<span tts:ruby="text">x</span></p></div></body></tt>',
    ),
    "lrc": (b"[ti:Song]\n[offset:+10]\n[00:01.00]<00:01.00>Hello <00:01.50>you\n[00:02.00]\n",),
    "json": (
        b'{"text": "Hi", "language": "en", "segments": [{"start": 1.0, "end": 2.0, "text": "Hi",'
        b' "words": [{"word": " Hi", "start": 1.0, "end": 1.5, "probability": 0.9}]}]}',
    ),
    "txt": (b"Hello there.\n\nWho are you?\n",),
}
NFO = (
    b'<?xml version="1.0"?>\n<movie><title>Up &amp; away</title><year>2009</year>'
    b"<actor><name>Ed</name><role>Carl (voice)</role></actor></movie>\nhttps://example.org/1",
    b"<tvshow><title>A</title></tvshow><episodedetails><title>B</title></episodedetails>",
)
TBX = (
    b'<?xml version="1.0"?><!DOCTYPE martif SYSTEM "TBXcoreStructV02.dtd"><martif type="TBX">'
    b'<text><body><termEntry id="1"><langSet xml:lang="en"><tig><term>ship</term></tig></langSet>'
    b'<langSet xml:lang="de"><tig><term>Schiff</term></tig></langSet></termEntry></body></text>'
    b"</martif>",
)
GLOSSARIES = {
    "csv": (b'en,de,note\nship,Schiff,x\n"a ""b""",c,d\n', b"en;fr\na;b\n"),
    "tsv": (b"en\tde\nship\tSchiff\n",),
    "json": (b'[{"en": "ship", "de": "Schiff", "keep": true}]', b'{"terms": [{"en": "a"}]}'),
    "tbx": TBX,
}
CONFIG = (
    b'[daemon]\nthreads = 2\n[libraries.films]\npath = "/films"\nlanguages = ["original", "es"]\n'
    b'stability_delay = "30s"\n[schedule]\nworking_hours = ["Mo-Fr 22:00-06:00"]\n[web]\n'
    b'port = 8080\n[[libraries.films.routes]]\nlanguages = ["en"]\nengines = ["whisper"]\n',
)
WINDOWS = (b"Mo-Fr 22:00-06:00", b"Sa,Su", b"08:00-24:00", b"mo 1:00-2:00")
SIGNATURE = (
    json.dumps(
        {
            "v": 2, "fingerprint": "a" * 32, "name": "Film.en.srt", "language": "en",
            "kind": "full", "format": "srt", "variant": "whisper-base-1", "created_at": 1.7e9,
            "sha256": "b" * 64, "size_bytes": 100,
        }
    ).encode(),
)  # fmt: skip
WIRE = (
    b'{"id": 1, "result": {"language": "en", "words": [{"text": " Hi", "start": 0.1, "end": 0.5,'
    b' "confidence": 0.9}], "segment_scores": [], "usage": []}}',
    b'{"id": 2, "error": {"kind": "TransientError", "message": "m", "hint": "", "retry_after": 3}}',
    b'{"id": 3, "exception": "KeyError: x"}',
    b'{"id": 4, "result": [{"window": {"start": 0, "end": 1}, "probabilities": {"en": 0.9}}]}',
)
WEBHOOKS = (
    b'{"eventType": "Download", "series": {"path": "/tv/A"}, "episodeFile": {"relativePath": '
    b'"1.mkv", "path": "/tv/A/1.mkv"}, "deletedFiles": [{"path": "/tv/A/0.mkv"}], '
    b'"isUpgrade": true}',
    b'{"eventType": "Rename", "movie": {"folderPath": "/films/A"}, "renamedMovieFiles": '
    b'[{"previousPath": "/films/a.mkv", "path": "/films/b.mkv"}]}',
    b'{"NotificationType": "ItemAdded", "Path": "/films/a.mkv", "ItemId": "0d4b", "ServerId": "x"}',
    b'{"Event": "library.new", "Item": {"Path": "/films/a.mkv", "Id": "7"}, "Server": {"Id": "x"}}',
    b'{"event": "media.play", "Metadata": {"ratingKey": "7", "Media": [{"Part": [{"file": '
    b'"/a"}]}]}, "Server": {"uuid": "x"}}',
    b'{"action": "play", "file": "/films/a.mkv"}',
    b'{"paths": ["/films/a.mkv", "/films/b.mkv"], "priority": "urgent"}',
)
ANSWERS = (
    b'{"Items": [{"Id": "a1", "Path": "/films/Up.mkv", "Name": "Up", "ProductionYear": 2009, '
    b'"People": [{"Name": "Ed", "Role": "Carl", "Type": "Actor"}], "MediaStreams": [{"Type": '
    b'"Subtitle", "IsExternal": true, "Language": "eng", "Path": "/films/Up.en.srt"}]}]}',
    b'[{"NowPlayingItem": {"Path": "/films/Up.mkv"}}]',
    b'{"MediaContainer": {"Directory": [{"key": "1", "type": "movie", "Location": [{"path": '
    b'"/films"}]}], "Metadata": [{"ratingKey": "7", "title": "Up", "year": 2009, "Media": [{"Part":'
    b' [{"file": "/films/Up.mkv", "Stream": [{"streamType": 3, "key": "/s"}]}]}]}]}}',
    b'{"result": {"movies": [{"file": "/films/Up.mkv", "title": "Up"}], "version": {"major": 20}}}',
    b'{"result": [{"type": "video", "playerid": 1}]}',
)
COMPLETIONS = (
    b'{"1": "Hola.", "2": "Adi\\u00f3s."}',
    b'<think>so</think>```json\n{"lines": {"1": "Hola.", "2": "x"}}\n```',
    b'{"lines": [{"id": 1, "text": "Hola"}]}',
    b'{"1": "Hola.", "2": "Ad',
)
TRANSCRIPTIONS = (
    b'{"text": "Hi you.", "language": "english", "segments": [{"start": 0.0, "end": 1.0, "text":'
    b' "Hi you.", "avg_logprob": -0.2}], "words": [{"word": "Hi", "start": 0.0, "end": 0.4},'
    b' {"word": "you", "start": 0.4, "end": 1.0}], "usage": {"seconds": 3}}',
    b'{"transcripts": [{"sentences": [{"text": "Hi you.", "begin_time": 0, "end_time": 900, '
    b'"language": "en", "words": [{"text": "Hi", "begin_time": 0, "end_time": 400, "punctuation":'
    b' ""}]}]}]}',
)
PROBES = (
    b'{"streams": [{"index": 0, "codec_type": "audio", "codec_name": "aac", "channels": 2, "tags": '
    b'{"language": "eng", "title": "Commentary"}, "disposition": {"default": 1}}, {"index": 1, '
    b'"codec_type": "video", "avg_frame_rate": "24000/1001"}, {"index": 2, "codec_type": '
    b'"subtitle", "codec_name": "subrip"}], "format": {"duration": "50.1", "format_name": "mov"}}',
)
CONTAINERS = (
    b"\x1a\x45\xdf\xa3\x84\x42\x82\x00\x00\x18\x53\x80\x67\x01\x00\x00\x00\x00\x00\x10\x00",
    b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2\x00\x00\x00\x10mdatxxxxxxxx",
    b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80>data\x00\x00\x00\x00",
    b"RIFF\xc0\x00\x00\x00WAVEiXML\xb0\x00\x00\x00<BWFXML><SPEED><TIMECODE_RATE>25/1"
    b"</TIMECODE_RATE></SPEED><TRACK_LIST><TRACK><INTERLEAVE_INDEX>1</INTERLEAVE_INDEX>"
    b"<NAME>BOOM</NAME></TRACK></TRACK_LIST></BWFXML>",
    b"RF64\xff\xff\xff\xffWAVEds64\x1c\x00\x00\x00" + b"\x10" * 28 + b"data",
    b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02\x04\x00\x83\x00\x00\x20"
    + b"\0" * 64,
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c" + b"\x1e" + b"\0" * 40,
)
NAMES = (b"Film.en.forced.srt", b"Film.[hi].English (US).sdh.srt", "Film.简体.ass".encode())
LINES = (
    b"I like [music] MAN: it.\n- (sighs) \xe2\x99\xaa La la",
    b"42 ships, and 1,000 more {\\an8}",
)
TAGS = (b"Director's Commentary (5.1) [eng]", b"Signs & Songs", b"SoundHandler")
