#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The README's picture: the report of a run under load, from the demonstration's folder.
#
#     tools/report-screenshot.sh demo-output/reports/under-load/drift_report.html docs/images/report.png
set -eu
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync --hide-scrollbars \
    --user-data-dir="$profile" --window-size=1060,1000 --blink-settings=preferredColorScheme=1 \
    --screenshot="$2" "file://$(realpath "$1")" 2>/dev/null
ls -l "$2"
