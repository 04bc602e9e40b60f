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
        size_t from = t->cells.n;
        hb_buf_shown(&t->cells, cells[i]); /* names and notes are anybody's text */
        size_t n = characters(t->cells.p + (from < t->cells.n ? from : t->cells.n));
        t->width[i] = n > t->width[i] ? n : t->width[i];
        hb_buf_ch(&t->cells, '\0');
    }
    t->n_rows++;
}

hb_status hb_table_text_end(hb_table_text *t, hb_buf *out, hb_error *err)
{
    hb_status status = hb_buf_check(&t->cells, err);
    const char *cell = t->cells.p;
    for (size_t r = 0; r < t->n_rows && status == HB_OK; r++) {
        size_t owed = 0; /* blanks, written only before something */
        for (size_t i = 0; i < t->n_columns; i++) {
            for (; *cell && owed; owed--) {
                hb_buf_ch(out, ' ');
            }
            hb_buf_c(out, cell);
            owed += t->width[i] + 2 - characters(cell);
            cell += strlen(cell) + 1;
        }
        hb_buf_ch(out, '\n');
    }
    hb_buf_release(&t->cells);
    return status;
}
