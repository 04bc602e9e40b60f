#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reason: a room includes only from rooms below it (docs/architecture.md), so that each can be
# understood, tested and replaced without those above. The order is that of src/CMakeLists.txt.
exec awk '
/^hb_room\(/ {
    line = $0
    while (line !~ /\)/ && (getline more < FILENAME) > 0) line = line " " more
    sub(/^hb_room\(/, "", line); sub(/\).*/, "", line)
    n = split(line, word, /[ \t]+/)
    room = word[1]; order[++rooms] = room; rank[room] = rooms
}
END {
    bad = 0
    for (i = 1; i <= rooms; i++) {
        cmd = "grep -rn --include=*.c --include=*.h \"^ *# *include *\\\"\" src/" order[i]
        while ((cmd | getline hit) > 0) {
            split(hit, part, ":")
            include = hit; sub(/^[^"]*"/, "", include); sub(/".*/, "", include)
            from = include; sub(/\/.*/, "", from)
            if (include !~ /\//) {
                print part[1] ":" part[2] ": include \"" include "\" must be written from src/"; bad = 1
            } else if (!(from in rank)) {
                print part[1] ":" part[2] ": \"" from "\" is no room of src/CMakeLists.txt"; bad = 1
            } else if (rank[from] > i) {
                print part[1] ":" part[2] ": " order[i] " may not include " from ": that room is above it"; bad = 1
            }
        }
        close(cmd)
    }
    if (rooms < 5) { print "no rooms found in src/CMakeLists.txt"; bad = 1 }
    exit bad
}' src/CMakeLists.txt
