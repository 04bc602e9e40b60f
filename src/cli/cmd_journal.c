/* SPDX-License-Identifier: Apache-2.0 */
/* hb journal list, verify, repair: the folder that live sources write into. cat: cmd_journal_cat.c.
 */
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/journal_shared.h"
#include "cli/table.h"

#include "base/json_write.h"
#include "journal/inspect.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

hb_status hb_journal_dir(hb_app *app, const char *given, const char **ret_dir, hb_error *err)
{
    return hb_app_path(app, given, "live/journal", ret_dir, err);
}

static bool overlaps(const hb_journal_range *h, const hb_journal_row *r)
{
    return h->from < r->end && h->to > r->start;
}

static void json_ranges(hb_json *j, const char *key, const hb_journal_range *ranges, size_t n)
{
    hb_json_key(j, key);
    hb_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        hb_json_obj(j);
        if (ranges[i].name[0]) {
            hb_json_kc(j, "name", ranges[i].name);
        }
        hb_json_ku(j, "from", ranges[i].from);
        hb_json_ku(j, "to", ranges[i].to);
        hb_json_end(j);
    }
    hb_json_end(j);
}

static void json_segment(hb_json *j, const hb_journal_listing *l, const hb_journal_row *r)
{
    hb_json_obj(j);
    hb_json_kc(j, "file", r->file);
    hb_json_ku(j, "from", r->start);
    hb_json_ku(j, "to", r->end);
    hb_json_ku(j, "bytes", r->bytes);
    hb_json_ku(j, "records", r->records);
    hb_json_kt(j, "made", r->made);
    hb_json_kt(j, "first_arrival", r->first);
    hb_json_kt(j, "latest_arrival", r->newest);
    hb_json_kb(j, "damaged", r->damaged);
    hb_json_key(j, "held_by");
    hb_json_arr(j);
    for (size_t i = 0; i < l->n_holds; i++) {
        if (overlaps(&l->holds[i], r)) {
            hb_json_c(j, l->holds[i].name);
        }
    }
    hb_json_end(j);
    hb_json_end(j);
}

static hb_status list_json(const hb_journal_listing *l, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-journal-list/1");
    hb_json_ku(&j, "begin", l->state.begin);
    hb_json_ku(&j, "end", l->state.end);
    hb_json_ku(&j, "bytes", l->state.bytes);
    hb_json_ku(&j, "torn_bytes", l->state.cut_bytes);
    hb_json_key(&j, "segments");
    hb_json_arr(&j);
    for (size_t i = 0; i < l->n_rows; i++) {
        json_segment(&j, l, &l->rows[i]);
    }
    hb_json_end(&j);
    json_ranges(&j, "holds", l->holds, l->n_holds);
    json_ranges(&j, "gaps", l->gaps, l->n_gaps);
    hb_json_end(&j);
    hb_buf_ch(out, '\n');
    return hb_json_done(&j, err);
}

/* Seconds are enough to find one's way. */
static const char *short_time(hb_time t, char text[HB_TIME_TEXT])
{
    if (t == HB_TIME_NONE) {
        return "-";
    }
    int64_t part = t % 1000000000;
    hb_time_print(t - (part < 0 ? part + 1000000000 : part), text);
    return text;
}

static void row_note(const hb_journal_listing *l, const hb_journal_row *r, hb_buf *note)
{
    if (r->damaged) {
        hb_buf_c(note, "damaged ");
    }
    for (size_t i = 0; i < l->n_holds; i++) {
        if (overlaps(&l->holds[i], r)) {
            hb_buf_fmt(note, "held:%s ", l->holds[i].name);
        }
    }
    if (r->last) {
        hb_buf_c(note, "written to");
    }
}

