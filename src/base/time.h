/* SPDX-License-Identifier: Apache-2.0 */
/* One time type: int64 nanoseconds since 1970-01-01T00:00:00Z, proleptic Gregorian, no leap
 * seconds (1677-09-21 to 2262-04-11). HB_TIME_NONE = unknown. No locale, no time zone database. */
#ifndef HB_BASE_TIME_H
#define HB_BASE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t hb_time;
#define HB_TIME_NONE INT64_MIN

enum { HB_TIME_TEXT = 40 };

/* Days from 1970-01-01 of a civil date (month 1–12, day 1–31, not checked). */
int64_t hb_days_from_civil(int64_t year, unsigned month, unsigned day);
void hb_civil_from_days(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day);

/* Seconds (and ns) of a civil time into hb_time; false when out of hb_time's range or not a date.
 */
bool hb_time_from_civil(int64_t year, unsigned month, unsigned day, unsigned hour, unsigned minute,
                        unsigned second, uint32_t ns, int32_t offset_s, hb_time *ret);

/* RFC 3339 / ISO 8601 extended or basic: date, "T" or blank, hh:mm[:ss[.fff…]], Z or ±hh[:]mm or
 * nothing (taken as UTC; *ret_zoned tells, may be NULL). Also a date alone. A leap second :60 reads
 * as the next second. '.' or ',' before the fraction; digits past nanoseconds are dropped. */
bool hb_time_parse(const char *p, size_t n, hb_time *ret, bool *ret_zoned);

/* "2026-11-23T20:55:01Z", fraction only as long as needed (3, 6 or 9 digits). Returns the length.
 */
size_t hb_time_print(hb_time t, char out[HB_TIME_TEXT]);

#endif
