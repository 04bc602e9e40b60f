/* SPDX-License-Identifier: Apache-2.0 */
/* The question a file leaves open: is 05/04 the fifth of April or the fourth of May? */
#ifndef HB_INPUT_TIME_ASK_H
#define HB_INPUT_TIME_ASK_H

#include "input/time_rule.h"

enum { HB_TIME_QUESTION = 400 };

/* False when the rule leaves nothing open. The example is a cell of the block that the two orders
 * read differently. columns: n of the table. */
bool hb_time_question(const hb_time_rule *rule, const hb_column *columns, size_t n,
                      const hb_block *block, char decimal, char ret[HB_TIME_QUESTION]);

#endif
