/* SPDX-License-Identifier: Apache-2.0 */
/* Live source "mqtt": what a broker sends on some topics, MQTT 5 and 3.1.1 (docs/sources.md).
 *
 * Nothing is acknowledged before it is in the journal. QoS 1: PUBACK after put; QoS 2: PUBREC after
 * put, in both versions, and what came under which id until PUBREL is remembered, so that within
 * one life a message is put once. After the process died the broker sends again what it has no
 * acknowledgement for: such a message may be in the journal twice, never missing.
 *
 * While put() waits for room no ping is sent; the broker then gives the connection up and sends
 * again later. The session (client id, topics) is kept at the broker for session_expiry. */
#ifndef HB_SOURCE_MQTT_MQTT_H
#define HB_SOURCE_MQTT_MQTT_H

#include "source/source.h"

extern const hb_source_ops hb_source_mqtt;

#endif
