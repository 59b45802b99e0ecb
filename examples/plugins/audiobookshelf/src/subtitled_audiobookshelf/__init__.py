"""Audiobookshelf: it is told of each new subtitle, and asked whether it lists it.

The interface is that of version 2: ``server/routers/ApiRouter.js`` of its source.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import quote

from pydantic import Field

from subtitled.plugin import CheckResult, IndexStatus, Secret, SubtitledError, hookimpl
from subtitled.plugin.http_server import HttpMediaServer, HttpServerSettings

SUBTITLED_API = "1"


class AudiobookshelfSettings(HttpServerSettings):
    api_key: Secret = Field(description="The key of an admin, by reference.")


class Audiobookshelf(HttpMediaServer[AudiobookshelfSettings]):
    """Tells Audiobookshelf of the files that changed."""

    kind, example = "Audiobookshelf", "http://nas:13378"
    refresh_strategies = ("told of the file",)

    def refresh(self, changes, strategy):
        libraries = self._list_libraries()
        for change in changes:
            for action, sidecars in (("add", change.added), ("unlink", change.removed)):
                for sidecar in sidecars:
                    path = self.to_server(sidecar.path)
                    library = find_library(path, libraries)
                    if library is not None:
                        body = {"libraryId": library, "path": path, "type": action}
                        self._ask("POST", "/api/watcher/update", body=body)

    def check_indexed(self, change):
        media = self.to_server(change.media)
        library = find_library(media, self._list_libraries())
        if library is None:
            return IndexStatus(True, "Audiobookshelf has no library with this file")
        listed = self._list_files(library, media)
        added = {self.to_server(sidecar.path) for sidecar in change.added}
        removed = {self.to_server(sidecar.path) for sidecar in change.removed}
        return IndexStatus(added <= listed and not removed & listed)

    def self_check(self):
        try:
            number = len(self._list_libraries())
        except SubtitledError as error:
            return [CheckResult("Audiobookshelf", False, error.message, error.hint)]
        return [CheckResult("Audiobookshelf", True, f"{number} libraries")]

    def key_hint(self):
        return "Make a key for an admin under Settings, API keys"

    def _list_libraries(self):
        """Return the id of each library with its folders."""
        answer = self._ask("GET", "/api/libraries")
        try:
            return {
                library["id"]: [folder["fullPath"] for folder in library["folders"]]
                for library in answer["libraries"]
            }
        except (TypeError, KeyError):
            raise self.unexpected_answer("/api/libraries") from None

    def _list_files(self, library, media):
        """Return the paths of all files of the item that a media file belongs to."""
        path = f"/api/libraries/{quote(library, safe='')}/items"
        try:
            items = self._ask("GET", path, query={"minified": "1", "limit": "0"})["results"]
            for item in items:
                if media == item["path"] or PurePosixPath(media).is_relative_to(item["path"]):
                    path = f"/api/items/{quote(item['id'], safe='')}"
                    files = self._ask("GET", path, query={"expanded": "1"})["libraryFiles"]
                    return {file["metadata"]["path"] for file in files}
        except (TypeError, KeyError):
            raise self.unexpected_answer(path) from None
        return set()

    def _ask(self, method, path, **options):
        headers = {"Authorization": f"Bearer {self.settings.api_key.reveal()}"}
        # POST /api/watcher/update answers the text "OK", which is no JSON.
        if method == "POST":
            return self._post(path, headers, options["body"])
        return self.request_json(method, path, headers=headers, **options)

    def _post(self, path, headers, body):
        from subtitled.plugin.http import HttpService, refusal_error, send_request

        service = HttpService(
            name=f"{self.kind} at {self.url}",
            timeout=self.settings.timeout,
            verify=self.settings.verify_tls,
            section=f"servers.{self.context.name}",
            example=self.example,
        )
        response = send_request(service, "POST", self.url + path, headers=headers, json=body)
        if not response.is_success:
            raise refusal_error(service.name, response)


def find_library(path, libraries):
    """Return the id of the library that has a path in one of its folders, or None."""
    for library, folders in libraries.items():
        if any(PurePosixPath(path).is_relative_to(folder) for folder in folders):
            return library
    return None


@hookimpl
def register_media_servers(register):
    register(Audiobookshelf)
