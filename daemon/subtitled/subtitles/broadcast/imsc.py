"""IMSC 1.1 Text, the subtitles of streaming services (W3C TTML Profiles for Internet Media).

The regions of a forced subtitle say that it is shown to everybody. Elements have no prefix, because
some readers look for ``<p>``.
"""

from __future__ import annotations

from subtitled.plugin import Subtitle, SubtitleKind

from . import timed_text

_HEADER = """<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter"
    xmlns:tts="http://www.w3.org/ns/ttml#styling" xmlns:ttm="http://www.w3.org/ns/ttml#metadata"
    xmlns:ebutts="urn:ebu:tt:style" xmlns:itts="http://www.w3.org/ns/ttml/profile/imsc1#styling"
    ttp:version="2" ttp:contentProfiles="http://www.w3.org/ns/ttml/profile/imsc1.1/text"
    ttp:timeBase="media" ttp:cellResolution="32 15" xml:lang={language} xml:space="default">
  <head>
    <styling>
      <style xml:id="body" tts:fontSize="100%" tts:fontFamily="proportionalSansSerif"
        tts:lineHeight="125%" tts:textAlign="center"{direction} ebutts:linePadding="0.5c"
        itts:fillLineGap="true"/>
      <style xml:id="text" tts:color="#FFFFFF" tts:backgroundColor="#000000"/>
{styles}    </styling>
    <layout>
{regions}    </layout>
  </head>
  <body style="body">
    <div>
"""


_FORCED = ' itts:forcedDisplay="true"'


def write(subtitle: Subtitle) -> str:
    """Render a file. Colours, bold, italics and underlining are kept, and cues at the top."""
    is_forced = subtitle.kind is SubtitleKind.FORCED
    written = timed_text.render(subtitle, _HEADER, _FORCED if is_forced else "")
    return written.replace("<tt:", "<").replace("</tt:", "</")
