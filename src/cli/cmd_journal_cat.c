/* SPDX-License-Identifier: Apache-2.0 */
/* hb journal cat: the records themselves. */
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/journal_shared.h"

#include "base/json_write.h"
#include "base/num.h"
#include "journal/inspect.h"

#include <inttypes.h>
#include <string.h>

enum { FLUSH_BYTES = 1 << 16 };

typedef struct cat_opts {
    hb_journal_opts common;
    const char *from;
    const char *to;
    const char *source;
} cat_opts;

/* A position, or a time of arrival: the other is as wide as can be. */
typedef struct place {
    bool given;
    bool is_time;
    uint64_t position;
    hb_time time;
} place;

static hb_status read_place(const char *option, const char *text, place *ret, hb_error *err)
{
    *ret = (place){0};
    if (!text) {
        return HB_OK;
    }
    int64_t n = 0;
    ret->given = true;
    if (hb_num_parse_i64(text, strlen(text), &n) && n >= 0) {
        ret->position = (uint64_t)n;
        return HB_OK;
    }
    ret->is_time = true;
    return hb_time_parse(text, strlen(text), &ret->time, NULL)
               ? HB_OK
               : HB_FAIL(err, HB_E_USAGE,
                         "%s takes a position, as hb journal list shows them, or a time such as "
                         "2026-11-23T20:55:01Z, got '%.80s'",
                         option, text);
}

static void base64(hb_buf *out, hb_str s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.n; i += 3) {
        const unsigned char *p = (const unsigned char *)s.p + i;
        size_t n = s.n - i < 3 ? s.n - i : 3;
        unsigned bits =
            (unsigned)p[0] << 16 | (n > 1 ? (unsigned)p[1] << 8 : 0) | (n > 2 ? (unsigned)p[2] : 0);
        hb_buf_ch(out, digits[bits >> 18]);
        hb_buf_ch(out, digits[bits >> 12 & 63]);
        hb_buf_ch(out, n > 1 ? digits[bits >> 6 & 63] : '=');
        hb_buf_ch(out, n > 2 ? digits[bits & 63] : '=');
    }
}

/* As text under `key` when it is UTF-8, else under `key_base64`. */
static void put_bytes(hb_json *j, const char *key, const char *key_base64, hb_str s,
                      hb_buf *scratch)
{
    if (hb_utf8_valid_prefix(s) == s.n) {
        hb_json_key(j, key);
        hb_json_str(j, s);
        return;
    }
    hb_buf_clear(scratch);
    base64(scratch, s);
    hb_json_key(j, key_base64);
    hb_json_str(j, (hb_str){scratch->p, scratch->n});
}

static hb_status put_json(hb_app *app, const hb_record *r, hb_buf *scratch, hb_error *err)
{
    static const char *const kinds[] = {
        [HB_RECORD_MESSAGE] = "message", [HB_RECORD_TICK] = "tick", [HB_RECORD_LOSS] = "loss"};
    hb_json j;
    hb_json_init(&j, &app->out, HB_JSON_LINE);
    hb_json_obj(&j);
    hb_json_ku(&j, "position", r->position);
    hb_json_kc(&j, "kind", kinds[r->kind]);
    put_bytes(&j, "source", "source_base64", r->source, scratch);
    put_bytes(&j, "topic", "topic_base64", r->topic, scratch);
    hb_json_kt(&j, "event", r->event);
    hb_json_kt(&j, "arrival", r->arrival);
    put_bytes(&j, "payload", "payload_base64", r->payload, scratch);
    hb_json_end(&j);
    hb_buf_ch(&app->out, '\n');
    HB_TRY(hb_buf_check(scratch, err));
    return hb_json_done(&j, err);
}

static void put_raw(hb_app *app, const hb_record *r)
{
    hb_buf_str(&app->out, r->payload);
    if (r->payload.n == 0 || r->payload.p[r->payload.n - 1] != '\n') {
        hb_buf_ch(&app->out, '\n');
    }
}

typedef struct cat_job {
    hb_app *app;
    hb_journal *j;
    place from;
    place to;
    const char *source;
    hb_buf scratch;
} cat_job;

static bool wanted(const cat_job *c, const hb_record *r)
{
    return !(c->from.is_time && r->arrival < c->from.time) &&
           !(c->to.is_time && r->arrival >= c->to.time) &&
           !(c->source && !hb_str_eq_c(r->source, c->source)) &&
           (c->app->common.json || r->kind == HB_RECORD_MESSAGE);
}

