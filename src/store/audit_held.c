/* SPDX-License-Identifier: Apache-2.0 */
/* The queue says what was written; whether it is still there says only the row itself. Who takes a
 * rejection or the newest operators out of the registry leaves queue and log as they were. */
#include "store/audit_internal.h"
#include "store/sql.h"

#include <string.h>

#define FROM_QUEUE " FROM audit_queue q LEFT JOIN "
#define DATA(member) "json_extract(q.entry, '$.data." member "')"

typedef struct held {
    const char *what;
    const char
        *sql; /* seq, digest of the body ("" = none is made), body (NULL = the row is gone) */
} held;

static const held everything[] = {
    {"signed statement",
     "SELECT q.id, q.subject, s.envelope" FROM_QUEUE "statements s ON s.sha256 = " DATA(
         "statement_sha256") " WHERE q.type IN ('request', 'review', 'approval', "
                             "'rejection', 'break_glass', 'setting')"
                             " OR (q.type = 'operators' AND " DATA(
                                 "sha256") " IS NULL) ORDER BY q.id"},
    {"text of operators",
     "SELECT q.id, q.subject, o.text" FROM_QUEUE "operators o ON o.sha256 = q.subject"
     " WHERE q.type = 'operators' AND " DATA("sha256") " = q.subject ORDER BY q.id"},
    {"baseline version",
     "SELECT q.id, q.subject, v.json" FROM_QUEUE "baseline_versions v ON v.digest = q.subject"
     " WHERE q.type = 'version' ORDER BY q.id"},
    {"retirement", "SELECT q.id, '', t.reason" FROM_QUEUE
                   "(baseline_retirements t JOIN baseline_versions v ON v.id = t.version) "
                   "ON v.digest = q.subject"
                   " WHERE q.type = 'retire' ORDER BY q.id"},
    {"decision", "SELECT q.id, q.subject, d.json" FROM_QUEUE
                 "(decisions d JOIN runs r ON r.id = d.run) ON r.run_id = " DATA(
                     "run_id") " AND d.digest = q.subject WHERE q.type = 'decision' "
                               "AND " DATA("window") " IS NULL"
                                                     " ORDER BY q.id"},
};

static hb_status check(hb_store *s, const char *what, hb_sql *q, hb_error *err)
{
    char digest[HB_DIGEST_HEX] = "";
    int64_t seq = hb_sql_get_i64(q);
    hb_str wanted = hb_sql_get_blob(q);
    hb_str body = hb_sql_get_blob(q);
    HB_TRY(hb_sql_check(q, err));
    if (!body.p) {
        return HB_FAIL(err, HB_E_EVIDENCE,
                       "registry '%s' does not have the %s that its entry %lld of the log tells "
                       "of: it was taken away; restore a backup",
                       hb_store_path(s), what, (long long)seq);
    }
    if (wanted.n) {
        HB_TRY(hb_digest_of(body.p, body.n, digest, err));
    }
    return hb_str_eq_c(wanted, digest)
               ? HB_OK
               : HB_FAIL(err, HB_E_EVIDENCE,
                         "registry '%s': the %s that its entry %lld of the log tells of was "
                         "changed; restore a backup",
                         hb_store_path(s), what, (long long)seq);
}

hb_status hb_store_log_held(hb_store *s, hb_error *err)
{
    for (size_t i = 0; i < sizeof everything / sizeof *everything; i++) {
        HB_CLEANUP(hb_sql_close) hb_sql q = {0};
        bool more = false;
        HB_TRY(hb_sql_open(s, everything[i].sql, &q, err));
        HB_TRY(hb_sql_row(&q, &more, err));
        while (more) {
            HB_TRY(check(s, everything[i].what, &q, err));
            HB_TRY(hb_sql_row(&q, &more, err));
        }
    }
    return HB_OK;
}
