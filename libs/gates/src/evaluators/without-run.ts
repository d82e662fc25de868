import type { ModelVersion } from '@app/registry';

/** What is wrong with a version that has no run of this service, to be read behind "the version". */
export const withoutRun = ({ namedRunId }: Pick<ModelVersion, 'namedRunId'>): string =>
  namedRunId === null
    ? 'has no run'
    : `has no run here: run ${namedRunId} is only named, as one of another server, and nothing is read from it`;
