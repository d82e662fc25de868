import { marked, type Token } from 'marked';

/** Files of a version that are read as its model card, the first that is there. */
export const cardFiles = ['MODEL_CARD.md', 'model_card.md', 'README.md', 'readme.md'];
export const largestCard = 2 ** 20;

/** Headings are the same whatever their case, emphasis and punctuation. */
export const spelled = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}]+/gu, ' ')
    .trim();

/** The headings under which there is anything, below a smaller heading also. */
export function writtenSections(markdown: string): string[] {
  const written = new Set<string>();
  const open: { name: string; depth: number }[] = [];
  for (const token of marked.lexer(markdown) as Token[]) {
    if (token.type === 'heading') {
      while ((open.at(-1)?.depth ?? 0) >= token.depth) open.pop();
      open.push({ name: spelled(token.text), depth: token.depth });
    } else if (!['space', 'hr'].includes(token.type) && !isComment(token)) {
      for (const { name } of open) written.add(name);
    }
  }
  return [...written];
}

const isComment = ({ type, raw }: Token): boolean =>
  type === 'html' && raw.replace(/<!--[\s\S]*?-->/g, '').trim() === '';
