#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs Harmony Bridge from an unpacked kit, upgrades what is installed, or goes back.
#
#     ./install.sh                 install or upgrade, start the daemon where systemd runs
#     ./install.sh --rollback      the version before this one again
#     ./install.sh --status        what is installed
#
# Doing it twice changes nothing the second time. Each version has a folder of its own,
# PREFIX/lib/hb/VERSION; PREFIX/lib/hb/current says which one is in use and is switched in one step.
# Before an upgrade the registry is copied to /var/lib/hb/backup, because an older program refuses
# a registry that a newer one has migrated. Nothing is fetched from anywhere.
set -eu

PREFIX=/usr/local
ROOT=
SERVICE=hb-daemon
START=yes
ACTION=install
RESTORE=no
HERE=$(cd "$(dirname "$0")/.." && pwd)

usage()
{
    cat <<'END'
usage: install.sh [options]
  --prefix DIR      where the program goes (default /usr/local)
  --root DIR        install below DIR instead of / (an image, a chroot); nothing is started
  --service NAME    hb-daemon (default; network) or hb-daemon-offline (no network at all)
  --no-start        neither enable nor start the service
  --rollback        switch back to the version before; --restore-data also puts back the copy of
                    the registry made before the upgrade (what was judged since is set aside)
  --status          say what is installed
  --help            this text
END
}

say() { printf 'install: %s\n' "$*"; }
die()
{
    printf 'install: %s\n' "$*" >&2
    exit 1
}

while [ $# -gt 0 ]; do
    case "$1" in
    --prefix | --root | --service)
        [ $# -ge 2 ] || die "$1 needs a value; see --help"
        case "$1" in
        --prefix) PREFIX=$2 ;;
        --root) ROOT=${2%/} ;;
        --service) SERVICE=$2 ;;
        esac
        shift
        ;;
    --no-start) START=no ;;
    --rollback) ACTION=rollback ;;
    --restore-data) RESTORE=yes ;;
    --status) ACTION=status ;;
    --help | -h)
        usage
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
case "$SERVICE" in
hb-daemon | hb-daemon-offline) ;;
*) die "--service is hb-daemon or hb-daemon-offline, got '$SERVICE'" ;;
esac

LIB=$ROOT$PREFIX/lib/hb
BIN=$ROOT$PREFIX/bin
ETC=$ROOT/etc/hb
DATA=$ROOT/var/lib/hb
UNITS=$ROOT/etc/systemd/system

# Is there a systemd to talk to, and are we meant to?
systemd_runs() { [ -z "$ROOT" ] && [ -d /run/systemd/system ]; }

in_use()
{
    if [ -L "$LIB/$1" ]; then
        basename "$(readlink "$LIB/$1")"
    fi
}

# A symbolic link is replaced in one step: readers see the old one or the new one.
point()
{
    ln -s "$2" "$LIB/.$1.new.$$"
    mv -T "$LIB/.$1.new.$$" "$LIB/$1"
}

stop_service()
{
    if systemd_runs && systemctl is-active --quiet "$SERVICE"; then
        say "stopping $SERVICE"
        systemctl stop "$SERVICE"
    fi
}

start_service()
{
    systemd_runs || return 0
    systemctl daemon-reload
    [ "$START" = yes ] || return 0
    systemctl enable --quiet "$SERVICE"
    say "starting $SERVICE"
    systemctl restart "$SERVICE"
}

status()
{
    now=$(in_use current)
    if [ -z "$now" ]; then
        say "nothing is installed below $ROOT$PREFIX"
        exit 1
    fi
    before=$(in_use previous)
    say "version $now in $PREFIX/lib/hb/$now, before it: ${before:-none}"
    if systemd_runs; then
        say "$SERVICE is $(systemctl is-active "$SERVICE" || true)"
    fi
}

[ "$(id -u)" -eq 0 ] || die "must run as root: it writes to $ROOT$PREFIX, $ETC and $UNITS (sudo ./deploy/install.sh)"

if [ "$ACTION" = status ]; then
    status
    exit 0
fi

# The copy of the registry made before version $1 was first used.
backup_of() { printf '%s/backup/before-%s' "$DATA" "$1"; }

