/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/leaves.h"

void hb_leaves_init(hb_leaves *w, hb_str text)
{
    *w = (hb_leaves){.begin = text.p, .p = text.p, .end = text.p + text.n};
}

/* p is behind the opening quote; *ret is what stands before the closing one, which is taken. */
static bool take_string(hb_leaves *w, hb_str *ret)
{
    const char *from = w->p;
    while (w->p < w->end && *w->p != '"') {
        w->p += *w->p == '\\' ? 2 : 1;
    }
    if (w->p >= w->end) {
        return false;
    }
    *ret = (hb_str){from, (size_t)(w->p - from)};
    w->p++;
    return true;
}

static bool open_level(hb_leaves *w, bool is_array)
{
    if (w->depth == HB_LEAVES_DEPTH) {
        return false;
    }
    w->level[w->depth].is_array = is_array;
    w->level[w->depth].at = 0;
    w->level[w->depth].key = (hb_str){"", 0};
    w->depth++;
    return true;
}

/* One character of structure. */
static bool step(hb_leaves *w, char c)
{
    switch (c) {
    case '{':
    case '[':
        return open_level(w, c == '[');
    case '}':
    case ']':
        return w->depth-- > 0;
    case ',':
        if (w->depth == 0) {
            return false;
        }
        w->level[w->depth - 1].at++;
        return true;
    default:
        return true;
    }
}

bool hb_leaves_next(hb_leaves *w, hb_leaf *ret)
{
    hb_str text;
    while (!w->bad && w->p < w->end) {
        char c = *w->p++;
        if (c != '"') {
            w->bad = !step(w, c);
            continue;
        }
        if (!take_string(w, &text)) {
            w->bad = true;
            break;
        }
        if (w->p < w->end && *w->p == ':' && w->depth > 0) {
            w->level[w->depth - 1].key = text;
            continue;
        }
        *ret = (hb_leaf){.index = w->n++, .raw = text};
        return true;
    }
    w->bad = w->bad || w->depth != 0;
    return false;
}

static void put_char(char c, bool pointer, hb_buf *out)
{
    if (pointer && c == '~') {
        hb_buf_c(out, "~0");
    } else if (pointer && c == '/') {
        hb_buf_c(out, "~1");
    } else {
        hb_buf_ch(out, c);
    }
}

static unsigned hex_of(char c)
{
    return c >= '0' && c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10U;
}

/* Canonical JSON escapes quotes, backslashes and control characters only. */
static void put_unescaped(hb_str raw, bool pointer, hb_buf *out)
{
    static const char from[] = "bfnrt";
    static const char to[] = "\b\f\n\r\t";
    for (size_t i = 0; i < raw.n; i++) {
        if (raw.p[i] != '\\' || i + 1 == raw.n) {
            put_char(raw.p[i], pointer, out);
            continue;
        }
        char c = raw.p[++i];
        if (c == 'u' && i + 4 < raw.n) {
            unsigned v = hex_of(raw.p[i + 3]) * 16 + hex_of(raw.p[i + 4]);
            put_char((char)(v & 0x7F), pointer, out);
            i += 4;
            continue;
        }
        for (size_t k = 0; k + 1 < sizeof from; k++) {
            c = raw.p[i] == from[k] ? to[k] : c;
        }
        put_char(c, pointer, out);
    }
}

void hb_leaves_pointer(const hb_leaves *w, hb_buf *out)
{
    for (int i = 0; i < w->depth; i++) {
        hb_buf_ch(out, '/');
        if (w->level[i].is_array) {
            hb_buf_u64(out, w->level[i].at);
        } else {
            put_unescaped(w->level[i].key, true, out);
        }
    }
}

void hb_leaf_text(const hb_leaf *leaf, hb_buf *out)
{
    put_unescaped(leaf->raw, false, out);
}
