#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the kit that deploy/install.sh installs from: build/kit/hb-VERSION/ and a tar file beside it.
# The same build gives the same tar bytes.
#
#     tools/kit.sh [BUILD] [VERSION]      default: build/release, the program's own version
set -eu
cd "$(dirname "$0")/.."
build=${1:-build/release}
[ -x "$build/hb" ] || {
    echo "kit: $build/hb is not there; make build first" >&2
    exit 1
}
version=${2:-$("$build/hb" --version | awk 'NR == 1 { print $2 }')}
kit=build/kit/hb-$version
rm -rf "$kit"
mkdir -p "$kit"
cmake --install "$build" --prefix "$PWD/$kit" >/dev/null
cp -R deploy config "$kit/"
cp LICENSE THIRD_PARTY.md README.md CHANGELOG.md "$kit/"
printf '%s\n' "$version" >"$kit/VERSION"
# The Debian packages of the libraries it is linked to.
ldd "$kit/bin/hb" | awk '/=> \// { print $3 }' | while read -r library; do
    dpkg-query -S "$(readlink -f "$library")" 2>/dev/null || dpkg-query -S "$library" 2>/dev/null || true
done | sed 's/:.*//' | sort -u >"$kit/PACKAGES"
(cd "$kit" && find . -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs sha256sum >SHA256SUMS)
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C build/kit -czf "$kit.tar.gz" "hb-$version"
echo "kit: $kit.tar.gz"
