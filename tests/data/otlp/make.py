# SPDX-License-Identifier: Apache-2.0
"""Writes messages.txt, and the seeds of tests/fuzz/corpus/otlp, with Google's protobuf for Python as
encoder of both forms, protobuf and JSON. The description of the messages is written down here a
second time, from the OpenTelemetry protocol, so that a field number that is wrong in our .proto does
not agree with itself.

    /usr/bin/python3 tests/data/otlp/make.py      (python3-protobuf)

messages.txt: "> TOPIC HEX" is a message for the decoder, "= …" and "! …" what is read of it. Each
request stands there as protobuf, as JSON and as protobuf in gzip."""
import gzip
import math
import os
import struct

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

F = descriptor_pb2.FieldDescriptorProto
HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(HERE, "../../fuzz/corpus/otlp")
PACKAGE = ".opentelemetry.proto."

D, I64, FIX, SFIX, U32, S, B, BY, SI, U64 = (F.TYPE_DOUBLE, F.TYPE_INT64, F.TYPE_FIXED64, F.TYPE_SFIXED64,
                                             F.TYPE_UINT32, F.TYPE_STRING, F.TYPE_BOOL, F.TYPE_BYTES,
                                             F.TYPE_SINT32, F.TYPE_UINT64)
ENUM = "AggregationTemporality"
# name, number, type or message; then any of: repeated, optional, and the name of a oneof
FIELDS = {
    "AnyValue": [("string_value", 1, S, "value"), ("bool_value", 2, B, "value"), ("int_value", 3, I64, "value"),
                 ("double_value", 4, D, "value"), ("array_value", 5, "ArrayValue", "value"),
                 ("kvlist_value", 6, "KeyValueList", "value"), ("bytes_value", 7, BY, "value")],
    "ArrayValue": [("values", 1, "AnyValue", "repeated")],
    "KeyValueList": [("values", 1, "KeyValue", "repeated")],
    "KeyValue": [("key", 1, S), ("value", 2, "AnyValue")],
    "InstrumentationScope": [("name", 1, S), ("version", 2, S), ("attributes", 3, "KeyValue", "repeated"),
                             ("dropped_attributes_count", 4, U32)],
    "Resource": [("attributes", 1, "KeyValue", "repeated"), ("dropped_attributes_count", 2, U32)],
    "Exemplar": [("filtered_attributes", 7, "KeyValue", "repeated"), ("time_unix_nano", 2, FIX),
                 ("as_double", 3, D, "value"), ("as_int", 6, SFIX, "value"), ("span_id", 4, BY), ("trace_id", 5, BY)],
    "NumberDataPoint": [("attributes", 7, "KeyValue", "repeated"), ("start_time_unix_nano", 2, FIX),
                        ("time_unix_nano", 3, FIX), ("as_double", 4, D, "value"), ("as_int", 6, SFIX, "value"),
                        ("exemplars", 5, "Exemplar", "repeated"), ("flags", 8, U32)],
    "HistogramDataPoint": [("attributes", 9, "KeyValue", "repeated"), ("start_time_unix_nano", 2, FIX),
                           ("time_unix_nano", 3, FIX), ("count", 4, FIX), ("sum", 5, D, "optional"),
                           ("bucket_counts", 6, FIX, "repeated"), ("explicit_bounds", 7, D, "repeated"),
                           ("exemplars", 8, "Exemplar", "repeated"), ("flags", 10, U32), ("min", 11, D, "optional"),
                           ("max", 12, D, "optional")],
    "Buckets": [("offset", 1, SI), ("bucket_counts", 2, U64, "repeated")],
    "ExponentialHistogramDataPoint": [
        ("attributes", 1, "KeyValue", "repeated"), ("start_time_unix_nano", 2, FIX), ("time_unix_nano", 3, FIX),
        ("count", 4, FIX), ("sum", 5, D, "optional"), ("scale", 6, SI), ("zero_count", 7, FIX),
        ("positive", 8, "Buckets"), ("negative", 9, "Buckets"), ("flags", 10, U32),
        ("exemplars", 11, "Exemplar", "repeated"), ("min", 12, D, "optional"), ("max", 13, D, "optional"),
        ("zero_threshold", 14, D)],
    "ValueAtQuantile": [("quantile", 1, D), ("value", 2, D)],
    "SummaryDataPoint": [("attributes", 7, "KeyValue", "repeated"), ("start_time_unix_nano", 2, FIX),
                         ("time_unix_nano", 3, FIX), ("count", 4, FIX), ("sum", 5, D),
                         ("quantile_values", 6, "ValueAtQuantile", "repeated"), ("flags", 8, U32)],
    "Gauge": [("data_points", 1, "NumberDataPoint", "repeated")],
    "Sum": [("data_points", 1, "NumberDataPoint", "repeated"), ("aggregation_temporality", 2, ENUM),
            ("is_monotonic", 3, B)],
    "Histogram": [("data_points", 1, "HistogramDataPoint", "repeated"), ("aggregation_temporality", 2, ENUM)],
    "ExponentialHistogram": [("data_points", 1, "ExponentialHistogramDataPoint", "repeated"),
                             ("aggregation_temporality", 2, ENUM)],
    "Summary": [("data_points", 1, "SummaryDataPoint", "repeated")],
    "Metric": [("name", 1, S), ("description", 2, S), ("unit", 3, S), ("gauge", 5, "Gauge", "data"),
               ("sum", 7, "Sum", "data"), ("histogram", 9, "Histogram", "data"),
               ("exponential_histogram", 10, "ExponentialHistogram", "data"), ("summary", 11, "Summary", "data"),
               ("metadata", 12, "KeyValue", "repeated")],
    "ScopeMetrics": [("scope", 1, "InstrumentationScope"), ("metrics", 2, "Metric", "repeated"), ("schema_url", 3, S)],
    "ResourceMetrics": [("resource", 1, "Resource"), ("scope_metrics", 2, "ScopeMetrics", "repeated"),
                        ("schema_url", 3, S)],
    "Request": [("resource_metrics", 1, "ResourceMetrics", "repeated")],
}


