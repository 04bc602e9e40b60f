/* SPDX-License-Identifier: Apache-2.0 */
#include "config/field.h"
#include "export/retention.h"

#define WRITE_INSTEAD                                                   \
    "Nothing ever read it. Write retention.max_age_days (reports) and " \
    "retention.evidence_max_age_days; to archive, copy packs (hb export evidence-pack) elsewhere."

static const hb_field retention_fields[] = {
    {.key = "keep_latest",
     .kind = HB_FIELD_UINT,
     .offset = offsetof(hb_retention_policy, keep_latest),
     .max = 1000000,
     .def = "200",
     .doc = "Reports of this many newest runs stay, however old they are."},
    {.key = "max_age_days",
     .kind = HB_FIELD_F64,
     .offset = offsetof(hb_retention_policy, max_age_days),
     .max = 36500,
     .def = "90",
     .doc = "Days after which the report folder of a run goes, counted from its registration."},
    {.key = "evidence_max_age_days",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_retention_policy, evidence_max_age_days),
     .max = 36500,
     .doc = "Days after which packs that were made by themselves go. Not given: they stay. Packs "
            "that somebody exported are never touched."},
    {.key = "windows_max_age_days",
     .kind = HB_FIELD_OPT_F64,
     .offset = offsetof(hb_retention_policy, windows_max_age_days),
     .max = 36500,
     .doc =
         "Days after which the stored decisions of live windows go, counted from the window's "
         "end, whatever the verdict; the line with verdict and digest stays, and so do decisions "
         "of windows that became runs, with the run. Not given: they stay, but for those of PASS "
         "and NO_TEST windows beyond decisions.keep_pass of daemon.yaml."},
    {.key = "reports_dir",
     .kind = HB_FIELD_STRING,
     .offset = offsetof(hb_retention_policy, reports_dir),
     .max = 4096,
     .doc = "Where the report folders are; default: the workspace's."},
    {.key = "hot_days", .kind = HB_FIELD_REFUSED, .doc = WRITE_INSTEAD},
    {.key = "warm_days", .kind = HB_FIELD_REFUSED, .doc = WRITE_INSTEAD},
    {.key = "archive_days", .kind = HB_FIELD_REFUSED, .doc = WRITE_INSTEAD},
    {.key = "after_archive", .kind = HB_FIELD_REFUSED, .doc = WRITE_INSTEAD},
    {.key = "archive_dir", .kind = HB_FIELD_REFUSED, .doc = WRITE_INSTEAD},
    {0},
};

static const hb_field fields[] = {
    {.key = "retention",
     .kind = HB_FIELD_MAP,
     .sub = retention_fields,
     .required = true,
     .doc = "What is kept for how long. Never removed: anything of a golden's runs or of a case on "
            "hold."},
    {.key = "hot_days", .kind = HB_FIELD_REFUSED, .doc = WRITE_INSTEAD},
    {.key = "warm_days", .kind = HB_FIELD_REFUSED, .doc = WRITE_INSTEAD},
    {.key = "archive_days", .kind = HB_FIELD_REFUSED, .doc = WRITE_INSTEAD},
    {.key = "after_archive", .kind = HB_FIELD_REFUSED, .doc = WRITE_INSTEAD},
    {.key = "archive_dir", .kind = HB_FIELD_REFUSED, .doc = WRITE_INSTEAD},
    {0},
};

const hb_field *hb_retention_policy_fields(void)
{
    return fields;
}

static hb_status decode(hb_retention_policy *p, hb_str text, const char *name, hb_error *err)
{
    const hb_node *root = NULL;
    const hb_where top = {.name = name, .path = "", .arena = &p->arena};
    HB_TRY(hb_yaml_parse(text, name, &p->arena, &root, err));
    HB_TRY(hb_fields_decode(fields, root, &top, p, err));
    return hb_digest_of(text.p, text.n, p->digest, err);
}

hb_status hb_retention_policy_parse(hb_str text, const char *name, hb_retention_policy *ret,
                                    hb_error *err)
{
    hb_retention_policy p = {.keep_latest = 200, .max_age_days = 90, .reports_dir = ""};
    hb_arena_init(&p.arena, HB_NODE_ARENA_BYTES);
    hb_status status = decode(&p, text, name, err);
    if (status != HB_OK) {
        hb_arena_release(&p.arena);
        return status;
    }
    *ret = p;
    return HB_OK;
}

void hb_retention_policy_release(hb_retention_policy *p)
{
    hb_arena_release(&p->arena);
}
