/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11_uri.h"

#include <string.h>

#define SCHEME "pkcs11:"

typedef enum part { PATH, QUERY } part;

static const struct row {
    const char *name;
    part where;
    size_t offset;
    size_t room;
} rows[] = {
    {"token", PATH, offsetof(hb_pkcs11_uri, token), HB_PKCS11_TEXT},
    {"manufacturer", PATH, offsetof(hb_pkcs11_uri, manufacturer), HB_PKCS11_TEXT},
    {"model", PATH, offsetof(hb_pkcs11_uri, model), HB_PKCS11_TEXT},
    {"serial", PATH, offsetof(hb_pkcs11_uri, serial), HB_PKCS11_TEXT},
    {"object", PATH, offsetof(hb_pkcs11_uri, object), HB_PKCS11_TEXT},
    {"id", PATH, offsetof(hb_pkcs11_uri, id), HB_PKCS11_ID},
    {"type", PATH, 0, 0},
    {"module-path", QUERY, offsetof(hb_pkcs11_uri, module_path), HB_PKCS11_PATH},
    {"pin-source", QUERY, offsetof(hb_pkcs11_uri, pin_file), HB_PKCS11_PATH},
};
enum { ROWS = sizeof rows / sizeof *rows, ID_ROW = 5 };

static int hex_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The characters RFC 7512 lets stand for themselves in a value: pk11-res-avail, unreserved, and in
 * the path '&', in the query '/', '?' and '|'. */
static bool plain(char c, part where)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter || (c && strchr("-._~:[]@!$'()*+,=", c)) || (c == '&' && where == PATH) ||
           (c && where == QUERY && strchr("/?|", c));
}

static hb_status decode(hb_str name, hb_str value, part where, uint8_t *out, size_t room,
                        size_t *ret_n, hb_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < value.n; i++) {
        int byte = (unsigned char)value.p[i];
        if (byte == '%') {
            int high = i + 2 < value.n ? hex_of(value.p[i + 1]) : -1;
            int low = i + 2 < value.n ? hex_of(value.p[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return HB_FAIL(err, HB_E_USAGE, "pkcs11 URI: '%.*s' has a '%%' without two digits",
                               (int)name.n, name.p);
            }
            byte = high << 4 | low;
            i += 2;
        } else if (!plain(value.p[i], where)) {
            return HB_FAIL(err, HB_E_USAGE,
                           "pkcs11 URI: '%.*s' has the byte 0x%02x, which is written as %%%02X",
                           (int)name.n, name.p, (unsigned)byte, (unsigned)byte);
        }
        if (n + 1 >= room) {
            return HB_FAIL(err, HB_E_USAGE, "pkcs11 URI: '%.*s' is longer than %zu bytes",
                           (int)name.n, name.p, room - 1);
        }
        out[n++] = (uint8_t)byte;
    }
    *ret_n = n;
    return HB_OK;
}

static hb_status refuse(hb_str name, part where, hb_error *err)
{
    if (hb_str_eq_c(name, "pin-value")) {
        return HB_FAIL(err, HB_E_USAGE,
                       "pkcs11 URI: 'pin-value' is refused, because a command line is no place "
                       "for a PIN; use pin-source=file:/PATH or let hb ask");
    }
    return HB_FAIL(err, HB_E_USAGE,
                   "pkcs11 URI: unknown attribute '%.*s' in its %s; there are token, manufacturer, "
                   "model, serial, object, id, type, and after '?' module-path, pin-source",
                   (int)(name.n < 40 ? name.n : 40), name.p, where == PATH ? "path" : "query");
}

static hb_status check_path(const char *name, char *path, hb_error *err)
{
    if (strcmp(name, "pin-source") == 0 && strncmp(path, "file:", 5) == 0) {
        size_t skip = strncmp(path, "file:///", 8) == 0 ? 7 : 5;
        memmove(path, path + skip, strlen(path + skip) + 1);
    }
    return *path == '/'
               ? HB_OK
               : HB_FAIL(err, HB_E_USAGE, "pkcs11 URI: '%s' is no absolute path of a file: '%.80s'",
                         name, path);
}

