/* SPDX-License-Identifier: Apache-2.0 */
/* Live samples as text: "name value unit @time #id", one a line, and "! reason" for what could not
 * be read. */
#ifndef HB_TESTS_SUPPORT_PAYLOADS_H
#define HB_TESTS_SUPPORT_PAYLOADS_H

#include "source/decode.h"

/* An hb_live_sample_fn; ctx is an hb_buf. */
hb_status payload_write_sample(void *ctx, const hb_live_sample *s, hb_error *err);
hb_status payload_decode(hb_decoder *d, hb_str topic, hb_str payload, hb_buf *out, hb_error *err);

#endif
