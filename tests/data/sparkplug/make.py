# SPDX-License-Identifier: Apache-2.0
"""Writes messages.txt, and the seeds of tests/fuzz/corpus/sparkplug, with Google's protobuf for
Python as encoder. The description of the messages is written down here a second time, from the
specification, so that a field number that is wrong in our .proto does not agree with itself.

    /usr/bin/python3 tests/data/sparkplug/make.py      (python3-protobuf)

messages.txt: "> TOPIC HEX" is a message for the decoder, "= …" and "! …" what is read of it,
"saved" a decoder that is saved and loaded at this point, "new NAMES" a new decoder (topics are
names or not)."""
import os
import struct

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

F = descriptor_pb2.FieldDescriptorProto
HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(HERE, "../../fuzz/corpus/sparkplug")

FIELDS = {
    "Template": [("version", 1, F.TYPE_STRING), ("metrics", 2, ".s.Metric", "repeated")],
    "DataSet": [("num_of_columns", 1, F.TYPE_UINT64), ("columns", 2, F.TYPE_STRING, "repeated"),
                ("types", 3, F.TYPE_UINT32, "repeated")],
    "MetaData": [("is_multi_part", 1, F.TYPE_BOOL), ("content_type", 2, F.TYPE_STRING),
                 ("size", 3, F.TYPE_UINT64), ("seq", 4, F.TYPE_UINT64), ("file_name", 5, F.TYPE_STRING),
                 ("file_type", 6, F.TYPE_STRING), ("md5", 7, F.TYPE_STRING),
                 ("description", 8, F.TYPE_STRING)],
    "PropertyValue": [("type", 1, F.TYPE_UINT32), ("is_null", 2, F.TYPE_BOOL),
                      ("int_value", 3, F.TYPE_UINT32), ("long_value", 4, F.TYPE_UINT64),
                      ("float_value", 5, F.TYPE_FLOAT), ("double_value", 6, F.TYPE_DOUBLE),
                      ("boolean_value", 7, F.TYPE_BOOL), ("string_value", 8, F.TYPE_STRING),
                      ("propertyset_value", 9, ".s.PropertySet")],
    "PropertySet": [("keys", 1, F.TYPE_STRING, "repeated"), ("values", 2, ".s.PropertyValue", "repeated")],
    "Metric": [("name", 1, F.TYPE_STRING), ("alias", 2, F.TYPE_UINT64), ("timestamp", 3, F.TYPE_UINT64),
               ("datatype", 4, F.TYPE_UINT32), ("is_historical", 5, F.TYPE_BOOL),
               ("is_transient", 6, F.TYPE_BOOL), ("is_null", 7, F.TYPE_BOOL),
               ("metadata", 8, ".s.MetaData"), ("properties", 9, ".s.PropertySet"),
               ("int_value", 10, F.TYPE_UINT32), ("long_value", 11, F.TYPE_UINT64),
               ("float_value", 12, F.TYPE_FLOAT), ("double_value", 13, F.TYPE_DOUBLE),
               ("boolean_value", 14, F.TYPE_BOOL), ("string_value", 15, F.TYPE_STRING),
               ("bytes_value", 16, F.TYPE_BYTES), ("dataset_value", 17, ".s.DataSet"),
               ("template_value", 18, ".s.Template")],
    "Payload": [("timestamp", 1, F.TYPE_UINT64), ("metrics", 2, ".s.Metric", "repeated"),
                ("seq", 3, F.TYPE_UINT64), ("uuid", 4, F.TYPE_STRING), ("body", 5, F.TYPE_BYTES)],
}


def payload_class():
    file = descriptor_pb2.FileDescriptorProto(name="s.proto", package="s", syntax="proto2")
    for name, fields in FIELDS.items():
        message = file.message_type.add(name=name)
        for field, number, kind, *repeated in fields:
            f = message.field.add(name=field, number=number,
                                  label=F.LABEL_REPEATED if repeated else F.LABEL_OPTIONAL)
            if isinstance(kind, str):
                f.type, f.type_name = F.TYPE_MESSAGE, kind
            else:
                f.type = kind
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.MessageFactory(pool).GetPrototype(pool.FindMessageTypeByName("s.Payload"))


Payload = payload_class()
T0 = 1764180000000  # 2025-11-26T18:00:00Z
INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64 = range(1, 9)
FLOAT, DOUBLE, BOOLEAN, STRING, DATETIME, TEXT, UUID, DATASET, BYTES, FILE, TEMPLATE = range(9, 20)


def metric(name=None, **fields):
    unit = fields.pop("unit", None)
    quality = fields.pop("quality", None)
    dataset = fields.pop("dataset", None)
    template = fields.pop("template", None)
    m = Payload().metrics.add(**({"name": name} if name is not None else {}), **fields)
    if unit is not None:
        m.properties.keys.append("engUnit")
        m.properties.values.add(type=STRING, string_value=unit)
    if quality is not None:
        m.properties.keys.append("Quality")
        m.properties.values.add(type=INT32, int_value=quality)
    if dataset:
        m.dataset_value.num_of_columns = 1
        m.dataset_value.columns.append("c")
        m.dataset_value.types.append(INT32)
    if template:
        m.template_value.version = "1"
        m.template_value.metrics.add(name="inside", int_value=1)
    return m


