import type { GateConfig } from '@app/policy';
import { marked, type Token } from 'marked';
import type { GateInput } from '../gate-input.js';
import type { Judgement } from '../gate-run.js';
import { named } from './file-names.js';

/** Files of a version that are read as its model card, the first that is there. */
const cardFiles = ['MODEL_CARD.md', 'model_card.md', 'README.md', 'readme.md'];
const largestCard = 2 ** 20;

/** MODEL_CARD: description, tags and sections that people need to judge a model are there, and say something. */
export async function modelCard(
  { minDescriptionLength, tags, sections }: GateConfig<'MODEL_CARD'>,
  input: GateInput,
): Promise<Judgement> {
  const card = await input.card();
  const file = sections.length > 0 ? await cardFile(input) : undefined;
  const described = [card.versionDescription, card.modelDescription].map((text) => text?.trim() ?? '');
  const longest = Math.max(...described.map((text) => text.length));
  const written = new Set([...described, file?.text ?? ''].flatMap(writtenSections));
  const valued = new Set(card.tags.filter(({ value }) => value.trim() !== '').map(({ key }) => key));

  const missingTags = tags.filter((key) => !valued.has(key));
  const missingSections = sections.filter((heading) => !written.has(spelled(heading)));
  const problems = [
    ...(longest < minDescriptionLength
      ? [`the description has ${longest} characters, at least ${minDescriptionLength} are needed`]
      : []),
    ...(missingTags.length > 0 ? [`tags without a value: ${named(missingTags)}`] : []),
    ...(missingSections.length > 0 ? [`sections that are missing or empty: ${named(missingSections)}`] : []),
  ];
  return {
    status: problems.length === 0 ? 'PASSED' : 'FAILED',
    summary: problems.join('; ') || 'the model card is there, with all that the policy asks for',
    output: { descriptionLength: longest, missingTags, missingSections, file: file?.path ?? null },
    inputs: { artifactDigest: input.version.artifactDigest },
  };
}

async function cardFile(input: GateInput): Promise<{ path: string; text: string } | undefined> {
  const files = await input.recordedFiles();
  const path = cardFiles.find((name) => files.some((file) => file.path === name && file.size <= largestCard));
  const text = path && (await input.text(path, largestCard));
  return path && text !== undefined ? { path, text } : undefined;
}

/** Headings are the same whatever their case, emphasis and punctuation. */
const spelled = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}]+/gu, ' ')
    .trim();

/** The headings under which there is anything, below a smaller heading also. */
function writtenSections(markdown: string): string[] {
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
