/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/view_reading.h"

#include <math.h>

enum { LEVELS = 8 };

/* Means of the buckets that fall into one character; NaN where none does. */
static void levels_of(const hb_trace *trace, double mean[HB_SPARK_CELLS])
{
    double sum[HB_SPARK_CELLS] = {0};
    double weight[HB_SPARK_CELLS] = {0};
    for (size_t i = 0; i < trace->n_buckets; i++) {
        const hb_trace_bucket *b = &trace->buckets[i];
        size_t cell =
            (size_t)((double)hb_trace_index(trace, i) / (double)trace->n * HB_SPARK_CELLS);
        cell = cell < HB_SPARK_CELLS ? cell : HB_SPARK_CELLS - 1;
        sum[cell] += b->sum / (double)b->n;
        weight[cell] += 1;
    }
    for (size_t c = 0; c < HB_SPARK_CELLS; c++) {
        mean[c] = weight[c] > 0 ? sum[c] / weight[c] : NAN;
    }
}

static void draw(const double mean[HB_SPARK_CELLS], size_t cells, bool ascii, hb_buf *out)
{
    static const char *const blocks[LEVELS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const plain[LEVELS] = {"_", ".", "-", "~", "=", "+", "*", "#"};
    double low = INFINITY;
    double high = -INFINITY;
    for (size_t c = 0; c < cells; c++) {
        low = mean[c] < low ? mean[c] : low;
        high = mean[c] > high ? mean[c] : high;
    }
    for (size_t c = 0; c < cells; c++) {
        double share = high > low ? (mean[c] / 2 - low / 2) / (high / 2 - low / 2) : 0.5;
        int level = isnan(share) ? 0 : (int)(share * LEVELS);
        level = level < 0 ? 0 : level < LEVELS ? level : LEVELS - 1;
        hb_buf_c(out, isnan(mean[c]) ? " " : (ascii ? plain : blocks)[level]);
    }
}

void hb_spark(const hb_trace *trace, bool ascii, hb_buf *out)
{
    double mean[HB_SPARK_CELLS];
    if (trace->n_buckets < 2) {
        return;
    }
    levels_of(trace, mean);
    draw(mean, HB_SPARK_CELLS, ascii, out);
}

void hb_spark_values(const double *v, size_t n, bool ascii, hb_buf *out)
{
    size_t cells = n < HB_SPARK_CELLS ? n : HB_SPARK_CELLS;
    double mean[HB_SPARK_CELLS] = {0};
    double weight[HB_SPARK_CELLS] = {0};
    for (size_t i = 0; i < n; i++) {
        size_t cell = i * cells / n;
        if (isfinite(v[i])) {
            weight[cell] += 1;
            mean[cell] += (v[i] - mean[cell]) / weight[cell];
        }
    }
    for (size_t c = 0; c < cells; c++) {
        mean[c] = weight[c] > 0 ? mean[c] : NAN;
    }
    draw(mean, cells, ascii, out);
}