static hb_status cat_segment(cat_job *c, uint64_t from, uint64_t to, hb_error *err)
{
    hb_journal_reader *reader = NULL;
    HB_TRY(hb_journal_reader_open(c->j, from, &reader, err));
    hb_status status = HB_OK;
    bool more = true;
    for (uint64_t at = from; status == HB_OK && more && at < to;) {
        hb_record r;
        status = hb_journal_next(reader, &r, &more, err);
        if (status != HB_OK || !more) {
            break;
        }
        at = r.next;
        if (!wanted(c, &r)) {
            continue;
        }
        if (c->app->common.json) {
            status = put_json(c->app, &r, &c->scratch, err);
        } else {
            put_raw(c->app, &r);
        }
        if (status == HB_OK && c->app->out.n >= FLUSH_BYTES) {
            status = hb_app_flush(c->app, err);
        }
    }
    hb_journal_reader_close(reader);
    return status;
}

static hb_status cat_all(cat_job *c, const hb_journal_listing *l, hb_error *err)
{
    bool from_position = c->from.given && !c->from.is_time;
    bool to_position = c->to.given && !c->to.is_time;
    bool found = !from_position || c->from.position == l->state.end;
    for (size_t i = 0; i < l->n_rows; i++) {
        const hb_journal_row *r = &l->rows[i];
        uint64_t from = from_position && c->from.position > r->start ? c->from.position : r->start;
        uint64_t to = to_position && c->to.position < r->end ? c->to.position : r->end;
        found = found || (c->from.position >= r->start && c->from.position < r->end);
        if (i > 0 && l->rows[i - 1].end < r->start && from == r->start && found) {
            hb_say(c->app, "positions %" PRIu64 " to %" PRIu64 " are not kept", l->rows[i - 1].end,
                   r->start);
        }
        /* A time can pass over a segment whose records all came before it. */
        bool older = c->from.is_time && !r->damaged && !r->last && r->newest < c->from.time;
        if (from < to && found && !older) {
            HB_TRY(cat_segment(c, from, to, err));
        }
    }
    return found ? HB_OK
                 : HB_FAIL(err, HB_E_INPUT,
                           "position %" PRIu64
                           " is not kept; hb journal list shows which positions are",
                           c->from.position);
}

static hb_status run_cat(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const cat_opts *o = opts;
    const char *dir = NULL;
    hb_journal_listing l;
    cat_job c = {.app = app, .source = o->source};
    const hb_journal_options reading = {.read_only = true};
    (void)args;
    (void)ret_exit;
    HB_TRY(read_place("--from", o->from, &c.from, err));
    HB_TRY(read_place("--to", o->to, &c.to, err));
    HB_TRY(hb_journal_dir(app, o->common.journal, &dir, err));
    HB_TRY(hb_journal_list(app->os, dir, &app->arena, &l, err));
    HB_TRY(hb_journal_open(app->os, dir, &reading, &c.j, err));
    hb_buf_init(&c.scratch, 2 * (size_t)HB_RECORD_PAYLOAD_MAX);
    hb_status status = cat_all(&c, &l, err);
    hb_buf_release(&c.scratch);
    hb_journal_close(c.j);
    if (status != HB_OK) {
        HB_IGNORE(hb_app_flush(app, NULL)); /* what could be read; the error says where it ended */
    }
    return status;
}

static const hb_opt table[] = {
    HB_JOURNAL_OPT,
    {.name = "from",
     .kind = HB_OPT_STRING,
     .offset = offsetof(cat_opts, from),
     .arg = "WHERE",
     .help = "from this position, or time of arrival, on"},
    {.name = "to",
     .kind = HB_OPT_STRING,
     .offset = offsetof(cat_opts, to),
     .arg = "WHERE",
     .help = "up to this position or time, without it"},
    {.name = "source",
     .kind = HB_OPT_STRING,
     .offset = offsetof(cat_opts, source),
     .arg = "NAME",
     .help = "only what this source received"},
    {0},
};

const hb_cmd hb_cmd_journal_cat = {
    .name = "journal cat",
    .group = HB_JOURNAL_GROUP,
    .summary = "print what was received, as it was received",
    .opts = table,
    .opts_size = sizeof(cat_opts),
    .details = "Prints the payload of every message, one a line (a line end is added where a\n"
               "message has none). With --json each record is one JSON object a line: position,\n"
               "kind (message, tick, loss), source, topic, event and arrival time, and payload,\n"
               "or payload_base64 when it is not UTF-8.\n"
               "\n"
               "A position must be one at which a record begins, as a decision or an alert names\n"
               "it. Damage ends the output with file and position; hb journal repair mends it.\n"
               "\n"
               "Reads only, and may be run while the daemon writes.",
    .example = "hb journal cat --source rig --from 2026-01-05T10:00:00Z --json",
    .run = run_cat,
};
