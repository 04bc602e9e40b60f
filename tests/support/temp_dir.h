/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of the test's own under $TMPDIR or /tmp. */
#ifndef HB_TESTS_SUPPORT_TEMP_DIR_H
#define HB_TESTS_SUPPORT_TEMP_DIR_H

/* Makes an empty folder and removes the one before; the text is valid until the next call. */
const char *temp_dir_new(void);
/* DIR/name of the current folder; four results stay valid at a time. */
const char *temp_path(const char *name);
void temp_dir_remove(void);

#endif
