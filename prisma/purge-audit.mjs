// Deletes the content of sealed audit events that are older than their retention, and records it in the log (docs/audit.md).
//   npm run audit:purge -- --class REFUSALS --by "Ada Lovelace" --reason "ticket 4711" [--dry-run]
// MIGRATION_DATABASE_URL, or DATABASE_URL where there is one role, names the owner of the tables: the service itself can delete no event.
import { parseArgs } from 'node:util';
import pg from 'pg';

/** The record of a deletion names every event that went: one covers so many numbers of the log. */
const numbersOfOne = 10_000;

/** The last sequence number up to which every event of the class is older than its retention; null: it is kept for ever. */
const lastSql = `
  SELECT r.days, COALESCE(
    (SELECT min(s.sequence) - 1 FROM audit_events a JOIN sealed_events s ON s.event_id = a.id
     WHERE a.occurred_at >= now() - make_interval(days => r.days) AND audit_event_class(a.action, a.outcome) = r.class),
    (SELECT max(sequence) FROM sealed_events), 0)::float8 AS last
  FROM audit_retention r WHERE r.class = $1 AND r.days IS NOT NULL`;

/** The next event of the class that no hold keeps. */
const nextSql = `
  SELECT s.sequence::float8 AS sequence FROM sealed_events s JOIN audit_events a ON a.id = s.event_id
  WHERE s.sequence > $2 AND s.sequence <= $3 AND audit_event_class(a.action, a.outcome) = $1
    AND NOT audit_event_held(a.securable_id, a.schema_id, a.catalog_id, a.occurred_at)
  ORDER BY s.sequence LIMIT 1`;

/** Those that a hold keeps. */
const heldSql = `
  SELECT count(*)::float8 AS held FROM sealed_events s JOIN audit_events a ON a.id = s.event_id
  WHERE s.sequence <= $2 AND audit_event_class(a.action, a.outcome) = $1
    AND audit_event_held(a.securable_id, a.schema_id, a.catalog_id, a.occurred_at)`;

/**
 * Deletes all that may be deleted of a class, in parts with a record and a transaction each.
 * @param {{ eventClass: string, by: string, reason: string, dryRun?: boolean }} order dryRun: counts, and deletes nothing
 * @returns {Promise<{ deleted: number, held: number, records: number }>} held: events that a legal hold keeps
 * @throws Error when the class is kept for ever, or the role owns no tables
 */
async function purgeAudit(url, { eventClass, by, reason, dryRun = false }) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const first = async (statement, values) => (await client.query(statement, values)).rows[0];
  const total = { deleted: 0, records: 0 };
  try {
    const period = await first(lastSql, [eventClass]);
    if (!period)
      throw new Error(`${eventClass}: kept for ever. auditRetentionSet says how long events of a class are kept`);
    for (let after = 0; ; ) {
      const next = await first(nextSql, [eventClass, after, period.last]);
      if (!next) return { ...total, ...(await first(heldSql, [eventClass, period.last])) };
      const last = Math.min(next.sequence + numbersOfOne - 1, period.last);
      const part = await deletePart(client, [eventClass, next.sequence, last, by, reason], dryRun);
      total.deleted += part.count;
      total.records += 1;
      after = last;
    }
  } finally {
    await client.end();
  }
}

async function deletePart(client, values, dryRun) {
  await client.query('BEGIN');
  const { rows } = await client.query('SELECT delete_audit_period($1, $2, $3, $4, $5) AS record', values);
  await client.query(dryRun ? 'ROLLBACK' : 'COMMIT');
  return rows[0].record;
}

async function main() {
  const { values } = parseArgs({
    options: {
      class: { type: 'string' },
      by: { type: 'string' },
      reason: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
    },
  });
  const { class: eventClass, by, reason, 'dry-run': dryRun } = values;
  if (!eventClass || !by || !reason) {
    throw new Error('usage: npm run audit:purge -- --class CLASS --by NAME --reason TEXT [--dry-run]');
  }
  const url = process.env.MIGRATION_DATABASE_URL || process.env.DATABASE_URL;
  if (!url) throw new Error('MIGRATION_DATABASE_URL is required: postgresql://owner:password@host:5432/database');
  const { deleted, held, records } = await purgeAudit(url, { eventClass, by, reason, dryRun });
  console.log(
    `${dryRun ? 'would delete' : 'deleted'} ${deleted} events of ${eventClass} with ${records} records; ${held} are held`,
  );
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
