/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of datasets, block by block. A chunk is decompressed once only when the cache holds it
 * together with its neighbours in the same rows. How much that is is known when the table is
 * chosen; the cache is a property of the open file, so the file is opened again then. */
#include "input/hdf5/hdf5_internal.h"

#include "base/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    CACHE_BUDGET_BYTES = 256 << 20,
    CACHE_LEAST_BYTES = 1 << 20,
    CACHE_SLOTS = 12421, /* a prime, as the library asks for */
    BLOCK_MAX_BYTES = 8 << 20,
};

static const int64_t exact_max = (int64_t)1 << 53;

/* Bytes of the chunks that one row goes through; 0 = not chunked. */
static uint64_t chunks_of_a_row(const hb_h5_source *s, bool turned, hid_t dataset)
{
    hsize_t chunk[HB_H5_MAX_RANK];
    uint64_t bytes = 0;
    int along = turned ? s->col_dim : s->row_dim;
    hid_t made = H5Dget_create_plist(dataset);
    if (made >= 0 && H5Pget_layout(made) == H5D_CHUNKED &&
        H5Pget_chunk(made, HB_H5_MAX_RANK, chunk) == s->rank) {
        hid_t type = H5Dget_type(dataset);
        bytes = type >= 0 ? H5Tget_size(type) : 0;
        for (int i = 0; i < s->rank; i++) {
            uint64_t n = i == along ? chunk[i] : s->dims[i] + chunk[i];
            if (__builtin_mul_overflow(bytes, n, &bytes)) {
                bytes = UINT64_MAX / 2;
            }
        }
        if (type >= 0) {
            H5Tclose(type);
        }
    }
    if (made >= 0) {
        H5Pclose(made);
    }
    return bytes;
}

static hb_status open_dataset(const hb_h5 *h, const hb_var *v, hid_t *ret, hb_error *err)
{
    const hb_h5_source *s = v->source;
    *ret = H5Oopen_by_addr(h->file, s->address);
    return *ret >= 0
               ? HB_OK
               : HB_FAIL(err, HB_E_INPUT, "dataset '%.60s' cannot be opened: damaged", v->name);
}

static hb_status widest_rows(const hb_h5 *h, const hb_var_table *table, uint64_t *ret_bytes,
                             size_t *ret_n, size_t *io_step, hb_error *err)
{
    for (size_t i = 0; i < table->n_parts; i++) {
        const hb_var_part *p = &table->parts[i];
        const hb_h5_source *s = p->var->source;
        hid_t dataset = -1;
        HB_TRY(open_dataset(h, p->var, &dataset, err));
        uint64_t bytes = s->read ? 0 : chunks_of_a_row(s, p->turned, dataset);
        H5Oclose(dataset);
        *ret_n += bytes > 0;
        *ret_bytes = bytes > *ret_bytes ? bytes : *ret_bytes;
        size_t most = BLOCK_MAX_BYTES / (s->record_bytes ? s->record_bytes : 1);
        *io_step = *io_step > most ? (most ? most : 1) : *io_step;
    }
    return HB_OK;
}

hb_status hb_h5_begin(void *ctx, const hb_var_table *table, size_t *io_step, hb_error *err)
{
    hb_h5 *h = ctx;
    uint64_t bytes = 0;
    size_t n = 0;
    if (table->where->kind == HB_VAR_LIST) {
        return HB_OK;
    }
    HB_TRY(widest_rows(h, table, &bytes, &n, io_step, err));
    uint64_t most = CACHE_BUDGET_BYTES / (n ? n : 1);
    bytes = bytes < most ? bytes : most;
    if (bytes > CACHE_LEAST_BYTES) {
        H5Fclose(h->file);
        h->file = -1;
        if (H5Pset_cache(h->access, 0, CACHE_SLOTS, bytes, 1.0) < 0) {
            return HB_NOMEM(err);
        }
        HB_TRY(hb_h5_start(h, err));
    }
    for (size_t i = 0; i < table->n_parts; i++) {
        hb_h5_source *s = table->parts[i].var->source;
        if (!s->read) {
            HB_TRY(open_dataset(h, table->parts[i].var, &s->dataset, err));
        }
    }
    return HB_OK;
}

