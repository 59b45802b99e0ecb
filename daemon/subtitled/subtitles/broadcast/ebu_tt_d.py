"""EBU-TT-D, the subtitles of European broadcasters for streaming (EBU Tech 3380).

The file is IMSC 1 Text too.
"""

from __future__ import annotations

from subtitled.plugin import Subtitle

from . import timed_text

_HEADER = """<?xml version="1.0" encoding="UTF-8"?>
<tt:tt xmlns:tt="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter"
    xmlns:tts="http://www.w3.org/ns/ttml#styling" xmlns:ttm="http://www.w3.org/ns/ttml#metadata"
    xmlns:ebuttm="urn:ebu:tt:metadata" xmlns:ebutts="urn:ebu:tt:style"
    xmlns:itts="http://www.w3.org/ns/ttml/profile/imsc1#styling"
    ttp:timeBase="media" ttp:cellResolution="32 15" xml:lang={language} xml:space="default">
  <tt:head>
    <tt:metadata>
      <ebuttm:documentMetadata>
        <ebuttm:conformsToStandard>urn:ebu:tt:distribution:2018-04</ebuttm:conformsToStandard>
        <ebuttm:conformsToStandard>http://www.w3.org/ns/ttml/profile/imsc1/text</ebuttm:conformsToStandard>
      </ebuttm:documentMetadata>
    </tt:metadata>
    <tt:styling>
      <tt:style xml:id="body" tts:fontSize="100%"
        tts:fontFamily="ReithSans, Arial, Roboto, proportionalSansSerif, default"
        tts:lineHeight="120%" tts:textAlign="center"{direction} ebutts:linePadding="0.5c"
        itts:fillLineGap="true"/>
      <tt:style xml:id="text" tts:color="#FFFFFF" tts:backgroundColor="#000000"/>
{styles}    </tt:styling>
    <tt:layout>
{regions}    </tt:layout>
  </tt:head>
  <tt:body style="body">
    <tt:div>
"""


def write(subtitle: Subtitle) -> str:
    """Render a file. Colours, bold, italics and underlining are kept, and cues at the top."""
    return timed_text.render(subtitle, _HEADER)
