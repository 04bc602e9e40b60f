#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Speed beside other tools, as ratios in one run on the same files (tools/bench/bench.py); arguments are the sections wanted.
# DuckDB and Polars come from npm into build/bench/node_modules; where they cannot be had their rows say so.
set -eu
cd "$(dirname "$0")/.."
mkdir -p build/bench
cmake --build build/release --target hb hb_bench >build/bench/build.log || { cat build/bench/build.log; exit 1; }
exec /usr/bin/python3 -B tools/bench/bench.py "$@"
