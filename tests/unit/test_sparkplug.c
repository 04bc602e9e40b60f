/* SPDX-License-Identifier: Apache-2.0 */
/* Sparkplug B: messages made by Google's encoder (tests/data/sparkplug/make.py), by hand from the
 * wire format, damaged ones, and what is remembered. */
#include "support/check.h"
#include "support/payloads.h"

#include "os/file.h"
#include "source/payload.h"
#include "source/sparkplug/births.h"

#include <stdio.h>
#include <stdlib.h>

static hb_telemetry_schema *no_names;

static int set_up(void **state)
{
    (void)state;
    return hb_telemetry_schema_empty(&no_names, NULL) == HB_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    hb_telemetry_schema_free(no_names);
    return 0;
}

static hb_decoder *decoder(bool topic_is_name)
{
    hb_decoder *d = NULL;
    const hb_decode_options o = {.payload = HB_PAYLOAD_SPARKPLUG, .topic_is_name = topic_is_name};
    CHECK_OK(hb_decoder_new(&o, no_names, &d, &err));
    return d;
}

/* The same, remembered and loaded again. */
static hb_decoder *again(hb_decoder *d, bool topic_is_name)
{
    hb_decoder *fresh = decoder(topic_is_name);
    hb_buf one;
    hb_buf two;
    hb_buf_init(&one, 1 << 20);
    hb_buf_init(&two, 1 << 20);
    CHECK_OK(hb_decoder_save(d, &one, &err));
    CHECK_OK(hb_decoder_load(fresh, one.p, one.n, &err));
    CHECK_OK(hb_decoder_save(fresh, &two, &err));
    assert_int_equal(one.n, two.n);
    assert_memory_equal(one.p, two.p, one.n);
    hb_buf_release(&one);
    hb_buf_release(&two);
    hb_decoder_free(d);
    return fresh;
}

static unsigned digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* "TOPIC HEX"; topics may have blanks. */
static void run_message(hb_decoder *d, hb_str line, hb_buf *got)
{
    static char bytes[16384];
    size_t blank = line.n;
    while (blank > 0 && line.p[blank - 1] != ' ') {
        blank--;
    }
    size_t n = (line.n - blank) / 2;
    assert_true(blank > 0 && n < sizeof bytes);
    for (size_t i = 0; i < n; i++) {
        const char *p = line.p + blank + 2 * i;
        bytes[i] = (char)(digit(p[0]) << 4 | digit(p[1]));
    }
    CHECK_OK(payload_decode(d, (hb_str){line.p, blank - 1}, (hb_str){bytes, n}, got, &err));
}

/* Without the id behind '#', which other tests look at; "! …" as it is. */
static void as_expected(const char *got, hb_buf *out)
{
    hb_str rest = hb_str_of(got);
    while (rest.n) {
        size_t end = hb_str_find_ch(rest, '\n');
        hb_str line = {rest.p, end};
        size_t id = hb_str_find_ch(line, '#');
        bool sample = !hb_str_starts(line, "! ");
        hb_buf_c(out, sample ? "= " : "");
        hb_buf_add(out, line.p, sample && id < line.n ? id - 1 : line.n);
        hb_buf_ch(out, '\n');
        rest = (hb_str){rest.p + end + 1, rest.n - end - 1};
    }
}

typedef struct script {
    hb_decoder *d;
    bool names;
    hb_buf got;  /* of the message at hand */
    hb_buf want; /* so far */
    char at[200];
} script;

static void compare(script *s)
{
    hb_buf shown;
    hb_buf_init(&shown, 1 << 20);
    as_expected(s->got.p, &shown);
    if (strcmp(shown.p, s->want.p) != 0) {
        fail_msg("%s\ngot:\n%swanted:\n%s", s->at, shown.p, s->want.p);
    }
    hb_buf_release(&shown);
    hb_buf_clear(&s->got);
    hb_buf_clear(&s->want);
}

static void run_line(script *s, hb_str line)
{
    if (hb_str_starts(line, "= ") || hb_str_starts(line, "! ")) {
        hb_buf_str(&s->want, line);
        hb_buf_ch(&s->want, '\n');
        return;
    }
    compare(s);
    snprintf(s->at, sizeof s->at, "%.*s", (int)(line.n < 150 ? line.n : 150), line.p);
    if (hb_str_starts(line, "new ")) {
        hb_decoder_free(s->d);
        s->names = hb_str_eq_c(line, "new names");
        s->d = decoder(s->names);
    } else if (hb_str_eq_c(line, "saved")) {
        s->d = again(s->d, s->names);
    } else {
        assert_true(hb_str_starts(line, "> "));
        run_message(s->d, (hb_str){line.p + 2, line.n - 2}, &s->got);
    }
}

