/* SPDX-License-Identifier: Apache-2.0 */
/* Every sink's row; hb_sinks[] lists them. */
#ifndef HB_ALERT_SINKS_ALL_H
#define HB_ALERT_SINKS_ALL_H

#include "alert/sink.h"

extern const hb_sink_ops hb_sink_stdout;
extern const hb_sink_ops hb_sink_file;
extern const hb_sink_ops hb_sink_syslog;
extern const hb_sink_ops hb_sink_webhook;
extern const hb_sink_ops hb_sink_mqtt;
extern const hb_sink_ops hb_sink_email;
extern const hb_sink_ops hb_sink_exec;

#endif
