/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to a case, into the lab's log. docs/custody.md */
#ifndef HB_CLI_CUSTODY_SHARED_H
#define HB_CLI_CUSTODY_SHARED_H

#include "cli/app.h"
#include "crypto/key.h"
#include "govern/permission.h"

#define HB_CUSTODY_GROUP "Evidence"

typedef struct hb_custody_deed {
    const char *case_id;
    const char *event; /* "created", "hold", "redacted" … */
    const char *reason;
    const char *by;              /* who says he does it, where nobody signs */
    const char *run_id;          /* "" = none is named */
    const char *manifest_sha256; /* of the pack that was made; NULL = none was */
    hb_action action;            /* what it takes where there are operators */
} hb_custody_deed;

/* With operators in force it takes a key of one of them (HB_E_DENIED with who could); without, a
 * key is believed to be its name's in keys/, and no key nobody's. A statement is signed, kept, and
 * filed below governance/; the entry is written with it, in one transaction. */
HB_CHECKED hb_status hb_custody_record(hb_app *app, const hb_custody_deed *d, hb_signer *signer,
                                       hb_error *err);

/* Whether somebody may do it, before there is work. *ret_name (may be NULL): the operator's; ""
 * where there are no operators. In app->arena. */
HB_CHECKED hb_status hb_custody_permit(hb_app *app, const hb_custody_deed *d, hb_signer *signer,
                                       const char **ret_name, hb_error *err);

/* The digest that statements about a case have as their subject: SHA-256 of its id. */
HB_CHECKED hb_status hb_custody_subject(const char *case_id, char ret[HB_DIGEST_HEX],
                                        hb_error *err);

/* The newest entries of a case, as text or --json. *ret_fails (may be NULL) becomes true when a
 * signature does not hold. */
HB_CHECKED hb_status hb_view_custody(hb_app *app, const char *case_id, size_t limit,
                                     bool *ret_fails, hb_error *err);

#endif
