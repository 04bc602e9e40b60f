#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Speed beside other tools, as ratios in one run on the same files (tools/bench/bench.py); arguments are the sections wanted,
# or one of "live", the daemon (tools/bench/live.py), and "evidence", packs and the log (tools/bench/evidence.py). Without any: all.
# DuckDB and Polars come from npm into build/bench/node_modules; where they cannot be had their rows say so.
set -eu
cd "$(dirname "$0")/.."
mkdir -p build/bench
cmake --build build/release --target hb hb-verify hb_bench >build/bench/build.log || { cat build/bench/build.log; exit 1; }
case "$*" in
live | evidence) ;;
*) /usr/bin/python3 -B tools/bench/bench.py "$@" ;;
esac
for part in live evidence; do
    if [ $# -eq 0 ] || [ "$*" = "$part" ]; then
        /usr/bin/python3 -B "tools/bench/$part.py" >"build/bench/$part.md" || { cat "build/bench/$part.md"; exit 1; }
        cat "build/bench/$part.md"
    fi
done
