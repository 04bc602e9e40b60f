/* SPDX-License-Identifier: Apache-2.0 */
/* The limit: what reading the same file costs when nothing is asked of it. One pass, one thread:
 * every field becomes a double, by digits and a power of ten (not correctly rounded), and is added
 * to its column's sum. No header, no quotes, no missing words, no units, no statistics.
 *
 *     bench_bare_parse FILE      prints {"columns": N, "rows": N, "sums": [...]} */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

enum { COLUMNS = 2000, ROOM = 1 << 18 };

typedef struct parse {
    double sums[COLUMNS];
    size_t columns;
    size_t rows;
} parse;

static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

/* From the start of a line to the end of the last whole one; returns what was used. */
static size_t lines(parse *p, const char *text, size_t n)
{
    const char *end = memrchr(text, '\n', n);
    if (!end) {
        return 0;
    }
    size_t column = 0;
    for (const char *c = text; c <= end; c++) {
        bool minus = *c == '-';
        c += minus;
        int64_t digits = 0;
        const char *point = NULL;
        for (; *c > ','; c++) { /* neither a comma nor an end of line */
            if (*c == '.') {
                point = c;
            } else {
                digits = digits * 10 + (*c - '0');
            }
        }
        double v = (double)digits / powers[point ? (c - point - 1) % 10 : 0];
        p->sums[column] += minus ? -v : v;
        column++;
        if (*c == '\n' || column == COLUMNS) {
            p->columns = column;
            p->rows++;
            column = 0;
        }
    }
    return (size_t)(end - text) + 1;
}

int main(int argc, char **argv)
{
    static parse p;
    static char room[ROOM + 1];
    int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        fputs("usage: bench_bare_parse FILE\n", stderr);
        return 2;
    }
    size_t kept = 0;
    ssize_t got = 0;
    bool header = true;
    while ((got = read(fd, room + kept, ROOM - kept)) > 0) {
        size_t n = kept + (size_t)got;
        size_t from = 0;
        if (header) {
            const char *first = memchr(room, '\n', n);
            from = first ? (size_t)(first - room) + 1 : n;
            header = !first;
        }
        from += lines(&p, room + from, n - from);
        kept = n - from;
        memmove(room, room + from, kept);
    }
    close(fd);
    printf("{\"columns\": %zu, \"rows\": %zu, \"sums\": [", p.columns, p.rows);
    for (size_t i = 0; i < p.columns; i++) {
        printf("%s%.17g", i ? ", " : "", p.sums[i]);
    }
    puts("]}");
    return got < 0 || kept ? 1 : 0;
}
