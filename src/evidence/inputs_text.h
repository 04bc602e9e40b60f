/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that must be read as they were written, bit for bit: what hb_json (canonical) lacks on
 * the writing side, and a reader that takes canonical JSON and nothing else. Inside evidence/.
 *
 * Writing: hb_json for the structure, and here
 *   figures   the shortest digits that read back the same; "-0", "Infinity", "-Infinity", "NaN" as
 *             texts, and "NaN:" with 16 hex digits for a NaN of other bits than NAN's
 *   times     nanoseconds, null = HB_TIME_NONE
 *   texts     UTF-8 as they are, {"base64":…} for bytes that are none, null for NULL
 *   bytes     base64, null = none
 *
 * Reading: members are asked for in the order they were written; everything else (blanks, another
 * order, an unknown or missing member, digits in another form) is an error. The first failure
 * sticks, as in base/wire.h: everything after it gives 0, "" or false, so a reader reads as
 * straight text and looks once, with hb_strict_check.
 *
 *     hb_strict_obj(d);  hb_strict_key(d, "name");  x = hb_strict_text(d);  …  hb_strict_end(d);
 *     hb_strict_arr(d);  while (hb_strict_more(d)) { … }      the closing bracket is taken by the
 * last
 *
 * Room is made for what is there, never for what is announced. */
#ifndef HB_EVIDENCE_INPUTS_TEXT_H
#define HB_EVIDENCE_INPUTS_TEXT_H

#include "base/arena.h"
#include "base/json_write.h"

#include <string.h>

void hb_exact_f64(hb_json *j, const char *key, double v); /* key NULL = in an array */
void hb_exact_time(hb_json *j, const char *key, hb_time t);
void hb_exact_text(hb_json *j, const char *key, const char *text);
/* n = 0: null. */
void hb_exact_bytes(hb_json *j, const char *key, const void *p, size_t n);

typedef struct hb_strict {
    const char *begin;
    const char *p;
    const char *end;
    const char *name;
    hb_arena *arena;
    char *bytes; /* of the last hb_strict_bytes, owned */
    size_t cap_bytes;
    uint64_t *room; /* of an array while it is read, owned */
    size_t cap_room;
    int depth;
    bool first; /* nothing stands before the next member or element of this level */
    hb_status failed;
    hb_error *err;
} hb_strict;

/* Texts go into the arena. Release in any case. */
void hb_strict_init(hb_strict *d, hb_str text, const char *name, hb_arena *arena, hb_error *err);
void hb_strict_release(hb_strict *d);

void hb_strict_obj(hb_strict *d);
void hb_strict_arr(hb_strict *d);
bool hb_strict_more(hb_strict *d);
void hb_strict_end(hb_strict *d); /* of an object */
void hb_strict_key(hb_strict *d, const char *key);
bool hb_strict_null(hb_strict *d); /* takes a null if one stands here */
const char *hb_strict_text(hb_strict *d);
const char *hb_strict_text_or_null(hb_strict *d);
double hb_strict_f64(hb_strict *d);
uint64_t hb_strict_u64(hb_strict *d, uint64_t most);
int64_t hb_strict_i64(hb_strict *d);
bool hb_strict_bool(hb_strict *d);
hb_time hb_strict_time(hb_strict *d);
/* Valid until the next call; p = NULL for null. */
hb_str hb_strict_bytes(hb_strict *d);
/* An array of them in the arena; NULL when it failed. */
const double *hb_strict_f64s(hb_strict *d, size_t *ret_n);
const uint64_t *hb_strict_u64s(hb_strict *d, size_t *ret_n);
/* A text that is one of `n` names; its place. */
size_t hb_strict_word(hb_strict *d, const char *(*name)(size_t i), size_t n);
/* 64 lower-case hex digits, or with `may_be_empty` none. */
void hb_strict_hex(hb_strict *d, char ret[65], bool may_be_empty);

/* Something in the document cannot be; the reason, without the document's name. */
void hb_strict_refuse(hb_strict *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A step of the reader that failed on its own, with err filled already. */
void hb_strict_failed(hb_strict *d, hb_status status);
/* HB_OK or the first failure; HB_E_EVIDENCE for whatever the document is to blame for. */
HB_CHECKED hb_status hb_strict_check(hb_strict *d);
/* The document is closed and nothing follows. */
HB_CHECKED hb_status hb_strict_done(hb_strict *d);

/* For the reader's own files: is this the next byte; the text taken when it comes next; what was
 * expected instead of what stands here. */
bool hb_strict_at(const hb_strict *d, char c);
bool hb_strict_take(hb_strict *d, const char *text);
void hb_strict_expected(hb_strict *d, const char *what);
void hb_strict_no_memory(hb_strict *d);

enum { HB_STRICT_NAN = 20 }; /* "NaN:" and 16 hex digits */

static inline uint64_t hb_strict_bits(double v)
{
    uint64_t bits = 0;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

/* Elements of an array in the arena. False when it failed. */
#define HB_STRICT_GROW(d, list, n, cap) \
    hb_strict_grow_((d), (void **)&(list), (n), &(cap), sizeof *(list))
bool hb_strict_grow_(hb_strict *d, void **list, size_t n, size_t *cap, size_t size);

#endif
