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

#undef strcpy
#define strcpy(a, b) banned_no_bound_use_memcpy_or_hb_buf(a, b)
#undef strcat
#define strcat(a, b) banned_no_bound_use_hb_buf(a, b)
#undef strncpy
#define strncpy(a, b, n) banned_may_not_terminate_use_memcpy(a, b, n)
#undef strncat
#define strncat(a, b, n) banned_use_hb_buf(a, b, n)
#undef sprintf
#define sprintf(...) banned_no_bound_use_snprintf_or_hb_buf_fmt(__VA_ARGS__)
#undef vsprintf
#define vsprintf(...) banned_no_bound_use_vsnprintf(__VA_ARGS__)
#undef strtok
#define strtok(a, b) banned_hidden_state_use_hb_str(a, b)
#undef atoi
#define atoi(a) banned_no_error_use_hb_num_parse_i64(a)
#undef atol
#define atol(a) banned_no_error_use_hb_num_parse_i64(a)
#undef atof
#define atof(a) banned_no_error_and_locale_use_hb_num_parse(a)
#undef strtod
#define strtod(a, b) banned_depends_on_locale_use_hb_num_parse(a, b)
#undef strtof
#define strtof(a, b) banned_depends_on_locale_use_hb_num_parse(a, b)
#undef localtime
#define localtime(a) banned_depends_on_zone_use_hb_time_print(a)
#undef gmtime
#define gmtime(a) banned_hidden_state_use_hb_time_print(a)
#undef ctime
#define ctime(a) banned_use_hb_time_print(a)
#undef setlocale
#define setlocale(a, b) banned_changes_the_meaning_of_every_number(a, b)
#undef system
#define system(a) banned_shell(a)
#undef popen
#define popen(a, b) banned_shell(a, b)
#undef tmpnam
#define tmpnam(a) banned_race_use_hb_file_write(a)
#undef mktemp
#define mktemp(a) banned_race_use_mkstemp(a)
#undef rand
#define rand() banned_not_reproducible_use_hb_rng()
#undef srand
#define srand(a) banned_not_reproducible_use_hb_rng(a)
#endif

#endif
