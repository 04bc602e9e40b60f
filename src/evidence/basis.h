/* SPDX-License-Identifier: Apache-2.0 */
/* The basis of a decision: what cannot be read again from runs that are kept unchanged. Written
 * when it is made, small, and stored beside it; with it and the registry's runs the reference is
 * rebuilt exactly (export/), whatever has been promoted, retired or decided since.
 * docs/formats/basis.md
 *
 * It holds: which runs the reference is made of, why and how it was chosen, every set as kind,
 * version, run ids with the status they had, the prior's suspicions with their values, digests of
 * the registry, policy and equivalence mapping. Of a window of a stream also the window and the
 * detector's state, which nothing else keeps. */
#ifndef HB_EVIDENCE_BASIS_H
#define HB_EVIDENCE_BASIS_H

#include "base/arena.h"
#include "base/buf.h"
#include "decide/decision.h"
#include "telemetry/window.h"

/* Called before a detector absorbs the window that was decided. `out` is added to. */
HB_CHECKED hb_status hb_basis_json(const hb_decision *d, hb_buf *out, hb_error *err);
enum { HB_BASIS_MAX = 256 << 20 };

/* A window of a stream and the detector's state before it was decided. */
typedef struct hb_live_kept {
    const hb_window *window; /* run is NULL */
    hb_str detector;         /* as hb_detector_save gives it; p = NULL: there was none */
} hb_live_kept;

typedef struct hb_basis_run {
    const char *run_id;
    const char *status; /* it had then */
} hb_basis_run;

typedef struct hb_basis_set {
    const char *kind; /* NULL = no such set */
    const char *version;
    const hb_basis_run *runs; /* oldest first */
    size_t n;
    const char *digest;
} hb_basis_set;

typedef struct hb_basis {
    hb_reference reference;       /* facts; run, set, with, prior and equivalences are NULL */
    const char *reference_digest; /* of the run compared with; "" = none */
    const char *run_digest;
    hb_basis_set set;
    hb_basis_set with;
    hb_basis_set history;
    hb_basis_set early;
    bool has_prior;
    const hb_suspicion *suspicions;
    size_t n_suspicions;
    const hb_live_kept *live;    /* NULL = no window of a stream */
    const char *registry_sha256; /* "built-in" where there was no file */
    const char *policy_sha256;
    const char *registry_name;
    const char *policy_name;
    const char *equivalence_sha256; /* "" = none */
    const char *program;            /* overrides of the metric registry in force */
    const char *mode;
    const char *engine_version;
} hb_basis;

/* Strings in the arena. HB_E_EVIDENCE when it is none. */
HB_CHECKED hb_status hb_basis_read(hb_str json, hb_arena *arena, hb_basis *ret, hb_error *err);

#endif
