import { OutboundHttp } from '@app/outbound';
import { Config } from '@app/platform';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Anchor } from './anchor.js';
import { FileAnchor } from './file-anchor.js';
import type { Checkpoint } from './log.repository.js';
import type { S3Anchor } from './s3-anchor.js';
import type { TreeHead } from './signed-note.js';
import { WebhookAnchor } from './webhook-anchor.js';

/** Writes checkpoints to anchors of every kind. */
@Injectable()
export class AnchorWriter implements OnModuleDestroy {
  private readonly buckets = new Map<string, S3Anchor>();

  constructor(
    private readonly config: Config,
    private readonly http: OutboundHttp,
  ) {}

  onModuleDestroy(): void {
    for (const bucket of this.buckets.values()) bucket.close();
  }

  /** What the anchor itself says was written last, where it can be asked; a file can. */
  async last({ kind, location }: Anchor): Promise<TreeHead | undefined> {
    return kind === 'FILE' ? new FileAnchor(location).last() : undefined;
  }

  /** @throws Error that says why it is not there */
  async write({ kind, location }: Anchor, checkpoint: Checkpoint): Promise<void> {
    if (kind === 'FILE') return new FileAnchor(location).write(checkpoint.note);
    if (kind === 'S3') return (await this.bucket(location)).write(checkpoint);
    return new WebhookAnchor(location, this.config, this.http).write(checkpoint);
  }

  /** The SDK of S3 is loaded by whoever needs it. */
  private async bucket(location: string): Promise<S3Anchor> {
    const { S3Anchor } = await import('./s3-anchor.js');
    const bucket = this.buckets.get(location) ?? new S3Anchor(location, this.config.settings);
    this.buckets.set(location, bucket);
    return bucket;
  }
}
