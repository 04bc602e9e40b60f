/* SPDX-License-Identifier: Apache-2.0 */
/* Streams as wholes: which there are, how far they were judged, which came out of a backup. */
#include "store/live.h"
#include "store/sql.h"
#include "store/store_internal.h"

hb_status hb_live_judged_to(hb_store *s, const char *stream, uint64_t *ret_position, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool found = false;
    HB_TRY(hb_sql_open(s, "SELECT decided FROM live_checkpoints WHERE stream = ?", &q, err));
    hb_sql_text(&q, stream);
    HB_TRY(hb_sql_row(&q, &found, err));
    uint64_t position = found ? hb_sql_get_u64(&q) : 0;
    HB_TRY(hb_sql_check(&q, err));
    *ret_position = position;
    return HB_OK;
}

static hb_status mark_restored(hb_store *s, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "INSERT OR REPLACE INTO live_restored(stream, decided)"
                       " SELECT stream, decided FROM live_checkpoints",
                       &q, err));
    return hb_sql_exec(&q, err);
}

hb_status hb_live_restored(hb_store *s, hb_error *err)
{
    HB_TRY(hb_store_begin(s, err));
    return hb_store_end(s, mark_restored(s, err), err);
}

hb_status hb_live_begins_at(hb_store *s, const char *stream, uint64_t *ret_position,
                            bool *ret_found, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    HB_TRY(hb_sql_open(s,
                       "SELECT r.decided FROM live_restored r JOIN live_checkpoints c"
                       " ON c.stream = r.stream AND c.decided = r.decided WHERE r.stream = ?",
                       &q, err));
    hb_sql_text(&q, stream);
    HB_TRY(hb_sql_row(&q, ret_found, err));
    *ret_position = *ret_found ? hb_sql_get_u64(&q) : 0;
    return hb_sql_check(&q, err);
}

hb_status hb_live_streams(hb_store *s, hb_arena *arena, const char ***ret, size_t *ret_n,
                          hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    const char **list = NULL;
    size_t n = 0;
    size_t cap = 0;
    bool more = false;
    HB_TRY(hb_sql_open(s, "SELECT DISTINCT stream FROM live_windows ORDER BY 1", &q, err));
    HB_TRY(hb_sql_row(&q, &more, err));
    while (more) {
        HB_TRY(HB_ARENA_GROW(arena, list, n, cap, err));
        list[n++] = hb_sql_get_text(&q, arena);
        HB_TRY(hb_sql_row(&q, &more, err));
    }
    *ret = list;
    *ret_n = n;
    return hb_sql_check(&q, err);
}
