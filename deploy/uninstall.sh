#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Takes away what install.sh put there. Data and configuration stay unless --purge is given: they are
# the lab's. Doing it twice is fine.
set -eu

PREFIX=/usr/local
ROOT=
PURGE=no

say() { printf 'uninstall: %s\n' "$*"; }
die()
{
    printf 'uninstall: %s\n' "$*" >&2
    exit 1
}

while [ $# -gt 0 ]; do
    case "$1" in
    --prefix | --root)
        [ $# -ge 2 ] || die "$1 needs a value"
        if [ "$1" = --prefix ]; then PREFIX=$2; else ROOT=${2%/}; fi
        shift
        ;;
    --purge) PURGE=yes ;;
    --help | -h)
        cat <<'END'
usage: uninstall.sh [--prefix DIR] [--root DIR] [--purge]
  --purge   also /etc/hb, /var/lib/hb (registry, journal, reports) and the account hb
END
        exit 0
        ;;
    *) die "unknown option '$1'; see --help" ;;
    esac
    shift
done
case "$PREFIX" in
/*) ;;
*) die "--prefix must be an absolute path, got '$PREFIX'" ;;
esac
[ "$(id -u)" -eq 0 ] || die "must run as root"

if [ -z "$ROOT" ] && [ -d /run/systemd/system ]; then
    for unit in hb-daemon hb-daemon-offline; do
        if [ -f "/etc/systemd/system/$unit.service" ]; then
            systemctl disable --now --quiet "$unit" || say "$unit could not be stopped"
        fi
    done
fi
rm -f "$ROOT/etc/systemd/system/hb-daemon.service" "$ROOT/etc/systemd/system/hb-daemon-offline.service" \
    "$ROOT/usr/lib/sysusers.d/hb.conf" "$ROOT/usr/lib/tmpfiles.d/hb.conf"
if [ -z "$ROOT" ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
# Only pages that are ours: those of the version in use.
for page in "$ROOT$PREFIX/lib/hb/current/share/man/man1"/*.1; do
    [ ! -f "$page" ] || rm -f "$ROOT$PREFIX/share/man/man1/$(basename "$page")"
done
if [ "$(readlink "$ROOT$PREFIX/bin/hb" 2>/dev/null || true)" = "../lib/hb/current/bin/hb" ]; then
    rm -f "$ROOT$PREFIX/bin/hb"
fi
rm -rf "$ROOT$PREFIX/lib/hb"
if [ "$PURGE" = yes ]; then
    rm -rf "$ROOT/etc/hb" "$ROOT/var/lib/hb" "$ROOT/run/hb"
    if grep -q '^hb:' "$ROOT/etc/passwd"; then
        ${ROOT:+chroot "$ROOT"} userdel hb || say "the account hb could not be removed"
    fi
    say "removed, with configuration and data"
else
    say "removed; $ROOT/etc/hb and $ROOT/var/lib/hb are kept (--purge takes them too)"
fi
