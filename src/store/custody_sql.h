/* SPDX-License-Identifier: Apache-2.0 */
/* What is on hold and what a golden needs, for queries inside store/. */
#ifndef HB_STORE_CUSTODY_SQL_H
#define HB_STORE_CUSTODY_SQL_H

/* Per case the last hold or release: the other columns of max() are those of its row. */
#define HB_SQL_HELD                                                                          \
    "WITH held(c) AS (SELECT c FROM (SELECT subject AS c,"                                   \
    " json_extract(entry, '$.data.event') AS e, max(id) FROM audit_queue"                    \
    " WHERE type = 'custody' AND json_extract(entry, '$.data.event') IN ('hold', 'release')" \
    " GROUP BY subject) WHERE e = 'hold') "

/* … and the runs that entries of these cases name; after HB_SQL_HELD. */
#define HB_SQL_HELD_NAMES                                                \
    "SELECT c FROM held UNION"                                           \
    " SELECT json_extract(entry, '$.data.run_id') AS r FROM held"        \
    " JOIN audit_queue ON subject = c AND type IN ('custody', 'export')" \
    " WHERE coalesce(r, '') <> ''"

/* Ids of runs that a tag points at or that are in a baseline version, retired ones too. */
#define HB_SQL_GOLDEN_NAMES                                     \
    "SELECT run_id FROM runs WHERE id IN (SELECT run FROM tags" \
    " UNION SELECT run FROM baseline_version_runs)"

#endif
