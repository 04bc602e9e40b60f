/* SPDX-License-Identifier: Apache-2.0 */
/* An authority of the test's own, made with OpenSSL's command line in the temporary folder:
 * root.pem → issuing.pem → release, small, mail, free, stamp, web (NAME.pem, .key, .chain); root →
 * narrow → strange, inside; other.pem knows none of them. */
#ifndef HB_TESTS_SUPPORT_AUTHORITY_H
#define HB_TESTS_SUPPORT_AUTHORITY_H

#include "base/str.h"
#include "base/time.h"

int authority_make(void **state); /* cmocka's setup and teardown */
int authority_remove(void **state);
void authority_here(void); /* into the temporary folder that there is */
/* Also weakca → underweak, sha1, sha1ca → undersha1, short → deep → far, odd, paper, soft, both,
 * tiny, old: each with something that is not to be believed, but paper (document signing). */
void authority_edges(void);
/* Text of a file of the folder; sixty-four stay valid at a time. */
hb_str authority_file(const char *name);
/* root.crl and issuing.crl (clean), revoked.crl (release, since `revoked`), clean.crls and
 * revoked.crls (both authorities' in one file), valid between the times. */
void authority_lists(hb_time from, hb_time to, hb_time revoked);
/* SIGNER.tsr, the answer of the time stamping authority with that certificate; digest NULL = its
 * usual one. */
void authority_answer(const char *query, const char *signer, const char *digest);
/* SIGNER.tsr, the token of stamp.tsr signed by anybody's key, at any time. */
void authority_forge(const char *signer, hb_time at);

#endif
