/* SPDX-License-Identifier: Apache-2.0 */
#include "support/fuzz_table.h"

#include "base/mem.h"
#include "support/memory_file.h"

#include <stdlib.h>

static volatile unsigned char sum; /* so that looking is not left out */

static void look(const char *p, size_t n)
{
    unsigned char s = 0;
    for (size_t i = 0; i < n; i++) {
        s = (unsigned char)(s + (unsigned char)p[i]);
    }
    sum = s;
}

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void look_at_block(const hb_block *b)
{
    for (size_t i = 0; i < b->n_rows * b->n_cols; i++) {
        const hb_cell *c = &b->cells[i];
        must(c->kind <= HB_CELL_ERROR);
        if (c->kind == HB_CELL_TEXT || c->kind == HB_CELL_ERROR) {
            must(c->len > 0);
            look(c->as.p, c->len);
        }
    }
    for (size_t i = 0; i < b->n_rows; i++) {
        must(b->lines[i] > 0);
    }
    for (size_t i = 0; i < b->n_rejects; i++) {
        must(b->rejects[i].reason != NULL);
        look(b->rejects[i].text, b->rejects[i].text ? b->rejects[i].len : 0);
    }
}

static void look_at_columns(const hb_table *t)
{
    const hb_column *columns = NULL;
    size_t n = t->ops->columns(t, &columns);
    must(n <= HB_TABLE_MAX_COLUMNS);
    for (size_t i = 0; i < n; i++) {
        must(columns[i].name.n > 0);
        look(columns[i].name.p, columns[i].name.n);
        look(columns[i].unit.p, columns[i].unit.n);
    }
    must(t->n_notes <= HB_TABLE_NOTES);
}

void fuzz_read_table(hb_table *t, size_t blocks)
{
    hb_block b = {0};
    while (blocks-- && t->ops->next(t, &b, NULL) == HB_OK && (b.n_rows || b.n_rejects)) {
        look_at_block(&b);
        look_at_columns(t);
    }
    t->ops->close(t);
}

void fuzz_table(const void *data, size_t n, const char *format, const hb_format_options *options,
                size_t blocks, uint8_t fault)
{
    hb_os os = memory_os(data, n);
    hb_stream *s = NULL;
    hb_table *t = NULL;
    hb_str head;
    hb_format_options o = *options;
    uint64_t bytes = 0;
    char sha256[65];
    hb_fault_alloc(fault, false);
    if (hb_stream_open_member(&os, MEMORY_FILE, options->member, &s, NULL) == HB_OK &&
        hb_stream_peek(s, 65536, &head, NULL) == HB_OK) {
        const hb_format *f = format ? hb_format_named(format) : hb_format_of(head);
        o.member = hb_stream_took_member(s) ? NULL : o.member;
        if (f->open(&os, s, &o, &t, NULL) == HB_OK) {
            fuzz_read_table(t, blocks);
        }
        if (hb_stream_digest(s, &bytes, sha256, NULL) == HB_OK) {
            must(bytes == n);
        }
    }
    hb_stream_close(s);
    hb_fault_alloc(0, false);
}
