import { z } from 'zod';

const mailbox = /^([^<>\r\n"]{1,200} )?<?[^\s<>@,;"]+@[^\s<>@,;"]+>?$/;

/** How people are told of what awaits them. Without these, nobody is. */
export const notificationSettings = {
  SMTP_URL: z
    .string()
    .refine((text) => /^smtps?:\/\/[^/]+/.test(text) && URL.canParse(text), {
      error: 'must be smtp://user:password@host:587 or smtps://user:password@host:465',
    })
    .optional()
    .describe('The mail server that notifications are sent through, `smtp://` or `smtps://`; no mail when not set.'),
  MAIL_FROM: z
    .string()
    .regex(mailbox, 'must be a mailbox, for example models@example.com or Model registry <models@example.com>')
    .optional()
    .describe('Whom notifications by mail are from; needed with `SMTP_URL`.'),
  SLACK_WEBHOOK_URL: z
    .url({ protocol: /^https?$/, error: 'must be the URL of an incoming webhook' })
    .optional()
    .describe('An incoming webhook of Slack, or of what understands the same, for one channel; none when not set.'),
};
