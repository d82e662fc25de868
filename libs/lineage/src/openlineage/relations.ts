import sql from 'sql-template-tag';
import { dataset, type End, type Relation } from '../lineage-relation.js';

const job = (column: string): End => ({ kind: 'JOB', column, type: 'uuid' });

const observed = {
  from: sql`job_datasets o`,
  observedAt: 'o.first_observed_at',
  context: 'o.run_id',
  named: false,
};

/**
 * What the events of OpenLineage tell: data that jobs have read and written. What a job has written is the same data as what
 * others read at its place, whoever named it: that is seen by who may see both.
 */
export const jobRelations: Relation[] = [
  {
    ...observed,
    source: dataset('o.dataset_id'),
    target: job('o.job_id'),
    edge: `'DATASET_INPUT'`,
    where: `o.direction = 'INPUT'`,
  },
  {
    ...observed,
    source: job('o.job_id'),
    target: dataset('o.dataset_id'),
    edge: `'DATASET_OUTPUT'`,
    where: `o.direction = 'OUTPUT'`,
  },
  {
    from: sql`datasets made JOIN datasets d ON d.location = made.location AND d.id <> made.id
      JOIN job_datasets o ON o.dataset_id = made.id AND o.direction = 'OUTPUT'`,
    source: dataset('made.id'),
    target: dataset('d.id'),
    edge: `'SAME_DATA'`,
    observedAt: 'o.first_observed_at',
    where: `(EXISTS (SELECT 1 FROM run_inputs i WHERE i.dataset_id = d.id)
      OR EXISTS (SELECT 1 FROM job_datasets r WHERE r.dataset_id = d.id AND r.direction = 'INPUT'))`,
    named: false,
  },
];
