import { Access } from '@app/access';
import { GateRuns } from '@app/gates';
import { Transaction } from '@app/platform';
import { VersionRecords } from '@app/registry';
import { Injectable } from '@nestjs/common';
import { ArtifactCheck, filesChanged } from '../artifact-check.js';
import { LockedRequests } from '../locked-requests.js';
import { PromotionProgress } from '../promotion-progress.service.js';
import type { PromotionRequest } from '../promotion-request.js';
import { PromotionRequestRepository } from '../promotion-request.repository.js';

const mostReadings = 100;

/** What the worker does of a queued gate: the files are looked at, then the gate judges them. */
@Injectable()
export class GateJobs {
  /**
   * The latest readings of this process, by request and round: the gates of a round begin together, and one that saw the request
   * before it was noted as read comes after the reading. What failed is read again.
   */
  private readonly readings = new Map<string, Promise<boolean>>();

  constructor(
    private readonly access: Access,
    private readonly artifacts: ArtifactCheck,
    private readonly gates: GateRuns,
    private readonly locked: LockedRequests,
    private readonly progress: PromotionProgress,
    private readonly requests: PromotionRequestRepository,
    private readonly transaction: Transaction,
    private readonly versions: VersionRecords,
  ) {}

  /**
   * Runs a gate. Before the first one of a round every byte of the version is read: no gate judges, or runs, what was not
   * registered. Two workers that begin gates of one round at the same moment each read. Safe to be called again at any time.
   * @returns what GateRuns.run answers; undefined when the files have changed: the request is BLOCKED then
   */
  async run(gateRunId: string): ReturnType<GateRuns['run']> {
    this.access.caller();
    const request = await this.requests.unchecked(gateRunId);
    if (request && !(await this.filesStand(request))) return undefined;
    return this.gates.run(gateRunId);
  }

  private filesStand(request: PromotionRequest): Promise<boolean> {
    const key = `${request.id} ${request.round}`;
    const begun = this.readings.get(key);
    if (begun) return begun;
    const reading = this.read(request);
    this.readings.set(key, reading);
    reading.catch(() => this.readings.delete(key));
    for (const [oldest] of this.readings) if (this.readings.size > mostReadings) this.readings.delete(oldest);
    return reading;
  }

  private async read(request: PromotionRequest): Promise<boolean> {
    const version = await this.versions.byId(request.versionId);
    // The gate says itself that there is nothing to judge.
    if (!version) return true;
    const digest = await this.artifacts.digestOf(version);
    if (digest === request.artifactDigest) {
      await this.requests.noteChecked(request);
      return true;
    }
    await this.transaction.run(async () => {
      const locked = await this.locked.lock(request);
      if (locked?.request.state !== 'VALIDATING' || locked.request.round !== request.round) return;
      await this.gates.cancelOf(request.id, 'the files have changed');
      await this.progress.block(locked, filesChanged(request, digest));
    });
    return false;
  }
}
