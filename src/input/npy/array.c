/* SPDX-License-Identifier: Apache-2.0 */
#include "input/npy/array.h"

#include "base/mem.h"

#include <string.h>

/* As many of n bytes as there are. */
static hb_status read_full(hb_npy_array *a, void *p, size_t n, size_t *ret_n, hb_error *err)
{
    size_t have = 0;
    size_t got = 1;
    while (have < n && got) {
        char *to = (char *)p + have;
        HB_TRY(a->file ? hb_zip_file_read(a->file, to, n - have, &got, err)
                       : hb_stream_read(a->stream, to, n - have, &got, err));
        have += got;
    }
    *ret_n = have;
    return HB_OK;
}

static hb_status cut_off(const hb_npy_array *a, hb_error *err)
{
    char shape[120];
    hb_npy_shape_text(&a->h, shape, sizeof shape);
    return HB_FAIL(err, HB_E_INPUT,
                   "'%s' is cut off: its header promises the shape %s, the values end before row "
                   "%llu is complete",
                   a->what, shape, (unsigned long long)a->row + 1);
}

static hb_status read_header(hb_npy_array *a, hb_arena *arena, hb_error *err)
{
    char head[HB_NPY_PREAMBLE];
    size_t got = 0;
    size_t before = 0;
    size_t length = 0;
    /* Ten bytes are the shortest preamble; only later versions have two more. */
    HB_TRY(read_full(a, head, HB_NPY_PREAMBLE - 2, &got, err));
    if (got > 6 && head[6] != 1) {
        size_t more = 0;
        HB_TRY(read_full(a, head + got, 2, &more, err));
        got += more;
    }
    HB_TRY(hb_npy_preamble((hb_str){head, got}, a->what, &before, &length, &a->h, err));
    char *text = hb_arena_alloc(arena, length + 1);
    if (!text) {
        return HB_NOMEM(err);
    }
    HB_TRY(read_full(a, text, length, &got, err));
    if (got < length) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is cut off within its array header", a->what);
    }
    a->data_at = before + length;
    return hb_npy_header_parse((hb_str){text, length}, a->what, arena, &a->h, err);
}

static hb_status lay_out(hb_npy_array *a, hb_error *err)
{
    const hb_npy_header *h = &a->h;
    char shape[120];
    hb_npy_shape_text(h, shape, sizeof shape);
    size_t values = 0;
    for (size_t i = 0; i < h->n_fields; i++) {
        values += h->fields[i].kind == HB_NPY_PADDING ? 0 : h->fields[i].n;
    }
    if (h->item_bytes == 0 || values == 0) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' holds values of no length ('%s')", a->what, h->type);
    }
    if (h->n_dims > 2 || (h->structured && h->n_dims > 1)) {
        return HB_FAIL(err, HB_E_INPUT,
                       "'%s' has the shape %s%s; a table has %s: save each part on its own, as "
                       "np.save('part.npy', a[0])",
                       a->what, shape, h->structured ? " of records" : "",
                       h->structured ? "records in one dimension" : "two dimensions at most");
    }
    uint64_t columns = h->n_dims == 2 ? h->shape[1] : values;
    if (columns > HB_TABLE_MAX_COLUMNS) {
        return HB_FAIL(err, HB_E_LIMIT,
                       "'%s' has the shape %s: %llu columns, at most %d are accepted; should it be "
                       "transposed?",
                       a->what, shape, (unsigned long long)columns, HB_TABLE_MAX_COLUMNS);
    }
    a->rows = h->n_dims ? h->shape[0] : 1;
    a->n_columns = (size_t)columns;
    if (a->n_columns && a->rows && h->item_bytes > HB_NPY_MAX_ITEM / a->n_columns) {
        return HB_FAIL(err, HB_E_LIMIT, "'%s' has rows of more than %d bytes", a->what,
                       HB_NPY_MAX_ITEM);
    }
    if (h->elements == 0) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' has the shape %s: no data rows", a->what, shape);
    }
    a->by_place = h->fortran && h->n_dims == 2 && h->shape[0] > 1 && h->shape[1] > 1;
    return HB_OK;
}

