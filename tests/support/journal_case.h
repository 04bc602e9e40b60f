/* SPDX-License-Identifier: Apache-2.0 */
/* Records for tests of the journal: number i has a payload that begins with i in eight digits. */
#ifndef HB_TESTS_SUPPORT_JOURNAL_CASE_H
#define HB_TESTS_SUPPORT_JOURNAL_CASE_H

#include "journal/journal.h"

/* The real one, but nothing waits for the disk. */
const hb_os *case_os(void);
hb_record case_message(const char *source, const char *topic, hb_str payload, hb_time arrival);
/* These two fail the test when the journal refuses. The position. */
uint64_t case_append(hb_journal *j, hb_record r);
uint64_t case_number(hb_journal *j, const char *source, unsigned i, size_t more);
uint64_t case_number_of(const hb_record *r);
/* Reads from `position` to the end: numbers from `first` on without a hole. Returns how many. */
unsigned case_read(hb_journal *j, uint64_t position, uint64_t first);

/* Fails the test when hb_journal_verify finds a problem. */
void case_verifies(const char *dir);
/* hb_journal_repair on j/ of the test's folder. */
hb_status case_repair(const hb_os *os, hb_error *err);
/* An empty folder of that name in the test's folder. */
void case_dir(const char *name);
/* Removes the files of a folder, which stays. */
void case_dir_clear(const char *dir);

#endif
