/* SPDX-License-Identifier: Apache-2.0 */
/* Files for the benches, the same bytes from the same arguments on every machine: integers and sums
 * of uniforms only, no libm.
 *
 *     bench_generate wide ROWS [plain|drifted|subtle]   time and 8 columns of figures, some empty
 *     bench_generate columns ROWS COLUMNS [again]       time and so many columns
 *     bench_generate long ROWS METRICS                  timestamp,metric,value,unit: a sample a row
 *     bench_generate table METRICS [again]              metric,value,unit: the metrics' values
 *
 * `again` draws other noise. `drifted` and `subtle` draw other noise (another seed) and change
 * three of the eight columns by known amounts, below; the other five must not be found. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct channel {
    const char *name;
    double mean;
    double sd;
    int decimals;
    unsigned missing_per_mille;
} channel;

static const channel channels[] = {
    {"oil_temperature", 84.3, 2.1, 2, 0}, {"pressure", 1013.2, 3.5, 2, 0},
    {"voltage", 3.3012, 0.012, 4, 0},     {"current", 0.8512, 0.03, 4, 5},
    {"speed", 1502.4, 12, 1, 0},          {"vibration", 0, 1.5, 3, 0},
    {"flow", 12.845, 0.5, 3, 0},          {"humidity", 45.12, 4, 2, 20},
};
enum { CHANNELS = sizeof channels / sizeof *channels };

typedef enum twin { PLAIN, DRIFTED, SUBTLE } twin;

/* splitmix64 (Steele, Lea and Flood 2014) */
static uint64_t next(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static double uniform(uint64_t *state)
{
    return (double)(next(state) >> 11) * 0x1p-53;
}

/* Mean 0, variance 1: twelve uniforms (Irwin and Hall 1927), three of 21 bits from each draw. */
static double normal(uint64_t *state)
{
    uint64_t sum = 0;
    for (int i = 0; i < 4; i++) {
        uint64_t x = next(state);
        sum += (x & 0x1fffff) + (x >> 21 & 0x1fffff) + (x >> 42 & 0x1fffff);
    }
    return (double)sum * 0x1p-21 - 6;
}

/* Mean 0 and variance 1 as well, in two lumps: a valve that chatters between two states. */
static double two_lumps(uint64_t *state)
{
    double side = next(state) >> 63 ? 0.98 : -0.98;
    return side + 0.199 * normal(state); /* 0.98² + 0.199² = 1 */
}

/* Mean 0 and variance 1 as well, but two samples in a hundred lie 3 to 6 deviations out. */
static double heavy_tails(uint64_t *state)
{
    double u = uniform(state);
    if (u < 0.02) {
        double far = 3 + 3 * uniform(state); /* mean square 21 */
        return u < 0.01 ? far : -far;
    }
    return 0.76931 * normal(state); /* 0.98 × 0.76931² + 0.02 × 21 = 1 */
}

static double sample(int column, twin which, uint64_t *state)
{
    const channel *c = &channels[column];
    double z = 0;
    if (column == 6 && which != PLAIN) { /* shape: same mean, same spread */
        z = which == DRIFTED ? two_lumps(state) : heavy_tails(state);
    } else {
        z = normal(state);
    }
    if (column == 0 && which != PLAIN) { /* mean shift */
        z += which == DRIFTED ? 4 : 0.25;
    } else if (column == 5 && which != PLAIN) { /* spread, equal mean */
        z *= which == DRIFTED ? 4 : 1.25;
    }
    return c->mean + c->sd * z;
}

static char *put_u64(char *to, uint64_t v, int least)
{
    char digits[20];
    int n = 0;
    while (v || n < least) {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    }
    while (n) {
        *to++ = digits[--n];
    }
    return to;
}

static char *put_fixed(char *to, double v, int decimals)
{
    static const int64_t powers[] = {1, 10, 100, 1000, 10000, 100000};
    double scaled = v * (double)powers[decimals];
    int64_t k = (int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    if (k < 0) {
        *to++ = '-';
        k = -k;
    }
    to = put_u64(to, (uint64_t)(k / powers[decimals]), 1);
    if (decimals) {
        *to++ = '.';
        to = put_u64(to, (uint64_t)(k % powers[decimals]), decimals);
    }
    return to;
}

static char *put_text(char *to, const char *text)
{
    size_t n = strlen(text);
    memcpy(to, text, n);
    return to + n;
}

static bool out(const char *from, const char *to)
{
    size_t n = (size_t)(to - from);
    return fwrite(from, 1, n, stdout) == n;
}

static bool wide(uint64_t rows, twin which)
{
    static const uint64_t seeds[] = {1, 2, 3};
    uint64_t state = seeds[which];
    char line[256];
    char *to = put_text(line, "time");
    for (int c = 0; c < CHANNELS; c++) {
        *to++ = ',';
        to = put_text(to, channels[c].name);
    }
    *to++ = '\n';
    bool ok = out(line, to);
    for (uint64_t i = 0; ok && i < rows; i++) {
        to = put_u64(line, i / 100, 1);
        *to++ = '.';
        to = put_u64(to, i % 100, 2);
        for (int c = 0; c < CHANNELS; c++) {
            *to++ = ',';
            double v = sample(c, which, &state);
            if (!channels[c].missing_per_mille ||
                next(&state) % 1000 >= channels[c].missing_per_mille) {
                to = put_fixed(to, v, channels[c].decimals);
            }
        }
        *to++ = '\n';
        ok = out(line, to);
    }
    return ok;
}

static bool columns(uint64_t rows, uint64_t n, bool again)
{
    uint64_t state = again ? 14 : 4;
    bool ok = fputs("time", stdout) >= 0;
    for (uint64_t c = 0; ok && c < n; c++) {
        ok = printf(",channel_%04" PRIu64, c) > 0;
    }
    ok = ok && putchar('\n') >= 0;
    for (uint64_t i = 0; ok && i < rows; i++) {
        char cell[32];
        char *to = put_u64(cell, i / 100, 1);
        *to++ = '.';
        ok = out(cell, put_u64(to, i % 100, 2));
        for (uint64_t c = 0; ok && c < n; c++) {
            *cell = ',';
            ok = out(cell, put_fixed(cell + 1, (double)(c % 90 + 10) + normal(&state), 3));
        }
        ok = ok && putchar('\n') >= 0;
    }
    return ok;
}

static bool long_rows(uint64_t rows, uint64_t metrics)
{
    uint64_t state = 5;
    bool ok = fputs("timestamp,metric,value,unit\n", stdout) >= 0;
    for (uint64_t i = 0; ok && i < rows; i++) {
        uint64_t m = i % metrics;
        uint64_t second = i / metrics; /* of 2026-01-01; the hours and days come from it */
        char line[128];
        char *to = put_text(line, "2026-01-");
        to = put_u64(to, 1 + second / 86400, 2);
        *to++ = 'T';
        to = put_u64(to, second / 3600 % 24, 2);
        *to++ = ':';
        to = put_u64(to, second / 60 % 60, 2);
        *to++ = ':';
        to = put_u64(to, second % 60, 2);
        to = put_text(to, "Z,channel_");
        to = put_u64(to, m, 4);
        *to++ = ',';
        to = put_fixed(to, (double)(m % 90 + 10) + normal(&state), 3);
        ok = out(line, put_text(to, m % 3 ? ",degC\n" : ",V\n"));
    }
    return ok;
}

static bool table(uint64_t metrics, bool again)
{
    uint64_t state = again ? 16 : 6;
    bool ok = fputs("metric,value,unit\n", stdout) >= 0;
    for (uint64_t m = 0; ok && m < metrics; m++) {
        char line[96];
        char *to = put_text(line, "metric_");
        to = put_u64(to, m, 6);
        *to++ = ',';
        to = put_fixed(to, (double)(m % 90 + 10) + normal(&state), 3);
        ok = out(line, put_text(to, ",ms\n"));
    }
    return ok;
}

static uint64_t count_of(const char *text)
{
    char *end = NULL;
    unsigned long long v = strtoull(text, &end, 10);
    return *text && !*end ? v : 0;
}

int main(int argc, char **argv)
{
    static char room[1 << 20];
    setvbuf(stdout, room, _IOFBF, sizeof room);
    uint64_t n = argc > 2 ? count_of(argv[2]) : 0;
    uint64_t k = argc > 3 ? count_of(argv[3]) : 0;
    bool ok = false;
    if (n && strcmp(argv[1], "wide") == 0) {
        const char *name = argc > 3 ? argv[3] : "plain";
        ok = wide(n, strcmp(name, "drifted") == 0  ? DRIFTED
                     : strcmp(name, "subtle") == 0 ? SUBTLE
                                                   : PLAIN);
    } else if (n && k && strcmp(argv[1], "columns") == 0) {
        ok = columns(n, k, argc > 4);
    } else if (n && k && strcmp(argv[1], "long") == 0) {
        ok = long_rows(n, k);
    } else if (n && strcmp(argv[1], "table") == 0) {
        ok = table(n, argc > 3);
    } else {
        fputs("usage: bench_generate wide|columns|long|table N [K]\n", stderr);
        return 2;
    }
    return ok && fflush(stdout) == 0 ? 0 : 1;
}