static bool is_packed(const hb_h5_source *s)
{
    return s->scale != 1 || s->add != 0;
}

/* Where the values of one column lie in a block in memory. */
typedef struct strip {
    const char *p;
    size_t stride;
    size_t n;
    const hb_h5_field *field;
} strip;

/* 64-bit integers go as text where one of the block would lose digits; packed ones are figures. */
static void put_integers(const strip *at, bool is_signed, bool packed, hb_frame_column *out)
{
    bool exact = true;
    for (size_t i = 0; i < at->n; i++) {
        int64_t v = 0;
        memcpy(&v, at->p + i * at->stride, sizeof v);
        exact = exact && v <= exact_max && v >= (is_signed ? -exact_max : 0);
        out->v[i] = is_signed ? (double)v : (double)(uint64_t)v;
    }
    exact = exact || packed;
    out->encoding = exact ? HB_FRAME_NUMBERS : HB_FRAME_TEXTS;
    for (size_t i = 0; i < at->n && !exact; i++) {
        int64_t v = 0;
        char text[32];
        memcpy(&v, at->p + i * at->stride, sizeof v);
        int len = is_signed ? snprintf(text, sizeof text, "%" PRId64, v)
                            : snprintf(text, sizeof text, "%" PRIu64, (uint64_t)v);
        hb_frame_column_text(out, text, (size_t)len);
    }
}

static void put_doubles(const strip *at, hb_frame_column *out)
{
    out->encoding = HB_FRAME_NUMBERS;
    for (size_t i = 0; i < at->n; i++) {
        memcpy(&out->v[i], at->p + i * at->stride, sizeof out->v[i]);
    }
}

static void put_bools(const strip *at, hb_frame_column *out)
{
    put_doubles(at, out);
    out->encoding = HB_FRAME_BOOLS;
    for (size_t i = 0; i < at->n; i++) {
        out->flags[i] = out->v[i] != 0;
    }
}

static hb_status put_texts(const strip *at, hb_frame_column *out, hb_error *err)
{
    bool variable = at->field->kind == HB_H5_TEXT;
    hb_status status = HB_OK;
    hb_buf text;
    hb_buf_init(&text, HB_FRAME_MAX_TEXT);
    out->encoding = HB_FRAME_TEXTS;
    for (size_t i = 0; i < at->n && status == HB_OK; i++) {
        const char *p = at->p + i * at->stride;
        size_t len = 0;
        if (variable) {
            memcpy(&p, at->p + i * at->stride, sizeof p);
            len = p ? strlen(p) : 0;
        } else {
            len = strnlen(p, at->field->size);
        }
        hb_buf_clear(&text);
        hb_text_clean(p, len, &text);
        status = hb_buf_check(&text, err);
        hb_frame_column_text(out, text.p, text.n);
    }
    hb_buf_release(&text);
    return status;
}

static hb_status put_column(const strip *at, bool packed, hb_frame_column *out, hb_error *err)
{
    switch (at->field->kind) {
    case HB_H5_DOUBLE:
        put_doubles(at, out);
        return HB_OK;
    case HB_H5_BOOL:
        put_bools(at, out);
        return HB_OK;
    case HB_H5_I64:
        put_integers(at, true, packed, out);
        return HB_OK;
    case HB_H5_U64:
        put_integers(at, false, packed, out);
        return HB_OK;
    case HB_H5_FIXED_TEXT:
    case HB_H5_TEXT:
        break;
    }
    return put_texts(at, out, err);
}

/* Stored values that stand for none, and packed ones. */
static void unpack(const hb_h5_source *s, size_t n, hb_frame_column *out)
{
    bool packed = is_packed(s);
    if ((!s->has_missing && !packed) || out->encoding != HB_FRAME_NUMBERS) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        out->flags[i] = s->has_missing && out->v[i] == s->missing;
        out->v[i] = packed ? out->v[i] * s->scale + s->add : out->v[i];
    }
    out->encoding = HB_FRAME_SOME_NUMBER;
}

