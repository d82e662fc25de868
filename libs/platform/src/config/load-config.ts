import { z } from 'zod';
import { artifactConflict } from './artifact-settings.js';
import { anchorConflict } from './audit-settings.js';
import { Config, type Settings, settingNames, settings } from './config.js';

/** Every value for itself, and then the values together. */
const consistent = z.object(settings).superRefine((values, context) => {
  const conflict = artifactConflict(values) ?? anchorConflict(values);
  if (conflict) context.addIssue({ code: 'custom', path: [conflict.name], message: conflict.message });
});

/**
 * Reads and validates the environment. An empty variable counts as not set.
 * @throws Error that names every wrong variable, its value (never a secret's) and what would be right.
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(settingNames.map((name) => [name, env[name]?.trim() || undefined]));
  const parsed = consistent.safeParse(given);
  if (parsed.success) return new Config(parsed.data as Settings);

  const secret =
    /DATABASE_URL|REDIS_URL|TOKEN|OIDC_ISSUERS|SMTP_URL|SLACK_WEBHOOK_URL|AUDIT_ANCHORS|SECRET$|S3_\w*ENDPOINT/;
  const lines = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    const value = given[name] === undefined ? 'not set' : secret.test(name) ? 'set' : `"${given[name]}"`;
    const inside = issue.path.slice(1);
    const part = inside.some((key) => typeof key === 'string') ? `${inside.join('.')}: ` : '';
    return `  ${name} (${value}): ${part}${issue.message}`;
  });
  throw new Error(`the configuration is wrong:\n${lines.join('\n')}`);
}

/** For the entry points: what `loadConfig` says, without a stack, and exit code 1 when the configuration is wrong. */
export function loadConfigOrExit(): Config {
  try {
    return loadConfig();
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
