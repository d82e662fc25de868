import { defineEvent } from '@app/platform';
import { z } from 'zod';

/** A version waits for its digest: Registrations.complete does the rest. */
export const modelVersionRegistered = defineEvent('model_version.registered', z.object({ versionId: z.uuid() }));