static hb_status list_text(const hb_journal_listing *l, hb_buf *out, hb_error *err)
{
    static const char *const head[] = {"FROM", "TO", "RECORDS", "MIB", "FIRST", "LATEST", ""};
    hb_table_text t;
    hb_buf note;
    hb_buf_init(&note, 1 << 20);
    hb_table_text_begin(&t, head, 7);
    for (size_t i = 0; i < l->n_rows; i++) {
        const hb_journal_row *r = &l->rows[i];
        char from[24];
        char to[24];
        char records[24];
        char mib[24];
        char first[HB_TIME_TEXT];
        char latest[HB_TIME_TEXT];
        snprintf(from, sizeof from, "%" PRIu64, r->start);
        snprintf(to, sizeof to, "%" PRIu64, r->end);
        snprintf(records, sizeof records, "%" PRIu64, r->records);
        snprintf(mib, sizeof mib, "%" PRIu64, (r->bytes + (1 << 19)) >> 20);
        hb_buf_clear(&note);
        row_note(l, r, &note);
        const char *cells[] = {
            from,  to, records, mib, short_time(r->first, first), short_time(r->newest, latest),
            note.p};
        hb_table_text_row(&t, cells);
    }
    hb_status status = hb_table_text_end(&t, out, err);
    for (size_t i = 0; i < l->n_holds; i++) {
        hb_buf_fmt(out, "held as %s: positions %" PRIu64 " to %" PRIu64 "\n", l->holds[i].name,
                   l->holds[i].from, l->holds[i].to);
    }
    for (size_t i = 0; i < l->n_gaps; i++) {
        hb_buf_fmt(out, "dropped: positions %" PRIu64 " to %" PRIu64 "\n", l->gaps[i].from,
                   l->gaps[i].to);
    }
    if (l->state.cut_bytes) {
        hb_buf_fmt(out,
                   "%" PRIu64 " bytes at the end are no whole record and are cut off when the "
                   "journal is next\nwritten to; hb journal verify tells more\n",
                   l->state.cut_bytes);
    }
    hb_buf_release(&note);
    return status;
}

static hb_status run_list(hb_app *app, const void *opts, hb_list args, int *ret_exit, hb_error *err)
{
    const hb_journal_opts *o = opts;
    const char *dir = NULL;
    hb_journal_listing l;
    (void)args;
    (void)ret_exit;
    HB_TRY(hb_journal_dir(app, o->journal, &dir, err));
    HB_TRY(hb_journal_list(app->os, dir, &app->arena, &l, err));
    return app->common.json ? list_json(&l, &app->out, err) : list_text(&l, &app->out, err);
}

static const hb_opt table[] = {
    HB_JOURNAL_OPT,
    {0},
};

const hb_cmd hb_cmd_journal_list = {
    .name = "journal list",
    .group = HB_JOURNAL_GROUP,
    .summary = "the journal's segments: positions, times, what is held",
    .opts = table,
    .opts_size = sizeof(hb_journal_opts),
    .details = "The journal is the folder into which hb daemon writes whatever its sources\n"
               "receive, before it acknowledges it. It is made of segments, files that are\n"
               "dropped as a whole, oldest first, once they are judged. Positions count the\n"
               "bytes of records since the journal's first and are how windows, alerts and\n"
               "checkpoints name what they were made from. Times are those of arrival.\n"
               "\n"
               "A held segment stays, whatever the limits on size and age say; where others\n"
               "were dropped around it, the positions dropped are listed.\n"
               "\n"
               "Reads only, and may be run while the daemon writes.",
    .example = "hb journal list",
    .run = run_list,
};

static void json_findings(hb_json *j, const char *key, const hb_journal_finding *f, size_t n)
{
    hb_json_key(j, key);
    hb_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        hb_json_obj(j);
        hb_json_kc(j, "file", f[i].file);
        hb_json_ku(j, "from", f[i].from);
        hb_json_ku(j, "to", f[i].to);
        hb_json_kc(j, "what", f[i].what);
        hb_json_end(j);
    }
    hb_json_end(j);
}

static hb_status verify_json(const hb_journal_verdict *v, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-journal-verify/1");
    hb_json_kb(&j, "holds", v->n_problems == 0);
    hb_json_ku(&j, "begin", v->begin);
    hb_json_ku(&j, "end", v->end);
    hb_json_ku(&j, "segments", v->segments);
    hb_json_ku(&j, "records", v->records);
    json_findings(&j, "problems", v->problems, v->n_problems);
    json_findings(&j, "notes", v->notes, v->n_notes);
    hb_json_end(&j);
    hb_buf_ch(out, '\n');
    return hb_json_done(&j, err);
}

static void text_findings(const hb_journal_finding *f, size_t n, hb_buf *out)
{
    for (size_t i = 0; i < n; i++) {
        hb_buf_fmt(out, "%s: position %" PRIu64, f[i].file, f[i].from);
        if (f[i].to > f[i].from) {
            hb_buf_fmt(out, " to %" PRIu64, f[i].to);
        }
        hb_buf_fmt(out, ": %s\n", f[i].what);
    }
}

