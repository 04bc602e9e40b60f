# SPDX-License-Identifier: Apache-2.0
"""How fast the source mqtt takes a stream into the journal, beside mosquitto_sub, which prints it to
/dev/null: the same broker, the same messages, waiting in the broker's queue (so that no publisher
sets the pace), one after the other, several times.

    HB_BUILD_DIR=build/release /usr/bin/python3 tools/bench/mqtt.py [MESSAGES] [ROUNDS]"""
import os
import resource
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/e2e"))
import livetest  # noqa: E402

N = int(sys.argv[1]) if len(sys.argv) > 1 else 200000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 5


def varint(n):
    out = b""
    while True:
        n, low = n >> 7, n & 127
        out += bytes([low | (128 if n else 0)])
        if not n:
            return out


def publish(port, n):
    """N messages, QoS 1, as fast as the socket takes them."""
    with socket.create_connection(("127.0.0.1", port)) as s:
        client = b"bench-publisher"
        body = b"\0\4MQTT\4\2\0\0" + struct.pack(">H", len(client)) + client
        s.sendall(b"\x10" + varint(len(body)) + body)
        s.recv(4, socket.MSG_WAITALL)
        sent = 0
        while sent < n:
            batch = min(1000, n - sent)
            data = b""
            for i in range(sent, sent + batch):
                body = b"\0\x0clab/rig/temp" + struct.pack(">H", i % 65535 + 1)
                body += b'{"seq": %d, "value": %d.25}' % (i, i % 100)
                data += b"\x32" + varint(len(body)) + body
            s.sendall(data)
            s.recv(4 * batch, socket.MSG_WAITALL)
            sent += batch
        s.sendall(b"\xe0\0")


def seconds(start, broker):
    """Subscribe once so that the broker queues, fill the queue, then take it out."""
    start(None).wait_subscribed()
    publish(broker.port, N + 1)
    began = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start(N).wait_end()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - began, spent


class Ours:
    def __init__(self, folder, name, broker, qos, limit):
        self.r = livetest.Receiver(folder, {"broker": f"127.0.0.1:{broker.port}", "topic": "lab/#",
                                            "qos": qos, "client_id": name})
        self.r.start(limit=limit)

    def wait_subscribed(self):
        self.r.wait_told("running")
        self.r.stop()

    def wait_end(self):
        self.r.process.wait(livetest.PATIENCE_S)
        self.r.reader.join()


class Theirs:
    def __init__(self, name, broker, qos, limit):
        self.p = subprocess.Popen(["mosquitto_sub", "-p", str(broker.port), "-t", "lab/#", "-q", str(qos),
                                   "-i", name, "-c", "-C", str(limit or 1)], stdout=subprocess.DEVNULL)

    def wait_subscribed(self):
        time.sleep(0.5)
        livetest.end_process(self.p)

    def wait_end(self):
        self.p.wait(livetest.PATIENCE_S)


def main():
    folder = tempfile.mkdtemp(prefix="hb-bench-")
    broker = livetest.Broker(folder + "/broker", extra="queue_qos0_messages true\npersistent_client_expiration 1h\n")
    with open(broker.config) as f:
        text = f.read().replace("persistence true\n", "").replace("max_inflight_messages 50", "max_inflight_messages 200")
    with open(broker.config, "w") as f:
        f.write(text)
    broker.start()
    try:
        for qos in (0, 1):
            ours, theirs = [], []
            for i in range(ROUNDS):
                name = f"{qos}-{i}"
                ours.append(seconds(lambda n: Ours(f"{folder}/{name}-{n}", name, broker, qos, n), broker))
                theirs.append(seconds(lambda n: Theirs("sub" + name, broker, qos, n), broker))
            a, b = (statistics.median(t[0] for t in x) for x in (ours, theirs))
            c, d = (statistics.median(t[1] for t in x) for x in (ours, theirs))
            print(f"QoS {qos}: hb into the journal {N / a:,.0f}/s ({c:.2f} s of processor), mosquitto_sub "
                  f"{N / b:,.0f}/s ({d:.2f} s), ratio {b / a:.2f}", flush=True)
    finally:
        broker.stop()
        shutil.rmtree(folder)


main()
