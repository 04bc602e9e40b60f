/* SPDX-License-Identifier: Apache-2.0 */
/* The program that decided: its version counts, since another may decide otherwise; which build of
 * it, and what that was made of, is told. */
#include "evidence/verify_internal.h"

#include <string.h>

enum { VERSION_ROOM = 64 };

typedef struct deciding_program {
    char version[VERSION_ROOM];
    char sbom_sha256[HB_DIGEST_HEX];
} deciding_program;

static hb_status read_members(hb_object *o, deciding_program *ret, hb_error *err)
{
    const char *version = NULL;
    const char *sbom = NULL;
    const char *ignored = NULL; /* the signer's word: nothing in the pack follows from it */
    HB_TRY(hb_object_is(o, "format", "hb-program/1", err));
    HB_TRY(hb_object_text(o, "version", &version, err));
    HB_TRY(hb_object_text(o, "compiler", &ignored, err));
    HB_TRY(hb_object_digest(o, "executable_sha256", HB_OBJECT_SHA256, &ignored, err));
    HB_TRY(hb_object_digest(o, "sbom_sha256", HB_OBJECT_SHA256, &sbom, err));
    HB_TRY(hb_object_end(o, err));
    hb_str_fit(version, ret->version, sizeof ret->version);
    hb_str_fit(sbom, ret->sbom_sha256, sizeof ret->sbom_sha256);
    return HB_OK;
}

static hb_status read_program(hb_check *c, deciding_program *ret, hb_error *err)
{
    hb_str text;
    json_t *root = NULL;
    HB_TRY(hb_check_read(c, HB_PACK_PROGRAM, HB_VERIFY_SMALL_MAX, &text, err));
    HB_TRY(hb_object_parse(text, HB_PACK_PROGRAM, &root, err));
    hb_object o = hb_object_of(root, HB_PACK_PROGRAM);
    hb_status status = read_members(&o, ret, err);
    json_decref(root);
    return status;
}

/* hb and hb-verify have bills of their own, so another one is no fault. */
static const char *whose_bill(const hb_check *c, const char *sha256)
{
    if (!c->ask->sbom_sha256) {
        return "with which this one was not compared";
    }
    return strcmp(sha256, c->ask->sbom_sha256) == 0 ? "which is this program's own"
                                                    : "another than this program's";
}

hb_status hb_ask_program(hb_check *c, hb_error *err)
{
    hb_error e = {0};
    deciding_program p;
    const char *decided_by = hb_check_decision_text(c, NULL, "engine_version");
    if (read_program(c, &p, &e) != HB_OK) {
        return hb_check_fault(c, "program", &e, err);
    }
    if (strcmp(p.version, decided_by) != 0) {
        return hb_check_say(c, "program", HB_FAILS, err,
                            "program.json is of version '%s', the decision of '%.40s'", p.version,
                            decided_by);
    }
    return strcmp(p.version, HB_VERSION) == 0
               ? hb_check_say(c, "program", HB_HOLDS, err,
                              "decided by hb %s, the version that looks at it now; its bill of "
                              "materials has SHA-256 %s, %s",
                              p.version, p.sbom_sha256, whose_bill(c, p.sbom_sha256))
               : hb_check_say(c, "program", HB_NOT_CHECKED, err,
                              "decided by hb %s, and this is hb %s: take the version that decided "
                              "to see whether it decides so again; its bill of materials has "
                              "SHA-256 %s",
                              p.version, HB_VERSION, p.sbom_sha256);
}
