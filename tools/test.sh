#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds everything (gcc and clang, both -Werror; sanitizers; fuzz targets) and runs every test. The
# last lines are the test runner's own summary. HB_DATA points at the shared data sets; tests that
# need them say that they skipped where it is absent.
set -eu
cd "$(dirname "$0")/.."
jobs=$(nproc)
for preset in release release-clang asan fuzz; do
    echo "== build $preset"
    suites=OFF
    [ "$preset" = release ] && suites=ON
    cmake --preset "$preset" -DHB_TESTS=ON -DHB_SUITES=$suites >"build-$preset.log" 2>&1 || { cat "build-$preset.log"; exit 1; }
    cmake --build "build/$preset" -j "$jobs" >"build-$preset.log" 2>&1 || { tail -n 60 "build-$preset.log"; exit 1; }
    rm -f "build-$preset.log"
done
echo "== test"
exec ctest --test-dir build/release -j "$jobs" --output-on-failure --no-tests=error
