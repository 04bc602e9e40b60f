/* SPDX-License-Identifier: Apache-2.0 */
/* Is a hidden value left in a file, as it is, as JSON or HTML write it, or within base64? */
#include "base/json_write.h"
#include "crypto/base64.h"
#include "export/redact_hide.h"

#include <string.h>

enum { FORM_MAX = 1 << 20, IN_BASE64 = 6 /* bytes; shorter ones leave too few characters */ };

static void put_html(hb_buf *out, hb_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        hb_buf_c(out, c == '&'    ? "&amp;"
                      : c == '<'  ? "&lt;"
                      : c == '>'  ? "&gt;"
                      : c == '"'  ? "&quot;"
                      : c == '\'' ? "&#39;"
                                  : "");
        if (!strchr("&<>\"'", c)) {
            hb_buf_ch(out, c);
        }
    }
}

static void put_json(hb_buf *out, hb_str s)
{
    hb_json j;
    hb_json_init(&j, out, HB_JSON_CANONICAL);
    hb_json_str(&j, s);
    if (out->n >= 2) { /* without the quotes */
        memmove(out->p, out->p + 1, out->n - 2);
        out->n -= 2;
    }
}

/* Without the characters that depend on what stands before and behind. */
static void put_base64(hb_buf *out, hb_str s, size_t before)
{
    hb_buf whole;
    hb_buf_init(&whole, FORM_MAX);
    for (size_t i = 0; i < before; i++) {
        hb_buf_ch(&whole, '\0');
    }
    hb_buf_str(&whole, s);
    size_t bits = 8 * (before + s.n);
    size_t first = before == 0 ? 0 : before == 1 ? 2 : 3;
    hb_base64_put(out, whole.p, whole.n);
    size_t last = bits / 6;
    if (out->n >= last && last > first) {
        memmove(out->p, out->p + first, last - first);
        out->n = last - first;
    }
    hb_buf_release(&whole);
}

/* Where a leaf is that has the byte at `at`; "" = it is in none. */
static void pointer_at(hb_str text, size_t at, hb_buf *out)
{
    hb_leaves w;
    hb_leaf leaf;
    hb_leaves_init(&w, text);
    while (hb_leaves_next(&w, &leaf)) {
        size_t from = (size_t)(leaf.raw.p - text.p);
        if (at >= from && at < from + leaf.raw.n) {
            hb_leaves_pointer(&w, out);
            break;
        }
    }
    hb_buf_ch(out, '\0');
}

static hb_status found(const hb_hiding_value *v, const char *path, hb_str text, size_t at,
                       hb_error *err)
{
    hb_buf pointer;
    hb_buf_init(&pointer, FORM_MAX);
    if (hb_str_ends(hb_str_of(path), ".json")) {
        pointer_at(text, at, &pointer);
    }
    bool where = pointer.failed == HB_OK && pointer.n > 1;
    bool is_signed =
        strncmp(path, "governance/", 11) == 0; /* by others: nothing in it can change */
    hb_status status = HB_FAIL(
        err, HB_E_USAGE, "'%.200s' still has a value of '%.80s'%s%.200s: %sleave '%.80s' as it is",
        path, v->rule->path, where ? " at " : "", where ? pointer.p : "",
        is_signed ? "it was signed as it stands, so " : "hide that too, or ", v->rule->path);
    hb_buf_release(&pointer);
    return status;
}

static hb_status search_form(const hb_hiding_value *v, const char *path, hb_str text,
                             const hb_buf *form, bool whole, hb_error *err)
{
    HB_TRY(hb_buf_check(form, err));
    hb_str value = {form->p, form->n};
    const char *any = form->n && !whole ? memmem(text.p, text.n, value.p, value.n) : NULL;
    size_t at = whole ? hb_hiding_find(text, 0, value) : any ? (size_t)(any - text.p) : SIZE_MAX;
    return at == SIZE_MAX ? HB_OK : found(v, path, text, at, err);
}

static hb_status search_one(const hb_hiding_value *v, const char *path, hb_str text, hb_buf *form,
                            hb_error *err)
{
    hb_buf_clear(form);
    hb_buf_str(form, v->text);
    HB_TRY(search_form(v, path, text, form, true, err));
    hb_buf_clear(form);
    put_json(form, v->text);
    HB_TRY(search_form(v, path, text, form, true, err));
    hb_buf_clear(form);
    put_html(form, v->text);
    HB_TRY(search_form(v, path, text, form, true, err));
    for (size_t before = 0; before < 3 && v->text.n >= IN_BASE64; before++) {
        hb_buf_clear(form);
        put_base64(form, v->text, before);
        HB_TRY(search_form(v, path, text, form, false, err));
    }
    return HB_OK;
}

hb_status hb_hiding_search(const hb_hiding *h, const char *path, hb_str text, hb_error *err)
{
    hb_buf form;
    hb_status status = HB_OK;
    hb_buf_init(&form, FORM_MAX);
    for (size_t i = 0; i < h->n && status == HB_OK; i++) {
        if (h->values[i].text.n >= HB_HIDING_SEARCHED) {
            status = search_one(&h->values[i], path, text, &form, err);
        }
    }
    hb_buf_release(&form);
    return status;
}