typedef struct block {
    uint64_t first;
    size_t n;
    int row_dim;
    int col_dim;
    size_t n_cols; /* of the second dimension; 1 when there is none */
} block;

static hid_t select_block(const hb_h5_source *s, const block *b)
{
    hsize_t start[HB_H5_MAX_RANK] = {0};
    hsize_t count[HB_H5_MAX_RANK];
    for (int i = 0; i < s->rank; i++) {
        start[i] = i == b->row_dim ? b->first : 0;
        count[i] = i == b->row_dim ? b->n : i == b->col_dim ? b->n_cols : 1;
    }
    hid_t space = H5Dget_space(s->dataset);
    if (space >= 0 && s->rank &&
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) < 0) {
        H5Sclose(space);
        space = -1;
    }
    return space;
}

static hb_status spread(const hb_h5_source *s, const block *b, const char *room,
                        hb_frame_column *columns, size_t n_columns, hb_error *err)
{
    bool rows_first = b->col_dim < 0 || b->row_dim < b->col_dim;
    for (size_t i = 0; i < n_columns; i++) {
        const hb_h5_field *field = &s->fields[b->col_dim < 0 ? i : 0];
        size_t at = b->col_dim < 0 ? 0 : rows_first ? i : i * b->n;
        strip one = {.p = room + at * s->record_bytes + field->offset,
                     .stride = (rows_first ? b->n_cols : 1) * s->record_bytes,
                     .n = b->n,
                     .field = field};
        HB_TRY(put_column(&one, is_packed(s), &columns[i], err));
        unpack(s, b->n, &columns[i]);
    }
    return HB_OK;
}

static hb_status read_rows(const hb_var *v, const block *b, hb_frame_column *columns,
                           size_t n_columns, hb_error *err)
{
    const hb_h5_source *s = v->source;
    hsize_t cells = (hsize_t)b->n * b->n_cols;
    char *room = hb_alloc_array((size_t)cells, s->record_bytes);
    if (!room) {
        return HB_NOMEM(err);
    }
    memset(room, 0, (size_t)cells * s->record_bytes);
    hid_t in_file = select_block(s, b);
    hid_t in_memory = H5Screate_simple(1, &cells, NULL);
    hb_status status = HB_OK;
    if (in_file < 0 || in_memory < 0 ||
        H5Dread(s->dataset, hb_h5_memory_type(s), in_memory, in_file, H5P_DEFAULT, room) < 0) {
        status = HB_FAIL(err, HB_E_INPUT,
                         "dataset '%.60s' cannot be read at row %llu: damaged, or more memory is "
                         "needed than is allowed",
                         v->name, (unsigned long long)(b->first + 1));
    } else {
        status = spread(s, b, room, columns, n_columns, err);
        if (s->has_texts) {
            H5Dvlen_reclaim(s->type, in_memory, H5P_DEFAULT, room);
        }
    }
    if (in_file >= 0) {
        H5Sclose(in_file);
    }
    if (in_memory >= 0) {
        H5Sclose(in_memory);
    }
    hb_free(room);
    return status;
}

hb_status hb_h5_read(void *ctx, const hb_var *v, bool turned, uint64_t first, size_t n,
                     hb_frame_column *columns, hb_error *err)
{
    const hb_h5 *h = ctx;
    hb_h5_source *s = v->source;
    if (s->read) {
        return s->read(ctx, v, first, n, columns, err);
    }
    bool opened = s->dataset < 0;
    if (opened) { /* a field of one element of a list */
        HB_TRY(open_dataset(h, v, &s->dataset, err));
    }
    block b = {.first = first,
               .n = n,
               .row_dim = turned ? s->col_dim : s->row_dim,
               .col_dim = turned ? s->row_dim : s->col_dim,
               .n_cols = v->matrix ? (size_t)(turned ? v->rows : v->cols) : 1};
    hb_status status = read_rows(v, &b, columns, (size_t)(turned ? v->rows : v->cols), err);
    if (opened) {
        H5Oclose(s->dataset);
        s->dataset = -1;
    }
    return status;
}
