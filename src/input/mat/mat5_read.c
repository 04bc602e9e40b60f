/* SPDX-License-Identifier: Apache-2.0 */
/* Data of a MATLAB 5 file. Uncompressed variables are read piece by piece; zlib data cannot be
 * entered in the middle, so a compressed variable is held whole while its table is read, and the
 * sum is checked before. */
#include "input/mat/mat5_internal.h"

#include "base/mem.h"
#include "input/stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    HELD_MAX_BYTES = 640 << 20, /* of HB_CHILD_MEMORY_MIB */
    DEFLATE_MAX_RATIO = 1032,   /* deflate cannot do better */
    RATIO_FLOOR_BYTES = 64 << 20,
};

static const int64_t exact_max = (int64_t)1 << 53; /* beyond, doubles skip integers */

static uint64_t bytes_of(const hb_var *v, const hb_mat5_source *s)
{
    return v->rows * v->cols * (uint64_t)Mat_SizeOfClass((int)s->var->class_type);
}

/* Does the file have as many bytes as the variable needs? Each element takes at least one. */
static hb_status check_claim(const hb_var *v, const hb_mat5_source *s, hb_error *err)
{
    uint64_t elements = v->rows * v->cols;
    uint64_t most = s->compressed ? s->element_bytes * DEFLATE_MAX_RATIO : s->element_bytes;
    if (elements > most) {
        return HB_FAIL(err, HB_E_INPUT,
                       "variable '%.60s' says it has %llu × %llu values; the file is too small "
                       "for that",
                       v->name, (unsigned long long)v->rows, (unsigned long long)v->cols);
    }
    uint64_t bytes = bytes_of(v, s);
    if (bytes > RATIO_FLOOR_BYTES && bytes / HB_STREAM_MAX_RATIO > s->element_bytes) {
        return HB_FAIL(err, HB_E_LIMIT,
                       "variable '%.60s' expands to more than %d times its size in the file",
                       v->name, HB_STREAM_MAX_RATIO);
    }
    return HB_OK;
}

static hb_status check_part(const hb_var *v, uint64_t *held, hb_error *err)
{
    const hb_mat5_source *s = v->source;
    if (s->text) {
        return HB_OK;
    }
    HB_TRY(check_claim(v, s, err));
    if (s->compressed) {
        *held += bytes_of(v, s);
        if (*held > HELD_MAX_BYTES) {
            return HB_FAIL(err, HB_E_LIMIT,
                           "compressed variables of more than %d MiB cannot be read from a MATLAB "
                           "5 file; save it with -v7.3 or -v6, or choose fewer by --variable",
                           HELD_MAX_BYTES >> 20);
        }
    }
    return HB_OK;
}

hb_status hb_mat5_begin(void *ctx, const hb_var_table *table, size_t *io_step, hb_error *err)
{
    uint64_t held = 0;
    (void)ctx;
    (void)io_step;
    for (size_t i = 0; i < table->n_parts; i++) {
        HB_TRY(check_part(table->parts[i].var, &held, err));
    }
    return HB_OK;
}

static hb_status unreadable(const hb_var *v, hb_error *err)
{
    return HB_FAIL(err, HB_E_INPUT, "variable '%.60s' cannot be read: damaged", v->name);
}

/* The whole variable, and that it is what its header said. */
static hb_status load(hb_mat5 *m, const hb_var *v, hb_mat5_source *s, hb_error *err)
{
    if (s->loaded) {
        return HB_OK;
    }
    if (Mat_VarReadDataAll(m->mat, s->var) != 0 || !s->var->data ||
        s->var->nbytes < bytes_of(v, s)) {
        return unreadable(v, err);
    }
    s->loaded = true;
    return HB_OK;
}

/* 64-bit integers go as text where one of the block would lose digits. */
static void put_integers(const hb_mat5_source *s, const void *p, size_t n, hb_frame_column *out)
{
    bool is_signed = s->var->class_type == MAT_C_INT64;
    const int64_t *i64 = p;
    const uint64_t *u64 = p;
    bool exact = true;
    for (size_t i = 0; i < n; i++) {
        exact = exact && (is_signed ? i64[i] >= -exact_max && i64[i] <= exact_max
                                    : u64[i] <= (uint64_t)exact_max);
        out->v[i] = is_signed ? (double)i64[i] : (double)u64[i];
    }
    out->encoding = exact ? HB_FRAME_NUMBERS : HB_FRAME_TEXTS;
    for (size_t i = 0; i < n && !exact; i++) {
        char text[32];
        int len = is_signed ? snprintf(text, sizeof text, "%" PRId64, i64[i])
                            : snprintf(text, sizeof text, "%" PRIu64, u64[i]);
        hb_frame_column_text(out, text, (size_t)len);
    }
}

#define SPREAD(type)                              \
    for (size_t i = 0; i < n; i++) {              \
        out->v[i] = (double)((const type *)p)[i]; \
    }                                             \
    break

