/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the documents of a decision in which every layer has something to say:
 *
 *     print_report html|json|decision|text|colour [N]     N plain metrics more
 */
#include "decide/decision_json.h"
#include "report/report.h"
#include "support/fake_decision.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    fake_decision f;
    fake_decision_begin(&f, argc > 2 ? strtoul(argv[2], NULL, 10) : 0);
    hb_report_about about = {
        .version = "test", .decided_at = HB_TIME_NONE, .decision_digest = f.c.run->digest};
    hb_error err = {0};
    hb_buf out;
    hb_buf_init(&out, HB_REPORT_MAX_BYTES);
    hb_status status =
        strcmp(what, "html") == 0       ? hb_report_html(f.c.decision, &about, &out, &err)
        : strcmp(what, "json") == 0     ? hb_report_json(f.c.decision, &about, &out, &err)
        : strcmp(what, "decision") == 0 ? hb_decision_json(f.c.decision, &out, &err)
        : strcmp(what, "text") == 0     ? hb_report_text(f.c.decision, false, &out, &err)
        : strcmp(what, "colour") == 0   ? hb_report_text(f.c.decision, true, &out, &err)
                                        : HB_FAIL(&err, HB_E_USAGE, "no such document: '%s'", what);
    if (status == HB_OK) {
        fwrite(out.p, 1, out.n, stdout);
    } else {
        fprintf(stderr, "%s\n", err.msg);
    }
    hb_buf_release(&out);
    fake_decision_end(&f);
    return status == HB_OK ? 0 : 1;
}
