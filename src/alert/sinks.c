/* SPDX-License-Identifier: Apache-2.0 */
#include "alert/sink.h"

#include "alert/sinks/all.h"

#include <string.h>

const hb_sink_ops *const hb_sinks[] = {
    &hb_sink_stdout, &hb_sink_file,  &hb_sink_syslog, &hb_sink_webhook,
    &hb_sink_mqtt,   &hb_sink_email, &hb_sink_exec,   NULL,
};

const hb_sink_ops *hb_sink_find(const char *name)
{
    for (size_t i = 0; hb_sinks[i]; i++) {
        if (strcmp(hb_sinks[i]->name, name) == 0) {
            return hb_sinks[i];
        }
    }
    return NULL;
}
