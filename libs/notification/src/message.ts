import { describeRequest, type Told } from '@app/promotion';
import type { Notification, NotificationKind } from './notification.js';
import type { Message } from './notifier.js';

const longestQuote = 1000;
const longestSubject = 200;

const outcomes: Record<string, string> = {
  APPLIED: 'was applied',
  BLOCKED: 'is blocked',
  CHANGES_REQUESTED: 'needs changes',
  EXPIRED: 'has expired',
  REJECTED: 'was rejected',
  SUPERSEDED: 'was superseded',
};

interface Words {
  /** What has happened, as the end of a sentence about the request. */
  headline(told: Pick<Told, 'request'>): string;
  /** What the quoted text is. */
  quoted(by: string): string;
  /** Why this person is told. */
  because: string;
}

const words: Record<NotificationKind, Words> = {
  APPROVAL_AWAITED: {
    headline: () => 'awaits your decision',
    quoted: (by) => `${by} asks for it:`,
    because: 'it is in your inbox: your decision can change what becomes of it',
  },
  WAIVER_AWAITED: {
    headline: () => 'has a waiver that awaits a second person',
    quoted: (by) => `${by} proposes to waive a gate:`,
    because: 'you may confirm the waiver',
  },
  REVIEW_AWAITED: {
    headline: () => 'went past the policy, and awaits a review',
    quoted: (by) => `${by} gave as the reason:`,
    because: 'you may review it',
  },
  REQUEST_OUTCOME: {
    headline: ({ request }) => outcomes[request.state] ?? `is ${request.state}`,
    quoted: () => 'The reason:',
    because: 'you opened it',
  },
  COMMENT: {
    headline: () => 'has a new comment',
    quoted: (by) => `${by} wrote:`,
    because: 'you opened the request, or spoke in the discussion',
  },
};

const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, longestSubject);
const shortened = (text: string): string =>
  text.length > longestQuote ? `${text.slice(0, longestQuote).trimEnd()} […]` : text;
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
const quote = (text: string): string =>
  text
    .split(/\r\n|\r|\n/)
    .map((line) => `> ${line}`)
    .join('\n');

/** Where people look at a request: there is no page for it, which a link could lead to. */
const whereToLook = (number: number, publicUrl: string): string =>
  `promotionRequest(number: ${number}) at ${publicUrl}/graphql`;

/** What a person is told, with what he may read of it. `by`: the name of who asks or says it. */
export function personalMessage(
  { id, kind }: Pick<Notification, 'id' | 'kind'>,
  told: Told,
  { by, publicUrl }: { by: string; publicUrl: string },
): Message {
  const { headline, quoted, because } = words[kind];
  const { request } = told;
  const what = describeRequest(request);
  const sentence = `Promotion request ${request.number} ${headline(told)}`;
  const where = `Look at it with ${whereToLook(request.number, publicUrl)}`;
  const footer = `You are told because ${because}. To be told no more of this kind, use notificationPreferencesUpdate.`;
  const text = told.text === null ? null : shortened(told.text);
  return {
    id,
    subject: oneLine(`${sentence}: ${what}`),
    text: [
      `${sentence}.`,
      what,
      ...(text === null ? [] : [`${quoted(by)}\n${quote(text)}`]),
      `${where}.`,
      `-- \n${footer}`,
    ].join('\n\n'),
    html: [
      `<p>${escaped(sentence)}.</p>`,
      `<p><strong>${escaped(what)}</strong></p>`,
      ...(text === null
        ? []
        : [`<p>${escaped(quoted(by))}</p>`, `<blockquote style="white-space: pre-line">${escaped(text)}</blockquote>`]),
      `<p>${escaped(where)}.</p>`,
      `<p style="color: #555">${escaped(footer)}</p>`,
    ].join('\n'),
  };
}

const channelHeadlines: Partial<Record<NotificationKind, string>> = { APPROVAL_AWAITED: 'awaits approval' };

/**
 * What the channel of the installation is told. Nobody knows who reads it: it has the number and the state of a request, and
 * nothing that a right is needed for. Who looks at it there is asked for his.
 */
export function channelMessage(
  { id, kind }: Pick<Notification, 'id' | 'kind'>,
  told: Told,
  { publicUrl }: { publicUrl: string },
): Message {
  const { number } = told.request;
  const sentence = `Promotion request ${number} ${channelHeadlines[kind] ?? words[kind].headline(told)}`;
  const text = `${sentence}: ${whereToLook(number, publicUrl)}`;
  return { id, subject: sentence, text, html: `<p>${escaped(text)}</p>` };
}
