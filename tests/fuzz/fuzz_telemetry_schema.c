/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a telemetry schema; one that is taken is used on what stands behind its first NUL.
 * The first byte chooses an allocation to fail. */
#include "telemetry/normalise.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static hb_status look(void *ctx, hb_str name, hb_str unit, double value, hb_error *err)
{
    (void)ctx;
    (void)err;
    if (name.n > 256 || unit.n > 256 || !isfinite(value)) {
        abort();
    }
    return HB_OK;
}

static void use(const hb_telemetry_schema *s, hb_str text)
{
    hb_live_sample io = {.name = text, .unit = text, .kind = HB_LIVE_VALUE, .value = 1e200};
    hb_buf out;
    hb_str name;
    hb_str unit;
    size_t matched = 0;
    hb_normalise(s, &io);
    if (io.kind == HB_LIVE_VALUE && !isfinite(io.value)) {
        abort();
    }
    hb_buf_init(&out, 1 << 20);
    if (hb_topic_map(s, text, &out, &name, &unit) && name.n != out.n) {
        abort();
    }
    if (hb_syslog_patterns(s, HB_STR("kernel"), text, look, NULL, &matched, NULL) == HB_E_BUG) {
        abort();
    }
    hb_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 1 << 14) {
        return 0;
    }
    hb_str all = {(const char *)data + 1, size - 1};
    size_t n = hb_str_find_ch(all, '\0');
    hb_telemetry_schema *s = NULL;
    hb_fault_alloc(data[0], false);
    hb_status status = hb_telemetry_schema_parse((hb_str){all.p, n}, "s.yaml", &s, NULL);
    hb_fault_alloc(0, false);
    if (status == HB_OK) {
        use(s, (hb_str){all.p + n + (n < all.n), all.n - n - (n < all.n)});
        hb_telemetry_schema_free(s);
    }
    return 0;
}
