import { AuditTrail } from '@app/audit';
import { SigningKeys } from '@app/signing';
import { Injectable } from '@nestjs/common';
import { leafEntry } from './leaf.js';
import { type Checkpoint, LogRepository } from './log.repository.js';
import { LogHashes } from './log-hashes.js';
import { consistencyPath, inclusionPath, leafHash } from './merkle.js';
import { MetastoreRights } from './metastore-rights.js';
import type { ConsistencyProof, InclusionProof } from './proof.js';
import { readNote, verifierKey } from './signed-note.js';
import { CheckpointNotFound, NotSealedYet } from './transparency.errors.js';

/** What an auditor needs who trusts no answer of this service: checkpoints, and proofs against them. */
@Injectable()
export class Proofs {
  constructor(
    private readonly hashes: LogHashes,
    private readonly keys: SigningKeys,
    private readonly log: LogRepository,
    private readonly rights: MetastoreRights,
    private readonly trail: AuditTrail,
  ) {}

  /**
   * The checkpoint over so many events, or the newest. Needs READ_AUDIT on the metastore.
   * @throws NotFound when nothing was signed over so many; NotFound, PermissionDenied
   */
  async checkpoint(size?: number): Promise<Checkpoint> {
    await this.rights.require('READ_AUDIT');
    return this.existing(size);
  }

  /**
   * That an event is in the log. Needs READ_AUDIT where it happened.
   * @param size the checkpoint to prove it against; the newest when it is left out
   * @throws NotFound for no such event or checkpoint; FailedPrecondition while it is not sealed
   */
  async inclusion(eventId: string, size?: number): Promise<InclusionProof> {
    const event = await this.trail.get(eventId);
    const sequence = (await this.log.sequencesOf([event.id])).get(event.id);
    if (sequence === undefined) throw new NotSealedYet(eventId);
    const checkpoint = await this.existing(size);
    if (checkpoint.treeSize < sequence) throw new CheckpointNotFound(size);
    const entry = leafEntry({ sequence, event });
    const path = inclusionPath(sequence - 1, checkpoint.treeSize);
    return {
      sequence,
      entry,
      leafHash: leafHash(entry),
      hashes: await this.hashes.of(path, checkpoint.treeSize),
      checkpoint,
    };
  }

  /**
   * That the log only grew between two checkpoints. Needs READ_AUDIT on the metastore.
   * @param to the newest when it is left out
   * @throws NotFound for no such checkpoint; InvalidArgument when `from` is the later one
   */
  async consistency(from: number, to?: number): Promise<ConsistencyProof> {
    await this.rights.require('READ_AUDIT');
    const [earlier, later] = [await this.existing(from), await this.existing(to)];
    const path = consistencyPath(earlier.treeSize, later.treeSize);
    return { from: earlier, to: later, hashes: await this.hashes.of(path, later.treeSize) };
  }

  /** Of these events, the sequence numbers of those that are sealed. Whoever may read an event may read its number. */
  async sequencesOf(eventIds: readonly string[]): Promise<{ id: string; sequence: number }[]> {
    const sequences = await this.log.sequencesOf(eventIds);
    return [...sequences].map(([id, sequence]) => ({ id, sequence }));
  }

  /** The public key that signed a checkpoint, as verifiers of signed notes take it. */
  async verifierKeyOf({ kid, note }: Checkpoint): Promise<string> {
    const key = (await this.keys.history()).find((each) => each.kid === kid);
    if (!key) throw new Error(`a checkpoint is signed with the key ${kid}, which this service never had`);
    return verifierKey(readNote(note)?.origin ?? '', Buffer.from(key.publicKey, 'base64url'));
  }

  private async existing(size?: number): Promise<Checkpoint> {
    const checkpoint = await this.log.checkpoint(size);
    if (!checkpoint) throw new CheckpointNotFound(size);
    return checkpoint;
  }
}
