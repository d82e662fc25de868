import path from 'node:path';
import { z } from 'zod';
import { listOf } from './setting-types.js';

const forms =
  'must be file:/folder/file, s3://bucket/prefix/ or an https URL without user, password and #, separated by commas';

const isUrl = (text: string): boolean => {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return false;
  const { username, password, hash } = new URL(text);
  return !username && !password && !hash;
};

/** In the way of the settings S3_BUCKET and S3_PREFIX. */
const isS3 = (text: string): boolean => /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/([\w-][\w.-]*\/)*$/.test(text);

const isFile = (text: string): boolean =>
  text.startsWith('file:/') && !text.startsWith('file://') && !text.endsWith('/') && path.isAbsolute(text.slice(5));

const anchor = z.string().refine((text) => isFile(text) || isS3(text) || isUrl(text), forms);

/** What the audit log is called by those who verify it, and where its checkpoints are kept beside the database (docs/audit.md). */
export const auditSettings = {
  AUDIT_LOG_ORIGIN: z
    .string()
    .regex(/^[^\s+]{1,200}$/, 'must be a name without spaces and "+", such as models.example.org/audit')
    .default('imprimatur/audit')
    .describe(
      'The name of the audit log in its signed checkpoints. Give each installation its own, such as `models.example.org/audit`, and keep it.',
    ),
  AUDIT_ANCHORS: listOf(anchor)
    .refine((anchors) => new Set(anchors).size === anchors.length, 'must name each anchor once')
    .describe(
      'Where signed checkpoints are kept beside the database, separated by commas: `file:/folder/file`, `s3://bucket/prefix/`, `https://…`; nowhere when not set.',
    ),
  AUDIT_ANCHOR_SECONDS: z.coerce
    .number()
    .min(1)
    .max(86_400)
    .default(300)
    .describe('Seconds between two checkpoints that are written to an anchor.'),
  AUDIT_ANCHOR_RETENTION_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(36_500)
    .default(365)
    .describe('How long the retention lock of a checkpoint in S3 holds. Nobody can shorten it afterwards.'),
  AUDIT_ANCHOR_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'must be whsec_ and at least 24 bytes in base64')
    .optional()
    .describe(
      'Signs the checkpoints that are sent to `https://…` anchors, as Standard Webhooks say; needed with them.',
    ),
};

interface AnchorChoice {
  AUDIT_ANCHORS: string[];
  AUDIT_ANCHOR_SECRET?: string | undefined;
}

/** What is wrong with values of which each is right on its own. */
export function anchorConflict(given: AnchorChoice): { name: keyof AnchorChoice; message: string } | undefined {
  if (!given.AUDIT_ANCHORS.some(isUrl) || given.AUDIT_ANCHOR_SECRET !== undefined) return undefined;
  return {
    name: 'AUDIT_ANCHOR_SECRET',
    message: 'must be set when AUDIT_ANCHORS names a URL: whsec_ and 32 bytes in base64',
  };
}
