#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fuzzes every target for the given seconds (default 60), two at a time, from its corpus. A crash, a
# leak, a timeout (10 s for one input) or more than 1 GiB is a failure; the input is kept in
# build/fuzz/found/. HB_FUZZ_SEED=N starts from that seed instead of another each time: so a run of
# CI is about the change and not about luck, which `make fuzz` has hours for.
#
#     tools/fuzz.sh [SECONDS [TARGET…]]
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
[ $# -gt 0 ] && shift
[ -d build/fuzz/CMakeFiles ] || cmake --preset fuzz >/dev/null
cmake --build build/fuzz -j "$(nproc)" >build/fuzz/build.log 2>&1 || {
    tail -n 40 build/fuzz/build.log
    exit 1
}
mkdir -p build/fuzz/found
if [ $# -eq 0 ]; then
    # shellcheck disable=SC2046 # target names have no blanks
    set -- $(ls tests/fuzz/fuzz_*.c | sed 's|.*/fuzz_||; s|\.c$||')
fi
export HB_FUZZ_SECONDS="$seconds"
export LSAN_OPTIONS="suppressions=$PWD/tools/lsan.supp:print_suppressions=0"
printf '%s\n' "$@" | xargs -P 2 -I{} sh -c '
    name={}
    mkdir -p "build/fuzz/corpus/$name"
    dict=tests/fuzz/$name.dict
    set -- "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name"
    [ -f "$dict" ] && set -- "-dict=$dict" "$@"
    if "build/fuzz/tests/fuzz/fuzz_$name" -max_total_time="$HB_FUZZ_SECONDS" -timeout=10 \
        -rss_limit_mb=1024 -max_len=65536 -print_final_stats=1 ${HB_FUZZ_SEED:+"-seed=$HB_FUZZ_SEED"} \
        -artifact_prefix="build/fuzz/found/$name-" "$@" >"build/fuzz/$name.log" 2>&1; then
        echo "fuzz $name: ok, $(sed -n "s/^stat::number_of_executed_units: *//p" "build/fuzz/$name.log") inputs in $HB_FUZZ_SECONDS s"
    else
        echo "fuzz $name: FAILED"
        tail -n 40 "build/fuzz/$name.log"
        exit 1
    fi'
