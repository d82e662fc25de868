import { Access, SecurableRepository } from '@app/access';
import { GateRuns } from '@app/gates';
import { GateWaivers, type LogExcerpt, type PromotionRequest, RequestRecords } from '@app/promotion';
import { Injectable } from '@nestjs/common';
import type { Dossier } from './dossier.schema.js';
import { isoInstant, type People } from './people.js';

/** Of each log, from its beginning and from its end. */
const mostLines = 100;

type PolicyText = NonNullable<Dossier['policies'][number]['text']>;

/** The rules of a request, as far as the caller may know where they hang, and what its gates said. */
@Injectable()
export class GateParts {
  constructor(
    private readonly access: Access,
    private readonly gates: GateRuns,
    private readonly records: RequestRecords,
    private readonly securables: SecurableRepository,
    private readonly waivers: GateWaivers,
  ) {}

  /** The pinned revisions that the caller may read, by their ids: who may know the securable reads the policies on it. */
  async policyTexts({ effectivePolicy }: PromotionRequest, people: People): Promise<Map<string, PolicyText>> {
    const revisions = await this.records.revisionsOf(effectivePolicy.policies.map(({ revisionId }) => revisionId));
    const places = await this.securables.byIds([...new Set(revisions.map(({ securableId }) => securableId))]);
    const texts = new Map<string, PolicyText>();
    for (const { revisionId, securableId, rules, createdBy, reason, createdAt } of revisions) {
      const place = places.find(({ id }) => id === securableId);
      if (!place || !(await this.access.allowed('DISCOVER', place))) continue;
      const author = people.personOrNull(createdBy);
      texts.set(revisionId, { rules, author, reason, createdAt: createdAt.toISOString() });
    }
    return texts;
  }

  policies({ effectivePolicy }: PromotionRequest, texts: ReadonlyMap<string, PolicyText>): Dossier['policies'] {
    return effectivePolicy.policies.map(({ name, on, revision, dryRun, revisionId }) => ({
      name,
      on,
      revision,
      dryRun,
      text: texts.get(revisionId) ?? null,
    }));
  }

  /** The gates of the latest round. */
  async runs(
    request: PromotionRequest,
    texts: ReadonlyMap<string, PolicyText>,
    people: People,
  ): Promise<Dossier['gates']> {
    const runs = await this.gates.ofRequests([request.id]);
    const ids = runs.map(({ id }) => id);
    const logs = await this.records.logsOf(ids, mostLines);
    const waivers = await this.waivers.ofGateRuns(ids);
    return runs
      .map((run) => ({
        key: run.key,
        type: run.type,
        required: run.required,
        status: run.status,
        summary: run.summary,
        configuration: texts.has(run.policyRevisionId) ? run.config : null,
        output: run.output,
        inputs: run.inputs,
        attempt: run.attempt,
        startedAt: isoInstant(run.startedAt),
        finishedAt: isoInstant(run.finishedAt),
        log: toLog(logs.find(({ gateRunId }) => gateRunId === run.id)),
        waivers: waivers
          .filter(({ gateRunId }) => gateRunId === run.id)
          .map(({ state, reason, proposedBy, proposedAt, decidedBy, decidedAt, comment }) => ({
            state,
            reason,
            proposedBy: people.person(proposedBy),
            proposedAt: proposedAt.toISOString(),
            decidedBy: people.personOrNull(decidedBy),
            decidedAt: isoInstant(decidedAt),
            comment,
          })),
      }))
      .sort((one, other) => (one.key < other.key ? -1 : 1));
  }
}

const toLog = (excerpt: LogExcerpt | undefined): Dossier['gates'][number]['log'] => {
  const { lines, total } = excerpt ?? { lines: [], total: 0 };
  return { lines, omitted: total - lines.length };
};
