/* SPDX-License-Identifier: Apache-2.0 */
#include "support/stats_case.h"

#include "base/num.h"
#include "base/str.h"
#include "os/file.h"
#include "support/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static hb_str next_part(hb_str *rest, char end)
{
    size_t n = hb_str_find_ch(*rest, end);
    hb_str part = {rest->p, n};
    size_t skip = n < rest->n ? n + 1 : n;
    *rest = (hb_str){rest->p + skip, rest->n - skip};
    return part;
}

static void read_row(hb_str line, stats_row *row)
{
    hb_str key = next_part(&line, ' ');
    snprintf(row->key, sizeof row->key, "%.*s", (int)key.n, key.p);
    row->v = hb_alloc_array(line.n + 1, sizeof *row->v);
    assert_non_null(row->v);
    row->n = 0;
    while (line.n) {
        hb_str text = next_part(&line, ' ');
        hb_num_kind kind = hb_num_parse(text.p, text.n, &row->v[row->n]);
        assert_int_not_equal(kind, HB_NUM_NOT);
        if (kind == HB_NUM_NAN) {
            row->v[row->n] = NAN;
        } else if (kind == HB_NUM_INF) {
            row->v[row->n] = text.p[0] == '-' ? -INFINITY : INFINITY;
        }
        row->n++;
    }
}

static size_t finish(stats_case *c, void (*check)(const stats_case *c))
{
    size_t calls = c->n_rows > 0;
    if (calls) {
        check(c);
    }
    for (size_t i = 0; i < c->n_rows; i++) {
        hb_free(c->row[i].v);
    }
    c->n_rows = 0;
    return calls;
}

size_t stats_cases(const char *name, void (*check)(const stats_case *c))
{
    char path[512];
    char *text = NULL;
    size_t len = 0;
    snprintf(path, sizeof path, "%s/tests/data/stats/%s.case", getenv("HB_SOURCE_DIR"), name);
    CHECK_OK(hb_file_read(hb_os_real(), path, 1 << 20, &text, &len, &err));
    hb_str rest = {text, len};
    stats_case c = {.n_rows = 0};
    size_t calls = 0;
    while (rest.n) {
        hb_str line = next_part(&rest, '\n');
        if (hb_str_starts(line, "case ")) {
            calls += finish(&c, check);
            snprintf(c.title, sizeof c.title, "%.*s", (int)line.n - 5, line.p + 5);
            continue;
        }
        assert_true(c.n_rows < STATS_CASE_ROWS);
        read_row(line, &c.row[c.n_rows++]);
        if (hb_str_starts(line, "row ")) {
            calls += finish(&c, check);
        }
    }
    calls += finish(&c, check);
    hb_free(text);
    return calls;
}

const stats_row *stats_case_row(const stats_case *c, const char *key)
{
    for (size_t i = 0; i < c->n_rows; i++) {
        if (strcmp(c->row[i].key, key) == 0) {
            return &c->row[i];
        }
    }
    fail_msg("case '%s' has no '%s'", c->title, key);
    return NULL;
}

void stats_near(const char *title, const char *what, double got, double want, double rel,
                double absolute)
{
    bool same = (isnan(got) && isnan(want)) || got == want ||
                fabs(got - want) <= rel * fabs(want) + absolute;
    if (!same) {
        fail_msg("%s: %s is %.17g, expected %.17g", title, what, got, want);
    }
}

double stats_ulps(double got, double want)
{
    if (got == want) {
        return 0;
    }
    double size = fabs(want);
    double ulp = isinf(nextafter(size, INFINITY)) ? size - nextafter(size, 0)
                                                  : nextafter(size, INFINITY) - size;
    return fabs(got - want) / ulp;
}

static uint64_t state = 1;

void stats_seed(uint64_t seed)
{
    state = seed;
}

uint64_t stats_bits(void)
{
    uint64_t x = state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

double stats_uniform(void)
{
    return (double)(stats_bits() >> 11) * 0x1p-53;
}

double stats_normal(void)
{
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        sum += stats_uniform();
    }
    return sum;
}
