import { standardUrl } from '../openlineage/event-schema.js';

/** Who sends these events; its facets have their schemas below it, docs/openlineage-promotion-facet.schema.json is the one. */
const producer = 'https://imprimatur.dev/openlineage';
/** By the rules of the standard for facets of one's own: a prefix of one's own in the key, and a version in the address. */
export const promotionFacetUrl = `${producer}/facets/1-0-0/ImprimaturPromotionRunFacet.json`;
const facetUrl = (facet: string, version: string) =>
  `https://openlineage.io/spec/facets/${version}/${facet}.json#/$defs/${facet}`;

/** A promotion request that is closed. */
export interface ClosedPromotion {
  id: string;
  number: number;
  kind: string;
  modelFullName: string;
  versionNumber: number;
  targetKind: 'STAGE' | 'ALIAS';
  targetName: string;
  state: 'APPLIED' | 'REJECTED' | 'CANCELLED' | 'EXPIRED' | 'SUPERSEDED';
  artifactDigest: string;
  evidenceDigest: string | null;
  requester: string | null;
  /** Whose approvals stand. */
  approvers: string[];
  policies: { name: string; revision: number }[];
  /** Where the data is that the version’s run has read. */
  data: string[];
  createdAt: Date;
  closedAt: Date;
}

const endings = { APPLIED: 'COMPLETE', REJECTED: 'FAIL', CANCELLED: 'ABORT', EXPIRED: 'ABORT', SUPERSEDED: 'ABORT' };

/**
 * A promotion as a run of a job of OpenLineage: it begins when the request is opened, and ends when it is closed. Its input is the
 * version with the data that it was trained on. Its output is the target, when the version has come to hold it.
 */
export function promotionEvents(request: ClosedPromotion, namespace: string): [start: object, end: object] {
  const whole = {
    producer,
    schemaURL: `${standardUrl}#/$defs/RunEvent`,
    job: { namespace, name: jobName(request), facets: { jobType } },
    run: { runId: request.id, facets: { imprimatur_promotion: promotionFacet(request) } },
    inputs: [versionDataset(request, namespace), ...request.data.map(named)],
  };
  const { createdAt, closedAt, state } = request;
  const output = { namespace, name: targetName(request), facets: { version: versionFacet(request) } };
  return [
    { ...whole, eventType: 'START', eventTime: createdAt.toISOString(), outputs: [] },
    {
      ...whole,
      eventType: endings[state],
      eventTime: closedAt.toISOString(),
      outputs: state === 'APPLIED' ? [output] : [],
    },
  ];
}

const jobType = {
  _producer: producer,
  _schemaURL: facetUrl('JobTypeJobFacet', '2-0-3'),
  processingType: 'BATCH',
  integration: 'IMPRIMATUR',
  jobType: 'PROMOTION',
};

const jobName = ({ modelFullName, targetName }: ClosedPromotion): string => `promotion.${modelFullName}.${targetName}`;

/** As MLflow names what holds a target: `model@champion`, `model/Production`. */
const targetName = ({ modelFullName, targetKind, targetName: name }: ClosedPromotion): string =>
  `${modelFullName}${targetKind === 'ALIAS' ? '@' : '/'}${name}`;

const versionFacet = ({ versionNumber }: ClosedPromotion) => ({
  _producer: producer,
  _schemaURL: facetUrl('DatasetVersionDatasetFacet', '1-0-1'),
  datasetVersion: String(versionNumber),
});

const versionDataset = (request: ClosedPromotion, namespace: string) => ({
  namespace,
  name: request.modelFullName,
  facets: { version: versionFacet(request) },
});

/** Namespace and name of what lies at a location. */
function named(location: string): { namespace: string; name: string } {
  const [, namespace, name] =
    /^(file):\/\/(\/.*)$/s.exec(location) ??
    /^([^:]+:\/\/[^/]+)\/(.+)$/s.exec(location) ??
    (/^([^/]+):\/\/(.+)$/s.exec(location) as unknown as [string, string, string]);
  return { namespace: namespace as string, name: name as string };
}

const promotionFacet = (request: ClosedPromotion) => ({
  _producer: producer,
  _schemaURL: promotionFacetUrl,
  requestNumber: request.number,
  kind: request.kind,
  state: request.state,
  model: request.modelFullName,
  version: request.versionNumber,
  target: { kind: request.targetKind, name: request.targetName },
  artifactDigest: request.artifactDigest,
  evidenceDigest: request.evidenceDigest,
  requester: request.requester,
  approvers: request.approvers,
  policies: request.policies,
});
