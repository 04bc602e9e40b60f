/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include <string.h>

enum { MAX_BYTES = 64 << 20 };

static size_t characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++) {
        n += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return n;
}

void hb_table_text_begin(hb_table_text *t, const char *const *head, size_t n_columns)
{
    *t = (hb_table_text){.n_columns = n_columns};
    hb_buf_init(&t->cells, MAX_BYTES);
    hb_table_text_row(t, head);
}

void hb_table_text_row(hb_table_text *t, const char *const *cells)
{
    for (size_t i = 0; i < t->n_columns; i++) {
        size_t n = characters(cells[i]);
        t->width[i] = n > t->width[i] ? n : t->width[i];
        hb_buf_add(&t->cells, cells[i], strlen(cells[i]) + 1);
    }
    t->n_rows++;
}

hb_status hb_table_text_end(hb_table_text *t, hb_buf *out, hb_error *err)
{
    hb_status status = hb_buf_check(&t->cells, err);
    const char *cell = t->cells.p;
    for (size_t r = 0; r < t->n_rows && status == HB_OK; r++) {
        for (size_t i = 0; i < t->n_columns; i++) {
            hb_buf_c(out, cell);
            bool last = i + 1 == t->n_columns;
            for (size_t k = characters(cell); k < t->width[i] + 2 && !last; k++) {
                hb_buf_ch(out, ' ');
            }
            cell += strlen(cell) + 1;
        }
        hb_buf_ch(out, '\n');
    }
    hb_buf_release(&t->cells);
    return status;
}