/* All of an array whose columns lie one behind the other in a zip. */
static hb_status hold(hb_npy_array *a, hb_error *err)
{
    uint64_t bytes = a->h.elements * a->h.item_bytes;
    hb_buf b;
    char chunk[16384];
    hb_buf_init(&b, HB_STREAM_MAX_HELD + 1);
    hb_status status = HB_OK;
    if (bytes > HB_STREAM_MAX_HELD) {
        status = HB_FAIL(err, HB_E_LIMIT,
                         "'%s' is in Fortran order, which in a container must be held in memory, "
                         "and has %llu bytes of at most %d; save it with np.ascontiguousarray",
                         a->what, (unsigned long long)bytes, HB_STREAM_MAX_HELD);
    }
    while (status == HB_OK && b.n < bytes) {
        size_t got = 0;
        size_t want = bytes - b.n < sizeof chunk ? (size_t)(bytes - b.n) : sizeof chunk;
        status = read_full(a, chunk, want, &got, err);
        hb_buf_add(&b, chunk, status == HB_OK ? got : 0);
        if (status == HB_OK) {
            status = hb_buf_check(&b, err);
        }
        if (status == HB_OK && got < want) {
            a->row = b.n / a->h.item_bytes % a->rows;
            status = cut_off(a, err);
        }
    }
    size_t n = 0;
    if (status == HB_OK) {
        status = hb_buf_finish(&b, &a->all, &n, err);
    }
    hb_buf_release(&b);
    return status;
}

static hb_status prepare(hb_npy_array *a, hb_arena *arena, hb_error *err)
{
    HB_TRY(read_header(a, arena, err));
    HB_TRY(lay_out(a, err));
    if (a->by_place && a->file) {
        return hold(a, err);
    }
    if (!a->by_place) {
        return HB_OK;
    }
    if (!a->size) {
        return HB_FAIL(err, HB_E_LIMIT, "'%s' has an array header padded beyond 64 KiB", a->what);
    }
    if (a->size < a->data_at || a->size - a->data_at < a->h.elements * a->h.item_bytes) {
        a->row = (a->size - a->data_at) / a->h.item_bytes % a->rows;
        return cut_off(a, err);
    }
    return HB_OK;
}

/* A stream can be held only before it is read, and whether that is needed stands in the header: it
 * is looked at twice. The header of a plain type fits into what can be peeked at. */
static hb_status hold_if_by_place(hb_npy_array *a, hb_arena *arena, hb_error *err)
{
    hb_str head;
    hb_npy_header h;
    size_t before = 0;
    size_t length = 0;
    HB_TRY(hb_stream_peek(a->stream, 65536, &head, err));
    size_t n = head.n < HB_NPY_PREAMBLE ? head.n : HB_NPY_PREAMBLE;
    if (hb_npy_preamble((hb_str){head.p, n}, a->what, &before, &length, &h, NULL) != HB_OK ||
        head.n - before < length ||
        hb_npy_header_parse((hb_str){head.p + before, length}, a->what, arena, &h, NULL) != HB_OK ||
        !h.fortran || h.n_dims != 2) {
        return HB_OK; /* what is wrong is told by the reading that follows */
    }
    return hb_stream_hold(a->stream, &a->size, err);
}

hb_status hb_npy_array_open(hb_stream *stream, hb_zip_file *file, const char *what, hb_arena *arena,
                            hb_npy_array *ret, hb_error *err)
{
    hb_npy_array a = {.what = what, .stream = stream, .file = file};
    hb_status status = stream ? hold_if_by_place(&a, arena, err) : HB_OK;
    if (status == HB_OK) {
        status = prepare(&a, arena, err);
    }
    if (status != HB_OK) {
        hb_npy_array_release(&a);
        return status;
    }
    *ret = a;
    return HB_OK;
}

