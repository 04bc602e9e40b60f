/* SPDX-License-Identifier: Apache-2.0 */
#include "store/survey.h"

#include "store/sql.h"

enum { NAMES_BYTES = 64 << 20, TABLE_SQL = 256 };

static hb_status file_numbers(hb_store *s, const hb_survey_sink *to, hb_error *err)
{
    static const struct {
        const char *key;
        const char *text;
    } rows[] = {{"pages", "PRAGMA page_count"},
                {"page_bytes", "PRAGMA page_size"},
                {"free_pages", "PRAGMA freelist_count"},
                {"schema", "PRAGMA user_version"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t n = 0;
        HB_TRY(hb_sql_number(s, rows[i].text, &n, err));
        to->number(to->ctx, "file", rows[i].key, (uint64_t)n);
    }
    return HB_OK;
}

/* "key, n" rows; the keys are words of the schema. */
static hb_status counted(hb_store *s, const char *text, const char *group, hb_arena *arena,
                         const hb_survey_sink *to, hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool more = false;
    HB_TRY(hb_sql_open(s, text, &q, err));
    HB_TRY(hb_sql_row(&q, &more, err));
    while (more) {
        const char *key = hb_sql_get_text(&q, arena);
        uint64_t n = (uint64_t)hb_sql_get_i64(&q);
        HB_TRY(hb_sql_check(&q, err));
        to->number(to->ctx, group, key, n);
        HB_TRY(hb_sql_row(&q, &more, err));
    }
    return HB_OK;
}

static hb_status rows_of_tables(hb_store *s, hb_arena *arena, const hb_survey_sink *to,
                                hb_error *err)
{
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool more = false;
    HB_TRY(hb_sql_open(s,
                       "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE "
                       "'sqlite\\_%' ESCAPE '\\' ORDER BY name",
                       &q, err));
    HB_TRY(hb_sql_row(&q, &more, err));
    while (more) {
        char text[TABLE_SQL];
        int64_t n = 0;
        const char *table = hb_sql_get_text(&q, arena);
        HB_TRY(hb_sql_check(&q, err));
        snprintf(text, sizeof text, "SELECT count(*) FROM \"%.100s\"", table);
        HB_TRY(hb_sql_number(s, text, &n, err));
        to->number(to->ctx, "rows", table, (uint64_t)n);
        HB_TRY(hb_sql_row(&q, &more, err));
    }
    return HB_OK;
}

hb_status hb_store_survey(hb_store *s, const hb_survey_sink *to, hb_error *err)
{
    hb_arena arena;
    hb_arena_init(&arena, 1 << 20);
    hb_status status = file_numbers(s, to, err);
    status = status == HB_OK ? rows_of_tables(s, &arena, to, err) : status;
    status = status == HB_OK
                 ? counted(s, "SELECT status, count(*) FROM decisions GROUP BY status ORDER BY 1",
                           "decisions", &arena, to, err)
                 : status;
    status = status == HB_OK
                 ? counted(s, "SELECT state, count(*) FROM alerts GROUP BY state ORDER BY 1",
                           "alerts", &arena, to, err)
                 : status;
    hb_arena_release(&arena);
    return status;
}

const char *hb_survey_name_word(hb_survey_name which)
{
    static const char *const words[HB_SURVEY_NAME_COUNT_] = {[HB_SURVEY_RUNS] = "runs",
                                                             [HB_SURVEY_PROGRAMS] = "programs",
                                                             [HB_SURVEY_METRICS] = "metrics",
                                                             [HB_SURVEY_TAGS] = "tags"};
    return words[which];
}

hb_status hb_store_names(hb_store *s, hb_survey_name which,
                         void (*name)(void *ctx, const char *name), void *ctx, hb_error *err)
{
    static const char *const texts[HB_SURVEY_NAME_COUNT_] = {
        [HB_SURVEY_RUNS] = "SELECT run_id FROM runs ORDER BY 1 LIMIT ?",
        [HB_SURVEY_PROGRAMS] = "SELECT DISTINCT program FROM runs ORDER BY 1 LIMIT ?",
        [HB_SURVEY_METRICS] = "SELECT DISTINCT name FROM run_metrics ORDER BY 1 LIMIT ?",
        [HB_SURVEY_TAGS] = "SELECT DISTINCT tag FROM tags ORDER BY 1 LIMIT ?"};
    HB_CLEANUP(hb_sql_close) hb_sql q = {0};
    bool more = false;
    hb_arena arena;
    HB_TRY(hb_sql_open(s, texts[which], &q, err));
    hb_sql_i64(&q, HB_SURVEY_NAMES_MAX);
    hb_arena_init(&arena, NAMES_BYTES);
    hb_status status = hb_sql_row(&q, &more, err);
    while (status == HB_OK && more) {
        const char *text = hb_sql_get_text(&q, &arena);
        status = hb_sql_check(&q, err);
        if (status == HB_OK) {
            name(ctx, text);
            status = hb_sql_row(&q, &more, err);
        }
    }
    hb_arena_release(&arena);
    return status;
}

hb_status hb_store_used(hb_store *s, uint64_t *ret_bytes, hb_error *err)
{
    int64_t pages = 0;
    int64_t empty = 0;
    int64_t bytes = 0;
    HB_TRY(hb_sql_number(s, "PRAGMA page_count", &pages, err));
    HB_TRY(hb_sql_number(s, "PRAGMA freelist_count", &empty, err));
    HB_TRY(hb_sql_number(s, "PRAGMA page_size", &bytes, err));
    *ret_bytes = (uint64_t)(pages - empty) * (uint64_t)bytes;
    return HB_OK;
}
