import { createHash } from 'node:crypto';
import { Access, kindOfFullName, type SecurableKind, SecurableRepository } from '@app/access';
import { type AskedAuditFilter, type AuditFilter, AuditFilters } from '@app/audit';
import { Config, canonicalJson, Transaction } from '@app/platform';
import { SigningKeys } from '@app/signing';
import { Injectable } from '@nestjs/common';
import type { Sql } from 'sql-template-tag';
import { ExportReader } from './export.reader.js';
import { type ExportedEvent, type ExportFormat, linesOf } from './export-lines.js';
import { leafEntry } from './leaf.js';
import { type Checkpoint, LogRepository } from './log.repository.js';
import { LogHashes } from './log-hashes.js';
import { inclusionPath, leafHash } from './merkle.js';
import { MetastoreRights } from './metastore-rights.js';
import { signatureLine } from './signed-note.js';

const pageSize = 500;

/** What is exported, worked out before the first line. */
interface Plan {
  filter: AuditFilter;
  visible: Sql;
  /** The filter as it was asked for. */
  told: object;
  format: ExportFormat;
  /** All of the log: it proves itself, and shows what is missing. */
  complete: boolean;
  checkpoint: Checkpoint | undefined;
  exportedBy: string;
}

/** The audit log as a file that is verified without the service (docs/audit.md). */
@Injectable()
export class AuditExports {
  constructor(
    private readonly access: Access,
    private readonly config: Config,
    private readonly filters: AuditFilters,
    private readonly hashes: LogHashes,
    private readonly keys: SigningKeys,
    private readonly log: LogRepository,
    private readonly reader: ExportReader,
    private readonly rights: MetastoreRights,
    private readonly securables: SecurableRepository,
    private readonly transaction: Transaction,
  ) {}

  /**
   * The sealed events, in the order of the log, and a signed manifest as the last line. What is sealed meanwhile is not in
   * it. Without `within` and filter it is the whole log. Needs READ_AUDIT on the metastore, or on what is exported.
   * @param within the full name of a catalog, a schema or a model: only what happened in it
   * @throws InvalidArgument for a wrong filter; NotFound, also of an actor; PermissionDenied
   */
  async start(
    within: string | undefined,
    given: AskedAuditFilter,
    format: ExportFormat,
  ): Promise<AsyncGenerator<string>> {
    const { name: exportedBy } = this.access.caller();
    const object = await this.authorized(within);
    const visible = await this.access.whereMayReadAudit('a');
    const checkpoint = await this.log.checkpoint();
    const asked = { ...(await this.filters.read(given)), ...(object && { object }) };
    const complete = Object.values(asked).every((value) => value === null || value === undefined);
    // A wrong filter is told before anything is sent.
    await this.reader.page(asked, visible, 0, 0, 1);
    const plan = { filter: asked, visible, format, complete, checkpoint, exportedBy };
    return this.lines({ ...plan, told: { ...given, within } });
  }

  private async authorized(within: string | undefined): Promise<{ kind: SecurableKind; id: string } | undefined> {
    if (within === undefined) {
      await this.rights.require('READ_AUDIT');
      return undefined;
    }
    const kind = kindOfFullName(within, 'within');
    const found = await this.securables.byFullName(kind, within);
    const { object } = await this.access.authorize('READ_AUDIT', found, kind, within);
    return { kind, id: object.id };
  }

  private async *lines(plan: Plan): AsyncGenerator<string> {
    const lines = linesOf[plan.format];
    const sha256 = createHash('sha256');
    const tally = { count: 0, firstSequence: null as number | null, lastSequence: null as number | null };
    const add = (text: string) => {
      sha256.update(text);
      return text;
    };
    yield add(lines.header);
    for await (const page of this.pages(plan)) {
      const checkpoints = plan.complete ? await this.checkpointsOf(page) : new Map<number, Checkpoint>();
      let text = '';
      for (const event of page) {
        text += lines.event(event);
        const checkpoint = checkpoints.get(event.sequence);
        if (checkpoint) text += lines.checkpoint(checkpoint.note);
        tally.count += 1;
        tally.firstSequence ??= event.sequence;
        tally.lastSequence = event.sequence;
      }
      yield add(text);
    }
    yield await this.manifest(plan, { ...tally, sha256: sha256.digest('hex') });
  }

  private async *pages({ filter, visible, complete, checkpoint }: Plan): AsyncGenerator<ExportedEvent[]> {
    const to = checkpoint?.treeSize ?? 0;
    for (let after = 0; after < to; ) {
      const page = complete
        ? await this.wholePage(after, Math.min(after + pageSize, to))
        : await this.provenPage(filter, visible, after, to);
      if (page.length === 0) return;
      yield page;
      after = (page.at(-1) as ExportedEvent).sequence;
    }
  }

  private async wholePage(after: number, to: number): Promise<ExportedEvent[]> {
    const leaves = await this.log.sealed(after + 1, to);
    return leaves.map(({ sequence, hash, event }) => ({
      sequence,
      entry: event && leafEntry({ sequence, event }),
      leafHash: hash,
    }));
  }

  private async provenPage(filter: AuditFilter, visible: Sql, after: number, size: number): Promise<ExportedEvent[]> {
    const events = await this.reader.page(filter, visible, after, size, pageSize);
    const paths = events.map(({ sequence }) => inclusionPath(sequence - 1, size));
    const hashes = await this.hashes.of(paths.flat(), size);
    return events.map((sealed, index) => {
      const entry = leafEntry(sealed);
      const proof = hashes.splice(0, paths[index]?.length);
      return { sequence: sealed.sequence, entry, leafHash: leafHash(entry), proof };
    });
  }

  private async checkpointsOf(page: readonly ExportedEvent[]): Promise<ReadonlyMap<number, Checkpoint>> {
    const [first, last] = [page[0], page.at(-1)];
    return first && last ? this.log.checkpointsBetween(first.sequence, last.sequence) : new Map();
  }

  private async manifest(plan: Plan, tally: object): Promise<string> {
    const { told, complete, checkpoint, exportedBy, format } = plan;
    const origin = this.config.settings.AUDIT_LOG_ORIGIN;
    const manifest = canonicalJson({
      format: 'imprimatur-audit-export/1',
      encoding: format,
      origin,
      filter: JSON.parse(JSON.stringify(told)),
      complete,
      checkpoint: checkpoint?.note ?? null,
      exportedBy,
      exportedAt: new Date().toISOString(),
      ...tally,
    });
    const { publicKey, signature } = await this.transaction.run(() => this.keys.sign(Buffer.from(`${manifest}\n`)));
    return linesOf[format].manifest(manifest, signatureLine(origin, Buffer.from(publicKey, 'base64url'), signature));
  }
}
