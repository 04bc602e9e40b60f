/* SPDX-License-Identifier: Apache-2.0 */
/* Memory and disk fail at every point of a cycle with alerts and of sending: a cycle is there whole
 * or not at all, and after it the same goes on as if nothing had been. */
#include "alert/act.h"
#include "alert/outbox.h"
#include "os/file.h"
#include "store/outbox.h"
#include "support/alert_script.h"
#include "support/fault_vfs.h"
#include "support/temp_dir.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>

static const char *const sinks[] = {"a", "b"};
static const hb_alert_inhibit lines[] = {{.cause = "metric:temp/*", .symptom = "metric:volt/*"}};
static const hb_alert_options options = {.sinks = sinks,
                                         .n_sinks = 2,
                                         .clear_after = 1,
                                         .inhibits = lines,
                                         .n_inhibits = 1,
                                         .flap_max = 2,
                                         .flap_window_s = 100,
                                         .group_ms = 15000};

static const char *const before[] = {"temp:fail crit:drift", "", "volt:fail temp:fail"};
static const char faulty[] = "crit:fail volt:fail";
static const char *const after[] = {"", "temp:fail", "", "temp:fail", ""};

static int setup(void **state)
{
    (void)state;
    sqlite_alloc_install(); /* before SQLite is used at all */
    fault_vfs_install();
    return 0;
}

static void play(alert_script *s, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        script_window(s, words[i]);
    }
}

/* The registry after `before`, made once: every write to the disk costs more than all the rest. */
static char *made;
static size_t made_n;

static void make(void)
{
    alert_script s;
    temp_dir_new();
    script_begin(&s, temp_path("runs.db"), &options);
    play(&s, before, sizeof before / sizeof *before);
    script_end(&s);
    CHECK_OK(hb_file_read(hb_os_real(), temp_path("runs.db"), 64 << 20, &made, &made_n, &err));
}

static void begin(alert_script *s)
{
    if (!made) {
        make();
    }
    temp_dir_new();
    FILE *f = fopen(temp_path("runs.db"), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(made, 1, made_n, f), made_n);
    assert_int_equal(fclose(f), 0);
    script_begin(s, temp_path("runs.db"), &options);
    s->next = sizeof before / sizeof *before;
}

static hb_status cycle(alert_script *s, hb_error *err)
{
    HB_TRY(hb_live_begin(s->store, err));
    hb_status status = script_decide(s, s->next, 0, faulty, err);
    if (status == HB_OK) {
        status = hb_alerts_condition(s->alerts, "source:x", HB_ALERT_WARN, true, "away",
                                     script_now(s) + SCRIPT_WINDOW_NS, err);
    }
    return hb_live_end(s->store, status, err);
}

typedef enum fault { OUR_MEMORY, SQLITE_MEMORY, DISK_FULL, DISK_ERROR, FAULTS } fault;

static void arm(fault f, unsigned long n)
{
    switch (f) {
    case OUR_MEMORY:
        hb_fault_alloc(n, false);
        break;
    case SQLITE_MEMORY:
        sqlite_alloc_fail(n, false);
        break;
    case DISK_FULL:
        fault_vfs_fail(n, SQLITE_FULL, false);
        break;
    case DISK_ERROR:
        fault_vfs_fail(n, SQLITE_IOERR_WRITE, true);
        break;
    case FAULTS:
        break;
    }
}

static bool disarm(fault f)
{
    bool fired = f == OUR_MEMORY      ? hb_fault_fired()
                 : f == SQLITE_MEMORY ? sqlite_alloc_fired()
                                      : fault_vfs_fired();
    hb_fault_alloc(0, false);
    sqlite_alloc_fail(0, false);
    fault_vfs_fail(0, 0, false);
    return fired;
}

static char *undisturbed(void)
{
    alert_script s;
    begin(&s);
    CHECK_OK(cycle(&s, &err));
    s.next++;
    play(&s, after, sizeof after / sizeof *after);
    char *text = script_dump(&s);
    script_end(&s);
    return text;
}

