/* SPDX-License-Identifier: Apache-2.0 */
/* The three standard streams and the person before them. */
#ifndef HB_CLI_TERM_H
#define HB_CLI_TERM_H

#include <stdbool.h>

/* A program started with a standard stream closed would give its number to the next file it opens,
 * and write its result into the registry. Called first in main: fills each gap with /dev/null
 * opened the wrong way round, so that using the stream fails as it should. */
void hb_term_fill_gaps(void);

typedef enum hb_colour_when { HB_COLOUR_AUTO, HB_COLOUR_ALWAYS, HB_COLOUR_NEVER } hb_colour_when;

/* Whether standard output takes colour: always, never, or on a terminal that can (TERM is not
 * "dumb") unless NO_COLOR is set and not empty. */
bool hb_term_colour(hb_colour_when when, char *(*env)(const char *));
/* Whether the terminal's encoding has block characters; asked of the variables, because no locale
 * is ever set. */
bool hb_term_utf8(char *(*env)(const char *));
bool hb_term_talks(void); /* standard error is a terminal */

/* SIGPIPE becomes an error of write. SIGINT and SIGTERM end the program with 130 and 143 at once;
 * a signal that was ignored at the start (nohup) stays so. */
void hb_term_signals(void);
/* From here on the first of these signals only makes hb_term_stop_wanted true, so that work that
 * keeps what it has can end early; the second ends the program. */
void hb_term_stop_gently(void);
/* 0, or the exit code of the signal that came. */
int hb_term_stop_wanted(void);

#endif
