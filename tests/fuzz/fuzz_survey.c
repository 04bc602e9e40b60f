/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes through the encoding and the survey. The first byte chooses an allocation to fail, the
 * second the size of the pieces the text is read in. Properties: the text is UTF-8 and the same in
 * pieces of any size; what the survey names lies in the grid, fields rise, names stand above data.
 */
#include "input/csv/sniff.h"
#include "input/text/source.h"

#include "base/mem.h"
#include "support/memory_file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static hb_units *units;

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static hb_status read_all(const void *data, size_t size, size_t piece, hb_buf *out)
{
    hb_os os = memory_os(data, size);
    hb_stream *stream = NULL;
    hb_text *t = NULL;
    char room[4096];
    size_t got = 1;
    hb_status status = hb_stream_open(&os, MEMORY_FILE, &stream, NULL);
    if (status == HB_OK) {
        status = hb_text_open(stream, &t, NULL);
    }
    while (status == HB_OK && got) {
        status = hb_text_read(t, room, piece, &got, NULL);
        hb_buf_add(out, room, status == HB_OK ? got : 0);
        status = status == HB_OK ? hb_buf_check(out, NULL) : status;
    }
    hb_text_close(t);
    hb_stream_close(stream);
    return status;
}

static void check_row(const hb_grid *g, size_t row)
{
    must(row == HB_NO_ROW || row < g->n);
}

static void check(const hb_sniffed *s)
{
    const hb_survey *v = &s->table.survey;
    const hb_grid *g = &s->table.grid;
    check_row(g, v->names_row);
    check_row(g, v->units_row);
    check_row(g, v->group_row);
    check_row(g, v->data_row);
    must(v->names_row == HB_NO_ROW || v->data_row == HB_NO_ROW || v->names_row < v->data_row);
    for (size_t i = 0; i < v->n_columns; i++) {
        must(v->columns[i].field < v->width);
        must(i == 0 || v->columns[i - 1].field < v->columns[i].field);
    }
    must(s->confidence >= 0 && s->confidence <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!units) {
        must(hb_units_open(&units, NULL) == HB_OK);
    }
    if (size < 2 || size > 1 << 16) {
        return 0;
    }
    hb_buf whole;
    hb_buf pieces;
    hb_buf_init(&whole, 1 << 20);
    hb_buf_init(&pieces, 1 << 20);
    hb_status a = read_all(data + 2, size - 2, 4096, &whole);
    hb_status b = read_all(data + 2, size - 2, 1 + data[1], &pieces);
    must((a == HB_OK) == (b == HB_OK));
    if (a == HB_OK) {
        must(whole.n == pieces.n && (!whole.n || memcmp(whole.p, pieces.p, whole.n) == 0));
        must(hb_utf8_valid_prefix((hb_str){whole.p, whole.n}) == whole.n);
        hb_sniffed s;
        hb_sniff_options o = {.units = data[1] % 2 ? units : NULL,
                              .header = data[1] % 5 == 0   ? 1
                                        : data[1] % 5 == 1 ? -1
                                                           : 0,
                              .blanks_if_single = data[1] % 3 == 0};
        hb_fault_alloc(data[0], false);
        if (hb_sniff((hb_str){whole.n ? whole.p : "", whole.n}, data[1] % 7 != 0, &o, &s, NULL) ==
            HB_OK) {
            check(&s);
        }
        hb_fault_alloc(0, false);
        hb_sniffed_release(&s);
    }
    hb_buf_release(&whole);
    hb_buf_release(&pieces);
    return 0;
}
