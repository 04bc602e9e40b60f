/* SPDX-License-Identifier: Apache-2.0 */
#include "input/npy/header.h"

#include "base/num.h"

#include <string.h>

static hb_status refuse(const char *what, hb_str type, const char *why, hb_error *err)
{
    return HB_FAIL(err, HB_E_INPUT, "'%s' holds '%.*s': %s", what, (int)(type.n < 40 ? type.n : 40),
                   type.p, why);
}

/* "[ns]", "[25us]", and "" for no unit at all. */
static hb_status read_unit(hb_str all, hb_str text, const char *what, hb_npy_field *f,
                           hb_error *err)
{
    static const char *const units[] = {"Y",  "M",  "W",  "D",  "h",  "m", "s",
                                        "ms", "us", "ns", "ps", "fs", "as"};
    f->multiple = 1;
    if (text.n < 3 || text.p[0] != '[' || text.p[text.n - 1] != ']') {
        return refuse(what, all, "times without a unit; save them as datetime64[ns]", err);
    }
    hb_str in = {text.p + 1, text.n - 2};
    size_t digits = 0;
    while (digits < in.n && in.p[digits] >= '0' && in.p[digits] <= '9') {
        digits++;
    }
    if (digits && (!hb_num_parse_i64(in.p, digits, &f->multiple) || f->multiple < 1 ||
                   f->multiple > INT32_MAX)) {
        return refuse(what, all, "a unit that is no unit", err);
    }
    in = (hb_str){in.p + digits, in.n - digits};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (hb_str_eq_c(in, units[i])) {
            memcpy(f->unit, in.p, in.n);
            return HB_OK;
        }
    }
    return refuse(what, all, "a unit that is no unit", err);
}

static hb_status number_kind(hb_str text, char kind, uint64_t size, const char *what,
                             hb_npy_field *f, hb_error *err)
{
    bool whole = size == 1 || size == 2 || size == 4 || size == 8;
    bool real = size == 2 || size == 4 || size == 8;
    if (kind == 'c') {
        return refuse(what, text,
                      "complex numbers; save the real and the imaginary part (or magnitude and "
                      "phase) as arrays of their own",
                      err);
    }
    if (kind == 'f' && (size == 16 || size == 12 || size == 10)) {
        return refuse(what, text,
                      "long doubles, which differ between machines; save them as float64", err);
    }
    f->kind = kind == 'b'   ? HB_NPY_BOOL
              : kind == 'i' ? HB_NPY_INT
              : kind == 'u' ? HB_NPY_UINT
                            : HB_NPY_FLOAT;
    if (kind == 'b' ? size != 1 : kind == 'f' ? !real : !whole) {
        return refuse(what, text, "numbers of an unknown size", err);
    }
    return HB_OK;
}

hb_status hb_npy_type(hb_str text, const char *what, hb_npy_field *ret, hb_error *err)
{
    hb_npy_field f = {.n = 1};
    size_t at = 0;
    if (text.n && strchr("<>|=", text.p[0])) {
        f.big = text.p[0] == '>';
        at = 1;
    }
    if (at >= text.n) {
        return refuse(what, text, "no type of NumPy", err);
    }
    char kind = text.p[at++];
    if (kind == 'O') {
        return refuse(what, text,
                      "Python objects, which could only be had by running code from the file "
                      "(pickle); save arrays of numbers",
                      err);
    }
    size_t from = at;
    while (at < text.n && text.p[at] >= '0' && text.p[at] <= '9') {
        at++;
    }
    uint64_t size = 0;
    if (!hb_num_parse_u64(text.p + from, at - from, &size) || !strchr("?biufcmMSaUV", kind)) {
        return refuse(what, text, "no type of NumPy", err);
    }
    size *= kind == 'U' && size <= HB_NPY_MAX_ITEM ? 4 : 1;
    if (size > HB_NPY_MAX_ITEM) {
        return HB_FAIL(err, HB_E_LIMIT, "'%s' holds '%.*s': a value is larger than %d bytes", what,
                       (int)(text.n < 40 ? text.n : 40), text.p, HB_NPY_MAX_ITEM);
    }
    f.size = (uint32_t)size;
    hb_str rest = {text.p + at, text.n - at};
    if (rest.n && kind != 'm' && kind != 'M') {
        return refuse(what, text, "no type of NumPy", err);
    }
    if (kind == 'm' || kind == 'M') {
        f.kind = kind == 'M' ? HB_NPY_TIME : HB_NPY_SPAN;
        if (size != 8) {
            return refuse(what, text, "no type of NumPy", err);
        }
        HB_TRY(read_unit(text, rest, what, &f, err));
    } else if (kind == 'S' || kind == 'a' || kind == 'U') {
        f.kind = kind == 'U' ? HB_NPY_UCS4 : HB_NPY_BYTES;
    } else if (kind == 'V') {
        f.kind = HB_NPY_PADDING;
    } else {
        HB_TRY(number_kind(text, kind == '?' ? 'b' : kind, size, what, &f, err));
    }
    *ret = f;
    return HB_OK;
}
