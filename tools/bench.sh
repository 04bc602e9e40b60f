#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Speed beside other tools, as ratios in one run on the same files (tools/bench/bench.py); arguments are the sections wanted,
# "live" among them for the daemon (tools/bench/live.py). Without any: all.
# DuckDB and Polars come from npm into build/bench/node_modules; where they cannot be had their rows say so.
set -eu
cd "$(dirname "$0")/.."
mkdir -p build/bench
cmake --build build/release --target hb hb_bench >build/bench/build.log || { cat build/bench/build.log; exit 1; }
[ "$*" = live ] || /usr/bin/python3 -B tools/bench/bench.py "$@"
if [ $# -eq 0 ] || [ "$*" = live ]; then
    /usr/bin/python3 -B tools/bench/live.py | tee build/bench/live.md
fi