def request_class():
    file = descriptor_pb2.FileDescriptorProto(name="otlp_test.proto", package=PACKAGE.strip("."), syntax="proto3")
    enum = file.enum_type.add(name=ENUM)
    for number, word in enumerate(["UNSPECIFIED", "DELTA", "CUMULATIVE"]):
        enum.value.add(name=f"AGGREGATION_TEMPORALITY_{word}", number=number)
    for name, fields in FIELDS.items():
        message = file.message_type.add(name=name)
        oneofs = []
        for field, number, kind, *more in fields:
            f = message.field.add(name=field, number=number, label=F.LABEL_OPTIONAL)
            if isinstance(kind, str):
                f.type = F.TYPE_ENUM if kind == ENUM else F.TYPE_MESSAGE
                f.type_name = PACKAGE + kind
            else:
                f.type = kind
            if "repeated" in more:
                f.label = F.LABEL_REPEATED
            elif "optional" in more:
                f.proto3_optional = True
            elif more:
                if more[0] not in oneofs:
                    oneofs.append(more[0])
                    message.oneof_decl.add(name=more[0])
                f.oneof_index = oneofs.index(more[0])
        for f in message.field:  # the oneofs that optional stands for come after the real ones
            if f.proto3_optional:
                f.oneof_index = len(message.oneof_decl)
                message.oneof_decl.add(name="_" + f.name)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    described = pool.FindMessageTypeByName(PACKAGE.strip(".") + ".Request")
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(described)
    return message_factory.MessageFactory(pool).GetPrototype(described)


Request = request_class()
T = 1764180000_000000000
AT = "@2025-11-26T18:00:00Z"


def attributes(**more):
    out = []
    for key, value in more.items():
        kind = {str: "string_value", bool: "bool_value", int: "int_value", float: "double_value", dict: "kvlist_value",
                list: "array_value", bytes: "bytes_value"}[type(value)]
        value = {"values": [{"string_value": v} for v in value]} if isinstance(value, list) else value
        out.append({"key": key.replace("__", "."), "value": {kind: value}})
    return out