static hb_status attribute(hb_str text, part where, unsigned *seen, hb_pkcs11_uri *u, hb_error *err)
{
    size_t equals = hb_str_find_ch(text, '=');
    hb_str name = {text.p, equals};
    if (equals == text.n) {
        return HB_FAIL(err, HB_E_USAGE, "pkcs11 URI: expected name=value, got '%.*s'",
                       (int)(text.n < 60 ? text.n : 60), text.p);
    }
    hb_str value = {text.p + equals + 1, text.n - equals - 1};
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *r = &rows[i];
        if (r->where != where || !hb_str_eq_c(name, r->name)) {
            continue;
        }
        if (*seen & 1U << i) {
            return HB_FAIL(err, HB_E_USAGE, "pkcs11 URI: '%s' stands twice", r->name);
        }
        *seen |= 1U << i;
        if (!r->room) { /* either half of a pair names the pair */
            return hb_str_eq_c(value, "private") || hb_str_eq_c(value, "public")
                       ? HB_OK
                       : HB_FAIL(err, HB_E_USAGE,
                                 "pkcs11 URI: expected type=private or type=public, got '%.*s'",
                                 (int)(value.n < 40 ? value.n : 40), value.p);
        }
        size_t n = 0;
        uint8_t *out = (uint8_t *)u + r->offset;
        HB_TRY(decode(name, value, where, out, r->room, &n, err));
        if (n == 0 || (i != ID_ROW && memchr(out, 0, n))) {
            return HB_FAIL(err, HB_E_USAGE, "pkcs11 URI: '%s' is %s", r->name,
                           n ? "no text" : "empty");
        }
        if (i == ID_ROW) {
            u->id_n = n;
        }
        return where == QUERY ? check_path(r->name, (char *)out, err) : HB_OK;
    }
    return refuse(name, where, err);
}

static hb_status attributes(hb_str text, part where, unsigned *seen, hb_pkcs11_uri *u,
                            hb_error *err)
{
    char between = where == PATH ? ';' : '&';
    while (text.n) {
        size_t n = hb_str_find_ch(text, between);
        HB_TRY(attribute((hb_str){text.p, n}, where, seen, u, err));
        if (n + 1 == text.n) {
            return HB_FAIL(err, HB_E_USAGE, "pkcs11 URI: nothing after its last '%c'", between);
        }
        text.p += n < text.n ? n + 1 : n;
        text.n -= n < text.n ? n + 1 : n;
    }
    return HB_OK;
}

hb_status hb_pkcs11_uri_read(const char *text, hb_pkcs11_uri *ret, hb_error *err)
{
    hb_pkcs11_uri u = {0};
    unsigned seen = 0;
    size_t n = strlen(text);
    if (n > HB_PKCS11_URI_MAX || strncmp(text, SCHEME, sizeof SCHEME - 1) != 0) {
        return HB_FAIL(err, HB_E_USAGE, "expected a URI 'pkcs11:…' of at most %d bytes",
                       HB_PKCS11_URI_MAX);
    }
    hb_str path = {text + sizeof SCHEME - 1, n - (sizeof SCHEME - 1)};
    hb_str query = HB_STR("");
    size_t mark = hb_str_find_ch(path, '?');
    if (mark < path.n) {
        query = (hb_str){path.p + mark + 1, path.n - mark - 1};
        path.n = mark;
    }
    HB_TRY(attributes(path, PATH, &seen, &u, err));
    HB_TRY(attributes(query, QUERY, &seen, &u, err));
    if (!*u.object && !u.id_n) {
        return HB_FAIL(err, HB_E_USAGE,
                       "pkcs11 URI: it names no key; add object=LABEL or id=%%HEX");
    }
    *ret = u;
    return HB_OK;
}