/* Once as it stands, once with the decoder saved and loaded before every message. */
static void run_script(bool always_again)
{
    char path[600];
    char *text = NULL;
    size_t n = 0;
    size_t messages = 0;
    script s = {.names = false};
    snprintf(path, sizeof path, "%s/tests/data/sparkplug/messages.txt", getenv("HB_SOURCE_DIR"));
    CHECK_OK(hb_file_read(hb_os_real(), path, 1 << 20, &text, &n, &err));
    hb_buf_init(&s.got, 1 << 20);
    hb_buf_init(&s.want, 1 << 20);
    hb_str rest = {text, n};
    while (rest.n) {
        size_t end = hb_str_find_ch(rest, '\n');
        hb_str line = {rest.p, end};
        bool message = hb_str_starts(line, "> ");
        if (message && always_again) {
            s.d = again(s.d, s.names);
        }
        messages += message;
        run_line(&s, line);
        rest = (hb_str){rest.p + end + 1, rest.n - end - 1};
    }
    compare(&s);
    assert_true(messages > 30);
    hb_decoder_free(s.d);
    hb_buf_release(&s.got);
    hb_buf_release(&s.want);
    hb_free(text);
}

static void sparkplug__reads_what_another_encoder_wrote(void **state)
{
    (void)state;
    run_script(false);
}

static void sparkplug__goes_on_after_a_restart_at_any_message(void **state)
{
    (void)state;
    run_script(true);
}

/* Tags by hand: number << 3 | wire type (0 varint, 1 eight bytes, 2 length, 5 four bytes). */
static const char birth_by_hand[] = "\x08\xe8\x07"             /* timestamp 1000 ms */
                                    "\x12\x12"                 /* metric of 18 bytes */
                                    "\x0a\x01t"                /* name "t" */
                                    "\x10\x05"                 /* alias 5 */
                                    "\x20\x0a"                 /* datatype 10, Double */
                                    "\x69\0\0\0\0\0\0\xf8\x3f" /* double_value 1.5 */
                                    "\x28\0"                   /* is_historical false */
                                    "\x18\x00";                /* seq 0 */
static const char data_by_hand[] = "\x08\xd0\x0f"              /* timestamp 2000 ms */
                                   "\x12\x0b"                  /* metric of 11 bytes */
                                   "\x10\x05"                  /* alias 5 */
                                   "\x69\0\0\0\0\0\0\x04\x40"  /* double_value 2.5 */
                                   "\x18\x01";                 /* seq 1 */

static void sparkplug__reads_bytes_written_by_hand(void **state)
{
    (void)state;
    hb_buf got;
    hb_decoder *d = decoder(false);
    hb_buf_init(&got, 4096);
    CHECK_OK(payload_decode(d, HB_STR("spBv1.0/g/NBIRTH/n"),
                            (hb_str){birth_by_hand, sizeof birth_by_hand - 1}, &got, &err));
    CHECK_OK(payload_decode(d, HB_STR("spBv1.0/g/NDATA/n"),
                            (hb_str){data_by_hand, sizeof data_by_hand - 1}, &got, &err));
    hb_buf shown;
    hb_buf_init(&shown, 4096);
    as_expected(got.p, &shown);
    assert_string_equal(shown.p, "= t 1.5 @1970-01-01T00:00:01Z\n= t 2.5 @1970-01-01T00:00:02Z\n");
    hb_buf_release(&shown);
    hb_buf_release(&got);
    hb_decoder_free(d);
}

/* A redelivery is known by its id; the same count of another node or a later round is another. */
static void sparkplug__gives_each_message_an_id_of_its_own(void **state)
{
    (void)state;
    hb_buf got;
    hb_decoder *d = decoder(false);
    hb_str data = {data_by_hand, sizeof data_by_hand - 1};
    hb_str birth = {birth_by_hand, sizeof birth_by_hand - 1};
    hb_buf_init(&got, 4096);
    CHECK_OK(payload_decode(d, HB_STR("spBv1.0/g/NBIRTH/n"), birth, &got, &err));
    CHECK_OK(payload_decode(d, HB_STR("spBv1.0/g/NBIRTH/other"), birth, &got, &err));
    hb_buf_clear(&got);
    CHECK_OK(payload_decode(d, HB_STR("spBv1.0/g/NDATA/n"), data, &got, &err));
    char *first = hb_strdup(got.p);
    hb_buf_clear(&got);
    CHECK_OK(payload_decode(d, HB_STR("spBv1.0/g/NDATA/other"), data, &got, &err));
    assert_string_not_equal(got.p, first);
    hb_buf_clear(&got);
    CHECK_OK(payload_decode(d, HB_STR("spBv1.0/g/NDATA/n"), data, &got, &err));
    assert_memory_equal(got.p, first, strlen(first));
    assert_string_equal(got.p + strlen(first), "! sequence repeated\n");
    hb_free(first);
    hb_buf_release(&got);
    hb_decoder_free(d);
}

