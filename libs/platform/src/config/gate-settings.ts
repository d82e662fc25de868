import { z } from 'zod';

/** What the processes may do that score models for the gates. */
export const gateSettings = {
  GATE_PYTHON: z
    .string()
    .regex(/^\//, 'must be an absolute path, for example /opt/gates/bin/python')
    .optional()
    .describe(
      'The python of an environment with mlflow, pandas, pyarrow and scikit-learn, which holdout evaluations run models in that are not ONNX.',
    ),
  GATE_ISOLATION: z
    .enum(['NAMESPACES', 'LIMITS'])
    .default('NAMESPACES')
    .describe(
      'What such a model must be held in. `LIMITS` is for a worker that may not make namespaces: the model then sees what the worker’s user sees.',
    ),
  GATE_MEMORY_BYTES: z.coerce
    .number()
    .int()
    .min(256 * 2 ** 20)
    .default(4 * 2 ** 30)
    .describe('Memory of one process that scores a model.'),
  GATE_FILE_BYTES: z.coerce
    .number()
    .int()
    .min(2 ** 20)
    .default(2 ** 30)
    .describe('The largest file that such a process may write; in namespaces, all its files together.'),
};
