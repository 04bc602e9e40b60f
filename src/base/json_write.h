/* SPDX-License-Identifier: Apache-2.0 */
/* JSON output, pretty or canonical (RFC 8785).
 *
 * Calling sequence: init on a buffer, then values in document order; hb_json_done checks that every
 * object and array was closed. In canonical mode there are no blanks and keys of one object must
 * be given in ascending byte order (our keys are ASCII, where that equals RFC 8785's UTF-16 order);
 * a key out of order is a programmer error and sticks as HB_E_BUG. Text that is not UTF-8 is
 * written with U+FFFD in place of each bad byte. A double that is not finite is written as the
 * string "NaN", "Infinity" or "-Infinity", so that nothing is lost and the document stays JSON.
 * 64-bit integers beyond ±2^53 are written as strings (RFC 8785 appendix D, I-JSON). */
#ifndef HB_BASE_JSON_WRITE_H
#define HB_BASE_JSON_WRITE_H

#include "base/buf.h"
#include "base/time.h"

enum { HB_JSON_DEPTH = 32 };

typedef enum hb_json_style { HB_JSON_PRETTY, HB_JSON_CANONICAL, HB_JSON_LINE } hb_json_style;

typedef struct hb_json {
    hb_buf *out;
    hb_json_style style;
    hb_status failed;
    int depth;
    struct {
        char close;
        bool any;
        char last_key[64]; /* canonical order check */
    } level[HB_JSON_DEPTH];
    bool after_key;
} hb_json;

void hb_json_init(hb_json *j, hb_buf *out, hb_json_style style);
void hb_json_obj(hb_json *j);
void hb_json_arr(hb_json *j);
void hb_json_end(hb_json *j); /* closes the innermost object or array */
void hb_json_key(hb_json *j, const char *key);
void hb_json_key_str(hb_json *j, hb_str key);
void hb_json_str(hb_json *j, hb_str s);
void hb_json_c(hb_json *j, const char *cstr); /* NULL writes null */
void hb_json_f64(hb_json *j, double v);
void hb_json_i64(hb_json *j, int64_t v);
void hb_json_u64(hb_json *j, uint64_t v);
void hb_json_bool(hb_json *j, bool v);
void hb_json_null(hb_json *j);
/* Copies a finished JSON value as it is. */
void hb_json_raw(hb_json *j, hb_str json);
HB_CHECKED hb_status hb_json_done(const hb_json *j, hb_error *err);

/* key and value in one call, for the common case */
void hb_json_kc(hb_json *j, const char *key, const char *value);
void hb_json_kf(hb_json *j, const char *key, double value);
void hb_json_kfinite(hb_json *j, const char *key, double value); /* nothing when it is not finite */
void hb_json_ki(hb_json *j, const char *key, int64_t value);
void hb_json_ku(hb_json *j, const char *key, uint64_t value);
void hb_json_kb(hb_json *j, const char *key, bool value);
void hb_json_kt(hb_json *j, const char *key, hb_time t); /* RFC 3339; HB_TIME_NONE writes null */

#endif
