/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_STORE_SCHEMA_KEPT_H
#define HB_STORE_SCHEMA_KEPT_H

/* Nothing that says how a verdict came about is changed or taken away later. */
#define KEPT(table, words)                                                                        \
    "CREATE TRIGGER " table "_stays BEFORE UPDATE ON " table " BEGIN SELECT raise(ABORT, '" words \
    "'); END",                                                                                    \
        "CREATE TRIGGER " table "_is_kept BEFORE DELETE ON " table                                \
        " BEGIN SELECT raise(ABORT, '" words "'); END"

#endif
