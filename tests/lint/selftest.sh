#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each lint must fail on a file made to offend it, and name the file.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
git init -q .
mkdir -p tools src/base src/os src/stats
cp -r "$root/tools/lint" tools/
cp "$root/src/CMakeLists.txt" src/
cp "$root/.clang-format" .
status=0

offend() { # lint file text expected
    printf '%s\n' "$3" >"$2"
    git add -A >/dev/null 2>&1
    if out=$("tools/lint/$1.sh" 2>&1); then
        echo "lint $1 accepted: $3"
        status=1
    elif ! printf '%s' "$out" | grep -q "$4"; then
        echo "lint $1 failed without naming '$4': $out"
        status=1
    fi
    rm -f "$2"
    git add -A >/dev/null 2>&1
    if ! out=$("tools/lint/$1.sh" 2>&1); then
        echo "lint $1 fails on a clean tree: $out"
        status=1
    fi
}

spdx='/* SPDX-License-Identifier: Apache-2.0 */'
offend layers src/base/bad.c "$spdx
#include \"os/os.h\"" "base may not include os"
offend layers src/base/bad.c "$spdx
#include \"nowhere/os.h\"" "is no room"
offend malloc src/os/bad.c "$spdx
char *p = malloc(3);" bad.c
offend malloc src/os/bad.c "$spdx
free(p);" bad.c
for line in 'exit(1);' 'printf("x");' 'fprintf(stderr, "x");' 'float x;' 'y = exp(x);' \
    'clock_gettime(0, 0);' 'getenv("X");' 'char d[] = __DATE__;' 'int x; // no' '#ifdef LINUX'; do
    offend banned src/stats/bad.c "$line" bad.c
done
offend banned src/base/bad.c "/* T""ODO later */ int x;" bad.c
offend spdx src/os/bad.c 'int x;' bad.c
offend format src/os/bad.c 'int    x  ;' bad.c
offend size src/os/bad.c "$(yes 'int x;' | head -n 601)" bad.c
[ $status -eq 0 ] && echo "every lint can fail"
exit $status