def encode(seq, *metrics, timestamp=T0):
    p = Payload()
    if timestamp is not None:
        p.timestamp = timestamp
    if seq is not None:
        p.seq = seq
    for m in metrics:
        p.metrics.add().CopyFrom(m)
    return p.SerializeToString()


lines = []
seed = b""
seeds = []


def new(names):
    global seed
    if seed:
        seeds.append(seed)
    seed = bytes([1 if names else 0])
    lines.append(f"new {'names' if names else 'plain'}")


def say(topic, data, *expected):
    global seed
    lines.append(f"> {topic} {data.hex()}")
    lines.extend(expected)
    seed += struct.pack("<BH", len(topic), len(data)) + topic.encode() + data


def saved():
    lines.append("saved")


S = "@2025-11-26T18:00:0"
new(False)
say("spBv1.0/lab/NBIRTH/rig", encode(
    0, metric("bdSeq", datatype=INT64, long_value=7),
    metric("Node Control/Rebirth", datatype=BOOLEAN, boolean_value=False),
    metric("temp", alias=1, datatype=DOUBLE, double_value=21.5, unit="degC"),
    metric("rpm", alias=2, datatype=INT32, int_value=-3 & 0xffffffff, unit="1/min"),
    metric("i8", alias=3, datatype=INT8, int_value=0xff),
    metric("i8 wide", datatype=INT8, int_value=0xffffff80),
    metric("i16", alias=4, datatype=INT16, int_value=0x8000),
    metric("i64", alias=5, datatype=INT64, long_value=-5 & (2**64 - 1)),
    metric("u8", alias=6, datatype=UINT8, int_value=255),
    metric("u32", alias=7, datatype=UINT32, int_value=4000000000),
    metric("u64", alias=8, datatype=UINT64, long_value=2**64 - 1),
    metric("float", alias=9, datatype=FLOAT, float_value=0.1),
    metric("door", alias=10, datatype=BOOLEAN, boolean_value=True),
    metric("state", alias=11, datatype=STRING, string_value="idle"),
    metric("serial", datatype=STRING, string_value="12"),
    metric("none", alias=12, datatype=DOUBLE, is_null=True)),
    f"= temp 21.5 degC {S}0Z", f"= rpm -3 1/min {S}0Z", f"= i8 -1 {S}0Z", f"= i8 wide -128 {S}0Z",
    f"= i16 -32768 {S}0Z", f"= i64 -5 {S}0Z", f"= u8 255 {S}0Z", f"= u32 4000000000 {S}0Z",
    f"= u64 18446744073709552000 {S}0Z", f"= float 0.10000000149011612 {S}0Z", f"= door 1 {S}0Z",
    f"= state text {S}0Z", f"= serial text {S}0Z", f"= none missing {S}0Z")
say("spBv1.0/lab/NDATA/rig", encode(
    1, metric(alias=1, double_value=22.25, timestamp=T0 + 1500), metric(alias=2, int_value=0xfffffff6),
    metric("serial", string_value="13"), metric(alias=3, int_value=0x80), timestamp=T0 + 2000),
    f"= temp 22.25 degC {S}1.500Z", f"= rpm -10 1/min {S}2Z", f"= serial text {S}2Z", f"= i8 -128 {S}2Z")
say("spBv1.0/lab/DBIRTH/rig/motor", encode(
    2, metric("temp", alias=20, datatype=FLOAT, float_value=1.5, unit="K"),
    metric("table", alias=21, datatype=DATASET, dataset=True), timestamp=T0 + 3000),
    f"= temp 1.5 K {S}3Z", "! a value of a kind that is not read")
say("spBv1.0/lab/DDATA/rig/motor", encode(3, metric(alias=20, float_value=2.5), timestamp=T0 + 4000),
    f"= temp 2.5 K {S}4Z")
# two messages are missing: told, and the samples are kept
say("spBv1.0/lab/NDATA/rig", encode(6, metric(alias=1, double_value=23), timestamp=T0 + 5000),
    f"= temp 23 degC {S}5Z", "! sequence gap")
say("spBv1.0/lab/NDATA/rig", encode(7, metric(alias=1, double_value=24, is_historical=True,
                                              timestamp=T0 + 100), timestamp=T0 + 6000),
    f"= temp 24 degC {S}0.100Z")
saved()
say("spBv1.0/lab/DDATA/rig/motor", encode(8, metric(alias=20, float_value=3.5), timestamp=T0 + 7000),
    f"= temp 3.5 K {S}7Z")
say("spBv1.0/lab/NDATA/rig", encode(8, metric(alias=1, double_value=25), timestamp=T0 + 7000),
    f"= temp 25 degC {S}7Z", "! sequence repeated")
say("spBv1.0/lab/NDATA/rig", encode(9, metric(alias=99, double_value=25), metric(alias=1, double_value=26),
                                    timestamp=T0 + 8000),
    f"= temp 26 degC {S}8Z", "! alias without a birth certificate")
