import type { GateConfig } from '@app/policy';
import type { GateInput } from '../gate-input.js';
import type { Judgement } from '../gate-run.js';
import { withoutRun } from './without-run.js';

/** LINEAGE: the version has a run, the run read a dataset with a digest, and the commit that it ran is known. */
export async function lineage(
  { run, dataset, sourceCommit }: GateConfig<'LINEAGE'>,
  { version, lineage: read }: GateInput,
): Promise<Judgement> {
  const { runId } = version;
  const known = await read();
  const datasets = (known?.datasets ?? []).filter(({ digest }) => digest !== '');
  const commit = known?.sourceCommit || null;
  const gone = runId !== null && !known;
  const missing = [
    ...(run && !known ? [gone ? `its run ${runId} is gone` : `it ${withoutRun(version)}`] : []),
    ...(dataset && datasets.length === 0
      ? ['no dataset with a digest was logged to its run: use mlflow.log_input in it']
      : []),
    ...(sourceCommit && !commit
      ? ['its run has no tag mlflow.source.git.commit: start it from a git repository, or set the tag']
      : []),
  ];
  const list = datasets.map(({ name, digest }) => `${name} (${digest})`).join(', ');
  return {
    status: missing.length === 0 ? 'PASSED' : 'FAILED',
    summary:
      missing.length === 0
        ? `where the version comes from is known: ${[`run ${runId}`, ...(list ? [`datasets ${list}`] : []), ...(commit ? [`commit ${commit}`] : [])].join(', ')}`
        : `where the version comes from is not known: ${missing.join('; ')}`,
    output: { datasets, sourceCommit: commit },
    inputs: { runId },
  };
}