def request(*metrics, resource=None, scope=None):
    of = {"scope_metrics": [{"scope": {"name": scope, "version": "1"} if scope else None, "metrics": list(metrics)}]}
    if resource:
        of["resource"] = {"attributes": resource}
    if not scope:
        del of["scope_metrics"][0]["scope"]
    return Request(resource_metrics=[of])


def gauge(name, *points, unit="", kind="gauge", **more):
    return {"name": name, "unit": unit, "description": "what it is",
            kind: {"data_points": [{"time_unix_nano": T, **p} for p in points], **more}}


def unit(ucum, ours):
    return request(gauge("u", {"as_double": 2.5}, unit=ucum)), [f"= u 2.5{' ' if ours else ''}{ours} {AT}"]


LONG = "x" * 260


def fnv(text):
    """hb_hash: FNV-1a, mixed at the end (base/map.c)."""
    h = 0xcbf29ce484222325
    for byte in text.encode():
        h = (h ^ byte) * 0x100000001b3 % 2**64
    h ^= h >> 33
    h = h * 0xff51afd7ed558ccd % 2**64
    return h ^ h >> 33


HISTOGRAM = {"count": 4, "sum": 10.0, "min": 0.5, "max": 6.0, "bucket_counts": [1, 3], "explicit_bounds": [1.0],
             "start_time_unix_nano": T - 60_000_000_000, "time_unix_nano": T}
NO_SUM = {"count": 4, "bucket_counts": [4], "time_unix_nano": T}
EXPONENTIAL = {"count": 5, "sum": 10.0, "scale": 3, "zero_count": 2, "positive": {"offset": -1, "bucket_counts": [1, 2]},
               "zero_threshold": 0.001, "min": -1.0, "max": 9.0, "time_unix_nano": T, "attributes": attributes(a="b")}

