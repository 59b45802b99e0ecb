"""The rows of the API in the role table."""

from __future__ import annotations

from ..access_table import AccessRule, rule
from ..auth.access import Access

API_PATH = "/api/v1"

_ROWS = (
    ("/openapi.json", "GET", Access.VIEWER),
    ("/status", "GET", Access.VIEWER),
    ("/now", "GET", Access.VIEWER),
    ("/health-details", "GET", Access.OPERATOR),
    ("/doctor", "GET", Access.OPERATOR),
    ("/libraries", "GET", Access.VIEWER),
    ("/coverage", "GET", Access.VIEWER),
    ("/coverage/origins", "GET", Access.VIEWER),
    ("/log", "GET", Access.ADMIN),
    ("/files", "GET", Access.VIEWER),
    ("/files/lookup", "POST", Access.VIEWER),
    ("/files/actions", "POST", Access.OPERATOR),
    ("/files/{file_id:number}", "GET", Access.VIEWER),
    ("/files/{file_id:number}/look", "GET", Access.VIEWER),
    ("/files/{file_id:number}/subtitles", "GET", Access.VIEWER),
    ("/files/{file_id:number}/history", "GET", Access.VIEWER),
    ("/files/{file_id:number}/actions", "POST", Access.OPERATOR),
    ("/files/{file_id:number}/undo", "POST", Access.OPERATOR),
    ("/files/{file_id:number}/servers", "POST", Access.OPERATOR),
    ("/subtitles/{subtitle_id}/text", "GET", Access.VIEWER),
    ("/subtitles/{subtitle_id}/review", "POST", Access.REVIEWER),
    ("/reviews", "GET", Access.VIEWER),
    ("/reviews/approve", "POST", Access.REVIEWER),
    ("/reviews/{review_id:number}", "GET", Access.VIEWER),
    ("/reviews/{review_id:number}/list", "GET", Access.VIEWER),
    ("/reviews/{review_id:number}/cues/{cue}", "GET", Access.VIEWER),
    ("/reviews/{review_id:number}/words", "GET", Access.VIEWER),
    ("/reviews/{review_id:number}/shots", "GET", Access.VIEWER),
    ("/reviews/{review_id:number}/preview", "POST", Access.REVIEWER),
    ("/reviews/{review_id:number}/text", "GET", Access.VIEWER),
    ("/reviews/report", "GET", Access.REVIEWER),
    ("/reviews/{review_id:number}/report", "GET", Access.REVIEWER),
    ("/reviews/{review_id:number}/sound", "GET", Access.VIEWER),
    ("/reviews/{review_id:number}/still", "GET", Access.VIEWER),
    ("/reviews/{review_id:number}/clip", "GET", Access.VIEWER),
    ("/reviews/{review_id:number}/peaks", "GET", Access.VIEWER),
    ("/reviews/{review_id:number}/operations", "GET", Access.VIEWER),
    ("/reviews/{review_id:number}/operations", "POST", Access.REVIEWER),
    ("/reviews/{review_id:number}/undo", "POST", Access.REVIEWER),
    ("/reviews/{review_id:number}/redo", "POST", Access.REVIEWER),
    ("/reviews/{review_id:number}/verdicts/{cue}", "PUT DELETE", Access.REVIEWER),
    ("/reviews/{review_id:number}/holder", "POST DELETE", Access.REVIEWER),
    ("/reviews/{review_id:number}/terms", "GET", Access.VIEWER),
    ("/reviews/{review_id:number}/passages", "GET", Access.VIEWER),
    ("/reviews/{review_id:number}/notes", "GET", Access.VIEWER),
    ("/reviews/{review_id:number}/notes", "POST", Access.REVIEWER),
    ("/reviews/{review_id:number}/notes/{note_id}", "PUT", Access.REVIEWER),
    ("/reviews/{review_id:number}/passages", "POST", Access.REVIEWER),
    ("/reviews/{review_id:number}/approve", "POST", Access.REVIEWER),
    ("/reviews/{review_id:number}/reopen", "POST", Access.REVIEWER),
    ("/reviews/{review_id:number}/unlock", "POST", Access.REVIEWER),
    ("/terms", "GET", Access.VIEWER),
    ("/terms", "POST", Access.REVIEWER),
    ("/terms/{term_id}", "DELETE", Access.REVIEWER),
    ("/queue", "GET", Access.VIEWER),
    ("/history", "GET", Access.VIEWER),
    ("/egress", "GET", Access.VIEWER),
    ("/plan", "GET", Access.VIEWER),
    ("/plan/summary", "GET", Access.VIEWER),
    ("/events", "GET", Access.VIEWER),
    ("/pauses", "POST DELETE", Access.OPERATOR),
    ("/upgrades", "GET", Access.VIEWER),
    ("/upgrades", "POST DELETE", Access.OPERATOR),
    ("/engines/{name}/reset", "POST", Access.OPERATOR),
    ("/servers/{name}/tell", "POST", Access.OPERATOR),
    ("/scans", "POST", Access.OPERATOR),
    ("/configuration", "GET", Access.ADMIN),
    ("/engine-errors", "GET", Access.ADMIN),
)


def _rules() -> list[AccessRule]:
    return [rule(API_PATH + path, methods, access) for path, methods, access in _ROWS]


API_RULES: tuple[AccessRule, ...] = tuple(_rules())
"""What a caller needs for each route and method."""
