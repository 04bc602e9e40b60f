/* SPDX-License-Identifier: Apache-2.0 */
/* A decision with everything layers 2 and 3 can say, filled by hand, for tests of what shows it:
 * suspected, confirmed and cleared metrics, one rejected below its min_effect, untested ones, a
 * governed scale, a logarithm, a broken relation, a change in the history, an attribution.
 *
 * The figures fit one another roughly (means and deviations are those of the values), p and q are
 * made up. Strings that come from outside hold markup. */
#ifndef HB_TESTS_SUPPORT_FAKE_DECISION_H
#define HB_TESTS_SUPPORT_FAKE_DECISION_H

#include "support/case.h"

enum { FAKE_DECISION_RUNS = 12, FAKE_DECISION_HISTORY = 18, FAKE_DECISION_METRICS = 12 };

#define FAKE_DECISION_EVIL "<script>document.title='owned'</script>"

typedef struct fake_decision {
    test_case c; /* c.decision is the decision, c.reference its reference */
    hb_run_set set;
    hb_run_set history;
    hb_prior prior;
} fake_decision;

/* n_further: plain metrics beside the FAKE_DECISION_METRICS, at most 1000. */
void fake_decision_begin(fake_decision *f, size_t n_further);
void fake_decision_end(fake_decision *f);
hb_comparison *fake_decision_metric(fake_decision *f, const char *name);

#endif
