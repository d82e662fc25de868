import type { Tensor } from 'onnxruntime-web';
import { type ClassAnswers, inOrder } from './holdout-metrics.js';
import type { Cell } from './holdout-table.js';
import { Unable } from './scoring-answer.js';

/** What a model answers for all rows: one output tensor, its batches behind one another. */
export interface OnnxOutput {
  name: string;
  type: Tensor.Type;
  /** Values for each row. */
  width: number;
  values: readonly (number | string)[];
}

const isLabels = ({ type, width }: OnnxOutput): boolean => width === 1 && ['string', 'int64', 'int32'].includes(type);
const isScores = ({ type }: OnnxOutput): boolean => ['float32', 'float64', 'float16'].includes(type);

/**
 * One number for each row.
 * @throws Unable when no output is that
 */
export function regressionAnswers(outputs: readonly OnnxOutput[]): readonly number[] {
  const output = outputs.find((candidate) => candidate.width === 1 && candidate.type !== 'string');
  if (!output) throw new Unable(`no output of the model is one number for each row: ${described(outputs)}`);
  return output.values.map(Number);
}

/**
 * The class of each row: the output with labels where there is one, or else the most probable class.
 * @param labels of the dataset, as `className` writes them
 * @throws Unable when the outputs cannot be understood as classes
 */
export function classAnswers(outputs: readonly OnnxOutput[], labels: readonly string[]): ClassAnswers {
  const known = inOrder(labels);
  const named = outputs.find(isLabels)?.values.map(className);
  const scores = outputs.find(isScores);
  if (!scores) {
    if (named) return { predicted: named };
    throw new Unable(`no output of the model has labels or probabilities: ${described(outputs)}`);
  }
  const { classes, rows } = scoresByClass(scores, known);
  const predicted = named ?? rows.map((row) => classes[row.indexOf(Math.max(...row))] ?? 'NaN');
  return rows.every(isDistribution) ? { predicted, probabilities: { classes, rows } } : { predicted };
}

function scoresByClass({ name, width, values }: OnnxOutput, known: readonly string[]) {
  if (width === 1) {
    const numbers = values.map(Number);
    if (known.length === 2 && numbers.every((value) => value >= 0 && value <= 1)) {
      return { classes: known, rows: numbers.map((value) => [1 - value, value]) };
    }
    throw new Unable(`output ${name} has numbers that are no probabilities of two classes`);
  }
  const rows: number[][] = [];
  for (let at = 0; at < values.length; at += width) rows.push(values.slice(at, at + width).map(Number));
  return { classes: classesOf(known, width), rows };
}

/** Which class each column of scores is of: as scikit-learn orders them. */
function classesOf(known: readonly string[], width: number): readonly string[] {
  const numbered = Array.from({ length: width }, (_, index) => String(index));
  if (known.every((name) => numbered.includes(name))) return numbered;
  if (known.length === width) return known;
  throw new Unable(`the model answers with ${width} scores for each row, the dataset has ${known.length} labels`);
}

function isDistribution(row: readonly number[]): boolean {
  const total = row.reduce((sum, value) => sum + value, 0);
  return Math.abs(total - 1) < 1e-3 && row.every((value) => value > -1e-6 && value < 1 + 1e-6);
}

/** 1, 1.0 and 1n are one class. */
export const className = (cell: Exclude<Cell, null> | bigint): string => String(cell === 0 ? 0 : cell);

const described = (outputs: readonly OnnxOutput[]): string =>
  outputs.map(({ name, type, width }) => `${name} has ${width} × ${type}`).join(', ') || 'it has no tensor';
