/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

#include <stdio.h>

static hb_status note_step(hb_store *s, int version, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(
        s, "INSERT INTO schema_info(version, applied_ns, hb_version) VALUES (?, ?, ?)", &q, err));
    hb_sql_i64(&q, version);
    hb_sql_i64(&q, s->os->now());
    hb_sql_text(&q, HB_VERSION);
    HB_TRY(hb_sql_exec(&q, err));
    char pragma[64];
    snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", version);
    return hb_sql_do(s, pragma, err);
}

static hb_status statements_of(hb_store *s, const hb_migration *step, hb_error *err)
{
    for (size_t i = 0; i < step->n_statements; i++) {
        HB_TRY(hb_sql_do(s, step->statements[i], err));
    }
    return HB_OK;
}

static hb_status one_step(hb_store *s, const hb_migration *step, hb_error *err)
{
    HB_TRY(statements_of(s, step, err));
    for (size_t i = 0; step->parts && step->parts[i]; i++) {
        HB_TRY(statements_of(s, step->parts[i], err));
    }
    return note_step(s, step->from + 1, err);
}

static hb_status all_steps(hb_store *s, const hb_migration *steps, size_t n_steps, hb_error *err)
{
    /* Read again under the lock: another process may have done it meanwhile. */
    int64_t version = 0;
    HB_TRY(hb_sql_number(s, "PRAGMA user_version", &version, err));
    for (size_t i = 0; i < n_steps; i++) {
        if (steps[i].from == version) {
            HB_TRY(one_step(s, &steps[i], err));
            version++;
        }
    }
    int64_t broken = 0;
    HB_TRY(hb_sql_number(s, "SELECT count(*) FROM pragma_foreign_key_check", &broken, err));
    if (broken) {
        return HB_FAIL(err, HB_E_STORE,
                       "registry '%s' cannot be brought to schema %d: %lld broken references; "
                       "restore a backup",
                       s->path, (int)n_steps, (long long)broken);
    }
    return HB_OK;
}

hb_status hb_store_migrate(hb_store *s, const hb_migration *steps, size_t n_steps, hb_error *err)
{
    HB_TRY(hb_store_begin(s, err));
    return hb_store_end(s, all_steps(s, steps, n_steps, err), err);
}
