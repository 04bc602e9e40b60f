/* SPDX-License-Identifier: Apache-2.0 */
/* Which metrics of two makes of instrument are the same (equivalence_mapping.yaml), and comparing a
 * run of one with a baseline of the other. docs/formats/equivalence_mapping.md
 *
 *     HB_TRY(hb_equivalence_parse(text, name, digest, &mapping, err));
 *     HB_TRY(hb_equivalence_apply(&mapping, run, &reference, &applied, err));
 *     … decide with the reference …
 *     hb_equivalence_applied_release(&applied);  hb_equivalence_release(&mapping);
 *
 * The run keeps its own names and figures, so that the limits declared for it hold; what is
 * converted is the reference: value, samples' profile, the set's values and spreads. */
#ifndef HB_TELEMETRY_EQUIVALENCE_H
#define HB_TELEMETRY_EQUIVALENCE_H

#include "base/buf.h"
#include "telemetry/reference.h"

enum { HB_EQUIVALENCES_MAX = 10000 };

typedef struct hb_equivalence {
    const char *source_name; /* of the baseline's make */
    const char *target_name; /* of the run's make */
    double scale;            /* target = source · scale + offset; not 0 */
    double offset;
    const char *source_platform; /* "" = not said */
    const char *target_platform;
    const char *provenance; /* who found it, how: "" = not said */
    uint64_t line;
    uint64_t col;
} hb_equivalence;

typedef struct hb_equivalence_mapping {
    hb_arena arena;
    const char *name; /* file name, "" = there is none */
    char digest[65];
    const char *version;
    hb_equivalence *list;
    size_t n;
} hb_equivalence_mapping;

/* An unknown key, a scale of 0, a name that is mapped twice and a chain (a target that is a source
 * again) are HB_E_CONFIG at their place. */
HB_CHECKED hb_status hb_equivalence_parse(hb_str text, const char *name, const char *digest_hex,
                                          hb_equivalence_mapping *ret_mapping, hb_error *err);
void hb_equivalence_release(hb_equivalence_mapping *m);
const struct hb_field *hb_equivalence_fields(void);

/* Owns what a converted reference is made of. */
typedef struct hb_equivalence_applied {
    hb_arena arena;
    hb_run *run; /* the reference run with converted metrics; borrows the rest of the original */
    hb_profile *owned; /* the converted profiles */
    size_t n_owned;
    hb_run_set sets[3]; /* set, history, early */
    size_t n_sets;
    hb_prior prior;
    hb_equivalence_use *uses;
    size_t n_uses;
} hb_equivalence_applied;

/* For every mapping whose one name the reference has (and not the other) and whose other name the
 * run has: the reference's metric gets the run's name and scale. Where run and reference share one
 * of both names nothing is converted, nor where the runs state another platform (factor "platform")
 * than the mapping. `reference` then points into *ret_applied, which must live as long; mapping,
 * run and the original reference's parts too. Nothing to convert: *ret_applied is empty and the
 * reference as it was. Release in any case. */
HB_CHECKED hb_status hb_equivalence_apply(const hb_equivalence_mapping *m, const hb_run *run,
                                          hb_reference *reference,
                                          hb_equivalence_applied *ret_applied, hb_error *err);
void hb_equivalence_applied_release(hb_equivalence_applied *a);

#endif
