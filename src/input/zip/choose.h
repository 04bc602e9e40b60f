/* SPDX-License-Identifier: Apache-2.0 */
/* Which file of a zip container is meant. Inside input/. */
#ifndef HB_INPUT_ZIP_CHOOSE_H
#define HB_INPUT_ZIP_CHOOSE_H

#include "input/zip/zip.h"

typedef struct hb_zip_choice {
    bool as_it_is; /* a workbook, or the arrays of an .npz: no file is to be chosen here */
    bool used;     /* `member` named it; else it is the only one */
    hb_zip_entry entry;
    char *name; /* owned: entry.name */
} hb_zip_choice;

/* member: a name, a pattern, or NULL. Several files without a fitting one, or several that fit:
 * HB_E_USAGE with their names. */
HB_CHECKED hb_status hb_zip_choose(hb_zip *z, const char *path, const char *member,
                                   hb_zip_choice *ret, hb_error *err);
void hb_zip_choice_release(hb_zip_choice *c);

/* Does it begin like a zip (or is it an empty one)? */
bool hb_zip_recognise(hb_str head);
/* Folders, and what file managers add for themselves: __MACOSX/, .DS_Store, Thumbs.db. */
bool hb_zip_is_litter(const hb_zip_entry *entry);
/* Is it the name, or does the pattern (* ? [a-z], * matches / too) fit it or its last part? */
bool hb_zip_matches(const char *pattern, hb_str name);

#endif
