/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HB_EXPORT_AUDIT_INTERNAL_H
#define HB_EXPORT_AUDIT_INTERNAL_H

#include "audit/merkle.h"
#include "store/audit.h"

/* Root over the decisions' digests (as bytes) and the leaf hashes, which the caller frees. n > 0.
 */
HB_CHECKED hb_status hb_audit_windows_root(hb_merkle *m, const hb_audit_windows *w,
                                           hb_hash **ret_leaves, hb_hash *ret_root, hb_error *err);

#endif
