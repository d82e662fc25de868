import { readFile } from 'node:fs/promises';
import * as onnx from 'onnxruntime-web';
import { type Cell, column, type HoldoutTable, numbersOf } from './holdout-table.js';
import type { OnnxOutput } from './onnx-answers.js';
import { ModelRaised, Unable } from './scoring-answer.js';

const batchRows = 1000;
const noMemory = /bad_alloc|out of memory|allocation failed|failed to allocate|shape is too large/i;

/** A graph in ONNX Runtime's WebAssembly build: it computes, and can reach nothing outside of its own memory. */
export class OnnxModel {
  private constructor(
    private readonly session: onnx.InferenceSession,
    private readonly outputs: readonly string[],
  ) {}

  /** @throws Unable when the runtime cannot load it, or it has nothing to answer with */
  static async load(file: string): Promise<OnnxModel> {
    onnx.env.wasm.numThreads = 1;
    onnx.env.logLevel = 'error';
    const bytes = await readFile(file);
    const session = await onnx.InferenceSession.create(new Uint8Array(bytes)).catch((error: unknown) => {
      throw new Unable(`ONNX Runtime cannot load the model: ${messageOf(error)}`);
    });
    const outputs = session.outputMetadata.filter(({ isTensor }) => isTensor).map(({ name }) => name);
    const others = session.outputNames.filter((name) => !outputs.includes(name));
    if (others.length > 0)
      console.log(`outputs that are no tensors are left out (save with zipmap=False): ${others.join(', ')}`);
    if (outputs.length === 0) throw new Unable('the model has no output that is a tensor');
    return new OnnxModel(session, outputs);
  }

  static get version(): string {
    return String(onnx.env.versions.web);
  }

  /** How many rows it takes at once. @throws Unable when that is neither one nor any number */
  get rowsAtOnce(): number {
    const [first] = this.inputs;
    const fixed = first?.shape[0];
    // A dimension without a fixed size is a name, or the greatest number of 32 bits.
    if (typeof fixed !== 'number' || fixed < 0 || fixed === 2 ** 32 - 1) return batchRows;
    if (fixed === 1) return 1;
    throw new Unable(`the model takes exactly ${fixed} rows at once: give its first dimension no fixed size`);
  }

  /**
   * Answers for some rows of the dataset.
   * @param features the columns of a model with one input, in order; one with several takes the columns of their names
   * @throws ModelRaised when it cannot answer, Unable when the dataset does not have what it takes
   */
  async answer(table: HoldoutTable, features: readonly string[], from: number, to: number): Promise<OnnxOutput[]> {
    const feeds = Object.fromEntries(
      this.inputs.map((input) => [input.name, this.tensor(table, input, features, from, to)]),
    );
    const results = await this.session.run(feeds, [...this.outputs]).catch((error: unknown) => {
      const message = messageOf(error);
      if (noMemory.test(message)) throw new Unable(`the model does not fit into the memory of its process: ${message}`);
      throw new ModelRaised(`the model raised ${message}`);
    });
    return this.outputs.map((name) => outputOf(name, results[name] as onnx.Tensor, to - from));
  }

  private get inputs(): readonly onnx.InferenceSession.TensorValueMetadata[] {
    return this.session.inputMetadata.map((input) => {
      if (input.isTensor) return input;
      throw new Unable(`input ${input.name} of the model is no tensor`);
    });
  }

  private tensor(
    table: HoldoutTable,
    { name, type, shape }: onnx.InferenceSession.TensorValueMetadata,
    features: readonly string[],
    from: number,
    to: number,
  ): onnx.Tensor {
    const single = this.inputs.length === 1;
    const names = single ? features : [name];
    const width = shape[1];
    if (single && typeof width === 'number' && width < 2 ** 32 - 1 && width !== names.length) {
      throw new Unable(`the model takes ${width} features, and is to be given ${names.length}: ${names.join(', ')}`);
    }
    const rows = to - from;
    const dims = shape.length === 1 ? [rows] : [rows, names.length];
    if (type === 'string') {
      const cells = names.map((feature) => column(table, feature).slice(from, to));
      return new onnx.Tensor(
        'string',
        byRows(cells, rows, (cell) => String(cell ?? '')),
        dims,
      );
    }
    const values = byRows(
      names.map((feature) => numbersOf(column(table, feature).slice(from, to), feature)),
      rows,
      (value) => value,
    );
    return numericTensor(name, type, values, dims);
  }
}

function numericTensor(name: string, type: onnx.Tensor.Type, values: number[], dims: number[]): onnx.Tensor {
  if (type === 'float32') return new onnx.Tensor('float32', Float32Array.from(values), dims);
  if (type === 'float64') return new onnx.Tensor('float64', Float64Array.from(values), dims);
  if (type === 'bool')
    return new onnx.Tensor(
      'bool',
      Uint8Array.from(values, (value) => (value ? 1 : 0)),
      dims,
    );
  if (!values.every(Number.isSafeInteger))
    throw new Unable(`input ${name} takes whole numbers, and the dataset has others`);
  if (type === 'int64') return new onnx.Tensor('int64', BigInt64Array.from(values, BigInt), dims);
  if (type === 'int32') return new onnx.Tensor('int32', Int32Array.from(values), dims);
  throw new Unable(`input ${name} of the model is of the type ${type}, which no dataset is turned into`);
}

function byRows<From extends Cell, To>(
  columns: readonly (readonly From[])[],
  rows: number,
  as: (cell: From) => To,
): To[] {
  const cells: To[] = [];
  for (let row = 0; row < rows; row += 1) for (const values of columns) cells.push(as(values[row] as From));
  return cells;
}

function outputOf(name: string, { type, dims, data }: onnx.Tensor, rows: number): OnnxOutput {
  const values = Array.from(data as ArrayLike<number | bigint | string>, (value) =>
    typeof value === 'bigint' ? Number(value) : value,
  );
  if (dims[0] !== rows) throw new ModelRaised(`output ${name} has ${dims[0]} values for ${rows} rows`);
  return { name, type, width: values.length / rows, values };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 1000);
