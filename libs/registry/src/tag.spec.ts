import { checkedTag, checkedTags } from './tag.js';
import { plainText } from './text.js';

describe('tags', () => {
  it('keeps the last of two with one key', () => {
    const tags = [
      { key: 'a', value: '1' },
      { key: 'b', value: '2' },
      { key: 'a', value: '3' },
    ];
    expect(checkedTags(tags)).toEqual([
      { key: 'a', value: '3' },
      { key: 'b', value: '2' },
    ]);
    expect(checkedTags(undefined)).toEqual([]);
  });

  it('takes 255 and 5,000 characters, and not one more', () => {
    expect(checkedTag({ key: 'k'.repeat(255), value: 'v'.repeat(5000) }).value).toHaveLength(5000);
    expect(() => checkedTag({ key: 'k'.repeat(256), value: '' })).toThrow(
      "'key' exceeds the maximum length of 255 characters: it has 256",
    );
    expect(() => checkedTag({ key: 'k', value: 'v'.repeat(5001) })).toThrow(
      "'value' exceeds the maximum length of 5000 characters: it has 5001",
    );
    expect(() => checkedTag({ key: '', value: '' })).toThrow('key: "" is not a tag key');
  });

  it('refuses what PostgreSQL cannot store', () => {
    expect(() => plainText('a\u0000', 'source', 10)).toThrow('source: contains the character NUL');
  });
});
