/* SPDX-License-Identifier: Apache-2.0 */
/* Every live source. One row each. */
#include "source/source.h"

#include "source/file_replay/file_replay.h"
#include "source/host/live.h"
#include "source/http/receive.h"
#include "source/mqtt/mqtt.h"
#include "source/syslog/syslog.h"

#include <string.h>

const hb_source_ops *const hb_sources[] = {
    &hb_source_file_replay, &hb_source_host,   &hb_source_http,
    &hb_source_mqtt,        &hb_source_syslog, NULL,
};

const hb_source_ops *hb_source_find(const char *name)
{
    for (size_t i = 0; hb_sources[i]; i++) {
        if (strcmp(hb_sources[i]->name, name) == 0) {
            return hb_sources[i];
        }
    }
    return NULL;
}

const char *hb_source_state_name(hb_source_state s)
{
    static const char *const names[] = {
        [HB_SOURCE_STARTING] = "starting", [HB_SOURCE_RUNNING] = "running",
        [HB_SOURCE_RETRYING] = "retrying", [HB_SOURCE_DONE] = "done",
        [HB_SOURCE_FAILED] = "failed",
    };
    return (unsigned)s < HB_SOURCE_STATE_COUNT_ ? names[s] : "?";
}
