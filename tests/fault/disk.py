# SPDX-License-Identifier: Apache-2.0
"""A disk whose power goes, from the records of trace_preload.c: what a folder may hold when the power went after the
n-th of them.

Each 4 KiB page of a file that was not synced since is as it was when it was synced, as it is, or as it was after any of
the writes in between; some are mixed of these by sectors of 512 bytes. A file's length is any it had since. Of what
happened to the names in a folder since that was synced a prefix is there (journaling file systems promise that), each
folder for itself, which is less than they promise: a file that was synced and whose name was not may be gone."""
import os
import struct

HEAD = struct.Struct("<QIiIII4s")
PAGE, SECTOR = 4096, 512


def records(path):
    with open(path, "rb") as f:
        data = f.read()
    at = 0
    while at < len(data):
        number, pid, fd, a, b, n, what = HEAD.unpack_from(data, at)
        at += HEAD.size
        yield (what[:1].decode(), pid, fd, number, data[at:at + a].decode(), data[at + a:at + a + b].decode(), data[at + a + b:at + a + b + n])
        at += a + b + n


class File:
    def __init__(self, content=b""):
        self.now = bytearray(content)
        self.synced()

    def synced(self):
        self.versions = [bytes(self.now)]

    def changed(self):
        self.versions.append(bytes(self.now))

    def write(self, at, data):
        if len(self.now) < at:
            self.now.extend(bytes(at - len(self.now)))
        self.now[at:at + len(data)] = data
        self.changed()

    def truncate(self, n):
        del self.now[n:]
        self.now.extend(bytes(n - len(self.now)))
        self.changed()

    def found(self, rng):
        v = self.versions
        if len(v) == 1:
            return v[0]
        n = len(rng.choice([v[0], v[-1], rng.choice(v)]))
        padded = [x[:n] + bytes(max(0, n - len(x))) for x in v]
        out = bytearray()
        for at in range(0, n, PAGE):
            if rng.randrange(4):
                page = rng.choice(padded)[at:at + PAGE]
            else:
                page = b"".join(rng.choice(padded)[s:s + SECTOR] for s in range(at, min(at + PAGE, n), SECTOR))
            out += page
        return bytes(out[:n])


class Folder:
    def __init__(self):
        self.now = {}
        self.synced()

    def synced(self):
        self.safe, self.changes = dict(self.now), []

    def change(self, *pairs):
        """(name, object or None)…, in one step."""
        for name, what in pairs:
            if what is None:
                self.now.pop(name, None)
            else:
                self.now[name] = what
        self.changes.append(pairs)

    def found(self, rng):
        names = dict(self.safe)
        n = rng.choice([0, len(self.changes), rng.randrange(len(self.changes) + 1)])
        for pairs in self.changes[:n]:
            for name, what in pairs:
                if what is None:
                    names.pop(name, None)
                else:
                    names[name] = what
        return names


class Disk:
    """The folder `root` as it is now is taken for synced; then apply() the records one by one."""

    def __init__(self, root):
        self.root = root
        self.tree = self.load(root)
        self.open = {}

    def load(self, path):
        folder = Folder()
        for name in os.listdir(path):
            whole = os.path.join(path, name)
            if os.path.isdir(whole):
                folder.now[name] = self.load(whole)
            else:
                with open(whole, "rb") as f:
                    folder.now[name] = File(f.read())
        folder.synced()
        return folder

    def find(self, path):
        what = self.tree
        for name in [p for p in os.path.relpath(path, self.root).split("/") if p != "."]:
            what = what.now.get(name) if isinstance(what, Folder) else None
        return what

    def parent(self, path):
        return self.find(os.path.dirname(path)), os.path.basename(path)

    def apply(self, record):
        what, pid, fd, number, path, path2, data = record
        if what == "O":
            there = self.find(path)
            if there is None:
                there = File()
                folder, name = self.parent(path)
                folder.change((name, there))
            elif number & os.O_TRUNC and there.now:
                there.truncate(0)
            self.open[pid, fd] = there
        elif what == "C":
            self.open.pop((pid, fd), None)
        elif what == "W":
            self.open[pid, fd].write(number, data)
        elif what == "T":
            self.open[pid, fd].truncate(number)
        elif what == "S":
            self.open[pid, fd].synced()
        elif what == "M":
            folder, name = self.parent(path)
            folder.change((name, Folder()))
        elif what in "UD":
            folder, name = self.parent(path)
            folder.change((name, None))
        elif what == "R":
            (a, old), (b, new) = self.parent(path), self.parent(path2)
            moved = a.now[old]
            if a is b:
                a.change((new, moved), (old, None))
            else:
                b.change((new, moved))
                a.change((old, None))

    def power_goes(self, rng, out):
        """Writes into the new folder `out` what is found afterwards."""
        self.put(self.tree, rng, out)

    def put(self, folder, rng, out):
        os.mkdir(out)
        for name, what in sorted(folder.found(rng).items()):
            path = os.path.join(out, name)
            if isinstance(what, Folder):
                self.put(what, rng, path)
            else:
                with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as f:
                    f.write(what.found(rng))
