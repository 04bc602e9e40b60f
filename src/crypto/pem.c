/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pem.h"

#include "base/mem.h"
#include "crypto/base64.h"

#include <openssl/crypto.h>
#include <string.h>

enum { LINE_BYTES = 48 /* 64 characters */ };

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static hb_str trimmed(hb_str s)
{
    while (s.n && blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && blank(s.p[s.n - 1])) {
        s.n--;
    }
    return s;
}

/* Takes "-----BEGIN label-----" and "-----END label-----" off. */
static hb_status cut_label(hb_str *s, const char *name, char label[HB_PEM_LABEL_MAX], hb_error *err)
{
    char end[HB_PEM_LABEL_MAX + 16];
    *s = trimmed(*s);
    if (!hb_str_starts(*s, "-----BEGIN ")) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is no PEM file: it does not begin with '-----BEGIN '",
                       name);
    }
    s->p += 11;
    s->n -= 11;
    const char *dashes = memmem(s->p, s->n, "-----", 5);
    if (!dashes || dashes == s->p || dashes - s->p >= HB_PEM_LABEL_MAX) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' is no PEM file: its first line has no end", name);
    }
    size_t n = (size_t)(dashes - s->p);
    memcpy(label, s->p, n);
    label[n] = '\0';
    s->p += n + 5;
    s->n -= n + 5;
    snprintf(end, sizeof end, "-----END %s-----", label);
    if (!hb_str_ends(*s, end)) {
        return HB_FAIL(err, HB_E_INPUT, "'%s' does not end with '%.80s': it is cut, or holds more",
                       name, end);
    }
    s->n -= strlen(end);
    return HB_OK;
}

hb_status hb_pem_read(hb_str text, const char *name, char ret_label[HB_PEM_LABEL_MAX],
                      void *ret_der, size_t room, size_t *ret_n, hb_error *err)
{
    char label[HB_PEM_LABEL_MAX];
    HB_TRY(cut_label(&text, name, label, err));
    size_t size = text.n + 1;
    char *joined = hb_alloc(size);
    if (!joined) {
        return HB_NOMEM(err);
    }
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (!blank(text.p[i])) {
            joined[n++] = text.p[i];
        }
    }
    char what[256];
    size_t made = 0;
    snprintf(what, sizeof what, "the body of '%.200s'", name);
    hb_status status = hb_base64_read((hb_str){joined, n}, what, ret_der, room, &made, err);
    OPENSSL_cleanse(joined, size);
    hb_free(joined);
    if (status != HB_OK) {
        return status == HB_E_LIMIT ? HB_FAIL(err, HB_E_INPUT, "'%s' is too long for a key", name)
                                    : status;
    }
    memcpy(ret_label, label, sizeof label);
    *ret_n = made;
    return HB_OK;
}

void hb_pem_put(hb_buf *out, const char *label, const void *der, size_t n)
{
    const char *at = der;
    hb_buf_fmt(out, "-----BEGIN %s-----\n", label);
    for (size_t done = 0; done < n; done += LINE_BYTES) {
        hb_base64_put(out, at + done, n - done < LINE_BYTES ? n - done : LINE_BYTES);
        hb_buf_ch(out, '\n');
    }
    hb_buf_fmt(out, "-----END %s-----\n", label);
}