CASES = [
    ("a gauge, doubles and integers",
     (request(gauge("temp", {"as_double": 21.5}, unit="Cel"), gauge("n", {"as_int": -7}, unit="{item}")),
      [f"= temp 21.5 degC {AT}", f"= n -7 {AT}"])),
    ("integers beyond 2^53 become the nearest double",
     (request(gauge("n", {"as_int": 9007199254740993}, {"as_int": 2**63 - 1}, {"as_int": -2**63})),
      [f"= n 9007199254740992 {AT}", f"= n 9223372036854776000 {AT}", f"= n -9223372036854776000 {AT}"])),
    ("zero is a value, no value is none",
     (request(gauge("z", {"as_double": 0.0}, {"as_int": 0}, {})),
      [f"= z 0 {AT}", f"= z 0 {AT}", "! no value"])),
    ("what is no number", (request(gauge("x", {"as_double": math.nan}, {"as_double": math.inf}, {"as_double": -math.inf})),
                           [f"= x nan {AT}", f"= x inf {AT}", f"= x inf {AT}"])),
    ("no recorded value", (request(gauge("x", {"flags": 1}, {"flags": 1, "as_double": 3.0}, {"flags": 2, "as_double": 3.0}),
                                   gauge("h", {"flags": 1}, kind="histogram"), gauge("e", {"flags": 1}, kind="exponential_histogram"),
                                   gauge("s", {"flags": 1}, kind="summary")),
                           [f"= x missing {AT}", f"= x missing {AT}", f"= x 3 {AT}", f"= h.count missing {AT}",
                            f"= h.sum missing {AT}", f"= e.count missing {AT}", f"= e.sum missing {AT}",
                            f"= s.count missing {AT}", f"= s.sum missing {AT}"])),
    ("sums as they are, whatever their temporality",
     (request(gauge("c", {"as_int": 5}, kind="sum", aggregation_temporality=2, is_monotonic=True, unit="By"),
              gauge("d", {"as_double": 5.5}, kind="sum", aggregation_temporality=1, is_monotonic=True, unit="1"),
              gauge("u", {"as_int": -5}, kind="sum", aggregation_temporality=2)),
      [f"= c 5 B {AT}", f"= d 5.5 1 {AT}", f"= u -5 {AT}"])),
    ("a histogram of an interval",
     (request(gauge("h", HISTOGRAM, kind="histogram", unit="ms", aggregation_temporality=1)),
      [f"= h.count 4 {AT}", f"= h.sum 10 ms {AT}", f"= h.mean 2.5 ms {AT}", f"= h.min 0.5 ms {AT}", f"= h.max 6 ms {AT}"])),
    ("a histogram of all time has no mean, one without sum, min and max none of them",
     (request(gauge("h", HISTOGRAM, kind="histogram", unit="ms", aggregation_temporality=2),
              gauge("g", NO_SUM, kind="histogram", aggregation_temporality=1),
              gauge("z", {"count": 0, "sum": 0.0}, kind="histogram", aggregation_temporality=1)),
      [f"= h.count 4 {AT}", f"= h.sum 10 ms {AT}", f"= h.min 0.5 ms {AT}", f"= h.max 6 ms {AT}", f"= g.count 4 {AT}",
       f"= z.count 0 {AT}", f"= z.sum 0 {AT}"])),
    ("an exponential histogram",
     (request(gauge("e", EXPONENTIAL, kind="exponential_histogram", unit="s", aggregation_temporality=1)),
      [f"= e.count{{a=b}} 5 {AT}", f"= e.sum{{a=b}} 10 s {AT}", f"= e.mean{{a=b}} 2 s {AT}", f"= e.min{{a=b}} -1 s {AT}",
       f"= e.max{{a=b}} 9 s {AT}", f"= e.zero_count{{a=b}} 2 {AT}"])),
    ("a summary",
     (request(gauge("s", {"count": 9, "sum": 4.5, "quantile_values": [
         {"quantile": q, "value": 1.0 + q} for q in (0.0, 0.5, 0.57, 0.99, 0.999, 0.123456, 1.0, 1.5)]}, kind="summary", unit="s")),
      [f"= s.count 9 {AT}", f"= s.sum 4.5 s {AT}", f"= s.q0 1 s {AT}", f"= s.q50 1.5 s {AT}", f"= s.q57 1.5699999999999998 s {AT}",
       f"= s.q99 1.99 s {AT}", f"= s.q99.9 1.999 s {AT}", f"= s.q12.3456 1.123456 s {AT}", f"= s.q100 2 s {AT}",
       "! bad quantile"])),
    ("attributes by their keys",
     (request(gauge("cpu.time", {"as_double": 1.0, "attributes": attributes(state="idle", cpu=3, b=True, f=0.5)},
                    {"as_double": 2.0, "attributes": attributes(cpu=3, b=False, f=1e21, state="")})),
      [f"= cpu.time{{b=true,cpu=3,f=0.5,state=idle}} 1 {AT}", f"= cpu.time{{b=false,cpu=3,f=1e+21,state=}} 2 {AT}"])),
    ("what would make two sets look alike",
     (request(gauge("m", {"as_int": 1, "attributes": attributes(a="1,b=2")}, {"as_int": 2, "attributes": attributes(a="1", b="2")},
                    {"as_int": 3, "attributes": attributes(a="{50%}\n°C")})),
      [f"= m{{a=1%2Cb%3D2}} 1 {AT}", f"= m{{a=1,b=2}} 2 {AT}", f"= m{{a=%7B50%25%7D%0A°C}} 3 {AT}"])),
    ("attributes that are too long are a hash",
     (request(gauge("m", {"as_int": 1, "attributes": attributes(a=LONG)}, {"as_int": 2, "attributes": attributes(a=LONG + "y")})),
      [f"= m{{~{fnv('a=' + LONG):016x}}} 1 {AT}", f"= m{{~{fnv('a=' + LONG + 'y'):016x}}} 2 {AT}"])),
    ("attributes that are no name",
     (request(gauge("m", {"as_int": 1, "attributes": attributes(a=["x"])}, {"as_int": 2})),
      [f"= m 2 {AT}", "! an attribute of a kind that is not read"])),
    ("more of them",
     (request(gauge("m", {"as_int": 1, "attributes": attributes(a={})}, {"as_int": 1, "attributes": attributes(a=b"\x00\xff")},
                    {"as_int": 2, "attributes": [{"value": {"string_value": "x"}}]})),
      ["! an attribute of a kind that is not read"])),
    ("too many attributes",
     (request(gauge("m", {"as_int": 1, "attributes": attributes(**{f"k{i}": "" for i in range(129)})})), ["! too many attributes"])),
    ("attributes longer than anything",
     (request(gauge("m", {"as_int": 1, "attributes": attributes(a="x" * 9000)})), ["! attributes too long"])),
    ("the service is part of the name, a point's own attribute goes before it",
     (request(gauge("m", {"as_int": 1, "attributes": attributes(z="1", a="2")},
                    {"as_int": 2, "attributes": attributes(service__name="own")}),
              resource=attributes(host__name="h1", service__name="shop", process__pid=7), scope="lib"),
      [f"= m{{a=2,service.name=shop,z=1}} 1 {AT}", f"= m{{service.name=own}} 2 {AT}"])),
    ("time not known, and too late",
     (request(gauge("m", {"as_int": 1, "time_unix_nano": 0}, {"as_int": 2, "time_unix_nano": 2**63}, {"as_int": 3})),
      ["= m 1", f"= m 3 {AT}", "! bad time"])),
    ("no name, no kind", (request(gauge("", {"as_int": 1}), {"name": "m", "unit": "s"}), ["! no name"])),
    ("no kind", (request({"name": "m", "unit": "s"}), ["! a metric of a kind that is not read"])),
    ("nothing", (request(), [])),
    ("bytes a second", unit("By/s", "B/s")),
    ("requests", unit("{request}", "")),
    ("requests a second", unit("{request}/s", "1/s")),
    ("a product", unit("N.m", "N m")),
    ("annotated", unit("m{total}", "m")),
    ("mebibytes", unit("MiBy", "MiB")),
    ("coulomb", unit("C", "coulomb")),
    ("no UCUM at all", unit("seconds", "seconds")),
    ("an open brace", unit("{request", "{request")),
    ("per", unit("/min", "1/min")),
    ("too long", unit("m" * 80, "m" * 80)),
]

