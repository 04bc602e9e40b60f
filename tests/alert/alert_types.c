/* SPDX-License-Identifier: Apache-2.0 */
/* alert_types REGISTRY: a registry in which an event of every type but the heartbeat was written,
 * by scripted windows. Alerts that are left: one shelved, one acknowledged, one flapping, one
 * inhibited. */
#include "alert/act.h"
#include "support/alert_script.h"

#include <stdio.h>

static const char *const sinks[] = {"none"};

static void act(alert_script *s, hb_alert_act_kind kind, const char *which)
{
    hb_arena arena;
    hb_alert_row *rows = NULL;
    size_t n = 0;
    hb_arena_init(&arena, 1 << 20);
    const hb_alert_act a = {.kind = kind,
                            .which = which,
                            .by = "Ada \"L\" <a>",
                            .note = "line one\nline two \xE2\x9C\x93",
                            .until = script_now(s) + INT64_C(36000000000000),
                            .now = script_now(s)};
    CHECK_OK(hb_alert_do(s->store, &a, &arena, &rows, &n, &err));
    hb_arena_release(&arena);
}

static void all(alert_script *s)
{
    static const char *const flaps[] = {"volt:drift", "", "volt:drift", "", "volt:drift", ""};
    script_window(s, "window:fail");
    script_window(s, "crit:fail temp:drift"); /* a group of two */
    script_window(s, "crit:fail temp:drift");
    script_window(s, "crit:fail temp:drift");
    act(s, HB_ALERT_ACT_ACK, "metric:crit/*");
    act(s, HB_ALERT_ACT_SHELVE, "metric:temp/*");
    script_window(s, "");
    script_window(s, "");
    act(s, HB_ALERT_ACT_UNSHELVE, "metric:temp/*");
    for (size_t i = 0; i < sizeof flaps / sizeof *flaps; i++) {
        script_window(s, flaps[i]);
        script_window(s, flaps[i]);
        script_window(s, flaps[i]);
    }
    script_time(s, script_now(s) + INT64_C(1000000000000)); /* it settles */
    s->next += 200;
    script_condition(s, "source:mqtt", true);
    script_window(s, "temp:fail");
    s->options.rules = &(hb_alert_rule){.metric = "crit", .rule = "*", .severity = HB_ALERT_INFO};
    s->options.n_rules = 1;
    script_restart(s);
    script_window(s, "crit:fail temp:fail");
    script_window(s, "crit:fail temp:fail");
    script_window(s, "crit:fail temp:fail");
    s->options.n_rules = 0;
    script_restart(s);
    script_window(s, "crit:fail temp:fail"); /* escalated */
    act(s, HB_ALERT_ACT_ACK, "source:mqtt");
    act(s, HB_ALERT_ACT_SHELVE, "metric:crit/*");
}

int main(int argc, char **argv)
{
    static const hb_alert_inhibit lines[] = {{.cause = "source:*", .symptom = "metric:temp/inv*"}};
    alert_script s;
    if (argc != 2) {
        return 2;
    }
    const hb_alert_options o = {.sinks = sinks,
                                .n_sinks = 1,
                                .clear_after = 1,
                                .flap_max = 2,
                                .flap_window_s = 200,
                                .inhibits = lines,
                                .n_inhibits = 1,
                                .group_ms = 15000};
    script_begin(&s, argv[1], &o);
    all(&s);
    printf("%s\n", script_types(&s, NULL));
    script_end(&s);
    return 0;
}
