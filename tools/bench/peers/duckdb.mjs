// SPDX-License-Identifier: Apache-2.0
// DuckDB: the same figures of every column of one CSV file. node duckdb.mjs FILE THREADS none|approx|exact [group]
// With `group` the file is long (timestamp,metric,value,unit) and the figures are those of each metric.
import { createRequire } from "node:module";

// The packages lie in the working folder, not beside this file.
const { DuckDBInstance } = createRequire(`${process.cwd()}/`)("@duckdb/node-api");

const [file, threads, quantiles, group] = process.argv.slice(2);
const instance = await DuckDBInstance.create(":memory:");
const db = await instance.connect();
await db.run(`SET threads = ${Number(threads)}`);
const from = `read_csv('${file.replaceAll("'", "''")}')`;
const all = async (sql) => (await db.runAndReadAll(sql)).getRows();
const list = { none: null, approx: "approx_quantile", exact: "quantile_cont" }[quantiles];
const figures = (c) =>
  [`count(${c})`, `avg(${c})`, `stddev_samp(${c})`, `min(${c})`, `max(${c})`]
    .concat(list ? [0.5, 0.95, 0.99].map((q) => `${list}(${c}, ${q})`) : []);
const named = (row) => {
  const [n, mean, std_sample, min, max, p50, p95, p99] = row.map((v) => (v === null ? null : Number(v)));
  return { n, mean, std_sample, min, max, p50, p95, p99 };
};
const out = {};
if (group) {
  for (const [name, ...row] of await all(`SELECT metric, ${figures("value").join(", ")} FROM ${from} GROUP BY metric`)) {
    out[name] = named(row);
  }
} else {
  const names = (await all(`DESCRIBE SELECT * FROM ${from}`)).map((r) => r[0]);
  const row = (await all(`SELECT ${names.flatMap((c) => figures(`"${c}"`)).join(", ")} FROM ${from}`))[0];
  const each = row.length / names.length;
  names.forEach((c, i) => (out[c] = named(row.slice(i * each, (i + 1) * each))));
}
console.log(JSON.stringify(out));