static hb_status run_verify(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const hb_journal_opts *o = opts;
    const char *dir = NULL;
    hb_journal_verdict v;
    (void)args;
    HB_TRY(hb_journal_dir(app, o->journal, &dir, err));
    HB_TRY(hb_journal_verify(app->os, dir, &app->arena, &v, err));
    *ret_exit = v.n_problems ? hb_status_exit(HB_E_EVIDENCE) : 0;
    if (app->common.json) {
        return verify_json(&v, &app->out, err);
    }
    text_findings(v.notes, v.n_notes, &app->out);
    text_findings(v.problems, v.n_problems, &app->out);
    hb_buf_fmt(&app->out,
               "%" PRIu64 " records in %u segments, positions %" PRIu64 " to %" PRIu64 ": ",
               v.records, v.segments, v.begin, v.end);
    if (v.n_problems == 0) {
        hb_buf_c(&app->out, "everything holds\n");
    } else {
        hb_buf_fmt(&app->out, "%zu problem%s\n", v.n_problems, v.n_problems == 1 ? "" : "s");
        hb_say(app, "hb journal repair keeps what is whole and moves the rest aside");
    }
    return HB_OK;
}

const hb_cmd hb_cmd_journal_verify = {
    .name = "journal verify",
    .group = HB_JOURNAL_GROUP,
    .summary = "read every byte of the journal and say what does not hold",
    .opts = table,
    .opts_size = sizeof(hb_journal_opts),
    .details = "Checks each segment's header and seal, each record's length, position and\n"
               "checksum, that segments join without a hole, and that what should be empty is.\n"
               "Exit code 12 when something does not hold, with file and positions.\n"
               "\n"
               "Damage behind what was judged is what a power cut leaves: it is cut off, kept\n"
               "beside the segment and counted when the daemon starts. Other damage (a failing\n"
               "disk, a copy gone wrong) is told; hb journal repair keeps what is whole.\n"
               "\n"
               "Reads only, and may be run while the daemon writes.",
    .example = "hb journal verify",
    .run = run_verify,
};

static hb_status repair_json(const hb_journal_repairs *r, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "format", "hb-journal-repair/1");
    hb_json_ku(&j, "cut_bytes", r->cut_bytes);
    hb_json_ku(&j, "cut_records", r->cut_records);
    hb_json_ku(&j, "moved_bytes", r->moved_bytes);
    hb_json_ku(&j, "lost_bytes", r->lost_bytes);
    hb_json_key(&j, "done");
    hb_json_arr(&j);
    for (size_t i = 0; i < r->n; i++) {
        hb_json_c(&j, r->lines[i]);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(out, '\n');
    return hb_json_done(&j, err);
}

static hb_status run_repair(hb_app *app, const void *opts, hb_list args, int *ret_exit,
                            hb_error *err)
{
    const hb_journal_opts *o = opts;
    const char *dir = NULL;
    hb_journal_repairs r;
    (void)args;
    (void)ret_exit;
    HB_TRY(hb_journal_dir(app, o->journal, &dir, err));
    HB_TRY(hb_journal_repair(app->os, dir, &app->arena, &r, err));
    if (app->common.json) {
        return repair_json(&r, &app->out, err);
    }
    for (size_t i = 0; i < r.n; i++) {
        hb_buf_fmt(&app->out, "%s\n", r.lines[i]);
    }
    if (r.n == 0) {
        hb_buf_c(&app->out, "nothing to repair\n");
    }
    return HB_OK;
}

const hb_cmd hb_cmd_journal_repair = {
    .name = "journal repair",
    .group = HB_JOURNAL_GROUP,
    .summary = "keep what is whole, move what is damaged aside",
    .opts = table,
    .opts_size = sizeof(hb_journal_opts),
    .details = "Stop the daemon first: the journal is locked while it writes.\n"
               "\n"
               "Whole records keep their bytes and positions. A damaged stretch is copied to a\n"
               ".cut file beside its segment, and loss records of the same length take its\n"
               "place: so the daemon reads on, and the loss is part of what it judges. What was\n"
               "done is printed and added to repairs.log in the journal. Run twice, the second\n"
               "run finds nothing to do. Sound segments are not touched.",
    .example = "hb journal repair",
    .run = run_repair,
};
