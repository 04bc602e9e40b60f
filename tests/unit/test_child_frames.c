/* SPDX-License-Identifier: Apache-2.0 */
/* The parent's side against what the child's side writes, and against answers no child gives. */
#include "input/child/remote.h"
#include "support/check.h"

#include <math.h>

typedef struct answer {
    const char *p;
    size_t n;
    size_t step; /* bytes a read gives at most */
} answer;

static hb_status read_answer(void *ctx, void *p, size_t n, size_t *ret_n, hb_error *err)
{
    answer *a = ctx;
    (void)err;
    n = n < a->n ? n : a->n;
    n = a->step && a->step < n ? a->step : n;
    memcpy(p, a->p, n);
    a->p += n;
    a->n -= n;
    *ret_n = n;
    return HB_OK;
}

static hb_status keep(void *ctx, const void *p, size_t n, hb_error *err)
{
    hb_buf_add(ctx, p, n);
    return hb_buf_check(ctx, err);
}

static hb_status open_answer(answer *a, hb_table **ret, hb_error *err)
{
    hb_remote_source source = {.read = read_answer, .ctx = a};
    return hb_remote_table("hdf5", "x.h5", NULL, source, ret, err);
}

/* Two columns of numbers, one of booleans, one of texts; three rows. */
static void write_answer(hb_buf *out)
{
    static const double numbers[] = {1.5, -0.0, 1e300};
    hb_frames_out f;
    hb_frame_column c[4];
    const hb_frame_label labels[] = {{HB_STR("a"), HB_STR("V")},
                                     {HB_STR("b"), HB_STR("")},
                                     {HB_STR("c"), HB_STR("")},
                                     {HB_STR("a"), HB_STR("°C")}};
    hb_frames_out_init(&f, keep, out);
    for (size_t i = 0; i < 4; i++) {
        hb_frame_column_init(&c[i]);
        CHECK_OK(hb_frame_column_room(&c[i], 3, &err));
        memcpy(c[i].v, numbers, sizeof numbers);
        memcpy(c[i].flags, "\0\1\0", 3);
        c[i].encoding = (hb_frame_encoding)i;
    }
    hb_frame_column_text(&c[3], "on", 2);
    hb_frame_column_text(&c[3], "", 0);
    hb_frame_column_text(&c[3], "\xc3\xa4", 2);
    CHECK_OK(hb_frames_start(&f, &err));
    CHECK_OK(hb_frames_note(&f, "variable", "cut \xc3", "given", &err));
    CHECK_OK(hb_frames_columns(&f, true, labels, 4, &err));
    CHECK_OK(hb_frames_rows(&f, c, 4, 3, &err));
    CHECK_OK(hb_frames_rows(&f, c, 4, 3, &err));
    CHECK_OK(hb_frames_end(&f, 6, &err));
    for (size_t i = 0; i < 4; i++) {
        hb_frame_column_release(&c[i]);
    }
    hb_frames_out_release(&f);
}

static void check_block(const hb_block *b, uint64_t first_line)
{
    assert_int_equal(b->n_rows, 3);
    assert_int_equal(b->n_cols, 4);
    assert_int_equal(b->lines[0], first_line);
    assert_true(b->cells[0].kind == HB_CELL_NUMBER && b->cells[0].as.num == 1.5);
    assert_true(signbit(b->cells[4].as.num));
    assert_int_equal(b->cells[5].kind, HB_CELL_EMPTY);
    assert_true(b->cells[9].kind == HB_CELL_NUMBER && b->cells[9].as.num == 1e300);
    assert_true(b->cells[6].kind == HB_CELL_BOOL && b->cells[6].as.num == 1);
    assert_true(b->cells[3].kind == HB_CELL_TEXT && b->cells[3].len == 2);
    assert_int_equal(b->cells[7].kind, HB_CELL_EMPTY);
    assert_memory_equal(b->cells[11].as.p, "\xc3\xa4", 2);
}

static void remote__reads_what_a_child_writes(void **state)
{
    (void)state;
    hb_buf out;
    hb_buf_init(&out, 1 << 20);
    write_answer(&out);
    for (size_t step = 0; step < 9; step++) {
        answer a = {out.p, out.n, step};
        hb_table *t = NULL;
        hb_block b;
        const hb_column *columns = NULL;
        CHECK_OK(open_answer(&a, &t, &err));
        assert_int_equal(t->ops->columns(t, &columns), 4);
        assert_true(hb_str_eq_c(columns[3].name, "a (2)"));
        assert_true(hb_str_eq_c(columns[3].unit, "°C"));
        assert_string_equal(t->ops->format, "hdf5");
        assert_string_equal(t->notes[0].value, "cut \xef\xbf\xbd");
        CHECK_OK(t->ops->next(t, &b, &err));
        check_block(&b, 1);
        CHECK_OK(t->ops->next(t, &b, &err));
        check_block(&b, 4);
        for (int i = 0; i < 2; i++) {
            CHECK_OK(t->ops->next(t, &b, &err));
            assert_int_equal(b.n_rows, 0);
        }
        t->ops->close(t);
    }
    hb_buf_release(&out);
}

/* Reads to the end or the first error. */
static hb_status read_through(const char *p, size_t n, hb_error *err)
{
    answer a = {p, n, 0};
    hb_table *t = NULL;
    hb_block b = {.n_rows = 1};
    hb_status status = open_answer(&a, &t, err);
    while (status == HB_OK && b.n_rows) {
        status = t->ops->next(t, &b, err);
    }
    if (t) {
        t->ops->close(t);
    }
    return status;
}