rollback()
{
    now=$(in_use current)
    before=$(in_use previous)
    [ -n "$before" ] || die "there is no version before ${now:-none} to go back to"
    [ -x "$LIB/$before/bin/hb" ] || die "$LIB/$before/bin/hb is gone; install that version's kit again"
    copy=$(backup_of "$now")
    if [ "$RESTORE" = yes ] && [ ! -d "$copy" ]; then
        die "there is no copy of the registry in $copy"
    fi
    stop_service
    if [ "$RESTORE" = yes ]; then
        aside=$DATA/backup/set-aside-$(date -u +%Y%m%dT%H%M%SZ)
        mkdir -p "$aside"
        for file in "$DATA"/runs.db "$DATA"/runs.db-wal "$DATA"/runs.db-shm; do
            [ ! -e "$file" ] || mv "$file" "$aside/"
        done
        cp -p "$copy"/* "$DATA/"
        say "the registry is the one from before $now; the newer one is in $aside"
    fi
    point current "$before"
    point previous "$now"
    start_service
    say "back at $before (--rollback again returns to $now)"
    [ "$RESTORE" = yes ] || say "if it refuses the registry as too new: --rollback twice, then --rollback --restore-data"
}

if [ "$ACTION" = rollback ]; then
    rollback
    exit 0
fi
[ "$RESTORE" = no ] || die "--restore-data goes with --rollback"

# What the kit must have, before anything is touched.
for need in bin/hb VERSION deploy/systemd/hb-daemon.service deploy/systemd/hb-daemon-offline.service \
    deploy/sysusers.d/hb.conf deploy/tmpfiles.d/hb.conf config/daemon.yaml; do
    [ -f "$HERE/$need" ] || die "$HERE is no complete kit: $need is missing"
done
VERSION=$(cat "$HERE/VERSION")
case "$VERSION" in
"" | *[!A-Za-z0-9._+-]*) die "the kit's VERSION is not a version: '$VERSION'" ;;
esac
if [ -f "$HERE/SHA256SUMS" ]; then
    (cd "$HERE" && sha256sum --quiet -c SHA256SUMS) || die "the kit is damaged: SHA256SUMS does not hold"
fi

# Does the program run here? Below another root the check belongs to that root.
if [ -z "$ROOT" ]; then
    missing=$(ldd "$HERE/bin/hb" | awk '/not found/ { print $1 }')
    if [ -n "$missing" ]; then
        say "these libraries are missing: $(printf '%s' "$missing" | tr '\n' ' ')"
        die "install the packages listed in $HERE/PACKAGES, then run this again"
    fi
    "$HERE/bin/hb" --version >/dev/null || die "$HERE/bin/hb does not run on this machine"
fi

# Account and folders, by systemd's own tools where they are, else by hand.
account()
{
    if command -v systemd-sysusers >/dev/null; then
        systemd-sysusers ${ROOT:+--root="$ROOT"} "$HERE/deploy/sysusers.d/hb.conf"
    elif ! grep -q '^hb:' "$ROOT/etc/passwd"; then
        ${ROOT:+chroot "$ROOT"} useradd --system --user-group --home-dir /var/lib/hb --no-create-home \
            --shell /usr/sbin/nologin hb
    fi
    uid=$(awk -F: '$1 == "hb" { print $3 }' "$ROOT/etc/passwd")
    gid=$(awk -F: '$1 == "hb" { print $3 }' "$ROOT/etc/group")
    if [ -z "$uid" ] || [ -z "$gid" ]; then
        die "the account hb could not be made"
    fi
}

put() # mode from to: replaced in one step, and only when it differs
{
    if [ -f "$3" ] && cmp -s "$2" "$3"; then
        return 0
    fi
    mkdir -p "$(dirname "$3")"
    cp "$2" "$3.new.$$"
    chmod "$1" "$3.new.$$"
    mv -f "$3.new.$$" "$3"
    say "wrote $3"
}

account
put 0644 "$HERE/deploy/sysusers.d/hb.conf" "$ROOT/usr/lib/sysusers.d/hb.conf"
put 0644 "$HERE/deploy/tmpfiles.d/hb.conf" "$ROOT/usr/lib/tmpfiles.d/hb.conf"
for dir in "$DATA" "$DATA/backup" "$DATA/config"; do
    [ -d "$dir" ] || mkdir -p "$dir"
    chown "$uid:$gid" "$dir"
    chmod 0750 "$dir"
done
[ -d "$ETC" ] || mkdir -p "$ETC"
chown "0:$gid" "$ETC"
chmod 0750 "$ETC"
# The lab's configuration is never overwritten; the kit's stands beside it.
for file in daemon.yaml telemetry_schema.yaml; do
    [ -f "$HERE/config/$file" ] || continue
    if [ ! -e "$ETC/$file" ]; then
        put 0640 "$HERE/config/$file" "$ETC/$file"
        chown "0:$gid" "$ETC/$file"
    elif ! cmp -s "$HERE/config/$file" "$ETC/$file"; then
        put 0640 "$HERE/config/$file" "$ETC/$file.kit"
        chown "0:$gid" "$ETC/$file.kit"
    fi
done

mkdir -p "$LIB" "$BIN"
now=$(in_use current)
if [ "$now" = "$VERSION" ] && cmp -s "$HERE/bin/hb" "$LIB/$VERSION/bin/hb"; then
    say "version $VERSION is installed already"
    CHANGED=no
else
    CHANGED=yes
    stage=$LIB/.$VERSION.new.$$
    rm -rf "$stage"
    mkdir -p "$stage"
    cp -R "$HERE/bin" "$HERE/deploy" "$HERE/config" "$HERE/VERSION" "$stage/"
    [ ! -d "$HERE/share" ] || cp -R "$HERE/share" "$stage/"
    chown -R 0:0 "$stage"
    chmod -R go-w "$stage"
    stop_service
    if [ -n "$now" ] && [ -f "$DATA/runs.db" ] && [ ! -d "$(backup_of "$VERSION")" ]; then
        copy=$(backup_of "$VERSION")
        mkdir -p "$copy.new.$$"
        for file in "$DATA"/runs.db "$DATA"/runs.db-wal; do
            [ ! -e "$file" ] || cp -p "$file" "$copy.new.$$/"
        done
        chown -R "$uid:$gid" "$copy.new.$$"
        mv -T "$copy.new.$$" "$copy"
        say "copied the registry to $copy"
    fi
    # The same version from another build: the old folder steps aside first.
    [ ! -e "$LIB/$VERSION" ] || mv -T "$LIB/$VERSION" "$LIB/.$VERSION.old.$$"
    mv -T "$stage" "$LIB/$VERSION"
    rm -rf "$LIB/.$VERSION.old.$$"
    if [ -n "$now" ] && [ "$now" != "$VERSION" ]; then
        point previous "$now"
    fi
    point current "$VERSION"
fi
if [ "$(readlink "$BIN/hb" 2>/dev/null || true)" != "../lib/hb/current/bin/hb" ]; then
    ln -s ../lib/hb/current/bin/hb "$BIN/.hb.new.$$"
    mv -T "$BIN/.hb.new.$$" "$BIN/hb"
fi
for page in "$LIB/current/share/man/man1"/*.1; do
    [ -f "$page" ] || continue
    put 0644 "$page" "$ROOT$PREFIX/share/man/man1/$(basename "$page")"
done
for unit in hb-daemon hb-daemon-offline; do
    sed "s,@BINDIR@,$PREFIX/bin,g" "$HERE/deploy/systemd/$unit.service" >"$LIB/.$unit.$$"
    put 0644 "$LIB/.$unit.$$" "$UNITS/$unit.service"
    rm -f "$LIB/.$unit.$$"
done

if systemd_runs; then
    if [ "$CHANGED" = yes ] || ! systemctl is-active --quiet "$SERVICE"; then
        if ! start_service; then
            if [ "$CHANGED" = yes ] && [ -n "$now" ] && [ "$now" != "$VERSION" ]; then
                say "$VERSION does not start; going back to $now"
                RESTORE=yes
                [ -d "$(backup_of "$VERSION")" ] || RESTORE=no
                rollback
            fi
            die "$SERVICE did not start; see: journalctl -u $SERVICE"
        fi
    fi
else
    say "systemd is not running here: $SERVICE is installed and not started"
fi
say "version $VERSION is in use: $PREFIX/bin/hb; configuration $ETC/daemon.yaml; data $DATA"
