#!/bin/sh
# Does the command as the user and group PUID and PGID (1000), as containers on a NAS do. Media and
# configuration keep their owners; state and models are given to that user.
set -eu
if [ "$(id -u)" != 0 ]; then exec "$@"; fi
user=${PUID:-1000} group=${PGID:-1000}
case "$user$group" in
*[!0-9]*) echo "PUID and PGID are numbers, as the command id shows them" >&2; exit 2 ;;
esac
if [ "$user" = 0 ]; then
  echo "PUID=0 is root; give the number of the user who owns your media, as id shows it" >&2
  exit 2
fi
umask "${UMASK:-022}"
for folder in /state /cache; do
  # Once: a tree that is theirs already is not walked.
  if [ "$(stat -c %u:%g "$folder")" != "$user:$group" ]; then chown -R "$user:$group" "$folder"; fi
done
# gosu sets HOME anew, to / where the number has no name here.
exec gosu "$user:$group" env HOME=/state "$@"
