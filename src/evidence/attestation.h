/* SPDX-License-Identifier: Apache-2.0 */
/* What the signature of a pack is over: an in-toto Statement v1 about manifest.json with predicate
 * test-result v0.1 (github.com/in-toto/attestation, spec/v1/statement.md and
 * spec/predicates/test-result.md). docs/formats/evidence_pack.md, section Attestation
 *
 * It is a function of the pack's manifest and decision alone, so verifying makes it again. The
 * verdict as the predicate has it: PASS is PASSED, PASS_WITH_DRIFT and NO_TEST are WARNED, FAIL is
 * FAILED. What the predicate has no place for stands in the extension member "harmonyBridge". */
#ifndef HB_EVIDENCE_ATTESTATION_H
#define HB_EVIDENCE_ATTESTATION_H

#include "evidence/pack.h"

#define HB_ATTESTATION_STATEMENT "https://in-toto.io/Statement/v1"
#define HB_ATTESTATION_PREDICATE "https://in-toto.io/attestation/test-result/v0.1"

/* Names in one of the lists of tests; what is beyond is left out, and the counts tell all. */
enum { HB_ATTESTATION_TESTS_MAX = 10000, HB_ATTESTATION_CONFIGURATION_MAX = 16 };

typedef struct hb_attestation_facts {
    const char *case_id;
    const char *manifest_sha256;
    const char *manifest_sha512;
    const hb_pack_file *files; /* of the manifest */
    size_t n_files;
    hb_str decision; /* decision.json */
} hb_attestation_facts;

/* The Statement as canonical JSON; replaces what is in out. HB_E_EVIDENCE when the decision is none
 * or decision.json is not among the files. */
HB_CHECKED hb_status hb_attestation_statement(const hb_attestation_facts *f, hb_buf *out,
                                              hb_error *err);

typedef struct hb_attestation_part {
    const char *name;
    const char *uri;    /* of what is built into the program; "" = a file of the pack */
    const char *sha256; /* "" = built in */
} hb_attestation_part;

typedef struct hb_attestation_tests {
    const char **names;
    size_t n;
    uint64_t count; /* n, or more when the list was cut */
} hb_attestation_tests;

typedef struct hb_attestation { /* in the arena */
    const char *manifest_sha256;
    const char *manifest_sha512;
    const char *result; /* "PASSED", "WARNED", "FAILED" */
    hb_attestation_part configuration[HB_ATTESTATION_CONFIGURATION_MAX];
    size_t n_configuration;
    hb_attestation_tests passed;
    hb_attestation_tests warned;
    hb_attestation_tests failed;
    const char *case_id;
    const char *decision_sha256;
    const char *engine_version;
    const char *verdict;
} hb_attestation;

/* Strictly: unknown or missing members, other types, other subjects are HB_E_EVIDENCE. */
HB_CHECKED hb_status hb_attestation_read(hb_str payload, const char *name, hb_arena *arena,
                                         hb_attestation *ret, hb_error *err);

/* HB_E_EVIDENCE names the first thing that `is` states and `expected` does not. */
HB_CHECKED hb_status hb_attestation_compare(const hb_attestation *is,
                                            const hb_attestation *expected, hb_error *err);

#endif
