import { z } from 'zod';

/** What the audit log is called by those who verify it (docs/audit.md). */
export const auditSettings = {
  AUDIT_LOG_ORIGIN: z
    .string()
    .regex(/^[^\s+]{1,200}$/, 'must be a name without spaces and "+", such as models.example.org/audit')
    .default('imprimatur/audit')
    .describe(
      'The name of the audit log in its signed checkpoints. Give each installation its own, such as `models.example.org/audit`, and keep it.',
    ),
};
