/* SPDX-License-Identifier: Apache-2.0 */
/* The readers of payloads. One row each; a format without a row cannot be configured. */
#include "source/payload.h"

const char *const hb_payload_names[] = {
#define HB_PAYLOAD_NAME(code, name, words) name,
    HB_PAYLOAD_MAP(HB_PAYLOAD_NAME)
#undef HB_PAYLOAD_NAME
        NULL,
};

static const hb_payload_reader readers[] = {
    {.payload = HB_PAYLOAD_AUTO,
     .read = hb_payload_auto,
     .new_state = hb_payload_csv_new,
     .free_state = hb_payload_csv_free,
     .save = hb_payload_csv_save,
     .load = hb_payload_csv_load},
    {.payload = HB_PAYLOAD_JSON, .read = hb_payload_json},
    {.payload = HB_PAYLOAD_PLAIN, .read = hb_payload_plain},
    {.payload = HB_PAYLOAD_KEY_VALUE, .read = hb_payload_key_value},
    {.payload = HB_PAYLOAD_CSV,
     .read = hb_payload_csv,
     .new_state = hb_payload_csv_new,
     .free_state = hb_payload_csv_free,
     .save = hb_payload_csv_save,
     .load = hb_payload_csv_load},
    {.payload = HB_PAYLOAD_SPARKPLUG,
     .read = hb_payload_sparkplug,
     .new_state = hb_payload_sparkplug_new,
     .free_state = hb_payload_sparkplug_free,
     .save = hb_payload_sparkplug_save,
     .load = hb_payload_sparkplug_load},
    {.payload = HB_PAYLOAD_SYSLOG, .read = hb_payload_syslog},
    {.payload = HB_PAYLOAD_LINE_PROTOCOL, .read = hb_payload_line_protocol},
    {.payload = HB_PAYLOAD_OTLP, .read = hb_payload_otlp},
    {.payload = HB_PAYLOAD_HOST, .read = hb_payload_host},
};

const hb_payload_reader *hb_payload_reader_find(hb_payload payload)
{
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        if (readers[i].payload == payload) {
            return &readers[i];
        }
    }
    return NULL;
}
