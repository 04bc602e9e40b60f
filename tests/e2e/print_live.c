/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the documents of a live window in which layer 4 has everything to say; the stream is real,
 * only its samples are not:
 *
 *     print_live html|json|decision|text [quiet]     quiet: a window without findings
 */
#include "decide/decision_json.h"
#include "report/report.h"
#include "stats/random.h"
#include "support/live_case.h"

#include <stdio.h>

enum { WINDOWS = 400, METRICS = 6 };

#define EVIL "<script>document.title='owned'</script>"

static const char *const names[METRICS] = {EVIL, "battery", "flow", "noise", "pressure", "temp"};

static const char *const registry =
    "version: '1'\n"
    "metrics:\n"
    "  temp: {critical: true, fail_threshold: 1000, invariant_max: 80}\n"
    "  battery: {stale_after: 30}\n";

/* flow creeps at the end, pressure jumps, noise resembles its neighbours. */
static void stream(live_case *l, bool quiet)
{
    hb_random r = hb_random_of(11, 1);
    double wander = 0;
    for (int i = 0; i < WINDOWS; i++) {
        double v[METRICS];
        for (size_t k = 0; k < METRICS; k++) {
            v[k] = 20 + hb_random_normal(&r);
        }
        wander = 0.8 * wander + hb_random_normal(&r);
        v[3] = quiet ? v[3] : 20 + 0.1 * wander;
        v[2] += !quiet && i >= WINDOWS - 6 ? 5 : 0;
        v[4] += !quiet && i >= WINDOWS - 2 ? 60 : 0;
        live_next(l, v);
        if (i < WINDOWS - 1) {
            live_absorb(l);
        }
    }
}

/* The decision borrows these. */
typedef struct facts {
    hb_window_limit limit;
    hb_window_silent silent;
} facts;

static void decide_last(live_case *l, bool quiet, facts *f)
{
    hb_time start = l->window.start;
    f->limit = (hb_window_limit){.metric = "temp",
                                 .which = HB_LIMIT_MAX,
                                 .limit = 80,
                                 .n = 37,
                                 .worst = 97.25,
                                 .first = {{start + 3500000000, 81.5}, {start + 3600000000, 97.25}},
                                 .n_first = 2};
    f->silent =
        (hb_window_silent){.metric = "battery", .last = start, .silent_s = 60, .allowed_s = 30};
    if (!quiet) {
        l->window.limits = &f->limit;
        l->window.n_limits = 1;
        l->window.silent = &f->silent;
        l->window.n_silent = 1;
        l->window.late = 3;
        l->window.coverage = 0.97;
    }
    live_decide(l);
}

static hb_status print(const live_case *l, const char *what, hb_buf *out, hb_error *err)
{
    hb_report_about about = {
        .version = "test", .decided_at = HB_TIME_NONE, .decision_digest = l->id};
    const hb_decision *d = l->decision;
    return strcmp(what, "html") == 0       ? hb_report_html(d, &about, out, err)
           : strcmp(what, "json") == 0     ? hb_report_json(d, &about, out, err)
           : strcmp(what, "decision") == 0 ? hb_decision_json(d, out, err)
           : strcmp(what, "text") == 0     ? hb_report_text(d, false, out, err)
                                       : HB_FAIL(err, HB_E_USAGE, "no such document: '%s'", what);
}

int main(int argc, char **argv)
{
    static live_case l;
    bool quiet = argc > 2 && strcmp(argv[2], "quiet") == 0;
    hb_error err = {0};
    hb_buf out;
    live_begin(&l, registry, NULL, names, METRICS, 20);
    live_ready(&l, 20, 1);
    stream(&l, quiet);
    facts f;
    decide_last(&l, quiet, &f);
    hb_buf_init(&out, HB_REPORT_MAX_BYTES);
    hb_status status = print(&l, argc > 1 ? argv[1] : "", &out, &err);
    if (status == HB_OK) {
        fwrite(out.p, 1, out.n, stdout);
    } else {
        fprintf(stderr, "%s\n", err.msg);
    }
    hb_buf_release(&out);
    live_end(&l);
    return status == HB_OK ? 0 : 1;
}
