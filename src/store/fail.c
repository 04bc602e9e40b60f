/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_internal.h"

#include <string.h>

/* %1: path. What a person can do stands in the message. */
typedef struct rule {
    int rc; /* primary result code */
    hb_status status;
    bool system_reason; /* add the operating system's */
    const char *text;
} rule;

static const rule rules[] = {
    {SQLITE_BUSY, HB_E_STORE, false,
     "is locked by another process; wait for it to end, then repeat"},
    {SQLITE_LOCKED, HB_E_STORE, false,
     "is locked by another process; wait for it to end, then repeat"},
    {SQLITE_FULL, HB_E_STORE, false, "cannot grow, the disk is full; free space, then repeat"},
    {SQLITE_IOERR, HB_E_STORE, true, "cannot be read or written"},
    {SQLITE_CANTOPEN, HB_E_STORE, true, "cannot be opened; check the rights of file and folder"},
    {SQLITE_PERM, HB_E_STORE, true, "cannot be opened; check the rights of file and folder"},
    {SQLITE_READONLY, HB_E_STORE, false,
     "cannot be written, file or folder is read-only; change the rights or name another with --db"},
    {SQLITE_NOTADB, HB_E_STORE, false,
     "is not a registry: not an SQLite file; name the right one with --db"},
    {SQLITE_CORRUPT, HB_E_STORE, false,
     "is damaged; keep a copy, then restore a backup or ingest the run files into a new one"},
    {SQLITE_TOOBIG, HB_E_LIMIT, false, "cannot hold a text or blob of this size"},
};

static const rule *rule_of(int rc)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (rules[i].rc == (rc & 0xff)) {
            return &rules[i];
        }
    }
    return NULL;
}

hb_status hb_store_fail(hb_store *s, int rc, hb_error *err)
{
    if ((rc & 0xff) == SQLITE_NOMEM) {
        return HB_NOMEM(err);
    }
    const char *kept = s->writing ? "; nothing was recorded" : "";
    const rule *r = rule_of(rc);
    if (!r) {
        return HB_FAIL(err, HB_E_STORE, "registry '%s' refused: %s%s", s->path,
                       s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc), kept);
    }
    int sys = r->system_reason && s->db ? sqlite3_system_errno(s->db) : 0;
    return HB_FAIL(err, r->status, "registry '%s' %s%s%s%s%s", s->path, r->text, sys ? " (" : "",
                   sys ? strerror(sys) : "", sys ? ")" : "", kept);
}
