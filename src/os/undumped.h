/* SPDX-License-Identifier: Apache-2.0 */
/* A process that holds a secret leaves no memory behind for others to read. */
#ifndef HB_OS_UNDUMPED_H
#define HB_OS_UNDUMPED_H

/* Called before a passphrase, PIN, token or private key is read or made, as often as it comes: from
 * then on the process leaves no core dump, neither as a file nor through a handler of the system,
 * and no other process of the user may trace it or read its memory. Not before: a run that holds no
 * secret can be looked into. Children that are started by exec begin anew, with the limit. */
void hb_hold_secrets(void);

#endif
