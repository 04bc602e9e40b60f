/* SPDX-License-Identifier: Apache-2.0 */
#include "inject/live.h"

#include "base/mem.h"
#include "base/num.h"
#include "inject/lines.h"

#include <MQTTClient.h>
#include <math.h>
#include <string.h>

enum { TEXT_MAX_BYTES = 16 << 20, WAIT_MS = 20, SEND_MS = 10000, LATE_MAX = 100000 };

typedef struct late {
    char *topic;
    char *text;
    size_t n;
    uint32_t copies;
    int64_t due_ns;
} late;

typedef struct bridge {
    const hb_inject_live *live;
    hb_injector *injector;
    MQTTClient client;
    hb_buf text;
    hb_buf topic;
    late *late; /* by due */
    size_t n_late;
    size_t cap_late;
    uint64_t written;
} bridge;

static hb_status publish(bridge *b, const char *topic, const void *p, size_t n, uint32_t copies,
                         hb_error *err)
{
    for (uint32_t i = 0; i < copies; i++) {
        MQTTClient_deliveryToken token = 0;
        int rc = MQTTClient_publish(b->client, topic, (int)n, p, 1, 0, &token);
        if (rc == MQTTCLIENT_SUCCESS) {
            rc = MQTTClient_waitForCompletion(b->client, token, SEND_MS);
        }
        if (rc != MQTTCLIENT_SUCCESS) {
            return HB_FAIL(err, HB_E_IO, "publishing to '%.200s' failed: %s", topic,
                           MQTTClient_strerror(rc));
        }
        b->written++;
    }
    return HB_OK;
}

static hb_status put_late(bridge *b, const char *topic, const void *p, size_t n, uint32_t copies,
                          double delay_s, hb_error *err)
{
    HB_TRY(HB_GROW(b->late, b->cap_late, b->n_late + 1, LATE_MAX, "messages held back", err));
    late one = {.topic = hb_strdup(topic),
                .text = hb_strndup(p, n),
                .n = n,
                .copies = copies,
                .due_ns = b->live->os->monotonic_ns() + llround(delay_s * 1e9)};
    if (!one.topic || !one.text) {
        hb_free(one.topic);
        hb_free(one.text);
        return HB_NOMEM(err);
    }
    size_t at = b->n_late++;
    while (at > 0 && b->late[at - 1].due_ns > one.due_ns) {
        b->late[at] = b->late[at - 1];
        at--;
    }
    b->late[at] = one;
    return HB_OK;
}

static hb_status send_late(bridge *b, bool all, hb_error *err)
{
    hb_status status = HB_OK;
    size_t n = 0;
    int64_t now = b->live->os->monotonic_ns();
    while (n < b->n_late && status == HB_OK && (all || b->late[n].due_ns <= now)) {
        late *l = &b->late[n++];
        status = publish(b, l->topic, l->text, l->n, l->copies, err);
        hb_free(l->topic);
        hb_free(l->text);
    }
    if (n) {
        b->n_late -= n;
        memmove(b->late, b->late + n, b->n_late * sizeof *b->late);
    }
    return status;
}

/* The last level of the topic names a plain number. */
static const char *last_level(const char *topic)
{
    const char *slash = strrchr(topic, '/');
    return slash ? slash + 1 : topic;
}

static hb_status message(bridge *b, const char *topic, const void *p, size_t n, hb_error *err)
{
    hb_inject_json r = {.copies = 1, .t = HB_TIME_NONE};
    hb_str in = {p, n};
    hb_str number = hb_str_trim(in);
    hb_buf_clear(&b->text);
    hb_buf_clear(&b->topic);
    hb_inject_event e = {.metric = hb_str_of(last_level(topic)), .has_value = true};
    if (hb_num_parse(number.p, number.n, &e.value) == HB_NUM_FINITE) {
        hb_inject_outcome o;
        e.t = b->live->os->now();
        hb_injector_next(b->injector, &e, &o);
        r.copies = o.copies;
        r.delay_s = o.delay_s;
        r.changed = o.value_changed;
        hb_buf_f64(&b->text, o.value);
        hb_buf_fmt(&b->topic, "%s/%.*s%s", b->live->prefix,
                   (int)(o.renamed ? last_level(topic) - topic : (ptrdiff_t)strlen(topic)), topic,
                   o.renamed ? o.metric : "");
    } else {
        /* What is no telemetry to us is passed on: the fault is in the figures. */
        HB_IGNORE(hb_inject_json_text(b->injector, in, last_level(topic), NULL, NULL, &b->text, &r,
                                      NULL));
        hb_buf_fmt(&b->topic, "%s/%s", b->live->prefix, topic);
    }
    HB_TRY(hb_buf_check(&b->text, err));
    HB_TRY(hb_buf_check(&b->topic, err));
    const void *out = r.changed ? b->text.p : p;
    size_t out_n = r.changed ? b->text.n : n;
    return r.delay_s > 0 && r.copies ? put_late(b, b->topic.p, out, out_n, r.copies, r.delay_s, err)
                                     : publish(b, b->topic.p, out, out_n, r.copies, err);
}

