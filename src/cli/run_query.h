/* SPDX-License-Identifier: Apache-2.0 */
/* --from-query: an expression over the fields of a registered run. docs/baselines.md
 *
 *     hb_run_expr_open(app, text, &q, err)         parsed; names and kinds of fields are checked
 *     hb_run_expr_keeps(&q, run, &keep, err)       as hb_version_ask.keep, with ctx = &q
 *     hb_run_expr_close(&q)
 */
#ifndef HB_CLI_RUN_QUERY_H
#define HB_CLI_RUN_QUERY_H

#include "baseline/run_set.h"
#include "cli/app.h"
#include "input/select/where.h"

typedef struct hb_run_expr {
    hb_where *where;
    hb_list factors; /* names of factors that some run has; in app->arena */
} hb_run_expr;

/* text NULL: none, *ret is empty. HB_E_USAGE names the place of a mistake. */
HB_CHECKED hb_status hb_run_expr_open(hb_app *app, const char *text, hb_run_expr *ret,
                                      hb_error *err);
HB_CHECKED hb_status hb_run_expr_keeps(const void *ctx, const hb_past_run *run, bool *ret_keep,
                                       hb_error *err);
void hb_run_expr_close(hb_run_expr *q);

#endif