say("spBv1.0/lab/NDATA/rig", encode(10, metric(alias=1, double_value=27, quality=0),
                                    metric(alias=2, int_value=5, quality=192), timestamp=T0 + 9000),
    f"= temp missing degC {S}9Z", f"= rpm 5 1/min {S}9Z")
say("spBv1.0/lab/NDATA/rig", encode(11, metric(alias=1, double_value=float("nan")),
                                    metric(alias=9, float_value=float("inf")), timestamp=T0 + 9000),
    f"= temp nan degC {S}9Z", f"= float inf {S}9Z")
say("spBv1.0/lab/NDATA/rig", encode(12, metric(alias=1, double_value=1, timestamp=2**63), timestamp=T0),
    "! bad time")
say("spBv1.0/lab/NDATA/rig", encode(None, metric("temp", double_value=1, is_historical=True), timestamp=None),
    "! no sequence number")
say("spBv1.0/lab/NCMD/rig", encode(None, metric("Node Control/Rebirth", boolean_value=True)))
say("spBv1.0/STATE/host", b'{"online": true}')
say("spBv1.0/lab/DDEATH/rig/motor", encode(13))
say("spBv1.0/lab/DDATA/rig/motor", encode(14, metric(alias=20, float_value=4), timestamp=T0 + 9000),
    f"= temp 4 K {S}9Z", "! data without a birth certificate")
# the death of an older session says nothing
say("spBv1.0/lab/NDEATH/rig", encode(None, metric("bdSeq", long_value=6)))
say("spBv1.0/lab/NDATA/rig", encode(15, metric(alias=1, double_value=28), timestamp=T0 + 9000),
    f"= temp 28 degC {S}9Z")
say("spBv1.0/lab/NDEATH/rig", encode(None, metric("bdSeq", long_value=7)))
say("spBv1.0/lab/NBIRTH/rig", encode(0, metric("bdSeq", long_value=8),
                                     metric("temp", alias=2, datatype=DOUBLE, double_value=1, unit="degF")),
    f"= temp 1 degF {S}0Z")
say("spBv1.0/lab/NDATA/rig", encode(1, metric(alias=2, double_value=2), metric(alias=1, double_value=3)),
    f"= temp 2 degF {S}0Z", "! alias without a birth certificate")
# the devices of a node that was born again have to be born again too
say("spBv1.0/lab/DDATA/rig/motor", encode(2, metric(alias=20, float_value=5)), "! data without a birth certificate")

# seq counts modulo 256
new(False)
say("spBv1.0/lab/NBIRTH/n", encode(255, metric("x", datatype=INT32, int_value=1)), f"= x 1 {S}0Z")
say("spBv1.0/lab/NDATA/n", encode(0, metric("x", int_value=2)), f"= x 2 {S}0Z")
say("spBv1.0/lab/NDATA/n", encode(1, metric("x", int_value=0xffffffff)), f"= x -1 {S}0Z")

# heard from the middle on
new(False)
say("spBv1.0/lab/NDATA/late", encode(17, metric("x", datatype=INT16, int_value=0xffff), metric(alias=4, int_value=1)),
    f"= x -1 {S}0Z", "! data without a birth certificate")
say("spBv1.0/lab/NDATA/late", encode(18, metric("x", int_value=5), timestamp=None), "= x 5",
    "! data without a birth certificate")
saved()
say("spBv1.0/lab/NDATA/late", encode(20, metric("x", int_value=5)), f"= x 5 {S}0Z", "! sequence gap")

# topics are names: group, node and device stand in front
new(True)
say("spBv1.0/lab 1/NBIRTH/rig", encode(0, metric("motor/temp", alias=1, datatype=DOUBLE, double_value=1)),
    f"= lab 1_rig_motor_temp 1 {S}0Z")
say("spBv1.0/lab 1/DBIRTH/rig/arm", encode(1, metric("temp", datatype=DOUBLE, double_value=2)),
    f"= lab 1_rig_arm_temp 2 {S}0Z")

new(False)
say("lab/rig/temperature", b"21.5", "! no topic of Sparkplug B")
say("spBv1.0/lab/NBIRTH/rig/device", encode(0), "! no topic of Sparkplug B")
say("spBv1.0/lab/DBIRTH/rig", encode(0), "! no topic of Sparkplug B")
say("spBv1.0/lab/NBIRTH/rig", b"\xff\xff\xff", "! bad protobuf")
say("spBv1.0/lab/NBIRTH/rig", encode(0, metric("x", datatype=TEMPLATE, template=True),
                                     metric("y", datatype=BYTES, bytes_value=b"abc"),
                                     metric("z", datatype=DATETIME, long_value=T0)),
    f"= z 1764180000000 {S}0Z", "! a value of a kind that is not read")
seeds.append(seed)

with open(os.path.join(HERE, "messages.txt"), "w") as f:
    f.write("\n".join(lines) + "\n")
for i, data in enumerate(seeds):
    with open(os.path.join(CORPUS, f"seed-{i}"), "wb") as f:
        f.write(b"\0" + data)
