#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing of the Debian packages that building ("build") or testing ("build test")
# needs, and says so first. Nothing is installed when nothing is missing.
# "bench": the peers of `make bench`; "live": what `make demo-live` talks to; "arm64": what `make arm64` builds with.
#
#     tools/install-deps.sh build
#     tools/install-deps.sh build test
set -eu

build="gcc make cmake ninja-build pkg-config libc6-dev libfyaml-dev libjansson-dev libudunits2-dev
       libsqlite3-dev libexpat1-dev zlib1g-dev libzstd-dev libssl-dev libmatio-dev
       libhdf5-dev libpaho-mqtt-dev libmicrohttpd-dev libcurl4-openssl-dev
       libprotobuf-c-dev protobuf-c-compiler libp11-kit-dev"
test="clang-14 clang libclang-rt-14-dev clang-format-14 libcmocka-dev libseccomp-dev python3 python3-numpy
      python3-scipy python3-mpmath python3-jsonschema python3-openpyxl python3-h5py python3-yaml python3-cryptography chromium
      udunits-bin mandoc jq poppler-utils zsh bash sqlite3 zstd gzip strace unzip
      mosquitto mosquitto-clients python3-paho-mqtt python3-protobuf python3-prometheus-client prometheus curl openssl
      python3-securesystemslib softhsm2 opensc openssh-client
      bsdutils systemd debootstrap shellcheck dash"
# a broker and a publisher for the live demonstration
live="mosquitto python3 python3-paho-mqtt"
# another processor: a compiler, an emulator
arm64="gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user jq"
# peers that Debian has; DuckDB and Polars come by npm where that is installed (tools/bench/peers.py)
bench="python3 python3-numpy python3-pandas python3-scipy python3-openpyxl mawk"

wanted=""
for group in "$@"; do
    case "$group" in
    build) wanted="$wanted $build" ;;
    test) wanted="$wanted $test" ;;
    bench) wanted="$wanted $bench" ;;
    live) wanted="$wanted $live" ;;
    arm64) wanted="$wanted $arm64" ;;
    *)
        echo "install-deps: unknown group '$group', expected build, test, live or bench" >&2
        exit 2
        ;;
    esac
done

missing=""
for package in $wanted; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
    echo "install-deps: everything needed for '$*' is installed"
    exit 0
fi

echo "install-deps: installing:$missing"
sudo=""
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "install-deps: not root and no sudo; as root run: apt-get install$missing" >&2
        exit 1
    fi
    sudo=sudo
fi
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -q
# shellcheck disable=SC2086 # a list of package names
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
