// Many runs from one, in SQL: ours and MLflow's tables of runs are alike but for some names.

/**
 * Copies a run until there are `count` of them: each started a second later, with values of its own for its metrics. The
 * param p9 of one in a thousand has a value that the others do not have.
 * @param {{ columns: string, id: string, ofRun?: string, ofLatest?: string, params: string, tags: string }} tables columns: of
 *   runs, as they are in all of them; id: the run in the other tables; ofRun: in its own; ofLatest: what latest_metrics takes from it
 */
export async function copyRuns(
  { workshop, databaseUrl },
  run,
  count,
  { columns, id, ofRun = id, ofLatest, params, tags },
) {
  const query = (text) => workshop.query(databaseUrl, text, [run, count]);
  const key = 'md5($1 || n)';
  const copies = 'generate_series(1, $2::int4 - 1) AS n';
  const taken = ofLatest ? `, ${ofLatest}` : '';
  await query(`INSERT INTO runs (${ofRun}, start_time, ${columns})
    SELECT ${key}, start_time + n * 1000, ${columns} FROM runs, ${copies} WHERE ${ofRun} = $1`);
  await query(`INSERT INTO latest_metrics (${id}, key, value, is_nan, timestamp, step${taken})
    SELECT ${key}, key, sin(n * 10 + ascii(right(key, 1))), false, timestamp, step${taken} FROM ${copies}, latest_metrics WHERE ${id} = $1`);
  await query(`INSERT INTO metrics (${id}, key, value, is_nan, timestamp, step)
    SELECT ${key}, key, sin(n * 10 + ascii(right(key, 1))), false, timestamp, step FROM ${copies}, latest_metrics WHERE ${id} = $1`);
  await query(`INSERT INTO ${params} (${id}, key, value)
    SELECT ${key}, key, CASE WHEN key = 'p9' AND n % 1000 = 0 THEN 'rare value' ELSE value END FROM ${copies}, ${params} WHERE ${id} = $1`);
  await query(
    `INSERT INTO ${tags} (${id}, key, value) SELECT ${key}, key, value FROM ${copies}, ${tags} WHERE ${id} = $1`,
  );
  await workshop.query(databaseUrl, 'VACUUM ANALYZE');
}
