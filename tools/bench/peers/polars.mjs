// SPDX-License-Identifier: Apache-2.0
// Polars: the same figures of every column of one CSV file. node polars.mjs FILE none|exact [group]
// Threads by POLARS_MAX_THREADS. With `group` the file is long and the figures are those of each metric.
import { createRequire } from "node:module";

// The packages lie in the working folder, not beside this file.
const pl = createRequire(`${process.cwd()}/`)("nodejs-polars");

const [file, quantiles, group] = process.argv.slice(2);
const figures = (c) =>
  [pl.col(c).count().alias(`${c}\tn`), pl.col(c).mean().alias(`${c}\tmean`), pl.col(c).std().alias(`${c}\tstd_sample`),
   pl.col(c).min().alias(`${c}\tmin`), pl.col(c).max().alias(`${c}\tmax`)]
    .concat(quantiles === "none" ? [] :
      [[0.5, "p50"], [0.95, "p95"], [0.99, "p99"]].map(([q, name]) => pl.col(c).quantile(q, "linear").alias(`${c}\t${name}`)));
const lazy = pl.scanCSV(file);
const out = {};
const put = (name, key, v) => ((out[name] ??= {})[key] = v);
if (group) {
  const frame = lazy.groupBy("metric").agg(...figures("value")).collectSync();
  for (const row of frame.toRecords()) {
    for (const [k, v] of Object.entries(row)) {
      if (k !== "metric") put(row.metric, k.split("\t")[1], v);
    }
  }
} else {
  const frame = lazy.select(...lazy.columns.flatMap(figures)).collectSync();
  for (const [k, v] of Object.entries(frame.toRecords()[0])) {
    const [name, key] = k.split("\t");
    put(name, key, v);
  }
}
console.log(JSON.stringify(out));
