import type { Told } from '@app/promotion';
import fc from 'fast-check';
import { channelMessage, personalMessage } from './message.js';
import { notificationKinds } from './notification.js';

const publicUrl = 'https://models.example.com';
const request = (state: string, modelFullName: string) =>
  ({
    number: 12,
    state,
    modelFullName,
    versionNumber: 3,
    target: { kind: 'ALIAS', name: 'champion' },
  }) as Told['request'];
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    'a\r\nBcc: evil@example.com',
    '<script>alert(1)</script>',
    '" onload="x',
    '\u2028\u2029\u0000',
    '&amp;',
  ),
);

describe('a message to a person', () => {
  it('has a subject of one line and no markup of others, whatever people have written', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, fc.constantFrom(...notificationKinds), (model, by, text, kind) => {
        const told = { request: request('BLOCKED', model), text, byId: 'somebody' };
        const message = personalMessage({ id: 'n', kind }, told, { by, publicUrl });
        expect(message.subject).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        expect(message.subject.length).toBeLessThanOrEqual(200);
        const tags = [...message.html.matchAll(/<[^>]*>/g)].map(([tag]) => tag);
        const ours =
          /^<(\/?(p|strong|blockquote|a)|p style="color: #555"|blockquote style="white-space: pre-line"|a href="https:\/\/models\.example\.com\/approvals\/12")>$/;
        expect(tags.filter((tag) => !ours.test(tag))).toEqual([]);
        // What people wrote stands behind "> ", so that it never passes for a line of ours.
        const from = message.text.indexOf('\n> ');
        if (text !== '') expect(from).toBeGreaterThan(0);
      }),
    );
  });

  it('shortens what is long', () => {
    const told = { request: request('REJECTED', 'prod.fraud.scorer'), text: 'a'.repeat(5000), byId: 'somebody' };
    const { text, subject } = personalMessage({ id: 'n', kind: 'REQUEST_OUTCOME' }, told, { by: 'ada', publicUrl });
    expect(subject).toBe('Promotion request 12 was rejected: prod.fraud.scorer/3 as alias "champion"');
    expect(text).toContain(`> ${'a'.repeat(1000)} […]\n`);
  });
});

describe('a message to the channel', () => {
  it.each(notificationKinds)('of %s names no model and quotes nobody', (kind) => {
    const told = { request: request('APPLIED', 'prod.secret.scorer'), text: 'hush', byId: 'somebody' };
    const shown = JSON.stringify(channelMessage({ id: 'n', kind }, told, { publicUrl }));
    expect(shown).toContain('promotionRequest(number: 12) at https://models.example.com/graphql');
    for (const word of ['secret', 'scorer', 'hush', 'champion']) expect(shown).not.toContain(word);
  });
});
