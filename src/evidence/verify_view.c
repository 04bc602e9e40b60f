/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/verify_view.h"

#include "base/json_write.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_COLUMN = 32, TEXT_MAX = 1 << 20 };

static const struct shown {
    const char *words;
    const char *colour;
} states[HB_ANSWER_COUNT_] = {
    [HB_HOLDS] = {"holds", "\033[32m"},
    [HB_FAILS] = {"does NOT hold", "\033[1;31m"},
    [HB_NOT_CHECKED] = {"not checked", "\033[1;33m"},
    [HB_NOT_IN_PACK] = {"not in the pack", "\033[2m"},
    [HB_NOT_ASKED] = {"not asked", "\033[2m"},
};

static size_t count(const hb_verified *v, hb_answer_state state)
{
    size_t n = 0;
    for (size_t i = 0; i < v->n_lines; i++) {
        n += v->lines[i].state == state;
    }
    return n;
}

/* Columns, not bytes: continuation bytes of UTF-8 take none. */
static size_t columns(const char *p, size_t n)
{
    size_t taken = 0;
    for (size_t i = 0; i < n; i++) {
        taken += ((unsigned char)p[i] & 0xc0) != 0x80;
    }
    return taken;
}

/* The first line begins at `col`, the others at `indent`, or further left where that is the only
 * way for a long word: a digest is to be seen, and taken up, in one piece. */
static void wrapped(const char *text, size_t col, size_t indent, size_t width, hb_buf *out)
{
    bool start = true;
    while (*text) {
        size_t n = strcspn(text, " ");
        size_t taken = columns(text, n);
        if (!start && col + 1 + taken > width) {
            size_t room = taken < width ? width - taken : 0;
            col = room < indent ? room : indent;
            hb_buf_fmt(out, "\n%*s", (int)col, "");
        } else if (!start) {
            hb_buf_ch(out, ' ');
            col++;
        }
        hb_buf_add(out, text, n);
        col += taken;
        start = false;
        text += n + (text[n] == ' ');
    }
}

static void one_line(const hb_verify_line *l, bool colour, size_t width, hb_buf *out)
{
    char words[32];
    char question[32];
    snprintf(words, sizeof words, "%-15s", states[l->state].words);
    snprintf(question, sizeof question, "%-13s", l->question);
    hb_buf_fmt(out, "%s%s%s  %s  ", colour ? states[l->state].colour : "", words,
               colour ? "\033[0m" : "", question);
    if (width) {
        hb_buf text;
        hb_buf_init(&text, TEXT_MAX);
        hb_buf_shown(&text, l->text);
        wrapped(text.n ? text.p : "", TEXT_COLUMN, TEXT_COLUMN, width, out);
        hb_buf_release(&text);
    } else {
        hb_buf_shown(out, l->text);
    }
    hb_buf_ch(out, '\n');
}

static void why_not(const hb_verified *v, hb_buf *out)
{
    size_t fails = count(v, HB_FAILS);
    size_t open = count(v, HB_NOT_CHECKED);
    if (fails) {
        hb_buf_fmt(out, "%zu answer%s not hold", fails, fails == 1 ? " does" : "s do");
    }
    if (open) {
        hb_buf_fmt(out, "%s%zu %s not checked", fails ? ", " : "", open,
                   open == 1 ? "was" : "were");
    }
}

static void sentence(const hb_verified *v, const char *pack, hb_buf *out)
{
    hb_buf_c(out, "'");
    hb_buf_shown(out, pack);
    if (v->holds) {
        hb_buf_c(out, "' holds: case '");
        hb_buf_shown(out, v->case_id);
        hb_buf_fmt(out,
                   "' has the verdict %s, signed by a key you trust, and it follows from "
                   "its %s%s",
                   v->verdict, strcmp(v->decided_from, "raw") == 0 ? "raw files" : "profiles",
                   v->break_glass ? "; its baseline stood by break-glass, without approval" : "");
        if (v->is_redacted) {
            hb_buf_fmt(out, "; redacted: %zu file%s taken out", v->n_taken_out,
                       v->n_taken_out == 1 ? " was" : "s were");
            if (v->n_hidden) {
                hb_buf_fmt(out, ", %zu texts are hidden", v->n_hidden);
            }
        }
        hb_buf_ch(out, '\n');
        return;
    }
    hb_buf_c(out, "' does NOT hold: ");
    why_not(v, out);
    hb_buf_fmt(out, "; do not rely on %s%s\n", *v->verdict ? "its verdict " : "it", v->verdict);
}

void hb_verified_text(const hb_verified *v, const char *pack, bool colour, bool brief, size_t width,
                      hb_buf *out)
{
    for (size_t i = 0; i < v->n_lines && !brief; i++) {
        one_line(&v->lines[i], colour, width, out);
        if (i == 0 && v->lines[0].state == HB_FAILS && count(v, HB_NOT_CHECKED) == v->n_lines - 1) {
            hb_buf_c(out, "not checked      all else, for this reason\n");
            break;
        }
    }
    if (!width) {
        sentence(v, pack, out);
        return;
    }
    hb_buf last;
    hb_buf_init(&last, TEXT_MAX);
    sentence(v, pack, &last);
    wrapped(last.p ? last.p : "", 0, 0, width, out);
    hb_buf_release(&last);
}

hb_status hb_verified_json(const hb_verified *v, const char *pack, hb_buf *out, hb_error *err)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_PRETTY);
    hb_json_obj(&j);
    hb_json_kc(&j, "pack", pack);
    hb_json_kb(&j, "holds", v->holds);
    hb_json_kc(&j, "case", v->case_id);
    hb_json_kc(&j, "verdict", v->verdict);
    hb_json_kc(&j, "decided_from", v->decided_from);
    hb_json_key(&j, "taken_out");
    if (v->is_redacted) {
        hb_json_u64(&j, v->n_taken_out);
    } else {
        hb_json_null(&j);
    }
    hb_json_ku(&j, "hidden", v->n_hidden);
    hb_json_kb(&j, "break_glass", v->break_glass);
    hb_json_kc(&j, "program_version", HB_VERSION);
    hb_json_key(&j, "answers");
    hb_json_arr(&j);
    for (size_t i = 0; i < v->n_lines; i++) {
        hb_json_obj(&j);
        hb_json_kc(&j, "question", v->lines[i].question);
        hb_json_kc(&j, "answer", hb_verify_state_name(v->lines[i].state));
        hb_json_kc(&j, "text", v->lines[i].text);
        hb_json_end(&j);
    }
    hb_json_end(&j);
    hb_json_end(&j);
    hb_buf_ch(out, '\n');
    return hb_json_done(&j, err);
}