/* Returns whether the fault was met. */
static bool disturbed(fault f, unsigned long n, const char *want)
{
    alert_script s;
    hb_error why = {0};
    begin(&s);
    char *was = script_dump(&s);
    arm(f, n);
    hb_status status = cycle(&s, &why);
    bool fired = disarm(f);
    if (status != HB_OK) {
        assert_true(why.msg[0] != '\0');
        char *is = script_dump(&s); /* nothing of the cycle is there */
        assert_string_equal(is, was);
        hb_free(is);
        CHECK_OK(hb_alerts_reload(s.alerts, &err));
        CHECK_OK(cycle(&s, &err));
    }
    s.next++;
    play(&s, after, sizeof after / sizeof *after);
    char *text = script_dump(&s);
    assert_string_equal(text, want);
    hb_free(text);
    hb_free(was);
    script_end(&s);
    return fired;
}

static void alert__a_cycle_that_fails_anywhere_leaves_no_trace(void **state)
{
    (void)state;
    static const unsigned step[FAULTS] = {1, 37, 1, 1}; /* SQLite allocates a thousand times */
    char *want = undisturbed();
    for (fault f = 0; f < FAULTS; f++) {
        unsigned long n = 1;
        while (disturbed(f, n, want)) {
            n += step[f];
            assert_true(n < 100000);
        }
        assert_true(n > 1);
    }
    hb_free(want);
}

/* --- what people do --- */

static void act__that_fails_anywhere_leaves_no_trace(void **state)
{
    (void)state;
    alert_script s;
    hb_alert_act act = {.which = "metric:temp/*", .by = "ada", .note = "x", .until = 1, .now = 2};
    for (fault f = 0; f < FAULTS; f++) {
        bool fired = true;
        for (unsigned long n = 1; fired; n += f == SQLITE_MEMORY ? 29 : 1) {
            hb_error err = {0};
            hb_arena arena;
            hb_alert_row *rows = NULL;
            size_t n_rows = 0;
            hb_arena_init(&arena, 1 << 20);
            begin(&s);
            char *was = script_dump(&s);
            act.kind = n % 2 ? HB_ALERT_ACT_ACK : HB_ALERT_ACT_SHELVE;
            arm(f, n);
            hb_status status = hb_alert_do(s.store, &act, &arena, &rows, &n_rows, &err);
            fired = disarm(f);
            char *is = script_dump(&s);
            assert_int_equal(strcmp(is, was) == 0, status != HB_OK);
            hb_free(is);
            hb_free(was);
            hb_arena_release(&arena);
            script_end(&s);
        }
    }
}

/* --- sending --- */

/* A receiver that fails by a plan, and keeps what it was given. */
typedef struct ledger {
    pthread_mutex_t lock;
    unsigned n;
    unsigned fails; /* this many calls out of `of` */
    unsigned of;
    bool faulty_memory; /* the thread's next allocations fail too */
    char ids[400][65];
    size_t n_ids;
} ledger;

struct hb_sink {
    ledger *l;
};

typedef struct ledger_config {
    ledger *l;
} ledger_config;

static const hb_field no_fields[] = {{0}};

static void no_defaults(void *config)
{
    (void)config;
}

static hb_status no_check(const void *config, hb_error *err)
{
    (void)config;
    (void)err;
    return HB_OK;
}

static hb_status ledger_open(const hb_sink_env *env, const void *config, hb_sink **ret,
                             hb_error *err)
{
    (void)env;
    hb_sink *s = hb_alloc_zero(sizeof *s);
    if (!s) {
        return HB_NOMEM(err);
    }
    s->l = ((const ledger_config *)config)->l;
    *ret = s;
    return HB_OK;
}

static hb_status ledger_send(hb_sink *s, const hb_alert_event *event, hb_error *err)
{
    ledger *l = s->l;
    pthread_mutex_lock(&l->lock);
    bool fails = l->n++ % l->of < l->fails;
    if (!fails && l->n_ids < 400) {
        snprintf(l->ids[l->n_ids++], 65, "%s", event->id);
    }
    if (l->faulty_memory) {
        hb_fault_alloc(1 + l->n % 40, false); /* of this thread */
    }
    pthread_mutex_unlock(&l->lock);
    return fails ? HB_FAIL(err, HB_E_IO, "not now") : HB_OK;
}

static void ledger_close(hb_sink *s)
{
    hb_free(s);
}