static void remote__refuses_every_cut(void **state)
{
    (void)state;
    hb_buf out;
    hb_buf_init(&out, 1 << 20);
    write_answer(&out);
    CHECK_OK(read_through(out.p, out.n, &err));
    for (size_t n = 0; n < out.n; n++) {
        CHECK_ERROR(read_through(out.p, n, &err), HB_E_INPUT, "ended too early");
    }
    hb_buf_ch(&out, 'x');
    CHECK_ERROR(read_through(out.p, out.n, &err), HB_E_INPUT, "no proper answer");
    hb_buf_release(&out);
}

/* Whatever one byte becomes: an answer that reads, or an error; a sanitizer watches. */
static void remote__survives_every_byte(void **state)
{
    (void)state;
    hb_buf out;
    hb_buf_init(&out, 1 << 20);
    write_answer(&out);
    for (size_t i = 0; i < out.n; i++) {
        for (int bit = 0; bit < 8; bit++) {
            hb_error err = {0};
            out.p[i] = (char)(out.p[i] ^ 1 << bit);
            hb_status status = read_through(out.p, out.n, &err);
            assert_true(status == HB_OK || status == HB_E_INPUT || status == HB_E_LIMIT ||
                        status == HB_E_USAGE || status == HB_E_DENIED);
            out.p[i] = (char)(out.p[i] ^ 1 << bit);
        }
    }
    hb_buf_release(&out);
}

static void remote__passes_on_what_a_child_could_not_do(void **state)
{
    (void)state;
    static const struct {
        hb_status told;
        hb_status code;
        const char *has;
    } cases[] = {
        {HB_E_USAGE, HB_E_USAGE, "'x.h5': why not"},
        {HB_E_LIMIT, HB_E_LIMIT, "why not"},
        {HB_E_DENIED, HB_E_DENIED, "why not"},
        {HB_E_INPUT, HB_E_INPUT, "why not"},
        {HB_E_NOMEM, HB_E_LIMIT, "more memory"},
        {HB_E_STORE, HB_E_INPUT, "why not"},
        {HB_OK, HB_E_INPUT, "why not"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hb_error told = {.code = cases[i].told, .msg = "why not"};
        hb_frames_out f;
        hb_buf out;
        hb_buf_init(&out, 1 << 16);
        hb_frames_out_init(&f, keep, &out);
        CHECK_OK(hb_frames_start(&f, &err));
        CHECK_OK(hb_frames_error(&f, &told, &err));
        CHECK_ERROR(read_through(out.p, out.n, &err), cases[i].code, cases[i].has);
        hb_frames_out_release(&f);
        hb_buf_release(&out);
    }
}

static void frames__limit_a_text(void **state)
{
    (void)state;
    hb_frames_out f;
    hb_frame_column c;
    hb_buf out;
    char *text = hb_alloc_zero(HB_FRAME_MAX_TEXT + 1);
    assert_non_null(text);
    memset(text, 'x', HB_FRAME_MAX_TEXT + 1);
    hb_buf_init(&out, 1 << 20);
    hb_frames_out_init(&f, keep, &out);
    hb_frame_column_init(&c);
    c.encoding = HB_FRAME_TEXTS;
    hb_frame_column_text(&c, text, HB_FRAME_MAX_TEXT);
    CHECK_OK(hb_frames_rows(&f, &c, 1, 1, &err));
    hb_buf_clear(&c.texts);
    hb_frame_column_text(&c, text, HB_FRAME_MAX_TEXT + 1);
    CHECK_ERROR(hb_frames_rows(&f, &c, 1, 1, &err), HB_E_LIMIT, "longer");
    hb_frame_column_release(&c);
    hb_frames_out_release(&f);
    hb_buf_release(&out);
    hb_free(text);
}

static hb_status read_one(void)
{
    hb_buf out;
    hb_frames_out f;
    hb_buf_init(&out, 1 << 16);
    hb_frames_out_init(&f, keep, &out);
    const hb_frame_label label = {HB_STR("a"), HB_STR("V")};
    hb_frame_column c;
    hb_frame_column_init(&c);
    c.encoding = HB_FRAME_TEXTS;
    hb_frame_column_text(&c, "1", 1);
    hb_status status = hb_frames_start(&f, NULL);
    status = status == HB_OK ? hb_frames_note(&f, "a", "b", "c", NULL) : status;
    status = status == HB_OK ? hb_frames_columns(&f, true, &label, 1, NULL) : status;
    status = status == HB_OK ? hb_frames_rows(&f, &c, 1, 1, NULL) : status;
    status = status == HB_OK ? hb_frames_end(&f, 1, NULL) : status;
    status = status == HB_OK ? read_through(out.p, out.n, NULL) : status;
    hb_frame_column_release(&c);
    hb_frames_out_release(&f);
    hb_buf_release(&out);
    return status;
}

static void frames__fail_cleanly_without_memory(void **state)
{
    (void)state;
    fault_loop(read_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remote__reads_what_a_child_writes),
        cmocka_unit_test(remote__refuses_every_cut),
        cmocka_unit_test(remote__survives_every_byte),
        cmocka_unit_test(remote__passes_on_what_a_child_could_not_do),
        cmocka_unit_test(frames__limit_a_text),
        cmocka_unit_test(frames__fail_cleanly_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