static hb_status connect_broker(bridge *b, hb_error *err)
{
    const hb_inject_live *live = b->live;
    char id[40];
    uint64_t tag = 0;
    if (live->os->random(&tag, sizeof tag) != 0) {
        return HB_FAIL(err, HB_E_IO, "no random numbers for the client's name");
    }
    snprintf(id, sizeof id, "hb-inject-%016llx", (unsigned long long)tag);
    int rc = MQTTClient_create(&b->client, live->broker, id, MQTTCLIENT_PERSISTENCE_NONE, NULL);
    if (rc != MQTTCLIENT_SUCCESS) {
        b->client = NULL;
        return HB_FAIL(err, HB_E_USAGE, "--broker: expected tcp://HOST:PORT, got '%.200s' (%s)",
                       live->broker, MQTTClient_strerror(rc));
    }
    MQTTClient_connectOptions options = MQTTClient_connectOptions_initializer;
    options.username = live->username;
    options.password = live->username ? live->password : NULL;
    options.connectTimeout = 10;
    rc = MQTTClient_connect(b->client, &options);
    if (rc == MQTTCLIENT_SUCCESS) {
        rc = MQTTClient_subscribe(b->client, live->topic, 1);
    }
    return rc == MQTTCLIENT_SUCCESS ? HB_OK
                                    : HB_FAIL(err, HB_E_IO, "broker '%.200s', topic '%.100s': %s",
                                              live->broker, live->topic, MQTTClient_strerror(rc));
}

static hb_status bridge_run(bridge *b, hb_error *err)
{
    const hb_inject_live *live = b->live;
    int64_t end = live->seconds > 0
                      ? live->os->monotonic_ns() + llround(fmin(live->seconds, 9e9) * 1e9)
                      : INT64_MAX;
    size_t prefix = strlen(live->prefix);
    while (live->os->monotonic_ns() < end && !(live->stop && live->stop(live->stop_ctx))) {
        char *topic = NULL;
        int topic_len = 0;
        MQTTClient_message *m = NULL;
        int rc = MQTTClient_receive(b->client, &topic, &topic_len, &m, WAIT_MS);
        if (rc != MQTTCLIENT_SUCCESS && rc != MQTTCLIENT_TOPICNAME_TRUNCATED) {
            return HB_FAIL(err, HB_E_IO, "the connection to '%.200s' was lost", live->broker);
        }
        hb_status status = HB_OK;
        if (m) {
            /* Our own output, should the filter take it: never put through again. */
            bool ours = strncmp(topic, live->prefix, prefix) == 0 && topic[prefix] == '/';
            if (!ours) {
                status = message(b, topic, m->payload, (size_t)m->payloadlen, err);
            }
            MQTTClient_freeMessage(&m);
            MQTTClient_free(topic);
        }
        HB_TRY(status);
        HB_TRY(send_late(b, false, err));
    }
    return send_late(b, true, err);
}

hb_status hb_inject_live_run(const hb_inject_live *live, hb_injector *injector,
                             uint64_t *ret_written, hb_error *err)
{
    bridge b = {.live = live, .injector = injector};
    hb_buf_init(&b.text, TEXT_MAX_BYTES);
    hb_buf_init(&b.topic, 1 << 16);
    hb_status status = connect_broker(&b, err);
    if (status == HB_OK) {
        status = bridge_run(&b, err);
        MQTTClient_disconnect(b.client, 1000);
    }
    if (b.client) {
        MQTTClient_destroy(&b.client);
    }
    for (size_t i = 0; i < b.n_late; i++) {
        hb_free(b.late[i].topic);
        hb_free(b.late[i].text);
    }
    hb_free(b.late);
    hb_buf_release(&b.text);
    hb_buf_release(&b.topic);
    if (status == HB_OK) {
        *ret_written = b.written;
    }
    return status;
}
