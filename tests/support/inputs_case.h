/* SPDX-License-Identifier: Apache-2.0 */
/* A decision's inputs written, read again and decided again: the bytes must be the same. Called by
 * the helpers that decide, so that every decision of the tests of decide/ is held to it.
 *
 * Runs and sets made by hand lack true digests; copies of them get one. */
#ifndef HB_TESTS_SUPPORT_INPUTS_CASE_H
#define HB_TESTS_SUPPORT_INPUTS_CASE_H

#include "decide/decision.h"

void inputs_check(const hb_run *run, const hb_reference *reference, const hb_registry *registry,
                  const hb_policy *policy);

#endif