void hb_npy_array_release(hb_npy_array *a)
{
    hb_zip_file_close(a->file);
    hb_free(a->all);
    hb_free(a->buffer);
    *a = (hb_npy_array){0};
}

size_t hb_npy_array_row_bytes(const hb_npy_array *a)
{
    return a->h.n_dims == 2 ? a->h.item_bytes * a->n_columns : a->h.item_bytes;
}

static hb_status room(hb_npy_array *a, size_t n, hb_error *err)
{
    return n <= a->cap ? HB_OK
                       : HB_GROW(a->buffer, a->cap, n, (size_t)HB_NPY_MAX_ITEM * 2,
                                 "bytes of array rows", err);
}

/* One column's next n values. */
static hb_status column_by_place(hb_npy_array *a, size_t column, size_t n,
                                 const unsigned char **ret, hb_error *err)
{
    uint64_t first = (uint64_t)column * a->rows + a->row;
    size_t item = a->h.item_bytes;
    if (a->all) {
        *ret = (const unsigned char *)a->all + first * item;
        return HB_OK;
    }
    size_t got = 0;
    HB_TRY(hb_stream_read_at(a->stream, a->data_at + first * item, a->buffer, n * item, &got, err));
    *ret = a->buffer;
    return got == n * item ? HB_OK : cut_off(a, err);
}

static hb_status rows_by_place(hb_npy_array *a, size_t n, hb_cell *out, size_t stride,
                               hb_arena *texts, hb_error *err)
{
    const hb_npy_field *f = a->h.fields;
    HB_TRY(room(a, n * a->h.item_bytes, err));
    for (size_t c = 0; c < a->n_columns; c++) {
        const unsigned char *p = NULL;
        HB_TRY(column_by_place(a, c, n, &p, err));
        for (size_t r = 0; r < n; r++) {
            HB_TRY(hb_npy_cell(f, p + r * f->size, texts, &out[r * stride + c], err));
        }
    }
    return HB_OK;
}

static hb_status record(const hb_npy_array *a, const unsigned char *p, hb_cell *out,
                        hb_arena *texts, hb_error *err)
{
    const hb_npy_header *h = &a->h;
    size_t c = 0;
    size_t repeat = h->n_dims == 2 ? a->n_columns : 1; /* plain values, side by side */
    for (size_t i = 0; i < h->n_fields; i++) {
        const hb_npy_field *f = &h->fields[i];
        const unsigned char *at = p + f->at;
        size_t n = f->kind == HB_NPY_PADDING ? 0 : f->n * repeat;
        for (size_t k = 0; k < n; k++, at += f->size) {
            HB_TRY(hb_npy_cell(f, at, texts, &out[c++], err));
        }
    }
    return HB_OK;
}

hb_status hb_npy_array_rows(hb_npy_array *a, size_t n, hb_cell *out, size_t stride, hb_arena *texts,
                            hb_error *err)
{
    if (a->by_place) {
        HB_TRY(rows_by_place(a, n, out, stride, texts, err));
        a->row += n;
        return HB_OK;
    }
    size_t bytes = hb_npy_array_row_bytes(a);
    size_t got = 0;
    HB_TRY(room(a, n * bytes, err));
    HB_TRY(read_full(a, a->buffer, n * bytes, &got, err));
    if (got < n * bytes) {
        a->row += got / bytes;
        return cut_off(a, err);
    }
    for (size_t r = 0; r < n; r++) {
        HB_TRY(record(a, a->buffer + r * bytes, &out[r * stride], texts, err));
    }
    a->row += n;
    return HB_OK;
}

hb_status hb_npy_array_end(hb_npy_array *a, bool *ret_more, hb_error *err)
{
    char byte = 0;
    size_t got = 0;
    if (a->by_place && !a->all) {
        *ret_more = a->size - a->data_at > a->h.elements * a->h.item_bytes;
        return HB_OK;
    }
    HB_TRY(read_full(a, &byte, 1, &got, err));
    *ret_more = got > 0;
    return HB_OK;
}
