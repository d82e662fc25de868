// The MLflow steps of the story with the real MLflow Python client and scikit-learn.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Refused } from './service.mjs';

const run = promisify(execFile);
const script = fileURLToPath(new URL('mlflow_client.py', import.meta.url));

/** Can this Python play? */
export async function hasMlflow(python) {
  return run(python, ['-c', 'import mlflow, sklearn; print(mlflow.__version__)']).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}

/** @returns the client of story.mjs, on the given Python */
export function pythonClient(service, python) {
  const step = async (token, ...args) => {
    const env = {
      ...process.env,
      MLFLOW_TRACKING_URI: service.url,
      MLFLOW_TRACKING_TOKEN: token,
      MLFLOW_DISABLE_TELEMETRY: 'true',
    };
    const { stdout } = await run(python, [script, ...args.map(String)], { env, maxBuffer: 16 * 2 ** 20 });
    const answer = JSON.parse(stdout.trim().split('\n').at(-1));
    if (answer.refused) throw new Refused(answer.refused);
    return answer.result;
  };
  return {
    trainAndRegister: (token) => step(token, 'train'),
    setAlias: (token, alias, version) => step(token, 'alias', alias, version),
    transitionStage: (token, version, stage) => step(token, 'stage', version, stage),
    predictWithChampion: (token) => step(token, 'predict'),
  };
}
