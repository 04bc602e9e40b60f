#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs every lint of this folder (or those named); each prints its reason beside what it found.
cd "$(dirname "$0")/../.." || exit 1
status=0
if [ $# -eq 0 ]; then
    set -- $(ls tools/lint/*.sh | grep -v '/run\.sh$' | sed 's|.*/||; s|\.sh$||')
fi
for name in "$@"; do
    if out=$("tools/lint/$name.sh" 2>&1); then
        echo "lint $name: ok"
    else
        echo "lint $name: FAILED"
        printf '%s\n' "$out" | sed 's/^/  /'
        status=1
    fi
done
exit $status
