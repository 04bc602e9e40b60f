#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes rule.case: tables of times in many notations, with the truth from Python's datetime:

    cd tests/data/time && /usr/bin/python3 make_cases.py

A case is `== title`, keys, `--`, and the table (tests/support/text_case.h). `times` are the rows'
nanoseconds since 1970 (or since the start), `-` where a row has none."""
from datetime import datetime, timedelta, timezone

UTC = timezone.utc
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
out = []


def ns(t):
    """Exact nanoseconds of a datetime (naive = as if UTC) or a timedelta."""
    if isinstance(t, (timedelta, int)):
        d = t
    else:
        d = (t if t.tzinfo else t.replace(tzinfo=UTC)) - EPOCH
    if isinstance(d, int):
        return d
    return (d.days * 86400 + d.seconds) * 10**9 + d.microseconds * 1000


def case(title, names, rows, times, kind="absolute_local", columns=None, **keys):
    lines = ["\t".join(names)] + ["\t".join(r) for r in rows]
    out.append(f"== {title}")
    out.append(f"kind: {kind}")
    if kind != "none":
        out.append(f"columns: {columns or names[0]}")
        out.append("times: " + " ".join("-" if t is None else str(ns(t)) for t in times))
    for key, value in keys.items():
        out.append(f"{key}: {value}")
    out.append("--")
    out.extend(lines)


def steps(start, step, n=8):
    return [start + i * step for i in range(n)]


BASE = datetime(2024, 3, 18, 9, 12, 44)
ROWS = steps(BASE, timedelta(minutes=7, seconds=13))
NIGHT = steps(datetime(2024, 2, 28, 22, 30), timedelta(minutes=35))
MS = steps(datetime(2024, 3, 18, 9, 12, 44, 218000), timedelta(milliseconds=250))


def one(title, fmt, times=ROWS, name="Timestamp", **keys):
    """One column, written by strftime or by a function."""
    write = fmt if callable(fmt) else lambda t: t.strftime(fmt)
    rows = [[write(t), str(i * 1.5)] for i, t in enumerate(times)]
    case(title, [name, "U [V]"], rows, times, **keys)


def milli(t):
    return f"{t.microsecond // 1000:03d}"


def unpadded(t):
    return f"{t.month}/{t.day}/{t.year} {(t.hour + 11) % 12 + 1}:{t.minute:02d} {t:%p}"


# ISO 8601 and its relatives
one("iso seconds T", "%Y-%m-%dT%H:%M:%S")
one("iso seconds blank", "%Y-%m-%d %H:%M:%S")
one("iso minutes", "%Y-%m-%d %H:%M", NIGHT)
one("iso millis point", lambda t: f"{t:%Y-%m-%dT%H:%M:%S}.{milli(t)}", MS)
one("iso millis comma", lambda t: f"{t:%Y-%m-%d %H:%M:%S},{milli(t)}", MS)
one("iso nanos Z", lambda t: f"{t:%Y-%m-%dT%H:%M:%S.%f}000Z", MS, kind="absolute_utc", zone="UTC")
one("iso long fraction", lambda t: f"{t:%Y-%m-%dT%H:%M:%S.%f}0000000000000", MS)
one("iso Z minutes", "%Y-%m-%dT%H:%MZ", NIGHT, kind="absolute_utc", zone="UTC")
one("iso lower case t", "%Y-%m-%dt%H:%M:%S")
one("iso compact", "%Y%m%dT%H%M%S")
one("iso compact Z", "%Y%m%dT%H%M%SZ", kind="absolute_utc", zone="UTC")
one("iso compact millis", lambda t: f"{t:%Y%m%dT%H%M%S}.{milli(t)}", MS)
one("packed seconds", "%Y%m%d%H%M%S")
one("packed minutes", "%Y%m%d%H%M", NIGHT)
one("packed millis", lambda t: f"{t:%Y%m%d%H%M%S}{milli(t)}", MS)
one("slashes year first", "%Y/%m/%d %H:%M:%S")
one("slashes year first unpadded", lambda t: f"{t.year}/{t.month}/{t.day} {t.hour}:{t.minute:02d}",
    NIGHT)
one("dots year first", "%Y.%m.%d %H:%M:%S")
one("exif", "%Y:%m:%d %H:%M:%S")
one("underscore file stamp", "%Y-%m-%d_%H-%M-%S")
one("date slash clock", "%Y/%m/%d/%H:%M:%S")
one("ordinal", "%Y-%jT%H:%M:%S")
one("ordinal compact", "%Y%jT%H%M%S")
one("ordinal colons", "%Y:%j:%H:%M:%S")
one("ordinal day first", "%j/%Y %H:%M:%S")
one("ordinal leap day 366", "%Y-%jT%H:%M:%SZ", steps(datetime(2024, 12, 30, 23), timedelta(hours=9)),
    kind="absolute_utc", zone="UTC")
one("clock before date", "%H:%M:%S %d.%m.%Y")
one("ms after a colon", lambda t: f"{t:%m/%d/%Y %H:%M:%S}:{milli(t)}", MS)
one("weekday dots", lambda t: "Mo., " + t.strftime("%d.%m.%Y %H:%M:%S"))
one("french h", lambda t: f"{t:%d/%m/%Y} {t.hour:02d}h{t.minute:02d}", NIGHT, name="Horodatage")
one("dots in the clock", "%d.%m.%Y %H.%M.%S", name="Zeitpunkt")
one("uhr", "%d.%m.%Y %H:%M Uhr", NIGHT, name="Zeitpunkt")
one("trailing dot", "%d.%m.%Y. %H:%M", NIGHT)
one("blanks after dots", lambda t: f"{t.day}. {t.month}. {t.year} {t.hour}:{t.minute:02d}", NIGHT)
one("comma joint", "%d/%m/%Y, %H:%M:%S")
one("dash joint", "%d/%m/%Y - %H:%M:%S")

# offsets, also changing within the file
for offset, text in [(-5 * 60, "-05:00"), (330, "+05:30"), (60, "+01:00")]:
    zone = timezone(timedelta(minutes=offset))
    times = [t.replace(tzinfo=zone) for t in ROWS]
    one(f"offset {text}", lambda t, s=text: t.strftime("%Y-%m-%dT%H:%M:%S") + s, times,
        kind="absolute_utc", zone=text)
    one(f"offset {text} no colon", lambda t, s=text: t.strftime("%Y-%m-%d %H:%M:%S ") +
        s.replace(":", ""), times, kind="absolute_utc", zone=text)
CET, CEST = timezone(timedelta(hours=1)), timezone(timedelta(hours=2))
start = datetime(2024, 3, 31, 0, 30, tzinfo=UTC)
dst = [t.astimezone(CET if t < datetime(2024, 3, 31, 1, tzinfo=UTC) else CEST)
       for t in steps(start, timedelta(minutes=10))]
one("offset changes", lambda t: t.isoformat(), dst, kind="absolute_utc", zone="+01:00/+02:00")
autumn = [t.astimezone(CEST if t < datetime(2024, 10, 27, 1, tzinfo=UTC) else CET)
          for t in steps(datetime(2024, 10, 27, 0, 30, tzinfo=UTC), timedelta(minutes=10))]
one("offset changes back", lambda t: t.strftime("%d.%m.%Y %H:%M:%S %z"), autumn,
    kind="absolute_utc", zone="+02:00/+01:00")
one("offset with name", lambda t: t.isoformat() + "[Europe/Berlin]", dst, kind="absolute_utc",
    zone="+01:00/+02:00")
one("utc word", "%Y-%m-%d %H:%M:%S UTC", kind="absolute_utc", zone="UTC")
one("gmt plus one", "%Y-%m-%d %H:%M:%S GMT+1",
    [t.replace(tzinfo=CET) for t in ROWS], kind="absolute_utc", zone="+01:00")
one("zone word is local", "%Y-%m-%d %H:%M:%S CET")
one("rfc 2822", "%a, %d %b %Y %H:%M:%S +0100", [t.replace(tzinfo=CET) for t in ROWS],
    kind="absolute_utc", zone="+01:00")
one("ctime", "%a %b %d %H:%M:%S %Y")
one("date of unix", "%a %b %d %H:%M:%S UTC %Y", kind="absolute_utc", zone="UTC")
one("apache", "%d/%b/%Y:%H:%M:%S +0000", [t.replace(tzinfo=UTC) for t in ROWS],
    kind="absolute_utc", zone="+00:00")

# day and month
one("day first dots", "%d.%m.%Y %H:%M:%S")
one("day first short year", "%d.%m.%y %H:%M:%S")
one("day first slashes over 12", "%d/%m/%Y %H:%M:%S")
one("day first dashes over 12", "%d-%m-%Y %H:%M:%S")
one("month first over 12", "%m/%d/%Y %H:%M:%S")
one("month first short year", "%m/%d/%y %H:%M", NIGHT)
one("us unpadded am pm", unpadded, [t.replace(second=0) for t in ROWS])
EARLY = steps(datetime(2024, 4, 5, 9, 0), timedelta(minutes=10))
one("cannot be known", "%d/%m/%Y %H:%M", EARLY, ambiguous="yes")
one("cannot be known dashes", "%d-%m-%Y %H:%M", EARLY, ambiguous="yes")
one("told month first", lambda t: t.strftime("%m/%d/%Y %H:%M"), EARLY, order="month-first")
one("told day first", lambda t: t.strftime("%d/%m/%Y %H:%M"), EARLY, order="day-first")
one("header pattern month", "%m/%d/%Y %H:%M", EARLY, name="Date (MM/DD/YYYY hh:mm)")
one("header pattern day", "%d/%m/%Y %H:%M", EARLY, name="Date (JJ/MM/AAAA)")
one("decimal comma", "%d/%m/%Y %H:%M", EARLY, decimal=",")
one("language", "%d/%m/%Y %H:%M", EARLY, name="Fecha y hora")
one("am pm without more", "%m/%d/%Y %I:%M %p", EARLY)
one("weekday tells", "%a %m/%d/%Y %H:%M", EARLY)
one("preamble tells", "%m/%d/%Y %H:%M", EARLY, preamble="Export created 03/27/2024")
over_midnight = steps(datetime(2024, 4, 5, 20, 0), timedelta(hours=1), 40)
one("midnight tells day first", "%d/%m/%Y %H:%M", over_midnight)
one("midnight tells month first", "%m/%d/%Y %H:%M", over_midnight)
over_month = steps(datetime(2024, 5, 30), timedelta(days=1), 12)
one("month's end tells", "%d/%m/%Y", over_month, name="Date")
one("year in front short", "%y/%m/%d %H:%M", steps(datetime(2024, 3, 18), timedelta(hours=8), 12))
one("excel drops midnight", lambda t: t.strftime("%d.%m.%Y" if t.hour == 0 else "%d.%m.%Y %H:%M"),
    steps(datetime(2024, 3, 17, 22), timedelta(hours=1)))
case("column beside tells", ["Time", "End"],
     [[f"{t:%d/%m/%Y %H:%M}", "21/06/2024 10:00"] for t in EARLY], EARLY)
case("contradiction is no time", ["Timestamp", "U"],
     [["18/03/2024 09:00", "1"], ["19/03/2024 09:00", "2"], ["20/03/2024 09:00", "3"],
      ["20/13/2024 09:00", "4"]],
     [datetime(2024, 3, 18, 9), datetime(2024, 3, 19, 9), datetime(2024, 3, 20, 9), None])
for yy, year in [("68", 2068), ("69", 1969), ("99", 1999), ("00", 2000)]:
    case(f"two digit year {yy}", ["Date"], [[f"18.03.{yy}"]], [datetime(year, 3, 18)])

# names of months
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
          "dicembre",
}
SHORT = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "de": "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez",
    "fr": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "es": "ene feb mar abr may jun jul ago sept oct nov dic",
    "it": "gen feb mar apr mag giu lug ago set ott nov dic",
}
YEAR = [datetime(2023, m, 18, 9, 12, 44) for m in range(1, 13)]
for lang in MONTHS:
    full, short = MONTHS[lang].split(), SHORT[lang].split()
    one(f"months {lang} short", lambda t: f"{t.day:02d}-{short[t.month - 1]}-{t:%Y %H:%M:%S}", YEAR)
    one(f"months {lang} full", lambda t: f"{t.day}. {full[t.month - 1]} {t:%Y %H:%M:%S}", YEAR)
    one(f"months {lang} upper", lambda t: f"{t.day:02d} {full[t.month - 1].upper()} {t:%Y, %H:%M}",
        [t.replace(second=0) for t in YEAR])
one("month day year", "%b %d, %Y %H:%M:%S")
one("month day year full", "%B %d, %Y %I:%M:%S %p")
one("month name short year", "%d-%b-%y %H:%M:%S")
one("year month day named", "%Y-%b-%d %H:%M:%S")
one("spanish de", lambda t: f"{t.day} de {MONTHS['es'].split()[t.month - 1]} de {t:%Y %H:%M:%S}")
one("french weekday", lambda t: f"mar. {t.day} mars {t:%Y %H:%M:%S}",
    steps(datetime(2024, 3, 19, 8), timedelta(minutes=9)))
one("german weekday", lambda t: f"Montag, {t.day}. März {t:%Y %H:%M:%S}")
one("ordinal suffix", lambda t: f"March {t.day}th, {t:%Y %H:%M:%S}")
one("matlab default", "%d-%b-%Y %H:%M:%S")

# 12 h clocks, 24:00, leap seconds
noon = [datetime(2024, 3, 18, h, 30) for h in (0, 1, 11, 12, 13, 23)]
one("am pm midnight and noon", "%d.%m.%Y %I:%M %p", noon)
one("am pm dotted", lambda t: t.strftime("%d.%m.%Y %I:%M ") + ("a.m." if t.hour < 12 else "p.m."),
    noon)
one("am pm spanish", lambda t: t.strftime("%d/%m/%Y %I:%M ") + ("a. m." if t.hour < 12 else "p. m."),
    noon)
one("am pm narrow blank", lambda t: t.strftime("%d.%m.%Y %I:%M\u202f%p"), noon)
one("am pm no blank", lambda t: t.strftime("%d.%m.%Y %I:%M%p").lower(), noon)
case("24:00:00", ["Time"], [["2024-03-18 23:00:00"], ["2024-03-18 24:00:00"],
                            ["2024-03-19 01:00:00"]],
     [datetime(2024, 3, 18, 23), datetime(2024, 3, 19), datetime(2024, 3, 19, 1)])
case("leap second", ["Time"], [["2016-12-31T23:59:59Z"], ["2016-12-31T23:59:60Z"],
                               ["2017-01-01T00:00:01Z"]],
     [datetime(2016, 12, 31, 23, 59, 59), datetime(2017, 1, 1), datetime(2017, 1, 1, 0, 0, 1)],
     kind="absolute_utc", zone="UTC")

# zones outside the cells
west = [t.replace(tzinfo=timezone(timedelta(hours=-5))) for t in ROWS]
one("zone in header", "%Y-%m-%d %H:%M:%S", west, name="Date Time, GMT-05:00", kind="absolute_utc",
    zone="-05:00")
one("zone in header brackets", "%Y-%m-%d %H:%M:%S", ROWS, name="Time (UTC)", kind="absolute_utc",
    zone="UTC")
one("zone in header suffix", "%Y-%m-%d %H:%M:%S", ROWS, name="timestamp_utc", kind="absolute_utc",
    zone="UTC")
one("zone in preamble", "%Y-%m-%d %H:%M:%S", [t.replace(tzinfo=CET) for t in ROWS],
    preamble="Time zone: UTC+1", kind="absolute_utc", zone="+01:00")
one("zone of another clock", "%Y-%m-%d %H:%M:%S", ROWS,
    preamble="Exported 2024-03-20 10:00:00 UTC")

one("zone offset in preamble", "%Y-%m-%d %H:%M:%S", [t.replace(tzinfo=CET) for t in ROWS],
    preamble="Clock, UTC offset: +01:00", kind="absolute_utc", zone="+01:00")
one("zone in preamble of all", "%d.%m.%Y %H:%M:%S", preamble="all times UTC", kind="absolute_utc",
    zone="UTC")
one("utc plus two in header", "%d/%m/%Y %H:%M:%S",
    [t.replace(tzinfo=timezone(timedelta(hours=2))) for t in ROWS], name="Date/Time (UTC+2)",
    kind="absolute_utc", zone="+02:00")
one("nameless index", "%Y-%m-%d %H:%M:%S", name="")
case("utc before local", ["Local Time", "UTC", "U"],
     [[f"{t + timedelta(hours=1):%Y-%m-%d %H:%M:%S}", f"{t:%Y-%m-%d %H:%M:%S}", "1"] for t in ROWS],
     ROWS, columns="UTC", kind="absolute_utc", zone="UTC")

# date and clock in two columns
def two(title, names, dates, clocks, times=ROWS, **keys):
    rows = [[t.strftime(dates), t.strftime(clocks), "1"] for t in times]
    case(title, names + ["U"], rows, times, columns=keys.pop("columns", "+".join(names)), **keys)


for names in (["Date", "Time"], ["Datum", "Uhrzeit"], ["Date", "Heure"], ["Fecha", "Hora"],
              ["Data", "Ora"], ["Datum", "Zeit"]):
    two("two columns " + " ".join(names), names, "%d.%m.%Y", "%H:%M:%S")
two("two columns iso", ["Date", "Time"], "%Y-%m-%d", "%H:%M:%S")
two("two columns clock first", ["Time", "Date"], "%H:%M:%S", "%Y/%m/%d", columns="Date+Time")
two("two columns am pm", ["Date", "Time"], "%m/%d/%Y", "%I:%M:%S %p")
two("two columns packed", ["Date", "Time"], "%Y%m%d", "%H%M%S")
two("two columns named month", ["Date", "Time"], "%d-%b-%Y", "%H:%M:%S")
two("two columns utc", ["Date (UTC)", "Time (UTC)"], "%Y-%m-%d", "%H:%M:%S", kind="absolute_utc",
    zone="UTC")
case("two columns apart", ["No", "Date", "U", "Time", "I"],
     [[str(i), f"{t:%d.%m.%Y}", "1.5", f"{t:%H:%M:%S}", "2"] for i, t in enumerate(ROWS)], ROWS,
     columns="Date+Time")
case("two columns with millis", ["Date", "Time", "ms", "U"],
     [[f"{t:%Y-%m-%d}", f"{t:%H:%M:%S}", str(t.microsecond // 1000), "1"] for t in MS], MS,
     columns="Date+Time+ms")
case("two columns with am pm apart", ["Date", "Time", "AM/PM", "U"],
     [[f"{t:%m/%d/%Y}", f"{t:%I:%M:%S}", f"{t:%p}", "1"] for t in ROWS], ROWS,
     columns="Date+Time+AM/PM")
case("date at midnight and a clock", ["Date", "Time"],
     [[f"{t:%d.%m.%Y} 00:00:00", f"{t:%H:%M:%S}"] for t in ROWS], ROWS, columns="Date+Time")
case("date and elapsed seconds", ["Date", "Time (s)", "U"],
     [["18.03.2024", f"{i * 0.5:.1f}", "1"] for i in range(8)],
     [timedelta(seconds=i * 0.5) for i in range(8)], kind="elapsed", columns="Time (s)")
case("start and end pairs", ["Start Date", "Start Time", "End Date", "End Time"],
     [[f"{t:%d.%m.%Y}", f"{t:%H:%M:%S}", f"{t:%d.%m.%Y}", f"{t + timedelta(minutes=1):%H:%M:%S}"]
      for t in ROWS], ROWS, columns="Start Date+Start Time")

# parts in columns of their own
def parts(title, names, fmt, times, columns=None, **keys):
    rows = [[str(v) for v in fmt(t)] + ["1.5"] for t in times]
    case(title, names + ["U"], rows, times, columns=columns or "+".join(names), **keys)


HALF = steps(datetime(2024, 2, 27, 18, 0), timedelta(minutes=30), 60)
parts("year doy hhmm", ["YEAR", "DOY", "HHMM"],
      lambda t: (t.year, int(f"{t:%j}"), f"{t:%H%M}"), HALF)
parts("year doy hhmm as numbers", ["Year", "Day of Year", "Time"],
      lambda t: (t.year, int(f"{t:%j}"), t.hour * 100 + t.minute), HALF)
parts("year doy hour minute", ["year", "doy", "hour", "minute"],
      lambda t: (t.year, int(f"{t:%j}"), t.hour, t.minute), HALF)
parts("year month day hour minute second", ["Year", "Month", "Day", "Hour", "Minute", "Second"],
      lambda t: (t.year, t.month, t.day, t.hour, t.minute, t.second), ROWS)
parts("seven parts", ["Year", "Month", "Day", "Hour", "Minute", "Second", "Millisecond"],
      lambda t: (t.year, t.month, t.day, t.hour, t.minute, t.second, t.microsecond // 1000), MS)
parts("second with fraction", ["Jahr", "Monat", "Tag", "Stunde", "Minute", "Sekunde"],
      lambda t: (t.year, t.month, t.day, t.hour, t.minute, f"{t.second}.{milli(t)}"), MS)
parts("buoy names", ["#YY", "MM", "DD", "hh", "mm"],
      lambda t: (t.year, f"{t:%m}", f"{t:%d}", f"{t:%H}", f"{t:%M}"), HALF)
parts("capital parts", ["YYYY", "MM", "DD", "HH", "MM", "SS"],
      lambda t: (t.year, f"{t:%m}", f"{t:%d}", f"{t:%H}", f"{t:%M}", f"{t:%S}"), ROWS)
case("date and hour", ["Date", "Hour", "U"],
     [[f"{t:%Y-%m-%d}", str(t.hour), "1"] for t in steps(datetime(2024, 3, 18, 20), timedelta(hours=1))],
     steps(datetime(2024, 3, 18, 20), timedelta(hours=1)), columns="Date+Hour")
parts("julian day", ["Year", "Julian Day", "Hour"], lambda t: (t.year, f"{t:%j}", t.hour),
      steps(datetime(2024, 2, 27, 20), timedelta(hours=1)))
parts("parts and a clock", ["Year", "Month", "Day", "Time"],
      lambda t: (t.year, t.month, t.day, f"{t:%H:%M:%S}"), ROWS)
parts("french parts", ["Année", "Mois", "Jour", "Heure", "Minute"],
      lambda t: (t.year, t.month, t.day, t.hour, t.minute), HALF)
case("day of year with fraction", ["Year", "DOY", "U"],
     [["2024", f"58.{q * 25:02d}", "1"] for q in range(4)],
     [datetime(2024, 2, 27) + timedelta(hours=6 * q) for q in range(4)], columns="Year+DOY")

parts("year doy second of day", ["Year", "DOY", "SOD"],
      lambda t: (t.year, int(f"{t:%j}"), t.hour * 3600 + t.minute * 60 + t.second), ROWS)

# epochs
def count(title, unit_ns, name, fmt="{}", times=None, offset=0, **keys):
    times = times or MS
    rows = [[fmt.format((ns(t) + offset) // unit_ns), "1"] for t in times]
    keys.setdefault("kind", "absolute_utc")
    keys.setdefault("zone", "UTC")
    case(title, [name, "U"], rows, times, **keys)


count("epoch s", 10**9, "Timestamp", times=ROWS)
count("epoch ms", 10**6, "time")
count("epoch us", 10**3, "ts")
count("epoch ns", 1, "ts")
count("epoch ms suffix", 10**6, "t_epoch_ms")
count("epoch unnamed", 10**6, "host_ms")
case("epoch s fraction", ["Timestamp", "U"],
     [[f"{ns(t) // 10**9}.{t.microsecond:06d}", "1"] for t in MS], MS, kind="absolute_utc",
     zone="UTC")
case("epoch s nine decimals", ["time", "U"],
     [[f"171265512{i}.123456789", "1"] for i in range(5)],
     [1712655120123456789 + i * 10**9 for i in range(5)], kind="absolute_utc", zone="UTC")
case("epoch s exponent", ["time", "U"], [[f"1.71265512{i}E+09", "1"] for i in range(5)],
     [(1712655120 + i) * 10**9 for i in range(5)], kind="absolute_utc", zone="UTC")
case("19 digits exactly", ["ts", "U"], [[str(1718000000722800443 + i), "1"] for i in range(5)],
     [1718000000722800443 + i for i in range(5)], kind="absolute_utc", zone="UTC")
count("labview 1904", 10**9, "Time", times=ROWS, offset=2082844800 * 10**9)
count("file time", 100, "Timestamp", offset=11644473600 * 10**9)
count("dotnet ticks", 100, "Timestamp", offset=62135596800 * 10**9)

# day counts
def days(title, name, zero, fmt, times, **keys):
    rows = [[fmt((t - zero) / timedelta(days=1)), "1"] for t in times]
    case(title, [name, "U"], rows, times, tolerance=keys.pop("tolerance", 0), **keys)


QUARTER = steps(datetime(2024, 3, 21, 6), timedelta(minutes=22, seconds=30))
days("excel serial", "Zeitstempel", datetime(1899, 12, 30), lambda v: f"{v:.6f}", QUARTER)
days("excel serial long", "Timestamp", datetime(1899, 12, 30), repr, ROWS)
days("excel serial rounded", "Date", datetime(1899, 12, 30), lambda v: f"{v:.5f}", ROWS,
     tolerance=432000000)
case("matlab datenum", ["time", "U"],
     [[f"{719529 + ns(t) / 86400e9:.10f}", "1"] for t in ROWS], ROWS, tolerance=20000)
case("julian date", ["JD", "U"], [[f"{2440587.5 + ns(t) / 86400e9:.6f}", "1"] for t in QUARTER],
     QUARTER, tolerance=50000000)
case("modified julian date", ["MJD", "U"],
     [[f"{40587 + ns(t) / 86400e9:.8f}", "1"] for t in ROWS], ROWS, tolerance=500000)
case("serial date and clock", ["Datum", "Uhrzeit", "U"],
     [["45369", f"{t:%H:%M:%S}", "1"] for t in ROWS], ROWS, columns="Datum+Uhrzeit")
case("serial date and fraction", ["Date", "Time", "U"],
     [["45369", repr((t - datetime(2024, 3, 18)) / timedelta(days=1)), "1"] for t in ROWS], ROWS,
     columns="Date+Time", tolerance=10000)

# elapsed
def elapsed(title, name, texts, times, **keys):
    case(title, [name, "U"], [[x, str(i)] for i, x in enumerate(texts)], times, kind="elapsed",
         **keys)


def seconds(*values):
    return [timedelta(seconds=v) for v in values]


elapsed("seconds", "Time (s)", ["0.00", "0.02", "0.04", "0.06"], seconds(0, 0.02, 0.04, 0.06))
elapsed("t", "t", ["0", "1", "2", "3"], seconds(0, 1, 2, 3))
elapsed("x value", "X_Value", ["0.000000", "0.002500", "0.005000"], seconds(0, 0.0025, 0.005))
elapsed("ms suffix", "Elapsed_ms", ["0", "20", "40"], seconds(0, 0.02, 0.04))
elapsed("us brackets", "t [µs]", ["0.5", "1.0", "1.5"], [500, 1000, 1500])
elapsed("zeit", "Zeit [s]", ["0,0", "0,5", "1,0"], seconds(0, 0.5, 1), decimal=",")
elapsed("temps", "Temps (s)", ["0", "1", "2"], seconds(0, 1, 2))
elapsed("tiempo", "Tiempo [ms]", ["0", "10", "20"], seconds(0, 0.01, 0.02))
elapsed("minutes", "elapsed (min)", ["0", "0.5", "1"], seconds(0, 30, 60))
elapsed("hours", "Laufzeit in h", ["0", "0.25", "0.5"], seconds(0, 900, 1800))
elapsed("slash unit", "Time / s", ["0", "1", "2"], seconds(0, 1, 2))
elapsed("comma unit", "Time, ms", ["0", "1", "2"], seconds(0, 0.001, 0.002))
elapsed("seconds since start", "Time (seconds since start)", ["0", "10", "20"], seconds(0, 10, 20))
elapsed("unit row of a format", "Zeit [hh:mm:ss]", ["23:59:59", "24:00:00", "24:00:01"],
        seconds(86399, 86400, 86401))
elapsed("chinese name", "\u65f6\u95f4 (s)", [str(i) for i in range(6)], seconds(*range(6)))
elapsed("test time", "Test_Time(s)", ["0", "10", "20", "30"], seconds(0, 10, 20, 30))
elapsed("exponents", "TIME (s)", ["-1.2E-06", "-1.184E-06", "-1.168E-06"], [-1200, -1184, -1168])
elapsed("seconds alone", "Seconds", ["0", "1", "2", "3", "4", "5"], seconds(*range(6)))
elapsed("with unit in cells", "Time", ["0 s", "500 ms", "1 s", "1.5 s"], seconds(0, 0.5, 1, 1.5))
elapsed("hours over 24", "Elapsed", ["23:00:00", "24:30:00", "47:59:59", "120:00:00"],
        seconds(82800, 88200, 172799, 432000))
elapsed("span fraction", "Elapsed time", ["00:00:00.125", "00:00:00.250", "00:00:00.375"],
        seconds(0.125, 0.25, 0.375))
elapsed("span comma", "Laufzeit", ["0:00:00,5", "0:00:01,0", "0:00:01,5"], seconds(0.5, 1, 1.5))
elapsed("span days d", "Elapsed", ["0d 23:59:59", "1d 00:00:00", "1d 02:03:04"],
        seconds(86399, 86400, 93784))
elapsed("span days net", "Elapsed", ["23:59:59", "1.00:00:00", "1.02:03:04"],
        seconds(86399, 86400, 93784))
elapsed("span days python", "Elapsed", ["23:59:59", "1 day, 0:00:00", "2 days, 2:03:04.500000"],
        seconds(86399, 86400, 180184.5))
elapsed("span days pandas", "time", ["0 days 00:00:00", "0 days 00:00:00.100000",
                                     "0 days 00:00:00.200000"], seconds(0, 0.1, 0.2))
elapsed("span four groups", "Test time", ["0:23:59:59", "1:00:00:00", "1:02:03:04"],
        seconds(86399, 86400, 93784))
elapsed("span letters", "Elapsed", ["0h 59m 59s", "1h 00m 00s", "1h 02m 03s"],
        seconds(3599, 3600, 3723))
elapsed("span iso", "duration", ["PT0.5S", "PT1.0S", "PT1M1.5S", "PT1M2S", "PT2M2S"],
        seconds(0.5, 1, 61.5, 62, 122))
elapsed("minutes and seconds", "Time (mm:ss)", ["00:30", "01:00", "01:30"], seconds(30, 60, 90))
elapsed("minutes seconds fraction", "Time", ["00:59.5", "01:00.0", "01:00.5"],
        seconds(59.5, 60, 60.5))
elapsed("negative before a trigger", "Time", ["-00:00:02", "-00:00:01", "00:00:00", "00:00:01"],
        seconds(-2, -1, 0, 1))
elapsed("time of day", "Time", ["09:12:44", "09:12:45", "09:12:46"], seconds(33164, 33165, 33166))
elapsed("time of day am pm", "Time", ["11:59:00 AM", "12:00:00 PM", "1:00:00 PM"],
        seconds(43140, 43200, 46800))
elapsed("time of day uhrzeit", "Uhrzeit", ["9:12", "9:13", "9:14"], seconds(33120, 33180, 33240))
elapsed("irig", "Time", ["058:18:00:00.000", "058:18:00:00.500", "058:18:00:01.000"],
        seconds(57 * 86400 + 64800, 57 * 86400 + 64800.5, 57 * 86400 + 64801))
elapsed("ms after a colon elapsed", "Time", ["00:00:01:218", "00:00:01:468", "00:00:01:718"],
        seconds(1.218, 1.468, 1.718))

elapsed("loose name that rises", "Motor time (s)", [str(i) for i in range(8)], seconds(*range(8)))
elapsed("milliseconds capital", "TIME_MS", ["0", "10", "20"], seconds(0, 0.01, 0.02))

# the newest row on top
one("newest first", "%Y-%m-%d %H:%M:%S", ROWS[::-1])
count("newest first epoch", 10**9, "Timestamp", times=ROWS[::-1])
one("a gap and a day tell the order", "%m/%d/%Y %H:%M",
    steps(datetime(2024, 4, 5, 20), timedelta(minutes=10)) +
    steps(datetime(2024, 4, 6, 7), timedelta(minutes=10)))

# which of several
case("wall clock before elapsed", ["Test_Time(s)", "Date_Time", "U"],
     [[str(i * 433), f"{t:%Y-%m-%d %H:%M:%S}", "1"] for i, t in enumerate(ROWS)], ROWS,
     columns="Date_Time")
case("epoch before elapsed", ["elapsed_s", "unix_time", "U"],
     [[str(i * 433), str(ns(t) // 10**9), "1"] for i, t in enumerate(ROWS)], ROWS,
     kind="absolute_utc", columns="unix_time", zone="UTC")
case("start before end", ["End", "Start", "U"],
     [[f"{t + timedelta(minutes=1):%Y-%m-%d %H:%M:%S}", f"{t:%Y-%m-%d %H:%M:%S}", "1"]
      for t in ROWS], ROWS, columns="Start")
case("unnamed wall clock", ["A", "B"], [[f"{t:%Y-%m-%d %H:%M:%S}", "1"] for t in ROWS], ROWS)
case("calibration date is not the axis", ["Calibrated", "Time (s)", "U"],
     [["2023-11-05", str(i), "1"] for i in range(8)], seconds(*range(8)), kind="elapsed",
     columns="Time (s)")
case("events without a time", ["Time", "U"],
     [["2024-03-18 09:00:00", "1"], ["2024-03-18 09:00:01", "2"], ["", "3"], ["n/a", "4"],
      ["2024-03-18 09:00:04", "5"]],
     [datetime(2024, 3, 18, 9), datetime(2024, 3, 18, 9, 0, 1), None, None,
      datetime(2024, 3, 18, 9, 0, 4)])

# not a time
def never(title, names, rows):
    case(title, names, rows, [], kind="none")


N = range(8)
never("counter", ["Scan", "U"], [[str(i), "1.5"] for i in N])
never("record", ["RECORD", "U"], [[str(88120 + i), "1.5"] for i in N])
never("hash", ["#", "U"], [[str(i), "1.5"] for i in N])
never("rise time", ["Shot", "Rise time (ms)"], [[str(i), str(5 + i * 0.1)] for i in N])
never("response time", ["Run", "Response time"], [[str(i), str([3, 1, 2, 5, 4, 9, 2, 6][i])] for i in N])
never("downtime", ["Line", "Downtime"], [["A", f"00:0{i}:00"] for i in N])
never("temperature T", ["T", "U"], [[str(20 + i * 0.5), "1"] for i in N])
never("serial numbers", ["Serial No", "U"], [[str(20240318 + i), "1"] for i in N])
never("big counter", ["cycles", "U"], [[str(1000000000 + i * 90000000), "1"] for i in N])
never("ratios", ["Gear", "U"], [["16:09", "1"], ["12:10", "1"], ["14:09", "2"]])
never("versions", ["Firmware", "U"], [["1.2.3", "1"], ["1.2.4", "1"], ["1.10.0", "2"]])
never("addresses", ["Host", "U"], [["10.0.0.1", "1"], ["10.0.0.2", "1"], ["10.0.0.3", "2"]])
never("year alone", ["Year", "Sales"], [[str(2001 + i), "1"] for i in N])
never("texts", ["Status", "U"], [["ok", "1"], ["may fail", "1"], ["Mon", "2"]])
never("frequency", ["f (Hz)", "Gain"], [[str(10 * 2**i), "1"] for i in N])
never("time constant", ["Time", "U"], [["5", str(i)] for i in N])
never("lone hour", ["Heure", "U"], [[str(i), "1"] for i in N])
never("day counter", ["Day", "U"], [[str(i), "1"] for i in N])
never("time with volts", ["time (V)", "U"], [[str(i), "1"] for i in N])

with open("rule.case", "w", encoding="utf-8") as f:
    f.write("# Written by make_cases.py.\n" + "\n".join(out) + "\n")