# By another topic: what the source http writes when it is configured so.
RESOURCE = request(gauge("m", {"as_int": 1}), resource=attributes(host__name="h1", service__name="shop"), scope="lib")
TOPICS = [("/v1/metrics?resource=", f"= m 1 {AT}"),
          ("/v1/metrics?resource=host.name,otel.scope.name,none", f"= m{{host.name=h1,otel.scope.name=lib}} 1 {AT}"),
          ("/v1/metrics?type=x&resource=service.name", f"= m{{service.name=shop}} 1 {AT}"),
          ("rig/otlp", f"= m{{service.name=shop}} 1 {AT}")]


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


# By hand from the wire format: resource_metrics{scope_metrics{metrics{name, unit, gauge{point}}}}.
POINT = b"\x19" + struct.pack("<Q", T) + b"\x21" + struct.pack("<d", 1.25)
BY_HAND = field(1, field(2, field(2, field(1, b"by.hand") + field(3, b"V") + field(5, field(1, POINT)))))
BAD_TEXT = field(1, field(2, field(2, field(1, b"\xff") + field(5, field(1, POINT)))))
BAD_ATTRIBUTE = field(1, field(2, field(2, field(1, b"m") + field(
    5, field(1, POINT + field(7, field(1, b"k") + field(2, field(1, b"\xc3"))))))))
FUTURE = BY_HAND + field(900, b"?") + b"\xf8\x07\x05"  # fields nobody knows yet

