#!/usr/bin/env bash
# A real browser against the demo city: all assets on the map, an alarm appears live, is acknowledged, and every screen is accessible.
set -euo pipefail
cd "$(dirname "$0")/../.."
# The tests of the workspace have built it; building it alone would build everything anew with other features.
program="${CARGO_TARGET_DIR:-target}/debug/specola"
[ -x "$program" ] || cargo build --locked --workspace --quiet
place=$(mktemp -d)
cleanup() { kill "$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; rm -rf "$place"; }
"$program" demo --data "$place/data" --rules "$place/rules" --http-port 0 --mqtt-port 0 >"$place/said" 2>"$place/log" &
demo=$!
trap cleanup EXIT
for _ in $(seq 300); do
  link=$(grep -o 'http://[^ ]*/signin?code=[^ ]*' "$place/said" || true)
  [ -n "$link" ] && break
  kill -0 "$demo" 2>/dev/null || { cat "$place/said" "$place/log" >&2; exit 1; }
  sleep 0.2
done
[ -n "$link" ] || { echo "the demo printed no sign-in link" >&2; cat "$place/said" "$place/log" >&2; exit 1; }
cd dashboards
SPECOLA_URL="${link%%/signin*}" SPECOLA_LINK="$link" node --test tests/e2e/real.test.mjs
