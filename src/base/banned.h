/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that must not be used, forced into every file by the build. The name of the undeclared
 * replacement is the reason the compiler prints. */
#ifndef HB_BASE_BANNED_H
#define HB_BASE_BANNED_H

#ifndef __cplusplus
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define strcpy(a, b) banned_no_bound_use_memcpy_or_hb_buf(a, b)
#define strcat(a, b) banned_no_bound_use_hb_buf(a, b)
#define strncpy(a, b, n) banned_may_not_terminate_use_memcpy(a, b, n)
#define strncat(a, b, n) banned_use_hb_buf(a, b, n)
#define sprintf(...) banned_no_bound_use_snprintf_or_hb_buf_fmt(__VA_ARGS__)
#define vsprintf(...) banned_no_bound_use_vsnprintf(__VA_ARGS__)
#define strtok(a, b) banned_hidden_state_use_hb_str(a, b)
#define atoi(a) banned_no_error_use_hb_num_parse_i64(a)
#define atol(a) banned_no_error_use_hb_num_parse_i64(a)
#define atof(a) banned_no_error_and_locale_use_hb_num_parse(a)
#define strtod(a, b) banned_depends_on_locale_use_hb_num_parse(a, b)
#define strtof(a, b) banned_depends_on_locale_use_hb_num_parse(a, b)
#define localtime(a) banned_depends_on_zone_use_hb_time_print(a)
#define gmtime(a) banned_hidden_state_use_hb_time_print(a)
#define ctime(a) banned_use_hb_time_print(a)
#define setlocale(a, b) banned_changes_the_meaning_of_every_number(a, b)
#define system(a) banned_shell(a)
#define popen(a, b) banned_shell(a, b)
#define tmpnam(a) banned_race_use_hb_file_write(a)
#define mktemp(a) banned_race_use_mkstemp(a)
#define rand() banned_not_reproducible_use_hb_rng()
#define srand(a) banned_not_reproducible_use_hb_rng(a)
#endif

#endif
