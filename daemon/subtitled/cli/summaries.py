"""What each command does, in the list of ``--help``.

The modules of the commands have the same sentences. They are repeated here because importing all
modules takes seconds. A command that is absent here is imported for its sentence.
"""

from __future__ import annotations

from typing import Final

SUMMARIES: Final[dict[str, str]] = {
    "audit": "Report who or what made, changed, approved, sent and delivered each artefact.",
    "benchmark": "Measure how fast each engine and model on this machine is, and what to use.",
    "check": "Check whether the times of a subtitle are those of its media file.",
    "config": "The configuration: check it, show it.",
    "doctor": "Find the usual mistakes and say how to correct them.",
    "egress": "Show each request that left this machine, with its file, amount and price.",
    "engine": "The engines.",
    "evaluate": "Check subtitles against published limits, and against a reference.",
    "explain": "Show everything that is known and decided about one file.",
    "export": "Write subtitles for broadcasters, as markers for editing, or as transcripts for "
    "readers.",
    "generate": "Make subtitles for these files now, without a daemon.",
    "glossary": "Show the terms that apply to a file, and the origin of each.",
    "init": "Ask five questions and write a configuration.",
    "models": "The model files of engines and translators.",
    "plan": "Show what would be made and why, and the hours of audio, time and money, at most.",
    "plugins": "The plugins.",
    "queue": "The queue: show, pause and reorder it.",
    "review": "Reviews: subtitles that people look through, correct and approve.",
    "run": "Run the daemon in the foreground.",
    "scan": "Have the daemon scan its libraries now.",
    "state": "The state: back it up, check, restore, rebuild.",
    "status": "Show what the daemon does now, why it waits, what comes next, and what failed.",
    "summarise": "Write synopsis, chapters and keywords of a file, from its transcript.",
    "terms": "Glossary terms that people keep: names and words of a title, a series, a "
    "library or all.",
    "undo": "Remove the subtitles and summaries that we wrote for a file. Human ones are not "
    "touched.",
    "web": "The users and keys of the HTTP port.",
    "worker": "Run jobs of the daemon's queue in the foreground, beside the daemon.",
}
