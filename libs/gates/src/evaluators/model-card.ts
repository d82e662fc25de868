import type { GateConfig } from '@app/policy';
import { cardFiles, largestCard, spelled, writtenSections } from '../card-sections.js';
import type { GateInput } from '../gate-input.js';
import type { Judgement } from '../gate-run.js';
import { named } from './file-names.js';

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
