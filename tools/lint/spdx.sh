#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reason: every file says its licence in its first lines, so that it can be read on its own.
found=$(git ls-files '*.c' '*.h' '*.sh' '*.py' '*.cmake' '*.yaml' 'CMakeLists.txt' '*/CMakeLists.txt' Makefile '*.mjs' '*.js' |
    grep -v '^tests/.*/corpus/' | grep -v '^tests/data/' | grep -v '^tests/cli/fixtures/' | while read -r f; do
        [ -e "$f" ] || continue
        head -n 3 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$f"
    done)
[ -z "$found" ] && exit 0
echo "no SPDX-License-Identifier line in:"
echo "$found"
exit 1
