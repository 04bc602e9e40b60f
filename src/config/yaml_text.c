/* SPDX-License-Identifier: Apache-2.0 */
#include "config/yaml_text.h"

#include "config/node.h"

#include <string.h>

hb_yaml_at hb_yaml_place(hb_str text, size_t at)
{
    hb_yaml_at p = {1, 1};
    for (size_t i = 0; i < at && i < text.n; i++) {
        if (text.p[i] == '\n') {
            p = (hb_yaml_at){p.line + 1, 1};
        } else if (((unsigned char)text.p[i] & 0xc0) != 0x80) {
            p.col++;
        }
    }
    return p;
}

static hb_status check_bytes(hb_str text, const char *name, hb_error *err)
{
    if (text.n > HB_YAML_MAX_BYTES) {
        return HB_FAIL_AT(err, HB_E_LIMIT, name, 0, 0, "larger than %d bytes", HB_YAML_MAX_BYTES);
    }
    if (hb_str_starts(text, "\xff\xfe") || hb_str_starts(text, "\xfe\xff")) {
        return HB_FAIL_AT(err, HB_E_CONFIG, name, 1, 1, "the file is UTF-16; save it as UTF-8");
    }
    size_t bad = hb_utf8_valid_prefix(text);
    for (size_t i = 0; i < bad; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f) {
            bad = i;
        }
    }
    if (bad < text.n) {
        hb_yaml_at at = hb_yaml_place(text, bad);
        return HB_FAIL_AT(err, HB_E_CONFIG, name, at.line, at.col,
                          "byte 0x%02x is no text (expected UTF-8 without control characters)",
                          (unsigned char)text.p[bad]);
    }
    return HB_OK;
}

/* An escaped backslash before an escaped line end, in double quotes: libfyaml 0.7.12 loses the rest
 * of the text or reads what it never wrote. */
static hb_status check_line_ends(hb_str text, const char *name, hb_error *err)
{
    size_t run = 0;
    for (size_t i = 0; i < text.n; i++) {
        bool end = text.p[i] == '\n' || text.p[i] == '\r';
        if (end && run >= 3 && run % 2 == 1) {
            hb_yaml_at at = hb_yaml_place(text, i - 1);
            return HB_FAIL_AT(
                err, HB_E_CONFIG, name, at.line, at.col,
                "a line that ends in three backslashes cannot be read; write the text "
                "in one line");
        }
        run = text.p[i] == '\\' ? run + 1 : 0;
    }
    return HB_OK;
}

static bool is_blank(hb_str text, size_t at)
{
    return at >= text.n || strchr(" \t\r\n", text.p[at]);
}

/* An explicit key ("? key") and behind a colon a tab before what is not plain: libfyaml 0.7.12 puts
 * a level of indentation back twice and writes where it must not. Tried out on all short texts:
 * none does that is not refused here. */
static hb_status check_explicit_keys(hb_str text, const char *name, hb_error *err)
{
    bool comment = false;
    bool key = false;
    size_t tab = text.n;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool first = i == 0 || is_blank(text, i - 1);
        comment = c != '\n' && c != '\r' && (comment || (first && c == '#'));
        key = key || (!comment && first && c == '?' && is_blank(text, i + 1));
        size_t next = i + 1;
        while (c == ':' && next < text.n && text.p[next] == ' ') {
            next++;
        }
        tab = c == ':' && next < text.n && text.p[next] == '\t' && tab == text.n ? next : tab;
    }
    if (key && tab < text.n) {
        hb_yaml_at at = hb_yaml_place(text, tab);
        return HB_FAIL_AT(err, HB_E_CONFIG, name, at.line, at.col,
                          "a tab after ':' cannot be read in a file with an explicit key ('? '); "
                          "write blanks");
    }
    return HB_OK;
}

hb_status hb_yaml_check_text(hb_str text, const char *name, hb_error *err)
{
    HB_TRY(check_bytes(text, name, err));
    HB_TRY(check_line_ends(text, name, err));
    return check_explicit_keys(text, name, err);
}
