import { Config, FailedPrecondition } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { Isolation } from './isolation.js';
import { scoreOnnx } from './onnx-scoring.js';
import { requirePython, scorePyfunc } from './pyfunc-scoring.js';
import { ScoringFolder } from './scoring-folder.js';
import type { Scoring, ScoringJob } from './scoring-job.js';
import { ScoringSteps } from './scoring-steps.js';

/** Scores models in processes of their own, which end with it, and whose files are gone afterwards. */
@Injectable()
export class HoldoutScoring {
  constructor(
    private readonly config: Config,
    private readonly isolation: Isolation,
  ) {}

  /**
   * @throws ModelFailed when the model could not answer
   * @throws FailedPrecondition when no answer was to be had: nothing was run unless dataset and files are those expected
   */
  async score(job: ScoringJob): Promise<Scoring> {
    const { GATE_PYTHON, GATE_ISOLATION, GATE_MEMORY_BYTES, GATE_FILE_BYTES } = this.config.settings;
    const level = await this.isolation.level();
    const runtime = runtimeOf(job);
    const python = runtime === 'PYFUNC' ? requirePython(GATE_PYTHON, level, GATE_ISOLATION) : '';
    const folder = await ScoringFolder.create(new Date(Date.now() + job.timeoutSeconds * 1000));
    try {
      await copyDataset(job, folder);
      const bounds = { memoryBytes: GATE_MEMORY_BYTES, fileBytes: GATE_FILE_BYTES };
      const steps = new ScoringSteps(job, this.isolation, bounds, folder);
      const copy = (path: string, to: string) => copyModelFile(job, folder, path, to);
      return await (runtime === 'ONNX'
        ? scoreOnnx(job, steps, { level, memoryBytes: GATE_MEMORY_BYTES, copy })
        : scorePyfunc(job, steps, { python, level, copy }));
    } finally {
      await folder.close();
    }
  }
}

/** AUTO: ONNX where the model is, for it needs no Python; or else any model that MLflow can load. */
function runtimeOf({ config: { runtime }, flavors }: ScoringJob): 'ONNX' | 'PYFUNC' {
  if (runtime !== 'AUTO') return runtime;
  if (flavors && 'onnx' in flavors) return 'ONNX';
  if (flavors && 'python_function' in flavors) return 'PYFUNC';
  throw new FailedPrecondition('NO_RUNTIME', 'the MLmodel file has neither the flavor onnx nor python_function');
}

async function copyDataset({ config, openDataset, signal }: ScoringJob, folder: ScoringFolder): Promise<void> {
  const { dataset, datasetDigest } = config;
  const file = await openDataset();
  if (!file) throw new FailedPrecondition('NO_DATASET', `there is no dataset at ${dataset}`);
  const expected = datasetDigest.slice('sha256:'.length);
  await folder.copy(file, 'dataset', expected, { what: `the dataset ${dataset}`, signal });
}

async function copyModelFile({ files, open, signal }: ScoringJob, folder: ScoringFolder, path: string, to: string) {
  const recorded = files.find((file) => file.path === path);
  const file = recorded && (await open(path));
  if (!file) throw new FailedPrecondition('NO_FILE', `the file ${path} of the version is not there`);
  await folder.copy(file, to, recorded.sha256, { what: `the file ${path} of the version`, signal });
}
