/* SPDX-License-Identifier: Apache-2.0 */
/* Packets as a broker might send them. Byte 0: version. Nothing is read behind the end (a copy of
 * the exact size each time), and a message that is there in part has the topic and id it has when
 * it is there whole. */
#include "source/mqtt/packet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(hb_str part, const hb_mqtt_packet *packet)
{
    const char *end = packet->body.p + packet->body.n;
    if (part.n && (part.p < packet->body.p || part.p + part.n > end)) {
        abort();
    }
}

static void read_all(const hb_mqtt_packet *packet, hb_mqtt_version version)
{
    hb_mqtt_connack ack;
    hb_str text = HB_STR("");
    uint16_t id = 0;
    uint8_t reason = 0;
    if (hb_mqtt_read_connack(packet, version, &ack)) {
        inside(ack.text, packet);
    }
    if (hb_mqtt_read_suback(packet, version, &id, &text)) {
        inside(text, packet);
    }
    if (hb_mqtt_read_id(packet, &id) && id == 0) {
        abort();
    }
    if (hb_mqtt_read_disconnect(packet, &reason, &text)) {
        inside(text, packet);
        if (!hb_mqtt_reason(reason)[0] || !hb_mqtt_connack_reason(reason, version)[0]) {
            abort();
        }
    }
}

/* With less of it the same, or not enough yet. */
static void read_parts(const uint8_t *p, size_t n, hb_mqtt_version version,
                       const hb_mqtt_publish *whole)
{
    for (size_t there = 2; there < n; there += 1 + there / 8) {
        hb_mqtt_packet packet;
        hb_mqtt_publish part;
        hb_mqtt_found found = hb_mqtt_next(p, there, &packet);
        if (found == HB_MQTT_WHOLE || found == HB_MQTT_BAD) {
            abort();
        }
        if (found == HB_MQTT_PART && hb_mqtt_read_publish(&packet, version, &part) &&
            (part.id != whole->id || part.topic.n != whole->topic.n || part.qos != whole->qos)) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    hb_mqtt_version version = data[0] & 1 ? HB_MQTT_V311 : HB_MQTT_V5;
    uint8_t *copy = malloc(size);
    if (!copy) {
        return 0;
    }
    size_t at = 1;
    while (at < size) {
        hb_mqtt_packet packet;
        hb_mqtt_publish m;
        size_t n = size - at;
        memcpy(copy + 1 + (size - 1 - n), data + at, n);
        const uint8_t *p = copy + size - n;
        if (hb_mqtt_next(p, n, &packet) != HB_MQTT_WHOLE) {
            break;
        }
        read_all(&packet, version);
        if (packet.type == HB_MQTT_PUBLISH && hb_mqtt_read_publish(&packet, version, &m)) {
            inside(m.topic, &packet);
            inside(m.payload, &packet);
            read_parts(p, packet.total, version, &m);
        }
        at += packet.total;
    }
    free(copy);
    return 0;
}
