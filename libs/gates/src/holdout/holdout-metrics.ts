/** Metrics as scikit-learn defines them; the values of both are held together by holdout-metrics.spec.ts. */
export interface Measurement {
  metrics: Record<string, number>;
  /** Of the metrics that could not be measured: why. */
  unavailable: Record<string, string>;
}

/** What a model says of each row. */
export interface ClassAnswers {
  predicted: readonly string[];
  /** A probability for each class, where the model tells them. */
  probabilities?: { classes: readonly string[]; rows: readonly (readonly number[])[] };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** RMSE, MAE and R² of numbers. */
export function regressionMetrics(labels: readonly number[], predicted: readonly number[]): Measurement {
  const errors = labels.map((label, row) => label - (predicted[row] as number));
  const squares = sum(errors.map((error) => error ** 2));
  const metrics = { rmse: Math.sqrt(squares / labels.length), mae: mean(errors.map(Math.abs)) };
  if (labels.length < 2) return { metrics, unavailable: { r2: 'it needs two rows or more' } };
  const middle = mean(labels);
  const spread = sum(labels.map((label) => (label - middle) ** 2));
  const constant = squares === 0 ? 1 : 0;
  return { metrics: { ...metrics, r2: spread === 0 ? constant : 1 - squares / spread }, unavailable: {} };
}

/**
 * With two classes precision, recall and F1 are those of the greater one, with more they are means over the classes; the
 * area under the ROC curve is then the mean of one class against the rest.
 */
export function classificationMetrics(labels: readonly string[], answers: ClassAnswers): Measurement {
  const { predicted, probabilities } = answers;
  const classes = inOrder([...labels, ...predicted, ...(probabilities?.classes ?? [])]);
  const judged = classes.length === 2 ? classes.slice(1) : classes;
  const isRight = (label: string, row: number): boolean => label === predicted[row];
  const [there, said, right] = [labels, predicted, labels.filter(isRight)].map(countsOf) as [Counts, Counts, Counts];
  const scores = judged.map((name) => scoresOf(right(name), said(name), there(name)));
  const metrics = {
    accuracy: labels.filter(isRight).length / labels.length,
    precision: mean(scores.map(({ precision }) => precision)),
    recall: mean(scores.map(({ recall }) => recall)),
    f1: mean(scores.map(({ f1 }) => f1)),
  };
  if (!probabilities) {
    const reason = 'it needs a probability for each class, and the model answers with none';
    return { metrics, unavailable: { roc_auc: reason, log_loss: reason } };
  }
  const more = probabilityMetrics(labels, probabilities.classes, probabilities.rows);
  return { metrics: { ...metrics, ...more.metrics }, unavailable: more.unavailable };
}

type Counts = (name: string) => number;

function countsOf(names: readonly string[]): Counts {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return (name) => counts.get(name) ?? 0;
}

const scoresOf = (right: number, said: number, there: number) => ({
  precision: ratio(right, said),
  recall: ratio(right, there),
  f1: ratio(2 * right, said + there),
});

function probabilityMetrics(
  labels: readonly string[],
  classes: readonly string[],
  rows: readonly (readonly number[])[],
): Measurement {
  const column = new Map(classes.map((name, index) => [name, index]));
  const strange = labels.find((label) => !column.has(label));
  if (strange !== undefined) {
    const reason = `the model has no probability for the label ${strange}`;
    return { metrics: {}, unavailable: { roc_auc: reason, log_loss: reason } };
  }
  const logLoss = -mean(labels.map((label, row) => Math.log(clipped(rows[row]?.[column.get(label) as number] ?? 0))));
  const there = new Set(labels);
  if (classes.length < 2 || classes.some((name) => !there.has(name))) {
    const unavailable = { roc_auc: 'it needs rows of every class in the dataset' };
    return { metrics: { log_loss: logLoss }, unavailable };
  }
  const judged = classes.length === 2 ? classes.slice(1) : classes;
  const areas = judged.map((name) => {
    const index = column.get(name) as number;
    const isPositive = labels.map((label) => label === name);
    return areaUnderCurve(
      isPositive,
      rows.map((row) => row[index] as number),
    );
  });
  return { metrics: { log_loss: logLoss, roc_auc: mean(areas) }, unavailable: {} };
}

/** A certainty that is wrong would cost infinitely much. */
const clipped = (probability: number): number => Math.min(Math.max(probability, Number.EPSILON), 1 - Number.EPSILON);

/** How often a positive row has a higher score than a negative one, ties counting half: by the sum of the positives' ranks. */
function areaUnderCurve(isPositive: readonly boolean[], scores: readonly number[]): number {
  const order = scores.map((_, row) => row).sort((a, b) => (scores[a] as number) - (scores[b] as number));
  let rankSum = 0;
  for (let first = 0; first < order.length; ) {
    let next = first;
    while (next < order.length && scores[order[next] as number] === scores[order[first] as number]) next += 1;
    const rank = (first + 1 + next) / 2;
    rankSum += rank * order.slice(first, next).filter((row) => isPositive[row]).length;
    first = next;
  }
  const positives = isPositive.filter(Boolean).length;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (isPositive.length - positives));
}

/** Each name once: numbers by their value, other names by their letters, as scikit-learn orders classes. */
export function inOrder(names: readonly string[]): string[] {
  const unique = [...new Set(names)];
  const areNumbers = unique.every((name) => name !== '' && !Number.isNaN(Number(name)));
  return unique.sort(areNumbers ? (a, b) => Number(a) - Number(b) : (a, b) => (a < b ? -1 : 1));
}

/** The value below which this many percent of the values are, by the nearest rank. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(Math.ceil((percent / 100) * sorted.length) - 1, 0)] as number;
}
