/* SPDX-License-Identifier: Apache-2.0 */
#include "support/text_case.h"

#include "os/file.h"
#include "support/check.h"

#include <stdio.h>
#include <stdlib.h>

static char *line_of(char **cursor)
{
    char *line = *cursor;
    if (!line || !*line) {
        return NULL;
    }
    char *end = strchr(line, '\n');
    *cursor = end ? end + 1 : line + strlen(line);
    if (end) {
        *end = '\0';
    }
    return line;
}

static int hex(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static size_t unescape(char *p, size_t n)
{
    size_t out = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] != '\\' || i + 1 >= n) {
            p[out++] = p[i];
        } else if (p[i + 1] == 'x' && i + 3 < n && hex(p[i + 2]) >= 0 && hex(p[i + 3]) >= 0) {
            p[out++] = (char)(hex(p[i + 2]) * 16 + hex(p[i + 3]));
            i += 3;
        } else {
            i++;
            p[out++] = p[i] == 't' ? '\t' : p[i] == 'r' ? '\r' : p[i];
        }
    }
    return out;
}

const char *text_case_key(const text_case *c, const char *key)
{
    for (size_t i = 0; i < c->n_keys; i++) {
        if (strcmp(c->keys[i].key, key) == 0) {
            return c->keys[i].value;
        }
    }
    return NULL;
}

static void read_keys(text_case *c, char **cursor)
{
    for (char *line = line_of(cursor); line && strcmp(line, "--") != 0; line = line_of(cursor)) {
        char *colon = strstr(line, ": ");
        if (!colon || c->n_keys == TEXT_CASE_KEYS) {
            fail_msg("case '%s': line '%s' is no key", c->title, line);
        }
        *colon = '\0';
        c->keys[c->n_keys].key = line;
        c->keys[c->n_keys++].value = colon + 2;
    }
}

/* From the cursor to the next "== " at the start of a line. */
static void read_text(text_case *c, char **cursor, char *end)
{
    char *start = *cursor;
    char *p = start;
    while (p < end && strncmp(p, "== ", 3) != 0) {
        char *line_end = memchr(p, '\n', (size_t)(end - p));
        p = line_end ? line_end + 1 : end;
    }
    *cursor = p;
    size_t n = (size_t)(p - start);
    const char *cut = text_case_key(c, "cut");
    n -= n && cut && start[n - 1] == '\n';
    const char *escaped = text_case_key(c, "escaped");
    c->text = (hb_str){start, escaped ? unescape(start, n) : n};
}

size_t text_cases(const char *name, void (*check)(const text_case *c))
{
    char path[4096];
    char *data = NULL;
    size_t len = 0;
    const char *source = getenv("HB_SOURCE_DIR");
    snprintf(path, sizeof path, "%s/tests/data/%s", source ? source : ".", name);
    CHECK_OK(hb_file_read(hb_os_real(), path, 16 << 20, &data, &len, &err));
    char *end = data + len;
    char *cursor = data;
    size_t n = 0;
    while (cursor < end && strncmp(cursor, "== ", 3) != 0) {
        (void)line_of(&cursor);
    }
    while (cursor < end) {
        text_case c = {.title = line_of(&cursor) + 3};
        read_keys(&c, &cursor);
        read_text(&c, &cursor, end);
        /* A block of its own size, so that a sanitizer sees a reader go past the end. */
        char *exact = hb_alloc(c.text.n ? c.text.n : 1);
        assert_non_null(exact);
        memcpy(exact, c.text.p, c.text.n);
        c.text.p = exact;
        check(&c);
        hb_free(exact);
        n++;
    }
    hb_free(data);
    return n;
}

void text_case_expect(const text_case *c, hb_status status, const hb_error *e)
{
    const char *expect = text_case_key(c, "expect");
    char text[900];
    hb_error_text(e, text, sizeof text);
    if (!expect || strcmp(expect, "OK") == 0) {
        if (status != HB_OK) {
            fail_msg("case '%s': expected OK, got %s '%s'", c->title, hb_status_name(status), text);
        }
        return;
    }
    char code[32] = "";
    char place[32] = "";
    int used = 0;
    if (sscanf(expect, "%31s %31s %n", code, place, &used) != 2) {
        fail_msg("case '%s': 'expect: %s' is malformed", c->title, expect);
    }
    char got[64];
    snprintf(got, sizeof got, "%llu:%llu", (unsigned long long)e->in_line,
             (unsigned long long)e->in_col);
    bool same_place = strcmp(place, "-") == 0 || strcmp(place, got) == 0;
    if (strcmp(hb_status_name(status), code) != 0 || !same_place ||
        !strstr(e->msg, expect + used)) {
        fail_msg("case '%s': expected '%s', got %s %s '%s'", c->title, expect,
                 hb_status_name(status), status == HB_OK ? "" : got, status == HB_OK ? "" : e->msg);
    }
    assert_true(status == HB_OK || *e->in_file);
}