static void sparkplug__refuses_a_damaged_memory_and_keeps_the_one_it_has(void **state)
{
    (void)state;
    hb_decoder *d = decoder(false);
    hb_buf got;
    hb_buf whole;
    hb_buf same;
    hb_buf_init(&got, 4096);
    hb_buf_init(&whole, 4096);
    hb_buf_init(&same, 4096);
    CHECK_OK(payload_decode(d, HB_STR("spBv1.0/g/NBIRTH/n"),
                            (hb_str){birth_by_hand, sizeof birth_by_hand - 1}, &got, &err));
    CHECK_OK(hb_decoder_save(d, &whole, &err));
    for (size_t n = 0; n < whole.n; n++) {
        CHECK_ERROR(hb_decoder_load(d, whole.p, n, &err), HB_E_INPUT, "damaged");
    }
    CHECK_OK(hb_decoder_save(d, &same, &err));
    assert_memory_equal(same.p, whole.p, whole.n);
    hb_buf_release(&got);
    hb_buf_release(&whole);
    hb_buf_release(&same);
    hb_decoder_free(d);
}

static void sparkplug__remembers_no_more_than_it_may(void **state)
{
    (void)state;
    hb_births *b = NULL;
    hb_birth_part *part = NULL;
    char name[32];
    CHECK_OK(hb_births_new(&b, &err));
    for (int i = 0; i < HB_BIRTHS_PARTS_MAX; i++) {
        snprintf(name, sizeof name, "g/%d", i);
        CHECK_OK(hb_births_part(b, hb_str_of(name), &part, &err));
    }
    CHECK_ERROR(hb_births_part(b, HB_STR("g/more"), &part, &err), HB_E_LIMIT, "Sparkplug");
    for (int i = 0; i < HB_BIRTHS_METRICS_MAX; i++) {
        snprintf(name, sizeof name, "m%d", i);
        const hb_birth_metric m = {.name = hb_str_of(name), .unit = HB_STR("")};
        CHECK_OK(hb_births_add(b, part, &m, &err));
    }
    const hb_birth_metric more = {.name = HB_STR("more"), .unit = HB_STR("")};
    CHECK_ERROR(hb_births_add(b, part, &more, &err), HB_E_LIMIT, "metrics");
    hb_births_clear(b, part);
    CHECK_OK(hb_births_add(b, part, &more, &err));
    hb_births_free(b);
}

static hb_status body(void)
{
    hb_decoder *d = NULL;
    hb_error err = {0};
    hb_buf got;
    const hb_decode_options o = {.payload = HB_PAYLOAD_SPARKPLUG};
    hb_buf_init(&got, 4096);
    hb_status status = hb_decoder_new(&o, no_names, &d, &err);
    if (status == HB_OK) {
        status = payload_decode(d, HB_STR("spBv1.0/g/NBIRTH/n"),
                                (hb_str){birth_by_hand, sizeof birth_by_hand - 1}, &got, &err);
    }
    if (status == HB_OK) {
        status = hb_decoder_save(d, &got, &err);
    }
    hb_decoder_free(d);
    hb_buf_release(&got);
    return status;
}

static void sparkplug__survives_any_failed_allocation(void **state)
{
    (void)state;
    fault_loop(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sparkplug__reads_what_another_encoder_wrote),
        cmocka_unit_test(sparkplug__goes_on_after_a_restart_at_any_message),
        cmocka_unit_test(sparkplug__reads_bytes_written_by_hand),
        cmocka_unit_test(sparkplug__gives_each_message_an_id_of_its_own),
        cmocka_unit_test(sparkplug__refuses_a_damaged_memory_and_keeps_the_one_it_has),
        cmocka_unit_test(sparkplug__remembers_no_more_than_it_may),
        cmocka_unit_test(sparkplug__survives_any_failed_allocation),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
