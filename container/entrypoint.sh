#!/bin/sh
# Runs the command as the user PUID and the group PGID (default: 1000). Media and configuration keep
# their owners. State and models become owned by that user. Before the daemon or a worker starts,
# what SUBTITLED_PLUGINS and plugins.install name is installed into /state, if it changed.
set -eu
case " $* " in
" subtitled "*" run "* | " subtitled "*" worker "* | " subtitled run "* | " subtitled worker "*)
  starts=yes ;;
*) starts= ;;
esac
# Becomes the command.
as_user() { exec "$@"; }
if [ "$(id -u)" = 0 ]; then
  user=${PUID:-1000} group=${PGID:-1000}
  case "$user$group" in
  *[!0-9]*) echo "PUID and PGID are numbers, as the command id shows them" >&2; exit 2 ;;
  esac
  if [ "$user" = 0 ]; then
    echo "PUID=0 is root; set it to the id of the user who owns your media, as the command id shows it" >&2
    exit 2
  fi
  umask "${UMASK:-022}"
  for folder in /state /cache; do
    # Only at the first start: a tree with the right owner is not traversed.
    if [ "$(stat -c %u:%g "$folder")" != "$user:$group" ]; then chown -R "$user:$group" "$folder"; fi
  done
  # gosu sets HOME to / if the user id has no name here.
  as_user() { exec gosu "$user:$group" env HOME=/state "$@"; }
fi
# A failure is told and changes nothing: the daemon starts with the plugins that are there. The shell
# waits for a child in the background, so that it takes the signal with which the container is stopped.
if [ -n "$starts" ] && [ -f "${SUBTITLED_CONFIG:-}" ]; then
  as_user subtitled plugins install >&2 &
  trap 'kill $! 2>/dev/null; exit 143' TERM INT
  wait $! || :
  trap - TERM INT
fi
as_user "$@"