/* n values of the variable's class. */
static void put_numbers(const hb_mat5_source *s, const void *p, size_t n, hb_frame_column *out)
{
    out->encoding = HB_FRAME_NUMBERS;
    switch ((int)s->var->class_type) {
    case MAT_C_DOUBLE:
        memcpy(out->v, p, n * sizeof(double));
        break;
    case MAT_C_SINGLE:
        SPREAD(float);
    case MAT_C_INT8:
        SPREAD(int8_t);
    case MAT_C_UINT8:
        SPREAD(uint8_t);
    case MAT_C_INT16:
        SPREAD(int16_t);
    case MAT_C_UINT16:
        SPREAD(uint16_t);
    case MAT_C_INT32:
        SPREAD(int32_t);
    case MAT_C_UINT32:
        SPREAD(uint32_t);
    default:
        put_integers(s, p, n, out);
        break;
    }
    if (s->var->isLogical && out->encoding == HB_FRAME_NUMBERS) {
        out->encoding = HB_FRAME_BOOLS;
        for (size_t i = 0; i < n; i++) {
            out->flags[i] = out->v[i] != 0;
        }
    }
}

static hb_status read_linear(hb_mat5 *m, const hb_var *v, hb_mat5_source *s, uint64_t first,
                             uint64_t stride, size_t n, void *room, hb_frame_column *out,
                             hb_error *err)
{
    size_t size = Mat_SizeOfClass((int)s->var->class_type);
    if (s->compressed) {
        HB_TRY(load(m, v, s, err));
        const char *from = (const char *)s->var->data + first * size;
        for (size_t i = 0; i < n && stride > 1; i++) {
            memcpy((char *)room + i * size, from + i * stride * size, size);
        }
        put_numbers(s, stride > 1 ? room : from, n, out);
        return HB_OK;
    }
    if (first + stride * n > INT32_MAX) {
        return HB_FAIL(err, HB_E_LIMIT, "variable '%.60s' has more than %d values", v->name,
                       INT32_MAX);
    }
    if (Mat_VarReadDataLinear(m->mat, s->var, room, (int)first, (int)stride, (int)n) != 0) {
        return unreadable(v, err);
    }
    put_numbers(s, room, n, out);
    return HB_OK;
}

/* Row `row` of a char matrix, which lies column after column. */
static hb_status put_char_row(const hb_var *v, const matvar_t *c, uint64_t row, hb_buf *out,
                              hb_error *err)
{
    uint64_t rows = c->dims[0];
    uint64_t cols = c->dims[1];
    if (!c->data || cols > HB_FRAME_MAX_TEXT || (c->data_size != 1 && c->data_size != 2)) {
        return unreadable(v, err);
    }
    if (c->data_size == 2) {
        if (c->nbytes < rows * cols * 2) {
            return unreadable(v, err);
        }
        hb_text_clean_utf16((const uint16_t *)c->data + row, cols, rows, out);
        return HB_OK;
    }
    if (rows == 1) { /* UTF-8 has more bytes than the header counts characters */
        hb_text_clean(c->data, c->nbytes, out);
        return HB_OK;
    }
    if (c->nbytes < rows * cols) {
        return unreadable(v, err);
    }
    char *line = hb_alloc_array(cols, 1);
    if (!line) {
        return HB_NOMEM(err);
    }
    for (uint64_t i = 0; i < cols; i++) {
        line[i] = ((const char *)c->data)[i * rows + row];
    }
    hb_text_clean(line, cols, out);
    hb_free(line);
    return HB_OK;
}

static hb_status load_text(hb_mat5 *m, const hb_var *v, matvar_t *c, hb_error *err)
{
    if (c->data) {
        return HB_OK;
    }
    /* nbytes of a char array of the directory is not set: the claim is what its dimensions say. */
    if (c->dims[0] * c->dims[1] > m->file_bytes * DEFLATE_MAX_RATIO ||
        Mat_VarReadDataAll(m->mat, c) != 0) {
        return unreadable(v, err);
    }
    return HB_OK;
}

static hb_status read_texts(hb_mat5 *m, const hb_var *v, uint64_t first, size_t n,
                            hb_frame_column *out, hb_error *err)
{
    const hb_mat5_source *s = v->source;
    bool cells = s->var->class_type == MAT_C_CELL;
    hb_status status = HB_OK;
    hb_buf text;
    hb_buf_init(&text, HB_FRAME_MAX_TEXT);
    out->encoding = HB_FRAME_TEXTS;
    for (uint64_t i = first; i < first + n && status == HB_OK; i++) {
        matvar_t *c = cells ? Mat_VarGetCell(s->var, (int)i) : s->var;
        hb_buf_clear(&text);
        if (c->dims[0] && c->dims[1]) {
            status = load_text(m, v, c, err);
            status = status == HB_OK ? put_char_row(v, c, cells ? 0 : i, &text, err) : status;
        }
        status = status == HB_OK ? hb_buf_check(&text, err) : status;
        hb_frame_column_text(out, text.p, text.n);
    }
    hb_buf_release(&text);
    return status;
}

hb_status hb_mat5_read(void *ctx, const hb_var *v, bool turned, uint64_t first, size_t n,
                       hb_frame_column *columns, hb_error *err)
{
    hb_mat5 *m = ctx;
    hb_mat5_source *s = v->source;
    if (s->text) {
        return read_texts(m, v, first, n, columns, err);
    }
    double *room = hb_alloc_array(n, sizeof *room); /* no class is wider */
    if (!room) {
        return HB_NOMEM(err);
    }
    hb_status status = HB_OK;
    uint64_t n_columns = turned ? v->rows : v->cols;
    for (uint64_t i = 0; i < n_columns && status == HB_OK; i++) {
        uint64_t at = turned ? first * v->rows + i : i * v->rows + first;
        status = read_linear(m, v, s, at, turned ? v->rows : 1, n, room, &columns[i], err);
    }
    hb_free(room);
    return status;
}