RAW = [
    ("by hand", "-", BY_HAND, [f"= by.hand 1.25 V {AT}"]),
    ("fields of the future", "-", FUTURE, [f"= by.hand 1.25 V {AT}"]),
    ("a name that is no UTF-8", "-", BAD_TEXT, ["! name is no UTF-8"]),
    ("an attribute that is no UTF-8", "-", BAD_ATTRIBUTE, ["! an attribute is no UTF-8"]),
    ("cut off", "-", BY_HAND[:-1], ["! bad protobuf"]),
    ("no message at all", "-", b"hello", ["! bad protobuf"]),
    ("a length beyond everything", "-", b"\x0a\xff\xff\xff\xff\x0f", ["! bad protobuf"]),
    ("gzip cut off", "-", gzip.compress(BY_HAND, mtime=0)[:-1], ["! bad gzip"]),
    ("gzip with more behind it", "-", gzip.compress(BY_HAND, mtime=0) + b"x", ["! bad gzip"]),
    ("gzip that is too large", "-", gzip.compress(b"\0" * (8 << 20) + b"\0", mtime=0), ["! too large unpacked"]),
    ("JSON with blanks, told", "/v1/metrics?type=json", b"\n " + json_format.MessageToJson(RESOURCE).encode() + b"\n",
     [f"= m{{service.name=shop}} 1 {AT}"]),
    ("JSON in gzip", "-", gzip.compress(b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":'
                                        b'{"dataPoints":[{"asDouble":"1.5"}]}}]}]}]}', mtime=0), ["= m 1.5"]),
    ("numbers as texts and texts as numbers", "-",
     b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","future":{"a":[1]},"gauge":{"dataPoints":['
     b'{"asInt":"12","timeUnixNano":"1764180000000000000"},{"asInt":13,"timeUnixNano":1764180000000000000},'
     b'{"asInt":1.4e1,"timeUnixNano":"1764180000000000000"},'
     b'{"asDouble":"-Infinity","timeUnixNano":1764180000000000000,"flags":null}]}}]}]}]}',
     [f"= m 12 {AT}", f"= m 13 {AT}", f"= m 14 {AT}", f"= m inf {AT}"]),
    ("half an integer", "-", b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":'
                             b'[{"asInt":1.5}]}}]}]}]}', ["! a JSON value of the wrong kind"]),
    ("the wrong kind", "-", b'{"resourceMetrics":{}}', ["! a JSON value of the wrong kind"]),
    ("two values in one", "-", b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":'
                               b'[{"asInt":1,"asDouble":2}]}}]}]}]}', ["! a JSON value of the wrong kind"]),
    ("flags too large", "-", b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":'
                             b'[{"asInt":1,"flags":4294967296}]}}]}]}]}', ["! a JSON value of the wrong kind"]),
    ("not JSON", "-", b"{", ["! bad JSON"]),
    ("two documents", "-", b"{}{}", ["! bad JSON"]),
    ("nothing, told to be JSON", "/v1/metrics?type=json", b"  ", ["! bad JSON"]),
    ("an empty object", "-", b"{}", []),
    ("an empty message", "-", b"", []),
]


def forms(message):
    binary = message.SerializeToString()
    yield "protobuf", "-", binary
    yield "json", "-", json_format.MessageToJson(message).encode()
    yield "json with numbers for words", "/v1/metrics?type=json&resource=service.name", json_format.MessageToJson(
        message, use_integers_for_enums=True, indent=0).encode()
    if binary:
        yield "gzip", "-", gzip.compress(binary, mtime=0)


def main():
    lines, seeds = [], []
    for title, (message, want) in CASES:
        for form, topic, data in forms(message):
            lines += [f"# {title}: {form}", f"> {topic} {data.hex()}", *want]
            seeds.append((topic, data))
    for topic, want in TOPICS:
        lines += ["# resource", f"> {topic} {RESOURCE.SerializeToString().hex()}", want]
    for title, topic, data, want in RAW:
        lines += [f"# {title}", f"> {topic} {data.hex()}", *want]
        seeds.append((topic, data))
    with open(os.path.join(HERE, "messages.txt"), "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")
    os.makedirs(CORPUS, exist_ok=True)
    for i, (topic, data) in enumerate(s for s in seeds if len(s[1]) < 4000):
        with open(os.path.join(CORPUS, f"seed-{i}"), "wb") as f:
            f.write(bytes([0, topic.startswith("/v1/metrics?type=json")]) + data)


if __name__ == "__main__":
    main()