static const hb_sink_ops ledger_ops = {.name = "ledger",
                                       .summary = "-",
                                       .fields = no_fields,
                                       .config_size = sizeof(ledger_config),
                                       .defaults = no_defaults,
                                       .check = no_check,
                                       .open = ledger_open,
                                       .send = ledger_send,
                                       .close = ledger_close};

static uint64_t waiting(alert_script *s)
{
    hb_outbox_counts c = {0};
    CHECK_OK(hb_outbox_count(s->store, "rig", NULL, &c, &err));
    return c.waiting;
}

static void outbox__sends_everything_though_memory_and_receivers_fail(void **state)
{
    (void)state;
    alert_script s;
    static ledger ledgers[2];
    ledger_config configs[2];
    hb_outbox_sink list[2];
    temp_dir_new();
    const hb_alert_options o = {.sinks = sinks, .n_sinks = 2, .clear_after = 1};
    script_begin(&s, temp_path("runs.db"), &o);
    for (size_t i = 0; i < 2; i++) {
        ledgers[i] = (ledger){.fails = 1, .of = i ? 2 : 10, .faulty_memory = i == 0};
        pthread_mutex_init(&ledgers[i].lock, NULL);
        configs[i].l = &ledgers[i];
        list[i] = (hb_outbox_sink){.name = sinks[i], .ops = &ledger_ops, .config = &configs[i]};
    }
    const hb_outbox_options p = {.os = hb_os_real(),
                                 .db = s.path,
                                 .stream = "rig",
                                 .sinks = list,
                                 .n_sinks = 2,
                                 .first_pause_ms = 1,
                                 .max_pause_ms = 5};
    hb_outbox *outbox = NULL;
    CHECK_OK(hb_outbox_start(&p, &outbox, &err));
    for (size_t i = 0; i < 40; i++) {
        script_window(&s, i % 2 ? "" : "temp:fail volt:drift");
        hb_outbox_wake(outbox);
    }
    for (unsigned turns = 0; waiting(&s) != 0; turns++) {
        assert_true(turns < 6000);
        sqlite3_sleep(10);
    }
    hb_outbox_state states[4];
    assert_int_equal(hb_outbox_states(outbox, states, 4), 2);
    hb_outbox_stop(outbox, 5000);
    hb_outbox_stop(NULL, 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(ledgers[i].n_ids, 80); /* each once: nobody died */
        assert_true(states[i].failed > 0);
        pthread_mutex_destroy(&ledgers[i].lock);
    }
    script_end(&s);
}

static void outbox__row_functions_fail_whole(void **state)
{
    (void)state;
    alert_script s;
    for (fault f = 0; f < FAULTS; f++) {
        bool fired = true;
        for (unsigned long n = 1; fired; n += f == SQLITE_MEMORY ? 17 : 1) {
            hb_arena arena;
            hb_outbox_row row = {0};
            bool found = false;
            hb_time next = 0;
            hb_error why = {0};
            hb_arena_init(&arena, 1 << 20);
            begin(&s);
            uint64_t was = waiting(&s);
            arm(f, n);
            hb_status status =
                hb_outbox_first(s.store, "rig", "a", 1, 1, &arena, &row, &found, &next, &why);
            if (status == HB_OK) {
                assert_true(found);
                status = hb_outbox_give_up(s.store, row.id, "why", 1, &why);
            }
            fired = disarm(f);
            assert_int_equal(waiting(&s), was - (status == HB_OK));
            hb_outbox_counts c = {0};
            CHECK_OK(hb_outbox_count(s.store, "rig", "a", &c, &err));
            assert_int_equal(c.dead, status == HB_OK);
            hb_arena_release(&arena);
            script_end(&s);
        }
    }
}

static int drop(void **state)
{
    (void)state;
    hb_free(made);
    temp_dir_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alert__a_cycle_that_fails_anywhere_leaves_no_trace),
        cmocka_unit_test(act__that_fails_anywhere_leaves_no_trace),
        cmocka_unit_test(outbox__row_functions_fail_whole),
        cmocka_unit_test(outbox__sends_everything_though_memory_and_receivers_fail),
    };
    return cmocka_run_group_tests(tests, setup, drop);
}
