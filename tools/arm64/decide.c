/* SPDX-License-Identifier: Apache-2.0 */
/* hb-verify without its sandbox, which qemu's user mode cannot give: for tools/arm64/verify.sh
 * alone, with packs that were made here.
 *
 *     decide KEY.pub PACK */
#include "evidence/verify_keys.h"
#include "evidence/verify_view.h"

#include <stdio.h>

static hb_status decide(char **argv, hb_trust *trust, hb_buf *out, bool *ret_holds, hb_error *err)
{
    hb_verified v;
    HB_TRY(hb_trust_add(trust, hb_os_real(), argv[1], err));
    const hb_verify_ask ask = {
        .os = hb_os_real(), .path = argv[2], .trusted = trust->keys, .n_trusted = trust->n};
    HB_TRY(hb_verify(&ask, &v, err));
    hb_verified_text(&v, argv[2], false, false, out);
    *ret_holds = v.holds;
    hb_verified_release(&v);
    return hb_buf_check(out, err);
}

int main(int argc, char **argv)
{
    hb_error err = {0};
    hb_trust trust = {0};
    hb_buf out;
    bool holds = false;
    hb_buf_init(&out, 1 << 20);
    hb_status status = argc == 3 ? decide(argv, &trust, &out, &holds, &err)
                                 : HB_FAIL(&err, HB_E_USAGE, "usage: decide KEY.pub PACK");
    if (status == HB_OK) {
        fwrite(out.p, 1, out.n, stdout);
    } else {
        fprintf(stderr, "decide: %s\n", err.msg);
    }
    hb_buf_release(&out);
    hb_trust_release(&trust);
    return holds ? 0 : 1;
}
