#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Another processor decides again: what hb-verify is made of is built for arm64, run by qemu-aarch64,
# and must find the decisions of packs that the program of this machine made, to the byte. What it needs of Debian's
# arm64 libraries is unpacked below build/arm64; the machine gets no foreign architecture.
#
#     tools/arm64/verify.sh        exit 77 = the tools or libraries cannot be had here
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
out=$root/build/arm64
hb=${HB_BINARY:-$root/build/release/hb}
mkdir -p "$out/apt/lists/partial" "$out/apt/cache/archives/partial" "$out/debs" "$out/objects"
for tool in aarch64-linux-gnu-gcc qemu-aarch64 apt-get dpkg-deb; do
    command -v "$tool" >/dev/null || {
        echo "skipped: no $tool (Debian: gcc-aarch64-linux-gnu, libc6-dev-arm64-cross, qemu-user)"
        exit 77
    }
done

# --- libraries ---
if [ ! -e "$out/sys/usr/lib/aarch64-linux-gnu/libcrypto.a" ]; then
    cat >"$out/apt.conf" <<EOF
APT::Architecture "amd64";
APT::Architectures {"amd64"; "arm64";};
Dir::State "$out/apt";
Dir::State::lists "$out/apt/lists";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "$out/apt/cache";
EOF
    export APT_CONFIG="$out/apt.conf"
    if ! { apt-get update -qq && cd "$out/debs" &&
        apt-get download -qq libssl-dev:arm64 libjansson-dev:arm64 libfyaml-dev:arm64 \
            libudunits2-dev:arm64 zlib1g-dev:arm64 libexpat1-dev:arm64; }; then
        echo "skipped: the arm64 packages cannot be had"
        exit 77
    fi
    for deb in *.deb; do
        dpkg-deb -x "$deb" "$out/sys"
    done
    unset APT_CONFIG
    cd "$root"
fi
lib=$out/sys/usr/lib/aarch64-linux-gnu

# --- the program ---
version=$(sed -n 's/^project(harmony-bridge VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
printf '#define HB_VERSION "%s"\n' "$version" >"$out/version.h"
rooms=$(sed -n '/^hb_static_program(hb-verify/,/)/s/^ *ROOMS //p' src/CMakeLists.txt)
for room in $rooms; do
    find "src/$room" -name '*.c'
done >"$out/sources"
echo tools/arm64/decide.c >>"$out/sources"
echo "${hb%/*}/src/embedded_hb_config.c" >>"$out/sources"
cat >"$out/compile.sh" <<EOF
set -eu
object="$out/objects/\$(echo "\$1" | tr '/' '_').o"
[ "\$object" -nt "\$1" ] && exit 0
exec aarch64-linux-gnu-gcc -std=gnu17 -O2 -DNDEBUG -D_GNU_SOURCE -include "$out/version.h" \
    -include src/base/banned.h -Isrc -isystem "$out/sys/usr/include" \
    -isystem "$out/sys/usr/include/aarch64-linux-gnu" $(pkg-config --cflags-only-I p11-kit-1) -ffp-contract=off -fno-math-errno \
    -ffunction-sections -fdata-sections -w -c "\$1" -o "\$object"
EOF
xargs -P "$(nproc)" -I{} sh "$out/compile.sh" {} <"$out/sources"
aarch64-linux-gnu-gcc -static -Wl,--gc-sections -Wl,--no-warnings -o "$out/decide" "$out"/objects/*.o \
    "$lib/libfyaml.a" "$lib/libjansson.a" "$lib/libcrypto.a" "$lib/libz.a" \
    "$lib/libudunits2.a" "$lib/libexpat.a" -lm -lpthread -ldl

# --- packs of this machine, decided again by the other ---
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$hb" init >/dev/null 2>&1
"$hb" keys generate lab --no-passphrase >/dev/null 2>&1
export_and_decide() { # RUN
    "$hb" export evidence-pack --case "$1" --out "$1.zip" >/dev/null 2>&1
    if ! qemu-aarch64 "$out/decide" keys/lab.pub "$1.zip" >"$1.txt" 2>&1; then
        cat "$1.txt"
        echo "$1: arm64 does not find the same"
        exit 1
    fi
    echo "$1: $(tail -n 1 "$1.txt")"
    n=$((n + 1))
}

n=0
for case in "$root"/samples/cases/*/; do
    name=$(basename "$case")
    if [ ! -e "$case/baseline.csv" ] || [ ! -e "$case/current.csv" ]; then
        continue
    fi
    "$hb" run "$case/baseline.csv" --run-id "$name-base" --test-name "$name" --fail-on none >/dev/null 2>&1
    "$hb" baseline set "$name-base" --tag golden >/dev/null 2>&1
    "$hb" run "$case/current.csv" --run-id "$name" --test-name "$name" --fail-on none >/dev/null 2>&1
    export_and_decide "$name"
done

# The statistics of a set of runs: t limits, relations, distributions, history.
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    awk -v seed="$i" 'BEGIN {
        srand(seed); print "time,pressure,flow,temperature"; level = rand()
        for (k = 0; k < 500; k++) {
            a = rand() + rand() + rand() + rand()
            shift = seed >= 11 ? 0.8 : 0
            printf "%.2f,%.9g,%.9g,%.9g\n", k / 10, 50 + a + level / 9, 3 * a + rand() / 5 + shift, 300 * exp((rand() - 0.5) / 40) + level
        }
    }' >"set-$i.csv"
    "$hb" run "set-$i.csv" --run-id "set-$i" --test-name set --fail-on none >/dev/null 2>&1
    if [ "$i" -eq 9 ]; then
        version=$("$hb" baseline create --window 1d --test-name set --json | jq -r .version)
        "$hb" baseline promote --version "$version" --tag golden --yes \
            --override-quality "made by a script" >/dev/null 2>&1
    fi
    if [ "$i" -ge 10 ]; then
        export_and_decide "set-$i"
    fi
done
echo "arm64 finds the same bytes in $n packs"
